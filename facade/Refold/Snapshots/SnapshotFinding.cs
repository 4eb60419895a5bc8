// Why a snapshot was not used. The core's SnapshotFinding, mirrored, with what only a store can find.
// Handed out with every state that was asked of snapshots; logged by runs.
namespace Refold;

/// <summary>What is doubtful about a snapshot.</summary>
public enum SnapshotDoubt
{
    /// <summary>What is stored cannot be read as a snapshot.</summary>
    Unreadable = 0,

    /// <summary>It is another stream's, or of a version that was not asked for.</summary>
    NotAsked = 1,

    /// <summary>Its content is not what was written.</summary>
    ChecksumBroken = 2,

    /// <summary>Its version is above the stream's highest: it belongs to entries that are not there.</summary>
    Ahead = 3,

    /// <summary>Its version is below what was deleted, so entries between are missing.</summary>
    BelowFloor = 4,

    /// <summary>The journal has another head at its position: it belongs to another history.</summary>
    Foreign = 5,

    /// <summary>The aggregate has no state codec.</summary>
    NoStateCodec = 6,

    /// <summary>The state codec cannot decode it, or threw.</summary>
    Undecodable = 7,

    /// <summary>The state codec makes other bytes of what it decoded.</summary>
    NotFaithful = 8,

    /// <summary>The entries around its version do not lie on both sides of its position.</summary>
    Misplaced = 9,

    /// <summary>The entries after it cannot be applied to its state.</summary>
    NotFoldable = 10,

    /// <summary>The store failed when it was asked.</summary>
    StoreFailed = 11,

    /// <summary>It was taken under another pin (model, provider, version, settings), or outside a run, so perhaps by another
    /// <c>evolve</c>. Used only where the entries before it were deleted, and the finding is there all the same.</summary>
    OtherPin = 12,
}

/// <summary>Why a snapshot was not used. Never an error: the state comes from an older snapshot, or from every entry.</summary>
/// <param name="Doubt">What is doubtful.</param>
/// <param name="Reason">One sentence without a full stop.</param>
public sealed record SnapshotFinding(SnapshotDoubt Doubt, string Reason)
{
    /// <summary>The reason.</summary>
    /// <returns>One sentence without a full stop.</returns>
    public override string ToString() => Reason;
}
