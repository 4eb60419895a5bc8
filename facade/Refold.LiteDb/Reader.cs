// Reading entries: by stream, by position, by query, each as of one moment; every entry checked.
// Called by LiteDbJournal and, for the maintenance, by Verification and Rebuild.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>Reads of one database. Safe for use by many threads.</summary>
internal sealed class Reader(Database database, EntryBlocks documents, string file)
{
    // Blocks asked for at once, by a read that goes on.
    private const int MostBlocks = 4;

    private readonly BlockReader blocks = new(database, documents);

    /// <summary>Entries of a stream in version order.</summary>
    public IEnumerable<JournalEntry> OfStream(View view, StreamId stream, long fromVersion, long toVersion, long maxCount)
    {
        // Asked first: a version that is committed meanwhile is no missing one.
        var last = Math.Min(toVersion, Guarded(() => LiteDbIndex.HighestVersion(database, view, stream)));
        var places = PlaceCursor.Of(database, view, stream);
        for (var (next, left) = (fromVersion, maxCount); left > 0 && next <= last; next++, left--)
        {
            if (Version(places, view, stream, next) is not { } entry) yield break;
            yield return entry;
        }
    }

    /// <summary>Entries in position order, those left out that were deleted at that moment.</summary>
    public IEnumerable<JournalEntry> From(View view, long fromPosition, long maxCount)
    {
        var (next, left, size) = (view.NextEntry(Math.Max(1, fromPosition) - 1), maxCount, 1);
        while (left > 0 && next <= view.LastPosition)
        {
            var first = next;
            var asked = size;
            size = Math.Min(MostBlocks, 2 * size);
            var found = Guarded(() => blocks.From(first, view.LastPosition, asked));
            foreach (var block in found)
            {
                for (var index = 0; index < block.Count; index++)
                {
                    if (block.Positions[index] < next) continue;
                    if (block.Positions[index] != next) throw Missing($"position {block.Positions[index]}", $"position {next}");
                    next = view.NextEntry(next);
                    var entry = blocks.Entry(block, index).Entry;
                    if (!view.Shows(entry)) continue;
                    yield return entry;
                    if (--left <= 0) yield break;
                }
            }

            if (found.Count == 0) throw Missing("no entry", $"one at position {next}");
        }
    }

    /// <summary>Matches of a query in position order.</summary>
    public IEnumerable<JournalEntry> Matches(View view, Query query, long fromPosition, long maxCount)
    {
        var left = maxCount;
        var matches = new QueryCursor(database, query, view);
        for (
            var next = Math.Max(1, fromPosition);
            left > 0 && next <= view.LastPosition && (next = Guarded(() => matches.Next(next))) <= view.LastPosition;
            next++)
        {
            var entry = Guarded(() => At(next)).Entry;
            if (!view.Shows(entry)) continue;
            yield return entry;
            left--;
        }
    }

    /// <summary>Entries with their canonical bytes from a position on, whatever was deleted, some blocks of them.</summary>
    /// <param name="first">The position, with which a block begins.</param>
    /// <param name="last">The last position that is wanted.</param>
    public List<StoredEntry> Stored(long first, long last)
    {
        var (entries, next) = (new List<StoredEntry>(), first);
        foreach (var block in Guarded(() => blocks.From(first, last, MostBlocks)))
        {
            if (block.First < next) throw documents.Corrupt(block.First, "in one block", "in two");
            for (var index = 0; index < block.Count; index++) entries.Add(blocks.Entry(block, index));
            next = block.Last + 1;
        }

        return entries;
    }

    /// <summary>All of them, whatever was deleted.</summary>
    public IEnumerable<StoredEntry> AllStored(long first, long last)
    {
        for (var next = first; next <= last && Stored(next, last) is { Count: > 0 } found;)
        {
            foreach (var stored in found) yield return stored;
            next = found[^1].Entry.Position + 1;
        }
    }

    /// <summary>The position of a stream's last entry that is there up to a version; 0 for none.</summary>
    public long LastPosition(View view, StreamId stream, long version) =>
        Guarded(() => PlaceCursor.Of(database, view, stream).LastUpTo(version))?.Position ?? 0;

    /// <summary>Runs a read; whatever LiteDB makes of damaged pages is damage.</summary>
    public T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is not (JournalException or IOException or ObjectDisposedException))
        {
            throw Database.Unreadable(file, exception);
        }
    }

    /// <summary>The same for what is read piece by piece.</summary>
    public IEnumerable<T> Guarded<T>(IEnumerable<T> read)
    {
        using var pieces = read.GetEnumerator();
        while (Guarded(pieces.MoveNext)) yield return pieces.Current;
    }

    // Null where it came later than the moment that is read.
    private JournalEntry? Version(PlaceCursor places, View view, StreamId stream, long version)
    {
        if (Guarded(() => places.Next(version)) is not { } place) throw Missing("no entry", $"version {version} of '{stream}'");
        if (place.Position > view.LastPosition) return null;
        // A version that is not there would shift all that follow.
        if (place.Number != version) throw Missing($"version {place.Number} of '{stream}'", $"version {version}");
        var entry = Guarded(() => At(place.Position)).Entry;
        return entry.Stream == stream && entry.Version == version
            ? entry
            : throw Missing($"version {entry.Version} of '{entry.Stream}'", $"version {version} of '{stream}'");
    }

    private StoredEntry At(long position) => blocks.At(position) ?? throw Missing("no entry", $"one at position {position}");

    private JournalCorruptedException Missing(string found, string expected) => new(file, 0, "what an index points at", expected, found);
}
