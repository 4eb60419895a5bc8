// What a journal tells the outside while it works: log lines, measurements, activities.
// Made by every journal when it is opened; asked by runs for the logger, the clock and the snapshots of their journal.
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Refold.Segments;

namespace Refold;

/// <summary>A journal that has an observer: health checks, runs and verification tell and ask it too.</summary>
public interface IObservedJournal
{
    /// <summary>The observer, for as long as the journal lives.</summary>
    JournalObserver Observer { get; }
}

/// <summary>What one journal tells the outside while it works: log lines, measurements, activities. A store makes one when it is opened,
/// and calls the methods here. Safe for use by many threads.</summary>
/// <param name="options">How the journal was opened.</param>
/// <param name="store">The kind of store, as in its URI.</param>
/// <param name="place">How log lines name the journal.</param>
public sealed class JournalObserver(JournalOptions options, string store, string place)
{
    private readonly ILogger? logger = QuietLogger.Of(options.LoggerFactory, LogLines.JournalCategory);
    private readonly KeyValuePair<string, object?> storeTag = RefoldTelemetry.Tag(RefoldTelemetry.StoreTag, store);

    internal ILoggerFactory? LoggerFactory => options.LoggerFactory;

    internal ISnapshotStore? Snapshots => options.Snapshots;

    internal long SnapshotInterval => options.SnapshotInterval;

    internal RecoveryPermits RecoveryPermits { get; } = options.RecoveryPermits ?? new RecoveryPermits();

    internal TimeProvider TimeProvider { get; } = options.TimeProvider ?? TimeProvider.System;

    /// <summary>The journal's observer; null where it has none.</summary>
    internal static JournalObserver? Of(IJournal journal) => (journal as IObservedJournal)?.Observer;

    /// <summary>The journal is open.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="healed">The torn tail that opening cut off; null for none.</param>
    public void Opened(Head head, TornTail? healed)
    {
        if (healed is not null) logger?.TornTailHealed(place, healed.File, healed.Offset, healed.Reason);
        logger?.JournalOpened(place, head.Position);
    }

    /// <summary>A write failed, and nothing more is written.</summary>
    /// <param name="cause">What failed.</param>
    public void Poisoned(Exception cause) => logger?.JournalPoisoned(cause, place);

    internal void CheckpointFailed(Exception cause) => logger?.CheckpointFailed(cause, place);

    /// <summary>The journal is closed.</summary>
    /// <param name="head">Its head.</param>
    public void Closed(Head head) => logger?.JournalClosed(place, head.Position);

    /// <summary>One write and one flush are done.</summary>
    /// <param name="appends">How many appends the write held.</param>
    /// <param name="entries">How many entries they have.</param>
    public void Committed(int appends, long entries)
    {
        QuietLogger.Quietly((appends, storeTag), static group => RefoldTelemetry.GroupSizes.Record(group.appends, group.storeTag));
        QuietLogger.Quietly((entries, storeTag), static group => RefoldTelemetry.Entries.Add(group.entries, group.storeTag));
    }

    /// <summary>A write with its flush begins; a store calls it before the first byte, and disposes the answer behind the flush.</summary>
    /// <returns>What measures it; told by <see cref="FlushObservation.Done"/> that it succeeded.</returns>
    public FlushObservation Flushing() =>
        RefoldTelemetry.Flushes.Enabled || RefoldTelemetry.Source.HasListeners() ? new FlushObservation(storeTag) : default;

    /// <summary>Whether somebody wants to know how this append ends. Everything else about it costs nothing where nobody does.</summary>
    /// <param name="batch">What is appended.</param>
    /// <returns>True where <see cref="ObserveAsync"/> is to be called.</returns>
    public static bool IsWanted(EncodedBatch batch) =>
        (RefoldTelemetry.Source.HasListeners() || RefoldTelemetry.Durations.Enabled || RefoldTelemetry.Conflicts.Enabled)
        // What a health check asks is nobody's append.
        && !ReferenceEquals(batch, HealthProbe.Batch);

    /// <summary>Tells of an append that could not be encoded, so that no journal saw it.</summary>
    internal void Refused(AppendResult.NotAppended refused)
    {
        if (!RefoldTelemetry.Source.HasListeners() && !RefoldTelemetry.Durations.Enabled) return;
        var activity = RefoldTelemetry.Source.StartActivity(RefoldTelemetry.AppendActivity);
        QuietLogger.Quietly(
            (observer: this, activity, started: TimeProvider.GetTimestamp(), outcome: OutcomeOf(refused)),
            static end => end.observer.Ended(end.activity, end.started, end.outcome));
    }

    /// <summary>Appends, and tells how it ended: before the answer where that is there with the call, otherwise on the pool, beside
    /// whoever is answered.</summary>
    /// <param name="batch">What is appended.</param>
    /// <param name="append">Appends it.</param>
    /// <param name="cancellationToken">Handed on.</param>
    /// <returns>What <paramref name="append"/> answered.</returns>
    public ValueTask<AppendResult> ObserveAsync(
        EncodedBatch batch,
        Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(append);
        var started = TimeProvider.GetTimestamp();
        var around = Activity.Current;
        var activity = RefoldTelemetry.Source.StartActivity(RefoldTelemetry.AppendActivity);
        Task<AppendResult> work;
        try
        {
            work = append(batch, cancellationToken).AsTask();
        }
        catch (Exception exception)
        {
            work = Task.FromException<AppendResult>(exception);
        }

        // Who listens may do anything: not on the thread that answers, and nobody waits for it.
        if (work.IsCompleted) End(work);
        else _ = work.ContinueWith(End, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        // What the caller does next is no part of this append.
        Activity.Current = around;
        return new ValueTask<AppendResult>(work);

        void End(Task<AppendResult> done)
        {
            var outcome = done.IsCompletedSuccessfully ? OutcomeOf(done.Result)
                : done.IsCanceled ? RefoldTelemetry.OutcomeOf(new OperationCanceledException())
                : RefoldTelemetry.OutcomeOf(done.Exception!.GetBaseException());
            QuietLogger.Quietly((observer: this, activity, started, outcome), static end =>
                end.observer.Ended(end.activity, end.started, end.outcome));
        }
    }

    private void Ended(Activity? activity, long started, string outcome)
    {
        if (outcome is "conflict" or "condition-failed") RefoldTelemetry.Conflicts.Add(1, storeTag);
        RefoldTelemetry.Durations.Record(
            TimeProvider.GetElapsedTime(started).TotalSeconds, storeTag, RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, outcome));
        if (activity is null) return;
        if (outcome is "no-room" or "unavailable" or "outcome-unknown" or "failed") activity.SetStatus(ActivityStatusCode.Error, outcome);
        activity.SetTag(RefoldTelemetry.StoreTag, store).SetTag(RefoldTelemetry.OutcomeTag, outcome).Dispose();
    }

    private static string OutcomeOf(AppendResult result) => result switch
    {
        AppendResult.Appended => "appended",
        AppendResult.NotAppended refused => refused.Failure switch
        {
            AppendFailure.Conflict => "conflict",
            AppendFailure.ConditionFailed => "condition-failed",
            AppendFailure.KeyReused => "key-reused",
            AppendFailure.LimitExceeded => "limit-exceeded",
            AppendFailure.PassRefused => "pass-refused",
            AppendFailure.Denied => "denied",
            AppendFailure.NoRoom => "no-room",
            AppendFailure.Unavailable => "unavailable",
            _ => "invalid",
        },
        _ => "outcome-unknown",
    };
}
