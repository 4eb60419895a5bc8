// Reading entries: by stream, by position, by query, by id, each as of one moment; every entry checked.
// Called by LiteDbJournal and, for the maintenance, by Verification and Rebuild.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>An entry, and where it lies.</summary>
/// <param name="Stored">The entry with its canonical bytes.</param>
/// <param name="Block">The last position of its block.</param>
internal readonly record struct LocatedEntry(StoredEntry Stored, long Block)
{
    public JournalEntry Entry => Stored.Entry;
}

/// <summary>Reads of one database. Safe for use by many threads.</summary>
internal sealed class Reader(Database database, EntryBlocks documents, string file)
{
    // Blocks asked for at once, by a read that goes on.
    private const int MostBlocks = 8;

    // Places that are looked for at once, by a read that goes on; each may be in another block.
    private const int MostPlaces = 32;

    private readonly BlockReader blocks = new(database, documents);

    /// <summary>Entries of a stream in version order.</summary>
    public IEnumerable<JournalEntry> OfStream(View view, StreamId stream, long fromVersion, long toVersion, long maxCount)
    {
        // Asked first: a version that is committed meanwhile is no missing one.
        var last = Math.Min(toVersion, Guarded(() => LiteDbIndex.HighestVersion(database, view, stream)));
        var places = PlaceCursor.Of(database, view, stream);
        var next = fromVersion;
        foreach (var entry in At(Versions(places, view, stream, fromVersion, last), maxCount))
        {
            if (entry.Stream != stream || entry.Version != next)
                throw Missing($"version {entry.Version} of '{entry.Stream}'", $"version {next} of '{stream}'");
            next++;
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
        if (query.Items.Count == 0)
        {
            foreach (var entry in From(view, fromPosition, maxCount)) yield return entry;
            yield break;
        }

        var left = maxCount;
        foreach (var entry in At(Places(new QueryCursor(database, query, view), view, Math.Max(1, fromPosition)), long.MaxValue))
        {
            if (left <= 0) yield break;
            if (!view.Shows(entry)) continue;
            left--;
            yield return entry;
        }
    }

    /// <summary>Entries that are found by an id, in position order.</summary>
    public IEnumerable<JournalEntry> With(View view, IdKey key)
    {
        foreach (var position in Guarded(() => new IdSearch(database, key.Number).Find(view.Recent.Ids)))
        {
            if (position > view.LastPosition) yield break;
            var entry = (StoredAt(position) ?? throw Missing("no entry", $"one at position {position}")).Entry;
            if (view.Shows(entry) && key.Has(entry)) yield return entry;
        }
    }

    /// <summary>Entries with their canonical bytes from a position on, whatever was deleted, some blocks of them.</summary>
    /// <param name="first">The position, with which a block begins.</param>
    /// <param name="last">The last position that is wanted.</param>
    public List<LocatedEntry> Stored(long first, long last)
    {
        var (entries, next) = (new List<LocatedEntry>(), first);
        foreach (var block in Guarded(() => blocks.From(first, last, MostBlocks)))
        {
            if (block.First < next) throw documents.Corrupt(block.First, "in one block", "in two");
            for (var index = 0; index < block.Count; index++) entries.Add(new LocatedEntry(blocks.Entry(block, index), block.Last));
            next = block.Last + 1;
        }

        return entries;
    }

    /// <summary>All of them, whatever was deleted.</summary>
    public IEnumerable<LocatedEntry> AllStored(long first, long last)
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
        catch (Exception exception) when (
            exception is not (JournalException or IOException or ObjectDisposedException or OutOfMemoryException))
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

    // Places of a stream's versions, up to the moment that is read.
    private IEnumerable<EntryPlace> Versions(PlaceCursor places, View view, StreamId stream, long first, long last)
    {
        for (var next = first; next <= last; next++)
        {
            var version = next;
            var found = Guarded(() => places.Next(version));
            if (found is not { } place) throw Missing("no entry", $"version {next} of '{stream}'");
            if (place.Position > view.LastPosition) yield break;
            // A version that is not there would shift all that follow.
            if (place.Number != next) throw Missing($"version {place.Number} of '{stream}'", $"version {next}");
            yield return place;
        }
    }

    private IEnumerable<EntryPlace> Places(QueryCursor matches, View view, long first)
    {
        for (var next = first; next <= view.LastPosition; next++)
        {
            var from = next;
            var place = Guarded(() => matches.Find(from));
            if (place.Position > view.LastPosition) yield break;
            next = place.Position;
            yield return place;
        }
    }

    // Some at once, more and more while they are used up.
    private IEnumerable<JournalEntry> At(IEnumerable<EntryPlace> places, long maxCount)
    {
        var (left, size) = (maxCount, 1);
        using var all = places.GetEnumerator();
        var some = new List<EntryPlace>(MostPlaces);
        while (true)
        {
            some.Clear();
            while (some.Count < Math.Min(left, size) && all.MoveNext()) some.Add(all.Current);
            if (some.Count == 0) yield break;
            left -= some.Count;
            size = Math.Min(MostPlaces, 4 * size);
            Dictionary<long, EntryBlock> found = [];
            for (var item = 0; item < some.Count; item++)
            {
                var place = some[item];
                // An answer is cut where it is large: the rest is asked for again.
                if (place.Block > 0 && !found.ContainsKey(place.Block)) found = BlocksOf(some, item);
                var stored = place.Block > 0 ? blocks.In(found.GetValueOrDefault(place.Block), place.Position) : StoredAt(place.Position);
                var entry = (stored ?? throw Missing("no entry", $"one at position {place.Position}")).Entry;
                yield return entry;
            }
        }
    }

    private Dictionary<long, EntryBlock> BlocksOf(List<EntryPlace> places, int first) => Guarded(() => blocks.Of(places.Skip(first)));

    private StoredEntry? StoredAt(long position) => Guarded(() => blocks.At(position));

    private JournalCorruptedException Missing(string found, string expected) => new(file, 0, "what an index points at", expected, found);
}
