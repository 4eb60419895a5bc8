// How a journal is opened.
// Given to Journal.Open, and handed on to the store.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>How <see cref="Journal.Open"/> opens a journal. What a store has no use for, it ignores.</summary>
public sealed record JournalOptions
{
    /// <summary>Opens for reading: nothing is created, healed or written, no lock is taken, and appends are answered with
    /// <see cref="AppendFailure.Unavailable"/>. Segment files may have a writer meanwhile, in any process: each read sees what it answered
    /// before, and nothing that is not known to be flushed (<see cref="SegmentJournal.Unconfirmed"/>).</summary>
    /// <value>Default: false. A <c>memory:</c> journal is always empty when opened, so there it is refused.</value>
    public bool ReadOnly { get; init; }

    /// <summary>The size of a segment file in bytes; a batch larger than it gets a segment of its own. Files
    /// that are there keep theirs.</summary>
    /// <value>Default: null, the store's own default.</value>
    public int? SegmentBytes { get; init; }

    /// <summary>After how many bytes of frames, flushed in the segment that is written (and no less than an eighth of what the last one
    /// covers), the rows of their index are written to a checkpoint, from which the next opening takes them instead of scanning the frames.
    /// One is also written when the journal is closed, unless less than this and less than
    /// <see cref="SegmentJournal.CheckpointAtCloseBytes"/> came since the last. It is written beside appends; one that fails is logged
    /// (<see cref="RefoldEventIds.CheckpointFailed"/>) and fails nothing else.</summary>
    /// <value>Default: <see cref="SegmentJournal.DefaultCheckpointBytes"/>. 0: none is written. Not negative.</value>
    public int CheckpointBytes { get; init; } = SegmentJournal.DefaultCheckpointBytes;

    /// <summary>When an append is answered, and what that relies on.</summary>
    /// <value>Default: <see cref="Durability.Flushed"/>, after a flush.</value>
    public Durability Durability { get; init; } = Durability.Flushed;

    /// <summary>How many segment files stay open at most, besides the one that is written and those that are just being read. Others are
    /// opened when they are read.</summary>
    /// <value>Default: 64. From 1.</value>
    public int OpenFiles { get; init; } = 64;

    /// <summary>Hands every append to another thread at once, for a caller that does not wait for each answer: more of its appends share a
    /// flush. Otherwise a caller that finds the writer idle commits on its own thread, which is faster for those who wait.</summary>
    /// <value>Default: false.</value>
    public bool Pipelined { get; init; }

    /// <summary>Where the journal, and the runs and verifications in it, write their log lines (<see cref="RefoldEventIds"/>).</summary>
    /// <value>Default: null, nothing is logged.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Where the runs in the journal, and <see cref="SnapshotExtensions"/>, find and keep snapshots, unless they name another. The
    /// journal itself has no use for them.</summary>
    /// <value>Default: null, none. It stays the caller's, and is disposed after the journal.</value>
    public ISnapshotStore? Snapshots { get; init; }

    /// <summary>After how many new versions of a stream a run takes the next snapshot, unless its options say otherwise.</summary>
    /// <value>Default: 100. 0: none is taken but by <c>TakeSnapshotAsync</c>.</value>
    public long SnapshotInterval { get; init; } = 100;

    /// <summary>The clock that measures durations, and from which the runs in the journal take their times unless their options name
    /// another. No entry gets a time from it otherwise.</summary>
    /// <value>Default: null, <see cref="System.TimeProvider.System"/>.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>Where work is done that no append waits for: making the next segment ahead, and writing checkpoints. A scheduler that runs
    /// it at once on the calling thread makes the order of operations repeatable.</summary>
    /// <value>Default: null, <see cref="TaskScheduler.Default"/>.</value>
    public TaskScheduler? Background { get; init; }

    /// <summary>The ways of opening that may be taken.</summary>
    /// <value>Default: all.</value>
    public OpeningWays Opening { get; init; } = new();
}
