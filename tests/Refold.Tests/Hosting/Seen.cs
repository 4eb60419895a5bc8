// What a listener of activities and measurements sees of Refold, by name and tags. Sources and meters are the process's: only for tests
// that run alone. Used by WorkTelemetryTests and DeliveryTelemetryTests.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Refold.Tests.Hosting;

/// <summary>Everything that is measured and traced, in its order.</summary>
internal sealed class Seen : IDisposable
{
    private readonly MeterListener meters = new();
    private readonly ActivityListener activities;
    private readonly ConcurrentQueue<(string Name, long Value, string Tags)> measured = new();
    private readonly ConcurrentQueue<Activity> stopped = new();

    public Seen()
    {
        meters.InstrumentPublished = (instrument, found) =>
        {
            if (instrument.Meter.Name == RefoldTelemetry.MeterName) found.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Keep(instrument, 0, tags));
        meters.Start();
        activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RefoldTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(activities);
    }

    public IReadOnlyList<string> Tags(string name) => [.. measured.Where(item => item.Name == name).Select(item => item.Tags)];

    public IReadOnlyList<Activity> Activities(string name) => [.. stopped.Where(activity => activity.OperationName == name)];

    public IEnumerable<string> Names() => measured.Select(item => item.Name).Concat(stopped.Select(activity => activity.OperationName));

    public long Observed(string name)
    {
        meters.RecordObservableInstruments();
        return measured.Last(item => item.Name == name).Value;
    }

    public void Forget()
    {
        measured.Clear();
        stopped.Clear();
    }

    public void Dispose()
    {
        meters.Dispose();
        activities.Dispose();
    }

    private void Keep(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        measured.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
}
