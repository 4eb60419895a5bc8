// Reading entries: by stream, by position, by query, chunk by chunk, each as of one moment; every entry checked.
// Called by LiteDbJournal and, for the maintenance, by Verification and Rebuild.
using LiteDB;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>Reads of one database. Safe for use by many threads.</summary>
internal sealed class Reader(Database database, EntryDocument documents, string file)
{
    private const int Chunk = 256;

    /// <summary>Entries of a stream in version order.</summary>
    public IEnumerable<JournalEntry> OfStream(View view, StreamId stream, long fromVersion, long toVersion, long maxCount)
    {
        // Asked first: a version that is committed meanwhile is no missing one.
        var last = Math.Min(toVersion, Guarded(() => LiteDbIndex.HighestVersion(database, stream)));
        var (next, left) = (fromVersion, maxCount);
        while (left > 0 && next <= last)
        {
            var first = next;
            var found = Entries(() => database.Find(Search.ByVersions(stream, first, last), (int)Math.Min(left, Chunk)));
            foreach (var entry in found)
            {
                if (entry.Position > view.LastPosition) yield break;
                // A version that is not there would shift all that follow.
                if (entry.Version != next) throw Missing($"version {entry.Version} of '{stream}'", $"version {next}");
                next = entry.Version + 1;
                yield return entry;
            }

            left -= found.Count;
            if (found.Count == 0) throw Missing("no entry", $"version {next} of '{stream}'");
        }
    }

    /// <summary>Entries in position order, those left out that were deleted at that moment.</summary>
    public IEnumerable<JournalEntry> From(View view, long fromPosition, long maxCount)
    {
        var (next, left) = (view.NextEntry(Math.Max(1, fromPosition) - 1), maxCount);
        while (left > 0 && next <= view.LastPosition)
        {
            var first = next;
            var found = Entries(() => database.Find(Search.ByIds(Collections.Entries, first, view.LastPosition), Chunk));
            foreach (var entry in found)
            {
                if (entry.Position != next) throw Missing($"position {entry.Position}", $"position {next}");
                next = view.NextEntry(next);
                if (!view.Shows(entry)) continue;
                yield return entry;
                if (--left <= 0) yield break;
            }

            if (found.Count == 0) throw Missing("no entry", $"one at position {next}");
        }
    }

    /// <summary>Matches of a query in position order.</summary>
    public IEnumerable<JournalEntry> Matches(View view, Query query, long fromPosition, long maxCount)
    {
        var left = maxCount;
        var matches = new QueryCursor(database, query, view.LastPosition);
        var positions = new List<long>(Chunk);
        for (var next = Math.Max(1, fromPosition); left > 0 && next <= view.LastPosition;)
        {
            positions.Clear();
            for (; positions.Count < Math.Min(left, Chunk) && (next = Guarded(() => matches.Next(next))) <= view.LastPosition; next++)
                positions.Add(next);
            foreach (var entry in At(positions))
            {
                if (!view.Shows(entry)) continue;
                yield return entry;
                left--;
            }
        }
    }

    /// <summary>Entries with their canonical bytes from a position on, whatever was deleted.</summary>
    /// <param name="first">The position.</param>
    /// <param name="last">The last position that is wanted.</param>
    /// <param name="checksWords">Whether the words that they are found by are checked too.</param>
    public List<StoredEntry> Stored(long first, long last, bool checksWords = false) =>
    [
        .. Guarded(() => database.Find(Search.ByIds(Collections.Entries, first, last), Chunk))
            .Select(document => checksWords ? documents.ReadWithWords(document) : documents.Read(document)),
    ];

    /// <summary>The position of a stream's last entry that is there up to a version; 0 for none.</summary>
    public long LastPosition(StreamId stream, long version) =>
        Guarded(() => database.First(Search.LastVersion(stream, version))) is { } document ? document["_id"].AsInt64 : 0;

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

    private List<JournalEntry> Entries(Func<List<BsonDocument>> find) =>
        [.. Guarded(find).Select(document => documents.Read(document).Entry)];

    private IEnumerable<JournalEntry> At(List<long> positions)
    {
        // The answer is cut where it is large: the rest is asked for again.
        for (var done = 0; done < positions.Count;)
        {
            var asked = positions.Skip(done).ToList();
            var found = Entries(() => database.Find(Search.AtPositions(asked)));
            found.Sort((left, right) => left.Position.CompareTo(right.Position));
            foreach (var entry in found)
            {
                if (entry.Position != positions[done++]) throw Missing($"position {entry.Position}", $"position {positions[done - 1]}");
                yield return entry;
            }

            if (found.Count == 0) throw Missing("no entry", $"one at position {positions[done]}");
        }
    }

    private JournalCorruptedException Missing(string found, string expected) => new(file, 0, "what an index points at", expected, found);
}
