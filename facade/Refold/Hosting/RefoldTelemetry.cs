// The names of everything Refold measures and traces, and the instruments behind them. Names follow OpenTelemetry's conventions.
// Read by applications that listen; written to by JournalObserver, ExecuteObservation and ReplayObservation.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Refold;

/// <summary>What Refold tells OpenTelemetry: <c>AddSource(RefoldTelemetry.ActivitySourceName)</c> and
/// <c>AddMeter(RefoldTelemetry.MeterName)</c>. The names are public API: a name is never used for something else. Nothing is
/// measured without a listener.</summary>
public static class RefoldTelemetry
{
    /// <summary>The name of the <see cref="ActivitySource"/>.</summary>
    public const string ActivitySourceName = "Refold";

    /// <summary>The name of the <see cref="Meter"/>.</summary>
    public const string MeterName = "Refold";

    /// <summary>Activity: one append, from the call to its answer. Tags: <see cref="StoreTag"/>, <see cref="OutcomeTag"/>.</summary>
    public const string AppendActivity = "refold.append";

    /// <summary>Activity: one command of a run, from the call to its answer; its append lies within. Tags:
    /// <see cref="CategoryTag"/>, <see cref="OutcomeTag"/>.</summary>
    public const string ExecuteActivity = "refold.run.execute";

    /// <summary>Activity: one stream of a run recovered for a command: the wait for its permit, loading and folding. Tags:
    /// <see cref="CategoryTag"/>, <see cref="OutcomeTag"/>.</summary>
    public const string RecoveryActivity = "refold.recovery";

    /// <summary>Activity: one write of a store with its flush, whatever appends share it. Tags: <see cref="StoreTag"/>,
    /// <see cref="OutcomeTag"/>.</summary>
    public const string FlushActivity = "refold.flush";

    /// <summary>Activity: one attempt at an operation that runs live; its calls and commands lie within. Tags: <see cref="OperationTag"/>,
    /// <see cref="OutcomeTag"/>.</summary>
    public const string OperationActivity = "refold.operation";

    /// <summary>Activity: one call of an operation to the outside. Tags: <see cref="EffectTag"/>, <see cref="OutcomeTag"/>.</summary>
    public const string EffectActivity = "refold.effect";

    /// <summary>Activity: one snapshot that is saved beside a run. Tag: <see cref="OutcomeTag"/>.</summary>
    public const string SnapshotSaveActivity = "refold.snapshot.save";

    /// <summary>Activity: the verification of one run. Tags: <see cref="OutcomeTag"/>, and
    /// <see cref="CauseTag"/> where it diverged.</summary>
    public const string VerifyActivity = "refold.verify";

    /// <summary>Histogram in seconds: from the call of an append to its answer. Tags:
    /// <see cref="StoreTag"/>, <see cref="OutcomeTag"/>.</summary>
    public const string AppendDuration = "refold.append.duration";

    /// <summary>Counter of entries: what was committed, restored batches included. Tag: <see cref="StoreTag"/>.</summary>
    public const string AppendEntries = "refold.append.entries";

    /// <summary>Counter of appends that another writer came before: an expected version or an append condition did not hold.
    /// Tag: <see cref="StoreTag"/>.</summary>
    public const string AppendConflicts = "refold.append.conflicts";

    /// <summary>Histogram of appends: how many shared one write and one flush. Tag: <see cref="StoreTag"/>.</summary>
    public const string CommitGroupSize = "refold.commit.group_size";

    /// <summary>Counter of entries: what folding and verifying read. Tag: <see cref="ReplayTag"/>.</summary>
    public const string ReplayEntries = "refold.replay.entries";

    /// <summary>Up-down counter of permits: recovery permits that are held, in the whole process. No tags.</summary>
    public const string RecoveryPermitsHeld = "refold.recovery.permits.held";

    /// <summary>Up-down counter of callers: who waits for a recovery permit, in the whole process. No tags.</summary>
    public const string RecoveryPermitsWaited = "refold.recovery.permits.waited";

    /// <summary>Histogram in seconds: from asking for a recovery permit to having it. No tags.</summary>
    public const string RecoveryWait = "refold.recovery.wait";

    /// <summary>Histogram in seconds: from the begin of a recovery, its wait included, to the state. Tags: <see cref="CategoryTag"/>,
    /// <see cref="OutcomeTag"/>.</summary>
    public const string RecoveryDuration = "refold.recovery.duration";

    /// <summary>Counter of snapshots that were due in runs. Tag: <see cref="OutcomeTag"/>, what became of them.</summary>
    public const string SnapshotSaves = "refold.snapshot.saves";

    /// <summary>Histogram in seconds: how long the snapshot store took for a save. Tag: <see cref="OutcomeTag"/>.</summary>
    public const string SnapshotSaveDuration = "refold.snapshot.save.duration";

    /// <summary>Counter of recoveries in runs with snapshots. Tag: <see cref="OutcomeTag"/>, what they got.</summary>
    public const string SnapshotLoads = "refold.snapshot.loads";

    /// <summary>Histogram in seconds: one write of a store with its flush. Tags: <see cref="StoreTag"/>,
    /// <see cref="OutcomeTag"/>.</summary>
    public const string FlushDuration = "refold.flush.duration";

    /// <summary>Histogram in seconds: one attempt at an operation. Tags: <see cref="OperationTag"/>, <see cref="OutcomeTag"/>.</summary>
    public const string OperationDuration = "refold.operation.duration";

    /// <summary>Histogram in seconds: one call of an operation to the outside. Tags: <see cref="EffectTag"/>,
    /// <see cref="OutcomeTag"/>.</summary>
    public const string EffectDuration = "refold.effect.duration";

    /// <summary>Counter of calls: answered from an earlier attempt, and so not made again. Tag: <see cref="EffectTag"/>.</summary>
    public const string EffectRepeats = "refold.effect.repeats";

    /// <summary>Activity: one attempt to hand a message over; what its receiver does in this process lies within. Its status is an error
    /// where the attempt failed. Tag: <see cref="OutboxTag"/>.</summary>
    public const string DeliverActivity = "refold.outbox.deliver";

    /// <summary>Counter of attempts to hand messages over. Tags: <see cref="OutboxTag"/>, <see cref="OutcomeTag"/>: <c>confirmed</c>, also
    /// by its receiver meanwhile; <c>delivered</c>, and not confirmed yet; <c>failed</c>; <c>dead</c>, once a message that is given up: at
    /// the attempt that failed last or, where that was <c>delivered</c> and nobody confirmed it, without another one.</summary>
    public const string DeliveryAttempts = "refold.outbox.attempts";

    /// <summary>Counter of messages that were not confirmed after <see cref="OutboxDispatcherOptions.WarnAfter"/> attempts. Tag:
    /// <see cref="OutboxTag"/>.</summary>
    public const string DeliveryWarnings = "refold.outbox.warnings";

    /// <summary>Gauge in positions: how far a read model or live projection that runs is behind its journal's head. Tag:
    /// <see cref="ReadModelTag"/>.</summary>
    public const string ReadModelLag = "refold.read_model.lag";

    /// <summary>Gauge in seconds: for how long it has been behind. Tag: <see cref="ReadModelTag"/>.</summary>
    public const string ReadModelLagTime = "refold.read_model.lag.time";

    /// <summary>Tag: the name of a read model, or the id of a projection.</summary>
    public const string ReadModelTag = "refold.read_model";

    /// <summary>Tag: the name of an outbox.</summary>
    public const string OutboxTag = "refold.outbox";

    /// <summary>Tag: the kind of store, as in its URI: <c>segments</c> or <c>memory</c>.</summary>
    public const string StoreTag = "refold.store";

    /// <summary>
    /// Tag: how it ended. An append: <c>appended</c>, <c>conflict</c>, <c>condition-failed</c>, <c>key-reused</c>, <c>limit-exceeded</c>,
    /// <c>invalid</c>, <c>pass-refused</c>, <c>denied</c>, <c>no-room</c>, <c>unavailable</c>, <c>outcome-unknown</c>, <c>cancelled</c>,
    /// <c>failed</c>. A command:
    /// <c>accepted</c>, <c>refused</c>. A recovery: <c>recovered</c>. A snapshot that was due: <c>saved</c>, <c>failed</c>,
    /// <c>replaced</c> by a newer one, <c>skipped</c> as too many were on their way, <c>left</c> at disposal; one that was asked for:
    /// <c>used</c>, <c>none</c>, <c>not-used</c> as it was doubtful or the store failed. A verification: <c>matched</c>, <c>diverged</c>,
    /// <c>not-recorded</c>, <c>incomplete</c>. A flush: <c>flushed</c>, <c>failed</c>. An attempt at an operation: <c>ended</c>; a call
    /// of it: <c>answered</c>, <c>failed</c>. What threw: <c>cancelled</c>, the code of a <see cref="JournalException"/>, <c>failed</c>.
    /// </summary>
    public const string OutcomeTag = "refold.outcome";

    /// <summary>Tag: the category of the aggregate that a command is for.</summary>
    public const string CategoryTag = "refold.category";

    /// <summary>Tag: the name of an operation.</summary>
    public const string OperationTag = "refold.operation.name";

    /// <summary>Tag: the name of a call to the outside.</summary>
    public const string EffectTag = "refold.effect.name";

    /// <summary>Tag: why a run diverged, as in <see cref="Divergence.CauseName"/>.</summary>
    public const string CauseTag = "refold.divergence.cause";

    /// <summary>Tag: what read the entries: <c>fold</c> or <c>verify</c>.</summary>
    public const string ReplayTag = "refold.replay";

    internal static readonly ActivitySource Source = new(ActivitySourceName, LibraryVersion.Text);

    internal static readonly Meter Meter = new(MeterName, LibraryVersion.Text);

    // From a commit in memory to a device that hangs; the usual boundaries begin at 5 ms, where most appends have long been answered.
    internal static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10]
    };

    internal static readonly Histogram<double> Durations = Meter.CreateHistogram(
        AppendDuration, "s", "From the call of an append to its answer.", advice: Seconds);

    internal static readonly Counter<long> Entries = Meter.CreateCounter<long>(AppendEntries, "{entry}", "Entries committed.");

    internal static readonly Counter<long> Conflicts = Meter.CreateCounter<long>(
        AppendConflicts, "{append}", "Appends that somebody else came before.");

    internal static readonly Histogram<int> GroupSizes = Meter.CreateHistogram(
        CommitGroupSize,
        "{append}",
        "Appends that shared one write and one flush.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096] });

    internal static readonly Histogram<double> Flushes = Meter.CreateHistogram(
        FlushDuration, "s", "One write of a store with its flush.", advice: Seconds);

    internal static readonly Counter<long> Replayed = Meter.CreateCounter<long>(
        ReplayEntries, "{entry}", "Entries read by folding and verifying.");

    internal static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    /// <summary>How a call ended that threw.</summary>
    internal static string OutcomeOf(Exception exception) => exception switch
    {
        OperationCanceledException => "cancelled",
        JournalException known => known.Code,
        _ => "failed",
    };
}
