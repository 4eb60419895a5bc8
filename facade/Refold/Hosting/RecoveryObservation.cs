// What is measured of recoveries: how many permits are held and waited for, how long one is waited for, and how long a recovery takes.
// Called by RecoveryPermits and RunRecoveries.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Refold;

internal static class RecoveryObservation
{
    // Counted here, so that whoever begins to listen in the middle is told the truth.
    private static long inFlight;
    private static long waiting;

    private static readonly ObservableUpDownCounter<long> HeldPermits = RefoldTelemetry.Meter.CreateObservableUpDownCounter(
        RefoldTelemetry.RecoveryPermitsHeld, () => Volatile.Read(ref inFlight), "{permit}", "Recovery permits that are held.");

    private static readonly ObservableUpDownCounter<long> WaitingCallers = RefoldTelemetry.Meter.CreateObservableUpDownCounter(
        RefoldTelemetry.RecoveryPermitsWaited, () => Volatile.Read(ref waiting), "{caller}", "Callers that wait for a recovery permit.");

    private static readonly Histogram<double> Waits = RefoldTelemetry.Meter.CreateHistogram(
        RefoldTelemetry.RecoveryWait, "s", "From asking for a recovery permit to having it.", advice: RefoldTelemetry.Seconds);

    private static readonly Histogram<double> Durations = RefoldTelemetry.Meter.CreateHistogram(
        RefoldTelemetry.RecoveryDuration, "s", "From the first wait of a recovery to its state.", advice: RefoldTelemetry.Seconds);

    /// <summary>The moment that a duration begins.</summary>
    public static long Now => TimeProvider.System.GetTimestamp();

    public static void InFlight(int change) => Interlocked.Add(ref inFlight, change);

    public static void Waiting(int change) => Interlocked.Add(ref waiting, change);

    public static void Waited(long asked) =>
        QuietLogger.Quietly(asked, static asked => Waits.Record(TimeProvider.System.GetElapsedTime(asked).TotalSeconds));

    public static void Ended(Activity? activity, long started, string category, string outcome)
    {
        QuietLogger.Quietly((started, category, outcome), static end => Durations.Record(
            TimeProvider.System.GetElapsedTime(end.started).TotalSeconds,
            RefoldTelemetry.Tag(RefoldTelemetry.CategoryTag, end.category),
            RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, end.outcome)));
        if (activity is null) return;
        QuietLogger.Quietly((activity, category, outcome), static end => end.activity
            .SetTag(RefoldTelemetry.CategoryTag, end.category)
            .SetTag(RefoldTelemetry.OutcomeTag, end.outcome)
            .SetStatus(end.outcome is "recovered" or "cancelled" ? ActivityStatusCode.Unset : ActivityStatusCode.Error)
            .Dispose());
    }
}
