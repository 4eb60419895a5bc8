// The measurement and the activity around one write of a store with its flush.
// Made by JournalObserver.Flushing; ended by the store.
using System.Diagnostics;

namespace Refold;

/// <summary>One write of a store with its flush, from <see cref="JournalObserver.Flushing"/> until it is disposed. Where nobody listens it
/// costs nothing.</summary>
public ref struct FlushObservation : IDisposable
{
    private readonly Activity? activity;
    private readonly Activity? around;
    private readonly KeyValuePair<string, object?> store;
    private readonly long started;
    private bool isDone;

    internal FlushObservation(KeyValuePair<string, object?> store)
    {
        this.store = store;
        around = Activity.Current;
        activity = RefoldTelemetry.Source.StartActivity(RefoldTelemetry.FlushActivity);
        started = TimeProvider.System.GetTimestamp();
    }

    /// <summary>It succeeded; without this call it counts as failed.</summary>
    public void Done() => isDone = true;

    /// <summary>It is over, and is told.</summary>
    public readonly void Dispose()
    {
        if (started == 0) return;
        QuietLogger.Quietly((activity, store, started, isDone), static flush =>
        {
            var outcome = RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, flush.isDone ? "flushed" : "failed");
            RefoldTelemetry.Flushes.Record(TimeProvider.System.GetElapsedTime(flush.started).TotalSeconds, flush.store, outcome);
            flush.activity?
                .SetTag(flush.store.Key, flush.store.Value)
                .SetTag(outcome.Key, outcome.Value)
                .SetStatus(flush.isDone ? ActivityStatusCode.Unset : ActivityStatusCode.Error)
                .Dispose();
        });
        if (activity is not null) Activity.Current = around;
    }
}
