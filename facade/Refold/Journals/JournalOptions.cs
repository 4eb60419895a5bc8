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

    /// <summary>The gates that every append through this journal must get through, whoever makes it: applications, runs, operations,
    /// imports and restores. A <see cref="GateSet{TContext}"/> of <see cref="EncodedBatch"/> is asked about each batch, on the caller's
    /// thread; of any other set each append must come with a pass (<see cref="AppendRequest.Pass"/>), which runs never have. A pass or a
    /// bypass of the set gets through unasked. A batch that has only records of Refold's own work (in streams that begin with <c>$</c>;
    /// no command, event, refusal or message) is not asked about.</summary>
    /// <remarks>A batch that does not get through is answered with <see cref="AppendFailure.Denied"/>, or
    /// <see cref="AppendFailure.PassRefused"/>, and nothing of it is appended; a gate that throws denies with the code <c>GATE_DEFECT</c>.
    /// A restored batch that a bypass of gates of the same name let through elsewhere gets through. The demand is the open journal's: it is
    /// not written into its files.</remarks>
    /// <value>Default: null, none. A store that does not ask gates cannot be opened with any.</value>
    public GateSet? RequiredGates { get; init; }

    /// <summary>Whether <see cref="RequiredGates"/> are all asked, and whether their denials are recorded.</summary>
    /// <value>Default: null, neither.</value>
    public GateOptions? GateOptions { get; init; }

    /// <summary>How a journal in segment files keeps them. Other stores have no use for it.</summary>
    /// <value>Default: as in <see cref="SegmentOptions"/>. Not null.</value>
    public SegmentOptions Segments { get; init; } = new();
}
