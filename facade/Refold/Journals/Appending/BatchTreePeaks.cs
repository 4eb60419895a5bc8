// The batch tree as it grows, for stores that keep its nodes: RFC 9162 (Certificate Transparency) 2.1, FORMAT.md "Batch tree".
// Used by LiteDbJournal; segment files have theirs in the core.
using Refold.Interop;

namespace Refold;

/// <summary>A complete subtree of the batch tree: the batches from <c>Index * 2^Height</c> on, <c>2^Height</c> of them.</summary>
/// <param name="Height">0 for the leaf of a batch.</param>
/// <param name="Index">Its number among the subtrees of its height, from 0.</param>
public readonly record struct BatchTreeNode(int Height, long Index)
{
    /// <summary>The ordinal of its last batch, from 0.</summary>
    public long Last => ((Index + 1) << Height) - 1;
}

/// <summary>The roots of the largest complete subtrees over a number of batches: all that is needed to go on. Immutable.</summary>
public sealed class BatchTreePeaks
{
    private readonly Core.TreePeaks peaks;

    private BatchTreePeaks(Core.TreePeaks peaks) => this.peaks = peaks;

    /// <summary>Of no batch.</summary>
    public static BatchTreePeaks Empty { get; } = new(Core.TreePeaks.Empty);

    /// <summary>How many batches.</summary>
    public long Size => peaks.Size;

    /// <summary>The roots, left to right: one for each bit of <see cref="Size"/> that is set.</summary>
    public IReadOnlyList<Hash> Peaks => [.. peaks.Peaks];

    /// <summary>The root of the tree at this size.</summary>
    public Hash Root => peaks.Root;

    /// <summary>From what was kept.</summary>
    /// <param name="size">How many batches; not negative.</param>
    /// <param name="kept">The roots, left to right.</param>
    /// <returns>The peaks; null where there are not as many roots as the size has.</returns>
    public static BatchTreePeaks? TryOf(long size, IReadOnlyList<Hash> kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        return Core.TreePeaks.OfKept(size, kept.ToFSharpList()) is { } found ? new BatchTreePeaks(found.Value) : null;
    }

    /// <summary>The largest complete subtrees over the batches from one ordinal up to another, left to right.</summary>
    /// <param name="first">The ordinal of the first batch.</param>
    /// <param name="until">The ordinal behind the last one.</param>
    /// <returns>The subtrees; none for no batch.</returns>
    /// <exception cref="ArgumentException">The range ends before it begins.</exception>
    public static IReadOnlyList<BatchTreeNode> Cover(long first, long until) =>
        [.. Core.BatchTree.cover(first, until).Select(node => new BatchTreeNode(node.Height, node.Index))];

    /// <summary>With one batch more.</summary>
    /// <param name="leaf">Its leaf: <see cref="AppendRule.TreeLeaf"/>.</param>
    /// <returns>The peaks behind it, and the complete subtrees that end with it, lowest first, the leaf among them.</returns>
    public (BatchTreePeaks After, IReadOnlyList<(BatchTreeNode Node, Hash Hash)> Made) Add(Hash leaf)
    {
        var (after, made) = peaks.Add(leaf);
        return (new(after), [.. made.Select(item => (new BatchTreeNode(item.Item1.Height, item.Item1.Index), item.Item2))]);
    }
}
