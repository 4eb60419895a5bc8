// What a journal tells the outside while it works: log lines, measurements, activities.
// Made by every journal of this assembly when it is opened; asked by runs for the logger, the clock and the snapshots of their journal.
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Refold.Segments;

namespace Refold;

/// <summary>A journal that has an observer.</summary>
internal interface IObservedJournal
{
    JournalObserver Observer { get; }
}

/// <summary>The observer of one journal. Safe for use by many threads.</summary>
/// <param name="options">How the journal was opened.</param>
/// <param name="store">The kind of store, as in its URI.</param>
/// <param name="place">How log lines name the journal.</param>
internal sealed class JournalObserver(JournalOptions options, string store, string place)
{
    private readonly ILogger? logger = QuietLogger.Of(options.LoggerFactory, LogLines.JournalCategory);
    private readonly KeyValuePair<string, object?> storeTag = RefoldTelemetry.Tag(RefoldTelemetry.StoreTag, store);

    public ILoggerFactory? LoggerFactory => options.LoggerFactory;

    public ISnapshotStore? Snapshots => options.Snapshots;

    public long SnapshotInterval => options.SnapshotInterval;

    public TimeProvider TimeProvider { get; } = options.TimeProvider ?? TimeProvider.System;

    /// <summary>The journal's observer; null where it has none.</summary>
    public static JournalObserver? Of(IJournal journal) => (journal as IObservedJournal)?.Observer;

    public void Opened(Head head, TornTail? healed)
    {
        if (healed is not null) logger?.TornTailHealed(place, healed.File, healed.Offset, healed.Reason);
        logger?.JournalOpened(place, head.Position);
    }

    public void Poisoned(Exception cause) => logger?.JournalPoisoned(cause, place);

    public void CheckpointFailed(Exception cause) => logger?.CheckpointFailed(cause, place);

    public void Closed(Head head) => logger?.JournalClosed(place, head.Position);

    /// <summary>One write and one flush are done.</summary>
    public void Committed(int appends, long entries)
    {
        QuietLogger.Quietly((appends, storeTag), static group => RefoldTelemetry.GroupSizes.Record(group.appends, group.storeTag));
        QuietLogger.Quietly((entries, storeTag), static group => RefoldTelemetry.Entries.Add(group.entries, group.storeTag));
    }

    /// <summary>Whether somebody wants to know how this append ends. Everything else about it costs nothing where nobody does.</summary>
    public static bool IsWanted(AppendRequest request) =>
        (RefoldTelemetry.Source.HasListeners() || RefoldTelemetry.Durations.Enabled || RefoldTelemetry.Conflicts.Enabled)
        && request is not null
        // What a health check asks is nobody's append.
        && !ReferenceEquals(request, HealthProbe.Request);

    /// <summary>Appends, and tells how it ended.</summary>
    public async ValueTask<AppendResult> ObserveAsync(
        AppendRequest request,
        Func<AppendRequest, CancellationToken, ValueTask<AppendResult>> append,
        CancellationToken cancellationToken)
    {
        var started = TimeProvider.GetTimestamp();
        var activity = RefoldTelemetry.Source.StartActivity(RefoldTelemetry.AppendActivity);
        var outcome = "failed";
        try
        {
            var result = await append(request, cancellationToken).ConfigureAwait(false);
            outcome = OutcomeOf(result);
            return result;
        }
        catch (Exception exception)
        {
            outcome = RefoldTelemetry.OutcomeOf(exception);
            throw;
        }
        finally
        {
            QuietLogger.Quietly((observer: this, activity, started, outcome), static end => end.observer.Ended(end.activity, end.started, end.outcome));
        }
    }

    private void Ended(Activity? activity, long started, string outcome)
    {
        if (outcome is "conflict" or "condition-failed") RefoldTelemetry.Conflicts.Add(1, storeTag);
        RefoldTelemetry.Durations.Record(TimeProvider.GetElapsedTime(started).TotalSeconds, storeTag, RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, outcome));
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
            AppendFailure.NoRoom => "no-room",
            AppendFailure.Unavailable => "unavailable",
            _ => "invalid",
        },
        _ => "outcome-unknown",
    };
}
