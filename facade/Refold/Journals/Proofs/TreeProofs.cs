// Roots and proofs over what a store tells of its batch tree: RFC 9162 2.1, FORMAT.md "Batch tree".
// Called by LocalJournal for every local store; by stores of others that answer from an IBatchTree.
using Microsoft.FSharp.Core;
using Refold.Interop;
using Refold.Transfers;

namespace Refold;

/// <summary>Makes roots and proofs from what a store tells of its batch tree.</summary>
public static class TreeProofs
{
    private const int LeastKept = 4;

    /// <summary>How many batches there are up to and with the one that holds a position.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="position">A position, from 0.</param>
    /// <returns>The size; 0 for position 0; null in a gap and behind the last position.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative.</exception>
    /// <exception cref="ProofException">The position is in a beginning that was dropped.</exception>
    public static long? TreeSize(IBatchTree tree, long position)
    {
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        if (position == tree.Begin.Position) return tree.Beginning.Batches;
        if (position < tree.Begin.Position) throw Dropped(tree, $"Position {NumberText.Of(position)}");
        return tree.BatchAt(position) is { } place ? place.Ordinal + 1 : null;
    }

    /// <summary>The head behind the last batch whose latest time so far is at most a time: <see cref="ILocalJournal.HeadAsOf"/>.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="time">The time.</param>
    /// <returns>The head.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is before the latest of a beginning that was dropped.</exception>
    public static Head HeadAsOf(IBatchTree tree, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(tree);
        if (tree.Beginning.Latest is { } latest && latest > time)
        {
            throw new ArgumentOutOfRangeException(nameof(time), time, FormattableString.Invariant(
                $"What the journal was at that time was dropped; behind its beginning the times are from {latest:O} on."));
        }

        var position = Core.BatchTime.upTo(
            time.UtcTicks, tree.Begin.Position, tree.Head.Position,
            FSharpFunc<long, FSharpValueOption<Core.TimedBatch>>.FromConverter(position => tree.NextBatch(position) is { } place
                ? FSharpValueOption<Core.TimedBatch>.NewValueSome(
                    new(place.FirstPosition, place.Head.Position, place.Latest?.UtcTicks ?? Core.TreePlaceModule.noTime))
                : FSharpValueOption<Core.TimedBatch>.ValueNone));
        return position == tree.Begin.Position ? tree.Begin : tree.BatchAt(position)!.Head;
    }

    /// <summary>The root at a size.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="size">The size; null for all batches.</param>
    /// <returns>The size and its root.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The journal is not that large.</exception>
    /// <exception cref="ProofException">The size is below that of a beginning that was dropped.</exception>
    public static TreeHead RootAt(IBatchTree tree, long? size = null)
    {
        var at = Checked(tree, size, nameof(size));
        if (at < tree.Beginning.Batches) throw Dropped(tree, $"Size {NumberText.Of(at)}");
        return new TreeHead(at, Core.BatchTree.root(Reader(tree), at));
    }

    /// <summary>Proves that an entry is in the journal.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="position">The entry's position, from 1.</param>
    /// <param name="size">The size to prove it at; null for all batches.</param>
    /// <returns>The proof, which was checked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position at that size, or no such size.</exception>
    /// <exception cref="ProofException">The entry, or what it is hashed with, was deleted or dropped.</exception>
    public static InclusionProof Inclusion(IBatchTree tree, long position, long? size = null)
    {
        var at = Checked(tree, size, nameof(size));
        ArgumentOutOfRangeException.ThrowIfLessThan(position, 1);
        if (position <= tree.Begin.Position) throw Dropped(tree, $"Position {NumberText.Of(position)}");
        if (tree.BatchAt(position) is not { } place)
        {
            if (position > tree.Head.Position)
                throw new ArgumentOutOfRangeException(nameof(position), position, "The journal does not go so far.");
            throw ProofException.NoEntry(position);
        }

        if (place.Ordinal < tree.Beginning.Batches || place.Ordinal >= tree.Size)
            throw Corrupted(place.Ordinal, "the ordinal of a batch", NumberText.Of(tree.Beginning.Batches) + " to the size", "another");
        if (place.Ordinal >= at)
            throw new ArgumentOutOfRangeException(nameof(position), position, "The position is behind the batches of that size.");
        var leaves = tree.LeavesOf(place);
        var (leaf, first) = (0, place.FirstPosition);
        while (leaf < leaves.Count && position >= first + leaves[leaf].Count) first += leaves[leaf++].Count;
        if (leaf == leaves.Count) throw Corrupted(place.Ordinal, "the leaves of a batch", "one for each position", "fewer");
        if (leaves[leaf].FirstVersion == 0) throw ProofException.NoEntry(position);
        var last = first + leaves[leaf].Count - 1;
        var entries = tree.Entries(first, last).ToList();
        if (entries.Count != leaves[leaf].Count) throw ProofException.Gone(position, first, last);
        var root = new TreeHead(at, Core.BatchTree.root(Reader(tree), at));
        var proof = new InclusionProof(
            position, place.Ordinal, root, AppendRule.Record(place.FirstPosition, leaves), leaf, (int)(position - first),
            [.. entries.Select(entry => (ReadOnlyMemory<byte>)entry.ToCanonicalBytes())],
            [.. Core.BatchTree.inclusion(Reader(tree), place.Ordinal, at)]);
        return proof.FindFault(root) is { } fault
            ? throw Corrupted(place.Ordinal, "a proof", "one that holds", fault)
            : proof;
    }

    /// <summary>Proves that the journal at one size goes on to the same journal at a larger one.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="from">The smaller size, from 0.</param>
    /// <param name="to">The larger size; null for all batches.</param>
    /// <returns>The proof.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The journal is not that large, or the sizes are in the wrong order.</exception>
    /// <exception cref="ProofException">A size is below that of a beginning that was dropped, and was not named when it was.</exception>
    public static ConsistencyProof Consistency(IBatchTree tree, long from, long? to = null)
    {
        var root = RootAt(tree, to);
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, root.Size);
        var begin = tree.Beginning.Batches;
        if (from >= begin || from == 0)
            return new ConsistencyProof(from, root, [.. Core.BatchTree.consistency(Reader(tree), from, root.Size)]);
        if (tree.Provable.FirstOrDefault(provable => provable.Size == from) is not { } named)
            throw Dropped(tree, $"Size {NumberText.Of(from)}");
        return new ConsistencyProof(from, root, [.. Core.BatchTree.consistency(Reader(tree), begin, root.Size)])
        {
            Via = new TreeHead(begin, Core.BatchTree.fold(tree.Beginning.Peaks.ToFSharpList())),
            PathToVia = named.Proof,
        };
    }

    private static long Checked(IBatchTree tree, long? size, string name)
    {
        ArgumentNullException.ThrowIfNull(tree);
        var all = tree.Size;
        if (size is not { } asked) return all;
        ArgumentOutOfRangeException.ThrowIfNegative(asked, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(asked, all, name);
        return asked;
    }

    private static JournalCorruptedException Corrupted(long ordinal, string what, string expected, string found) =>
        new("the batch tree", ordinal, what, expected, found);

    private static ProofException Dropped(IBatchTree tree, string what) =>
        ProofException.Dropped(what, tree.Beginning.Batches, tree.Provable.Select(provable => provable.Size));

    private static Microsoft.FSharp.Core.FSharpFunc<Core.TreeNode, Hash> Reader(IBatchTree tree)
    {
        var begin = tree.Beginning;
        if (BatchTreePeaks.TryOf(begin.Batches, begin.Peaks) is null)
            throw Corrupted(begin.Batches, "the peaks of a dropped beginning", "as many as its size has", NumberText.Of(begin.Peaks.Count));
        return Microsoft.FSharp.Core.FuncConvert.FromFunc<Core.TreeNode, Hash>(
            node => NodeOf(tree, begin, new BatchTreeNode(node.Height, node.Index)));
    }

    private static Hash NodeOf(IBatchTree tree, BatchSummary begin, BatchTreeNode node)
    {
        var first = node.Index << node.Height;
        if (node.Last < begin.Batches)
        {
            var peak = BatchTreePeaks.Cover(0, begin.Batches).ToList().IndexOf(node);
            return peak >= 0 ? begin.Peaks[peak] : throw Dropped(tree, $"The subtree of batches {NumberText.Of(first)} and on");
        }

        if (node.Height >= LeastKept) return tree.Node(node);
        // Of few batches, of which the first may have been dropped: those are peaks of what was.
        var peaks = first >= begin.Batches
            ? BatchTreePeaks.Empty
            : BatchTreePeaks.TryOf(
                begin.Batches - first,
                [.. BatchTreePeaks.Cover(first, begin.Batches).Select(part => NodeOf(tree, begin, part))])!;
        foreach (var leaf in tree.TreeLeaves(Math.Max(first, begin.Batches), (int)(node.Last + 1 - Math.Max(first, begin.Batches))))
            (peaks, _) = peaks.Add(leaf);
        return peaks.Root;
    }
}
