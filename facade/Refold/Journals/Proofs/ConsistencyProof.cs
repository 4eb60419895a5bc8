// Shows that a journal at one size goes on to the same journal at a larger one: no batch was changed, taken out or put in.
// Made by every journal (IJournal.ProveConsistencyAsync); checked by whoever kept an earlier root, by Refold.Signing and the tool.
namespace Refold;

/// <summary>Shows that the batch tree at one size goes on to the tree at a larger size.</summary>
/// <remarks>Where the beginning of a journal was dropped, sizes before its base can be proved where the compaction named them: the proof
/// goes by way of the base then, and has the base's tree in <see cref="Via"/>.</remarks>
/// <param name="From">The smaller size.</param>
/// <param name="To">The larger size and its root, as the journal says. A checker compares it with a root of his own.</param>
/// <param name="Path">The hashes from the smaller size, or from <see cref="Via"/>, to the larger one (RFC 9162, 2.1.4.1).</param>
public sealed record ConsistencyProof(long From, TreeHead To, IReadOnlyList<Hash> Path)
{
    /// <summary>The tree at the base, where the proof goes by way of it; null where it is one path.</summary>
    public TreeHead? Via { get; init; }

    /// <summary>The hashes from the smaller size to <see cref="Via"/>; none where there is no such tree.</summary>
    public IReadOnlyList<Hash> PathToVia { get; init; } = [];

    /// <summary>Whether a tree that somebody kept goes on to another.</summary>
    /// <param name="earlier">The tree of size <see cref="From"/> as it was kept.</param>
    /// <param name="later">The later tree, from where it is trusted; <see cref="To"/> is the same.</param>
    /// <returns>False where the proof does not show it.</returns>
    public bool Shows(TreeHead earlier, TreeHead later) =>
        earlier.Size == From && later == To
        && (Via is { } via
            ? BatchTree.Extends(earlier, via, PathToVia) && BatchTree.Extends(via, later, Path)
            : PathToVia.Count == 0 && BatchTree.Extends(earlier, later, Path));
}
