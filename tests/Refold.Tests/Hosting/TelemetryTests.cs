// What listeners of activities and measurements see; alone, because sources and meters are the process's.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orders;
using Refold.Segments;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Hosting;

[CollectionDefinition(nameof(TelemetryTests), DisableParallelization = true)]
public sealed class TelemetryAlone;

[Collection(nameof(TelemetryTests))]
public class TelemetryTests
{
    [Fact]
    public async Task Measurements_TellAppendsEntriesConflictsGroupsAndReplays()
    {
        using var measured = new Measurements();
        await using var journal = SegmentJournal.Open(new MemoryDevice());
        await journal.Append(Samples.Entry("a"), Samples.Entry("a"));
        var conflicting = new AppendRequest(Samples.Entry("a"))
        {
            Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream }
        };
        await journal.TryAppendAsync(conflicting);
        await journal.TryAppendAsync(new AppendRequest(Samples.Entry("a")) { Condition = new AppendCondition(Query.All, 0) });

        Assert.Equal(
            ["segments appended", "segments conflict", "segments condition-failed"], measured.Tags(RefoldTelemetry.AppendDuration));
        Assert.All(measured.Values(RefoldTelemetry.AppendDuration), seconds => Assert.InRange(seconds, 0, 600));
        Assert.Equal([2.0], measured.Values(RefoldTelemetry.AppendEntries));
        Assert.Equal([1.0, 1.0], measured.Values(RefoldTelemetry.AppendConflicts));
        Assert.Equal([1.0], measured.Values(RefoldTelemetry.CommitGroupSize));

        await using var memory = new InMemoryJournal();
        await using var run = await memory.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        await memory.FoldAsync(RunFixture.Stream, Order.Aggregate);
        var report = await memory.VerifyAsync(run.Id, Order.Aggregate);
        Assert.Equal(["fold", "verify"], measured.Tags(RefoldTelemetry.ReplayEntries));
        Assert.Equal([1.0, report.Entries], measured.Values(RefoldTelemetry.ReplayEntries));
        Assert.Equal(["segments", "memory", "memory"], measured.Tags(RefoldTelemetry.AppendEntries));
    }

    [Fact]
    public async Task AppendsThatShareAFlush_AreOneGroup_AndARepeatedKeyCommitsNothing()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device);
        using var measured = new Measurements();
        // What is given while the first one is flushed makes up the next group.
        var waiting = new List<Task<AppendResult>>();
        device.Flushing = _ =>
        {
            device.Flushing = _ => { };
            for (var append = 0; append < 5; append++) waiting.Add(journal.TryAppendAsync(new AppendRequest(Samples.Entry("b"))).AsTask());
        };
        var keyed = new AppendRequest(Samples.Entry("a")) { IdempotencyKey = "key" };
        await journal.AppendAsync(keyed);
        await Task.WhenAll(waiting);
        await journal.AppendAsync(keyed);
        Assert.Equal([1.0, 5.0], measured.Values(RefoldTelemetry.CommitGroupSize));
        Assert.Equal([1.0, 5.0], measured.Values(RefoldTelemetry.AppendEntries));
        await using var memory = new InMemoryJournal();
        await memory.AppendAsync(keyed);
        await memory.AppendAsync(keyed);
        Assert.Equal([1.0, 5.0, 1.0], measured.Values(RefoldTelemetry.AppendEntries));
    }

    [Fact]
    public async Task Activities_NestAppendsInCommands_WhereverTheyAreMade()
    {
        using var watched = new Activities();
        await using var journal = SegmentJournal.Open(new MemoryDevice());
        await using (var run = await journal.StartAsync())
        {
            var orders = run.Orders();
            // Not awaited one by one: steps are then made on the threads of other callers, and of the pool.
            var pending = RunFixture.Commands(40).Select(item => orders.ExecuteAsync(item.Stream, item.Command)).ToList();
            await Task.WhenAll(pending);
        }

        var executed = watched.Named(RefoldTelemetry.ExecuteActivity);
        Assert.Equal(40, executed.Count);
        Assert.All(executed, activity => Assert.Equal("order", activity.GetTagItem(RefoldTelemetry.CategoryTag)));
        Assert.Equal(
            ["accepted", "refused"],
            executed.Select(activity => (string)activity.GetTagItem(RefoldTelemetry.OutcomeTag)!).Distinct().Order(StringComparer.Ordinal));
        // The run's start has no command.
        var appended = watched.Named(RefoldTelemetry.AppendActivity, count: 41);
        Assert.Equal(41, appended.Count);
        Assert.All(appended, activity => Assert.Equal("appended", activity.GetTagItem(RefoldTelemetry.OutcomeTag)));
        Assert.Equal(
            executed.Select(activity => activity.Id).Order(StringComparer.Ordinal),
            appended.Select(activity => activity.ParentId).OfType<string>().Order(StringComparer.Ordinal));
        Assert.Null(Activity.Current);
    }

    [Fact]
    public async Task AStepThatAPoolThreadMakesAnew_BelongsToItsCommand()
    {
        var journal = new StagedJournal(new InMemoryJournal())
        {
            Before = append => append == 2
                ? new AppendResult.NotAppended(new AppendFailure.Conflict(RunFixture.Stream, ExpectedVersion.NoStream, 1))
                : null,
        };
        await using var run = await journal.StartAsync();
        using var watched = new Activities();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        Assert.Equal(
            Assert.Single(watched.Named(RefoldTelemetry.ExecuteActivity)).Id,
            Assert.Single(watched.Named(RefoldTelemetry.AppendActivity)).ParentId);
    }

    [Fact]
    public async Task Verifying_IsOneActivityWithItsVerdict()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        using var watched = new Activities();
        await journal.VerifyAsync(run.Id, Order.Aggregate);
        var loaded = Order.Aggregate.WithDecide((_, _, _) => [new Won(101)]);
        var report = await journal.VerifyAsync(run.Id, loaded);
        Assert.Equal(
            [("matched", null), ("diverged", report.Divergence!.CauseName)],
            watched.Named(RefoldTelemetry.VerifyActivity)
                .Select(activity =>
                    ((string?)activity.GetTagItem(RefoldTelemetry.OutcomeTag), (string?)activity.GetTagItem(RefoldTelemetry.CauseTag))));
    }

    [Fact]
    public async Task AFailedAppend_IsAnErrorOfItsActivity()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device);
        using var watched = new Activities();
        device.Fails = (operation, _) => operation == "flush" ? new IOException("gone") : null;
        await journal.TryAppendAsync(new AppendRequest(Samples.Entry("a")));
        await journal.TryAppendAsync(new AppendRequest(Samples.Entry("a")));
        Assert.Equal(
            [("outcome-unknown", ActivityStatusCode.Error), ("unavailable", ActivityStatusCode.Error)],
            watched.Named(RefoldTelemetry.AppendActivity)
                .Select(activity => ((string)activity.GetTagItem(RefoldTelemetry.OutcomeTag)!, activity.Status)));
    }

    [Fact]
    public async Task AHealthCheck_IsNobodysAppend()
    {
        var host = Hosts.Make(options => options.UseInMemory());
        using var measured = new Measurements();
        using var watched = new Activities();
        await host.HealthAsync();
        Assert.Empty(measured.Values(RefoldTelemetry.AppendConflicts));
        Assert.Empty(watched.Named(RefoldTelemetry.AppendActivity));
        await host.CloseAsync();
    }

    [Fact]
    public async Task AListenerThatThrows_LosesNoAnswerAndPoisonsNothing()
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice());
        using var measured = new Measurements { Throws = true };
        await journal.Append(Samples.Entry("a"));
        var receipt = await journal.Append(Samples.Entry("a"));
        Assert.Equal(2, receipt.LastPosition);
    }

    [Fact]
    public void WhereNobodyListens_AnAppendIsNotObservedAndACommitAllocatesNothing()
    {
        var observer = ((IObservedJournal)new InMemoryJournal()).Observer;
        Assert.False(JournalObserver.IsWanted(new AppendRequest(Samples.Entry("a")).Encode()));
        // What the runtime sets aside for itself meanwhile comes with some of the tries only.
        Assert.Equal(0, Enumerable.Range(0, 12).Min(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var commit = 0; commit < 1000; commit++) observer.Committed(1, 1);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }));
    }

    [Fact]
    public void Names_AreStable() =>
        Assert.Equal(
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["ActivitySourceName"] = "Refold",
                ["MeterName"] = "Refold",
                ["AppendActivity"] = "refold.append",
                ["AppendDuration"] = "refold.append.duration",
                ["AppendEntries"] = "refold.append.entries",
                ["AppendConflicts"] = "refold.append.conflicts",
                ["CommitGroupSize"] = "refold.commit.group_size",
                ["FlushActivity"] = "refold.flush",
                ["FlushDuration"] = "refold.flush.duration",
                ["ExecuteActivity"] = "refold.run.execute",
                ["RecoveryActivity"] = "refold.recovery",
                ["RecoveryDuration"] = "refold.recovery.duration",
                ["RecoveryWait"] = "refold.recovery.wait",
                ["RecoveryPermitsHeld"] = "refold.recovery.permits.held",
                ["RecoveryPermitsWaited"] = "refold.recovery.permits.waited",
                ["SnapshotSaveActivity"] = "refold.snapshot.save",
                ["SnapshotSaves"] = "refold.snapshot.saves",
                ["SnapshotSaveDuration"] = "refold.snapshot.save.duration",
                ["SnapshotLoads"] = "refold.snapshot.loads",
                ["OperationActivity"] = "refold.operation",
                ["OperationDuration"] = "refold.operation.duration",
                ["EffectActivity"] = "refold.effect",
                ["EffectDuration"] = "refold.effect.duration",
                ["EffectRepeats"] = "refold.effect.repeats",
                ["DeliverActivity"] = "refold.outbox.deliver",
                ["DeliveryAttempts"] = "refold.outbox.attempts",
                ["DeliveryWarnings"] = "refold.outbox.warnings",
                ["ReadModelLag"] = "refold.read_model.lag",
                ["ReadModelLagTime"] = "refold.read_model.lag.time",
                ["ReadModelTag"] = "refold.read_model",
                ["VerifyActivity"] = "refold.verify",
                ["ReplayEntries"] = "refold.replay.entries",
                ["StoreTag"] = "refold.store",
                ["OutcomeTag"] = "refold.outcome",
                ["CategoryTag"] = "refold.category",
                ["OperationTag"] = "refold.operation.name",
                ["EffectTag"] = "refold.effect.name",
                ["OutboxTag"] = "refold.outbox",
                ["CauseTag"] = "refold.divergence.cause",
                ["ReplayTag"] = "refold.replay",
            },
            new SortedDictionary<string, string>(
                typeof(RefoldTelemetry).GetFields().ToDictionary(name => name.Name, name => (string)name.GetRawConstantValue()!),
                StringComparer.Ordinal));

    private sealed class Measurements : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly ConcurrentQueue<(string Name, double Value, string Tags)> measured = new();

        public Measurements()
        {
            listener.InstrumentPublished = (instrument, found) =>
            {
                if (instrument.Meter.Name == RefoldTelemetry.MeterName) found.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
            listener.Start();
        }

        public bool Throws { get; init; }

        public IEnumerable<double> Values(string name) => measured.Where(item => item.Name == name).Select(item => item.Value);

        public IEnumerable<string> Tags(string name) => measured.Where(item => item.Name == name).Select(item => item.Tags);

        public void Dispose() => listener.Dispose();

        private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (Throws) throw new InvalidOperationException(instrument.Name);
            measured.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        }
    }

    private sealed class Activities : IDisposable
    {
        private readonly ConcurrentQueue<Activity> stopped = new();
        private readonly ActivityListener listener;

        public Activities()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == RefoldTelemetry.ActivitySourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = stopped.Enqueue,
            };
            ActivitySource.AddActivityListener(listener);
        }

        public IReadOnlyList<Activity> Named(string name) => [.. stopped.Where(activity => activity.OperationName == name)];

        /// <summary>As many as there will be: they end beside the answers.</summary>
        public IReadOnlyList<Activity> Named(string name, int count)
        {
            SpinWait.SpinUntil(() => Named(name).Count >= count, TimeSpan.FromMinutes(1));
            return Named(name);
        }

        public void Dispose() => listener.Dispose();
    }
}
