// A size of the batch tree and the root there: what a signed checkpoint says of a journal.
// Answered by every journal (IJournal.TreeAtAsync); signed by Refold.Signing.
using System.Globalization;

namespace Refold;

/// <summary>A size of a journal's batch tree, and its root at that size. Two journals with the same one have the same batches up to
/// there.</summary>
/// <param name="Size">How many batches, from 0.</param>
/// <param name="Root">The root over them (RFC 9162, 2.1.1); of no batch the SHA-256 of nothing.</param>
public readonly record struct TreeHead(long Size, Hash Root)
{
    /// <summary>The tree of a journal without a batch.</summary>
    public static TreeHead Empty { get; } = new(0, Core.BatchTree.emptyRoot);

    /// <summary>The size and the root, as <c>size:root</c>.</summary>
    public override string ToString() => Size.ToString(CultureInfo.InvariantCulture) + ":" + Root;
}
