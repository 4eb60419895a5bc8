// Blocks of entries, read by position, some of them kept: reads by stream or word come to one block again and again.
// Used by Reader and LiteDbIndex.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>The blocks of one database. A block never changes. Safe for use by many threads.</summary>
/// <param name="database">Where they are.</param>
/// <param name="documents">Their form.</param>
internal sealed class BlockReader(Database database, EntryBlocks documents)
{
    // Of blocks that are larger, as those of one large entry are, none is kept: a megabyte and a half at most.
    private const int KeptBlocks = 24;
    private const int LargestKept = 64 * 1024;

    private readonly EntryBlock?[] kept = new EntryBlock?[KeptBlocks];
    private int last;

    /// <summary>The first blocks that have an entry at a position or behind it.</summary>
    public List<EntryBlock> From(long position, long lastPosition, int limit) =>
        [.. database.Find(Search.ByIds(Collections.Entries, position, lastPosition), limit).Select(documents.Read)];

    /// <summary>The entry at a position; null where there is none.</summary>
    public StoredEntry? At(long position)
    {
        var block = Kept(position) ?? Read(position);
        return block?.IndexOf(position) is >= 0 and var index ? documents.Read(block, index) : null;
    }

    /// <summary>An entry of a block, checked.</summary>
    public StoredEntry Entry(EntryBlock block, int index) => documents.Read(block, index);

    private EntryBlock? Kept(long position)
    {
        foreach (ref var slot in kept.AsSpan())
        {
            if (Volatile.Read(ref slot) is { } block && block.First <= position && position <= block.Last) return block;
        }

        return null;
    }

    private EntryBlock? Read(long position)
    {
        if (database.First(Search.ByIds(Collections.Entries, position, long.MaxValue)) is not { } document) return null;
        var block = documents.Read(document);
        if (block.Bytes.Length <= LargestKept)
            Volatile.Write(ref kept[(uint)Interlocked.Increment(ref last) % KeptBlocks], block);
        return block;
    }
}
