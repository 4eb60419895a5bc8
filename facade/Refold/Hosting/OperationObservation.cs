// What is measured and traced of operations that run live: each attempt, and each call to the outside. A replay tells nothing of it.
// Called by OperationRunner, OperationExtensions and the attempts.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Refold;

internal static class OperationObservation
{
    private static readonly Histogram<double> Attempts = RefoldTelemetry.Meter.CreateHistogram(
        RefoldTelemetry.OperationDuration, "s", "One attempt at an operation.", advice: RefoldTelemetry.Seconds);

    private static readonly Histogram<double> Calls = RefoldTelemetry.Meter.CreateHistogram(
        RefoldTelemetry.EffectDuration, "s", "One call of an operation to the outside.", advice: RefoldTelemetry.Seconds);

    private static readonly Counter<long> Repeats = RefoldTelemetry.Meter.CreateCounter<long>(
        RefoldTelemetry.EffectRepeats, "{call}", "Calls that were answered from an earlier attempt.");

    /// <summary>Around one attempt at an operation.</summary>
    public static async Task<T> AttemptAsync<T>(string name, Func<Task<T>> attempt)
    {
        var started = TimeProvider.System.GetTimestamp();
        // Current in this method only.
        using var activity = RefoldTelemetry.Source.StartActivity(RefoldTelemetry.OperationActivity);
        var outcome = "ended";
        try
        {
            return await attempt().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            outcome = RefoldTelemetry.OutcomeOf(exception);
            throw;
        }
        finally
        {
            Told(Attempts, activity, started, RefoldTelemetry.Tag(RefoldTelemetry.OperationTag, name), outcome);
        }
    }

    /// <summary>Around one call to the outside.</summary>
    public static async Task<CallAnswer> CallAsync(string name, Func<Task<CallAnswer>> call)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var activity = RefoldTelemetry.Source.StartActivity(RefoldTelemetry.EffectActivity);
        var outcome = "answered";
        try
        {
            var answer = await call().ConfigureAwait(false);
            if (answer.Failure is not null) outcome = "failed";
            return answer;
        }
        catch (Exception exception)
        {
            outcome = RefoldTelemetry.OutcomeOf(exception);
            throw;
        }
        finally
        {
            Told(Calls, activity, started, RefoldTelemetry.Tag(RefoldTelemetry.EffectTag, name), outcome);
        }
    }

    /// <summary>A call was answered from an earlier attempt.</summary>
    public static void Repeated(string name) =>
        QuietLogger.Quietly(name, static name => Repeats.Add(1, RefoldTelemetry.Tag(RefoldTelemetry.EffectTag, name)));

    private static void Told(
        Histogram<double> durations, Activity? activity, long started, KeyValuePair<string, object?> name, string outcome) =>
        QuietLogger.Quietly((durations, activity, started, name, outcome), static end =>
        {
            end.durations.Record(
                TimeProvider.System.GetElapsedTime(end.started).TotalSeconds,
                end.name,
                RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, end.outcome));
            end.activity?
                .SetTag(end.name.Key, end.name.Value)
                .SetTag(RefoldTelemetry.OutcomeTag, end.outcome)
                .SetStatus(end.outcome is "ended" or "answered" or "cancelled" ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
        });
}
