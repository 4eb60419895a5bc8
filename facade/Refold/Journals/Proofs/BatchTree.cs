// Checks of proofs over the batch tree: RFC 9162 (Certificate Transparency) 2.1.3.2 and 2.1.4.2. Needs no journal.
// Called by whoever holds a proof: InclusionProof, ConsistencyProof, Refold.Signing, the tool.
using Refold.Interop;

namespace Refold;

/// <summary>Checks of paths in the batch tree, without a journal. The tree is that of RFC 9162, of which each leaf is a batch.</summary>
public static class BatchTree
{
    /// <summary>The leaf of a batch: SHA-256 over a zero byte and the record.</summary>
    /// <param name="record">The batch's record: first position, count, and per leaf count, first version and hash (FORMAT.md).</param>
    /// <returns>The hash.</returns>
    public static Hash LeafOf(ReadOnlySpan<byte> record) => Core.BatchTree.leafOf(record);

    /// <summary>Whether a path leads from a batch to a root.</summary>
    /// <param name="leaf">The batch's leaf.</param>
    /// <param name="ordinal">Its number, from 0.</param>
    /// <param name="tree">The size and its root.</param>
    /// <param name="path">The hashes, from the leaf upwards.</param>
    /// <returns>False for whatever is no path.</returns>
    public static bool Includes(Hash leaf, long ordinal, TreeHead tree, IReadOnlyList<Hash> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Core.BatchTree.includes(leaf, ordinal, tree.Size, path.ToFSharpList(), tree.Root);
    }

    /// <summary>Whether one tree goes on to another: all its batches are there, in their order.</summary>
    /// <param name="earlier">The smaller tree, or the same.</param>
    /// <param name="later">The larger tree.</param>
    /// <param name="path">The hashes of the consistency proof; none from size 0, and from a size to itself.</param>
    /// <returns>False for whatever is no proof.</returns>
    public static bool Extends(TreeHead earlier, TreeHead later, IReadOnlyList<Hash> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Core.BatchTree.extends(earlier.Size, earlier.Root, later.Size, later.Root, path.ToFSharpList());
    }
}
