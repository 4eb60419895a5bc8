// A state, and what it was made from. The core's Rehydrated, mirrored.
// Answered by SnapshotExtensions.Rehydrate.
using Refold.Interop;

namespace Refold;

/// <summary>A state brought up to the end of its stream.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <param name="Fold">The fold of the entries after the snapshot, or of all: its state and version are the result, its
/// divergence tells where it had to end.</param>
/// <param name="FromVersion">The version of the snapshot that was used; 0 for none.</param>
/// <param name="Findings">Why others were not used, newest first.</param>
public sealed record RehydratedState<TState>(FoldReport<TState> Fold, long FromVersion, IReadOnlyList<SnapshotFinding> Findings)
{
    /// <summary>The state.</summary>
    public TState State => Fold.State;

    /// <summary>The version of the last entry that is in it; 0 for none.</summary>
    public long Version => Fold.Version;

    /// <summary>The snapshot that was used; null for none.</summary>
    internal Snapshot? From { get; init; }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(RehydratedState<TState>), PrintMembers);
}
