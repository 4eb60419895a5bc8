// Looking for positions by a hash: the newest pairs in memory, then one document of each run.
// Made by Reader for each look-up.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>One look-up. Used by one thread, once.</summary>
/// <param name="database">Where the runs are.</param>
/// <param name="hash">The hash.</param>
internal sealed class IdSearch(Database database, ulong hash)
{
    // Chunks asked for at once, where many have the hash.
    private const int MostChunks = 16;

    private readonly List<long> positions = [];

    /// <summary>How many documents it has read.</summary>
    public int Documents { get; private set; }

    /// <summary>The positions that are kept under the hash, ascending, each once.</summary>
    /// <param name="recent">The newest pairs, of the moment that is looked at: asked before the documents, into which they move.</param>
    /// <remarks>Pairs move only from a run into one that was begun later, and each run is asked before those that were begun later: what
    /// moved away before its run was asked is met in a later one. Runs that are begun meanwhile are asked at the end.</remarks>
    public List<long> Find(RecentIds recent)
    {
        recent.Find(hash, positions);
        for (var last = 0L; After(last) is { Count: > 0 } runs; last = runs[^1].Number)
        {
            foreach (var run in runs) Ask(run.Number);
        }

        positions.Sort();
        // What is being merged may be in two runs.
        var count = 0;
        for (var item = 0; item < positions.Count; item++)
        {
            if (count == 0 || positions[count - 1] != positions[item]) positions[count++] = positions[item];
        }

        positions.RemoveRange(count, positions.Count - count);
        return positions;
    }

    private List<IdRun> After(long last)
    {
        Documents++;
        return [.. IdRuns.Read(database.Get(Collections.Meta, IdRuns.Id)).Where(run => run.Number > last)];
    }

    // From the last chunk that can have the hash back to the first.
    private void Ask(long run)
    {
        var (last, read) = (new IdPair(hash, long.MaxValue), 0);
        while (true)
        {
            var some = Math.Clamp(read, 1, MostChunks);
            var found = database.Find(Search.LastId(Collections.Ids, IdChunk.First(run), IdChunk.Key(run, last)), some);
            read += found.Count;
            Documents += found.Count;
            foreach (var document in found)
            {
                var pairs = IdChunk.Read(document);
                var behind = ~Array.BinarySearch(pairs, new IdPair(hash, long.MaxValue));
                while (behind > 0 && pairs[behind - 1].Hash == hash) positions.Add(pairs[--behind].Position);
                if (pairs[0].Hash < hash) return;
                last = pairs[0] with { Position = pairs[0].Position - 1 };
            }

            if (found.Count == 0) return;
        }
    }
}
