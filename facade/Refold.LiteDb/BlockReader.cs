// Blocks of entries, read by position, some of them kept: reads by stream or word come to one block again and again.
// Used by Reader and LiteDbIndex.
using LiteDB;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>The blocks of one database. A block never changes. Safe for use by many threads.</summary>
/// <param name="database">Where they are.</param>
/// <param name="documents">Their form.</param>
internal sealed class BlockReader(Database database, EntryBlocks documents)
{
    // Of blocks that are larger, as those of one large entry are, none is kept: half a megabyte at most.
    private const int KeptBlocks = 32;
    private const int LargestKept = 16 * 1024;

    private readonly EntryBlock?[] kept = new EntryBlock?[KeptBlocks];
    private int last;

    /// <summary>The first blocks that have an entry at a position or behind it.</summary>
    public List<EntryBlock> From(long position, long lastPosition, int limit) =>
        [.. database.Find(Search.ByIds(Collections.Entries, position, lastPosition), limit).Select(documents.Read)];

    /// <summary>The entry at a position; null where there is none.</summary>
    public StoredEntry? At(long position) => In(Kept(position) ?? Read(position), position);

    /// <summary>The entry of a block at a position; null where there is none.</summary>
    public StoredEntry? In(EntryBlock? block, long position) =>
        block?.IndexOf(position) is >= 0 and var index ? documents.Read(block, index) : null;

    /// <summary>Blocks by their last positions, as many of the first ones as are not too large together.</summary>
    /// <param name="places">Places in them, ascending; those that do not say their block are left out.</param>
    public Dictionary<long, EntryBlock> Of(IEnumerable<EntryPlace> places)
    {
        var (found, missing) = (new Dictionary<long, EntryBlock>(), new List<BsonValue>());
        foreach (var last in places.Select(place => place.Block).Where(last => last > 0).Distinct())
        {
            if (Kept(last) is { } block && block.Last == last) found[last] = block;
            else missing.Add(last);
        }

        if (missing.Count == 0) return found;
        var search = missing.Count == 1
            ? Search.ById(Collections.Entries, missing[0])
            : Search.ByAnyId(Collections.Entries, missing);
        foreach (var document in database.Find(search))
        {
            var block = documents.Read(document);
            found[block.Last] = block;
            Keep(block);
        }

        return found;
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
        Keep(block);
        return block;
    }

    private void Keep(EntryBlock block)
    {
        if (block.Bytes.Length <= LargestKept)
            Volatile.Write(ref kept[unchecked((uint)Interlocked.Increment(ref last)) % KeptBlocks], block);
    }
}
