// Nodes of the batch tree in documents: of each sixteen batches the subtrees that end with the last of them. The README of LiteDB
// journals explains the fields. Filled by JournalState, written by PlaceChange, compared by the verification.
using System.Numerics;
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>The subtrees that end with the last of sixteen batches: of 16, 32, 64 .. batches, as far as they are complete.</summary>
/// <param name="Number">The ordinal of that batch, divided by 16.</param>
/// <param name="Position">The last position of that batch.</param>
/// <param name="Hashes">Their hashes, lowest first.</param>
internal sealed record NodeBlock(long Number, long Position, IReadOnlyList<Hash> Hashes)
{
    /// <summary>The height of the lowest subtrees that are kept; those below are made of the leaves of at most so many batches.</summary>
    public const int LeastHeight = 4;

    /// <summary>How many batches a block has.</summary>
    public const int Batches = 1 << LeastHeight;

    /// <summary>How many subtrees end with a block.</summary>
    public static int Count(long number) => 1 + BitOperations.TrailingZeroCount(number + 1);

    /// <summary>The tree with one batch more, and the block that ends with it; null where none does.</summary>
    /// <param name="peaks">The tree before it.</param>
    /// <param name="leaf">Its leaf.</param>
    /// <param name="position">Its last position.</param>
    public static (BatchTreePeaks After, NodeBlock? Made) Add(BatchTreePeaks peaks, Hash leaf, long position)
    {
        var (after, made) = peaks.Add(leaf);
        return made.Count > LeastHeight
            ? (after, new NodeBlock(peaks.Size >> LeastHeight, position, [.. made.Skip(LeastHeight).Select(item => item.Hash)]))
            : (after, null);
    }

    public BsonDocument Write() => new()
    {
        ["_id"] = Number,
        ["p"] = Position,
        ["h"] = Hashes.SelectMany(hash => hash.ToArray()).ToArray(),
    };

    /// <exception cref="InvalidDataException">It has not as many subtrees as end there.</exception>
    public static NodeBlock Read(BsonDocument document)
    {
        var (number, bytes) = (document["_id"].AsInt64, document["h"].AsBinary);
        if (number < 0 || bytes.Length != 32 * Count(number)) throw new InvalidDataException("nodes of the batch tree are not all there");
        return new NodeBlock(number, document["p"].AsInt64, [.. bytes.Chunk(32).Select(hash => Hash.OfSpan(hash))]);
    }
}

/// <summary>The batch tree of the newest batches, as no document has it yet. One thread adds; any thread reads.</summary>
/// <param name="peaks">The tree so far.</param>
internal sealed class RecentNodes(BatchTreePeaks peaks)
{
    private readonly Lock gate = new();
    private readonly List<NodeBlock> blocks = [];
    private BatchTreePeaks peaks = peaks;

    /// <summary>The tree so far.</summary>
    public BatchTreePeaks Peaks
    {
        get
        {
            lock (gate) return peaks;
        }
    }

    /// <summary>The blocks that are whole, in order.</summary>
    public IReadOnlyList<NodeBlock> Blocks
    {
        get
        {
            lock (gate) return [.. blocks];
        }
    }

    /// <summary>Adds a batch behind all that are here.</summary>
    /// <param name="leaf">Its leaf.</param>
    /// <param name="position">Its last position.</param>
    public void Add(Hash leaf, long position)
    {
        lock (gate)
        {
            (peaks, var made) = NodeBlock.Add(peaks, leaf, position);
            if (made is not null) blocks.Add(made);
        }
    }
}

/// <summary>Reads the tree of a journal as of one moment: documents, what they do not have yet, and the leaves of at most fifteen
/// batches.</summary>
/// <param name="database">The database.</param>
/// <param name="view">The moment.</param>
internal sealed partial class TreeReader(Database database, View view)
{
    private readonly BatchSummary basis = database.Get(Collections.Meta, Base.Id) is { } document
        ? Base.ReadSummary(document)
        : new BatchSummary(0, [], null);

    /// <summary>The tree at the end of what documents say: what comes behind is added to it.</summary>
    /// <exception cref="InvalidDataException">Nodes are missing.</exception>
    public BatchTreePeaks Indexed()
    {
        var last = database.Get(Collections.Batches, view.Progress.Indexed);
        var size = last is null ? basis.Batches : BatchRow.Read(last).Tree.Ordinal + 1;
        if (last is null && view.Progress.Indexed != view.Base.Position)
            throw new InvalidDataException("places are known up to the middle of a batch");
        var kept = BatchTreePeaks.Cover(0, size).Select(node => Node(node) ?? throw new InvalidDataException(
            "nodes of the batch tree are missing")).ToList();
        return BatchTreePeaks.TryOf(size, kept) ?? throw new InvalidDataException("the peaks of the batch tree do not fit their number");
    }

    /// <summary>The hash of a subtree; null where its batches are not all here, and for one of a beginning that was dropped which is
    /// none of its largest.</summary>
    public Hash? Node(BatchTreeNode node)
    {
        if (node.Last < basis.Batches)
        {
            var index = BatchTreePeaks.Cover(0, basis.Batches).ToList().IndexOf(node);
            return index < 0 ? (Hash?)null : basis.Peaks[index];
        }

        if (node.Height >= NodeBlock.LeastHeight)
            return Block(node.Last >> NodeBlock.LeastHeight)?.Hashes[node.Height - NodeBlock.LeastHeight];
        if (node.Index << node.Height is var first && first < basis.Batches) return Across(node, first);
        var leaves = Leaves(first, 1 << node.Height);
        if (leaves is null) return null;
        var peaks = BatchTreePeaks.Empty;
        foreach (var leaf in leaves) (peaks, _) = peaks.Add(leaf);
        return peaks.Root;
    }

    // Of few batches, the first of which were dropped.
    private Hash? Across(BatchTreeNode node, long first)
    {
        var left = BatchTreePeaks.Cover(first, basis.Batches).Select(Node).ToList();
        if (left.Contains(null) || Leaves(basis.Batches, (int)(node.Last + 1 - basis.Batches)) is not { } leaves) return null;
        // A subtree of its own: its beginning is at an ordinal that its size divides.
        var peaks = BatchTreePeaks.TryOf(basis.Batches - first, [.. left.Select(hash => hash!.Value)])!;
        foreach (var leaf in leaves) (peaks, _) = peaks.Add(leaf);
        return peaks.Root;
    }

    private NodeBlock? Block(long number) =>
        view.Nodes.Blocks is var recent && recent.Count > 0 && number >= recent[0].Number
            ? recent.FirstOrDefault(block => block.Number == number)
            : database.Get(Collections.Nodes, number) is { } document ? NodeBlock.Read(document) : null;

    /// <summary>The leaves of batches; null where they are not all here.</summary>
    /// <param name="first">The ordinal of the first one, behind a dropped beginning.</param>
    /// <param name="count">At most 15, within one block or behind the last.</param>
    public List<Hash>? Leaves(long first, int count)
    {
        var block = first >> NodeBlock.LeastHeight;
        var before = block << NodeBlock.LeastHeight <= basis.Batches ? view.Base.Position : Block(block - 1)?.Position;
        if (before is not { } from) return null;
        List<Hash> found =
        [
            .. database.Find(Search.ByIds(Collections.Batches, from + 1, view.LastPosition), NodeBlock.Batches)
                .Select(BatchRow.Read)
                .SkipWhile(row => row.Tree.Ordinal < first)
                .TakeWhile(row => row.Tree.Ordinal < first + count)
                .Select(row => row.Tree.Leaf)
        ];
        return found.Count == count ? found : null;
    }
}
