// Which ways of opening a store may take, and which one it took.
// Given with SegmentOptions; shown by `refold inspect`.
namespace Refold.Segments;

/// <summary>The ways of opening a segment journal. All of them give the same journal; each can be switched off. An
/// empty directory always opens.</summary>
public sealed record OpeningWays
{
    /// <summary>Takes the index of the last segment up to some frame from a checkpoint, and that of the others from their footers; their
    /// frames are checked when they are read. Only what came behind is scanned. A checkpoint that is not right, or was written over other
    /// segments, is ignored (<see cref="OpeningReport.Ignored"/>).</summary>
    /// <value>Default: true.</value>
    public bool Checkpoint { get; init; } = true;

    /// <summary>Takes the index of sealed segments from their footers; their frames are checked when they are read.</summary>
    /// <value>Default: true.</value>
    public bool Footers { get; init; } = true;

    /// <summary>Scans every frame where there is nothing better.</summary>
    /// <value>Default: true. Without it, a journal of which some segment has no footer is refused.</value>
    public bool Scan { get; init; } = true;
}

/// <summary>The way that was taken.</summary>
public enum OpeningPath
{
    /// <summary>There was no journal yet.</summary>
    Empty,

    /// <summary>Footers, and the frames of the tail.</summary>
    Footers,

    /// <summary>Every frame.</summary>
    Scan,

    /// <summary>A checkpoint, footers, and the frames of the tail.</summary>
    Checkpoint,
}

/// <summary>How a journal was opened.</summary>
/// <param name="Path">The way that was taken.</param>
/// <param name="Restored">Entries that were found, those deleted since included.</param>
/// <param name="Tail">Those of them whose frames were scanned; the others are known from footers and the checkpoint.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Ignored">Files that were found and not used, each with the reason.</param>
public sealed record OpeningReport(OpeningPath Path, long Restored, long Tail, OpeningElapsed Elapsed, IReadOnlyList<string> Ignored)
{
    /// <summary>The compaction that was interrupted. Opening for writing ended it; a reader leaves it.</summary>
    /// <value>Default: null, none was.</value>
    public InterruptedCompaction? Interrupted { get; init; }

    /// <summary>The head behind the entries that were found. A reader's head advances with the writer, this one does not.</summary>
    public Head Head { get; init; }
}

/// <summary>A compaction during which the process ended or the device failed. Nothing of the journal is lost by it.</summary>
/// <param name="Target">The segment it was making.</param>
/// <param name="Switched">Whether that segment counts; if not, those that it was to replace do.</param>
public sealed record InterruptedCompaction(string Target, bool Switched)
{
    internal static InterruptedCompaction? Of(Format.OpeningPlan plan) =>
        plan.Interrupted is { } found ? new(found.Value.Item1.Target.ToString(), found.Value.Item2) : null;
}

/// <summary>How long each phase of an opening took.</summary>
/// <param name="Planning">Reading names, headers, trailers, COMMIT and the checkpoint.</param>
/// <param name="Footers">Reading footers.</param>
/// <param name="Scanning">Scanning frames.</param>
/// <param name="Healing">Healing the tail and beginning the next epoch; zero for a reader.</param>
public sealed record OpeningElapsed(TimeSpan Planning, TimeSpan Footers, TimeSpan Scanning, TimeSpan Healing)
{
    /// <summary>Taking the rows of the checkpoint into the index.</summary>
    /// <value>Default: zero, there was none.</value>
    public TimeSpan Restoring { get; init; }

    /// <summary>All of them.</summary>
    public TimeSpan Total => Planning + Restoring + Footers + Scanning + Healing;
}
