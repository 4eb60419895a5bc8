// What is measured of a run's snapshots: how saves and loads ended, and how long saves took.
// Called by RunSnapshots and SnapshotSaving.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Refold;

internal static class SnapshotObservation
{
    private static readonly Counter<long> Saves = RefoldTelemetry.Meter.CreateCounter<long>(
        RefoldTelemetry.SnapshotSaves, "{snapshot}", "Snapshots that were due, by what became of them.");

    private static readonly Histogram<double> Durations = RefoldTelemetry.Meter.CreateHistogram(
        RefoldTelemetry.SnapshotSaveDuration, "s", "Time that a snapshot store took for a save.", advice: RefoldTelemetry.Seconds);

    private static readonly Counter<long> Loads = RefoldTelemetry.Meter.CreateCounter<long>(
        RefoldTelemetry.SnapshotLoads, "{load}", "Recoveries that asked for a snapshot, by what they got.");

    /// <summary>A save begins; its activity is current until <see cref="Saved"/>.</summary>
    public static (Activity? Activity, long Started) Begin() =>
        (RefoldTelemetry.Source.StartActivity(RefoldTelemetry.SnapshotSaveActivity), TimeProvider.System.GetTimestamp());

    /// <summary>A save that was begun has ended.</summary>
    public static void Saved((Activity? Activity, long Started) begun, string outcome)
    {
        QuietLogger.Quietly((begun.Started, outcome), static save => Durations.Record(
            TimeProvider.System.GetElapsedTime(save.Started).TotalSeconds,
            RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, save.outcome)));
        QuietLogger.Quietly((begun.Activity, outcome), static save => save.Activity?
            .SetTag(RefoldTelemetry.OutcomeTag, save.outcome)
            .SetStatus(save.outcome == "saved" ? ActivityStatusCode.Unset : ActivityStatusCode.Error)
            .Dispose());
    }

    /// <summary>A snapshot that was due is settled.</summary>
    public static void Ended(string outcome) =>
        QuietLogger.Quietly(outcome, static outcome => Saves.Add(1, RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, outcome)));

    /// <summary>A recovery has asked.</summary>
    public static void Loaded(string outcome) =>
        QuietLogger.Quietly(outcome, static outcome => Loads.Add(1, RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, outcome)));
}
