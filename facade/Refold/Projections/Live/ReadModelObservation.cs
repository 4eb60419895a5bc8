// What is measured of read models and live projections: how far each is behind its journal.
// Told by ReadModelRunner, while it runs.
using System.Diagnostics.Metrics;

namespace Refold;

internal static class ReadModelObservation
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<ReadModelRunner> Running = [];

    static ReadModelObservation()
    {
        RefoldTelemetry.Meter.CreateObservableGauge(
            RefoldTelemetry.ReadModelLag, () => Measure(runner => runner.Lag.Entries), "{entry}", "Positions behind the journal's head.");
        RefoldTelemetry.Meter.CreateObservableGauge(
            RefoldTelemetry.ReadModelLagTime, () => Measure(runner => runner.Lag.Age.TotalSeconds), "s",
            "Since when a read model has been behind.");
    }

    public static void Add(ReadModelRunner runner)
    {
        lock (Gate) Running.Add(runner);
    }

    public static void Remove(ReadModelRunner runner)
    {
        lock (Gate) Running.Remove(runner);
    }

    private static IEnumerable<Measurement<T>> Measure<T>(Func<ReadModelRunner, T> figure)
        where T : struct
    {
        ReadModelRunner[] all;
        lock (Gate) all = [.. Running];
        foreach (var runner in all)
            yield return new Measurement<T>(figure(runner), RefoldTelemetry.Tag(RefoldTelemetry.ReadModelTag, runner.Name));
    }
}
