// How a journal is opened.
// Given to Journal.Open, and handed on to the store.
using Microsoft.Extensions.Logging;
using Refold.Segments;

namespace Refold;

/// <summary>How <see cref="Journal.Open"/> opens a journal. A store ignores options that do not concern it.</summary>
public sealed record JournalOptions
{
    /// <summary>Opens for reading: nothing is created, healed or written, no lock is taken, and appends are answered with
    /// <see cref="AppendFailure.Unavailable"/>. Segment files may have a writer meanwhile, in any process: each read sees what it answered
    /// before, and nothing that is not known to be flushed (<see cref="SegmentJournal.Unconfirmed"/>).</summary>
    /// <value>Default: false. A <c>memory:</c> journal is always empty when opened, so there it is refused.</value>
    public bool ReadOnly { get; init; }

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

    /// <summary>Bounds how many streams the runs in the journal load and fold at the same time, all of them together. Journals may share
    /// one.</summary>
    /// <value>Default: null, 50 of the journal's own. It stays the caller's.</value>
    public RecoveryPermits? RecoveryPermits { get; init; }

    /// <summary>The clock that measures durations, and from which the runs in the journal take their times unless their options name
    /// another. No entry gets a time from it otherwise.</summary>
    /// <value>Default: null, <see cref="System.TimeProvider.System"/>.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>How a journal in segment files keeps them. Other stores have no use for it.</summary>
    /// <value>Default: as in <see cref="SegmentOptions"/>. Not null.</value>
    public SegmentOptions Segments { get; init; } = new();
}
