// Ids of the newest entries, in memory: the part of RecentPlaces that no run of ids has yet.
// Filled by RecentPlaces; asked by IdSearch; written by IdChange.
namespace Refold.LiteDb;

/// <summary>Pairs in the order of positions, at most three for each entry. One thread adds; any thread reads.</summary>
internal sealed class RecentIds
{
    // Blocks, so that no array becomes a large object: memory may be short.
    private const int BlockSize = 1024;

    private readonly EntryIds ids = new();
    private (ulong[] Hashes, long[] Positions)[] blocks = new (ulong[], long[])[4];
    private int count;

    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => count == 0;

    /// <summary>Adds the pairs of an entry behind all that are here.</summary>
    public void Add(JournalEntry entry)
    {
        foreach (var hash in ids.Of(entry)) Add(new IdPair(hash, entry.Position));
    }

    /// <summary>Adds the positions under a hash to a list.</summary>
    public void Find(ulong hash, List<long> found)
    {
        // Behind the count: blocks that are read then have at least so many.
        var left = Volatile.Read(ref count);
        foreach (var (hashes, positions) in Volatile.Read(ref blocks))
        {
            if (left <= 0) break;
            var some = hashes.AsSpan(0, Math.Min(left, BlockSize));
            left -= some.Length;
            for (var from = 0; some[from..].IndexOf(hash) is >= 0 and var at;)
            {
                found.Add(positions[from + at]);
                from += at + 1;
            }
        }
    }

    /// <summary>All pairs in their order. Asked by the thread that adds.</summary>
    public IdPair[] Sorted()
    {
        var pairs = new IdPair[count];
        for (var item = 0; item < count; item++)
        {
            var (hashes, positions) = blocks[item / BlockSize];
            pairs[item] = new IdPair(hashes[item % BlockSize], positions[item % BlockSize]);
        }

        Array.Sort(pairs);
        return pairs;
    }

    private void Add(IdPair pair)
    {
        var (block, item) = (count / BlockSize, count % BlockSize);
        if (block == blocks.Length)
        {
            var larger = new (ulong[], long[])[2 * block];
            blocks.CopyTo(larger, 0);
            Volatile.Write(ref blocks, larger);
        }

        if (item == 0) blocks[block] = (new ulong[BlockSize], new long[BlockSize]);
        blocks[block].Hashes[item] = pair.Hash;
        blocks[block].Positions[item] = pair.Position;
        Volatile.Write(ref count, count + 1);
    }
}
