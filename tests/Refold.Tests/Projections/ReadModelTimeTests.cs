// Runners of read models over time: faults within a window, a stop with a bound, the lag, heads that move while nothing is seen.
// Run by `dotnet test`.
using System.Diagnostics.Metrics;
using Xunit;

namespace Refold.Tests.Projections;

public class ReadModelTimeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static Task<Receipt> AppendAsync(IJournal journal) => journal.AppendAsync(new AppendRequest(Samples.Entry("s"))).AsTask();

    [Fact]
    public async Task FaultsOutsideTheWindow_CountNoMore_AndWaitsGrow()
    {
        var clock = new ManualClock();
        await using var journal = new InMemoryJournal();
        await AppendAsync(journal);
        var (model, faults) = (new FailingModel(), 0);
        model.Fails = () => ++faults <= 5;
        var runner = new ReadModelRunner(journal, "failing", model, new()
        {
            MaxRestarts = 2,
            RestartWindow = TimeSpan.FromMinutes(10),
            RestartDelay = TimeSpan.FromSeconds(1),
            MaxRestartDelay = TimeSpan.FromSeconds(90),
            TimeProvider = clock,
        });
        var running = runner.RunAsync(default);
        // After the second fault the first two pass out of the window, so that two more are mended.
        foreach (var wait in new[] { TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(11), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2) })
        {
            await UntilAsync(() => clock.Waiting == 1);
            clock.Advance(wait);
            // The time of day has no say in it.
            clock.SetBack(TimeSpan.FromHours(1));
        }

        // The third within the window is one too many.
        var fault = await Assert.ThrowsAsync<IOException>(() => running.WaitAsync(Patience));
        Assert.Same(fault, runner.Status.Error);
        Assert.Equal((5, 4, ReadModelState.Faulted), (faults, runner.Status.Restarts, runner.Status.State));
    }

    [Fact]
    public async Task AStop_LetsABatchEnd_WithinItsBound()
    {
        var clock = new ManualClock();
        await using var journal = new InMemoryJournal();
        await AppendAsync(journal);
        var model = new FailingModel();
        var entered = new TaskCompletionSource();
        model.Applying = async token =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        };
        var runner = new ReadModelRunner(
            journal, "slow", model, new() { StopTimeout = TimeSpan.FromSeconds(5), TimeProvider = clock });
        using var stop = new CancellationTokenSource();
        var running = runner.RunAsync(stop.Token);
        await entered.Task.WaitAsync(Patience);
        await stop.CancelAsync();
        await UntilAsync(() => clock.Waiting == 1);
        Assert.False(running.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(5));
        await running.WaitAsync(Patience);
        Assert.Equal(ReadModelState.Stopped, runner.Status.State);
        Assert.Null(model.Place);
    }

    [Fact]
    public async Task TheLag_IsMeasured_InPositionsAndSeconds()
    {
        var clock = new ManualClock();
        var measured = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, found) =>
        {
            if (instrument.Name.StartsWith("refold.read_model.lag", StringComparison.Ordinal)) found.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument.Name, value, tags));
        listener.Start();
        await using var journal = new InMemoryJournal();
        for (var number = 0; number < 7; number++) await AppendAsync(journal);
        var (model, gate) = (new FailingModel(), new TaskCompletionSource());
        model.Applying = _ => gate.Task;
        var runner = new ReadModelRunner(journal, "measured", model, new() { BatchSize = 2, TimeProvider = clock });
        using var stop = new CancellationTokenSource();
        var running = runner.RunAsync(stop.Token);
        await UntilAsync(() => runner.Status.HeadPosition == 7);
        clock.Advance(TimeSpan.FromSeconds(3));
        listener.RecordObservableInstruments();
        Assert.Equal((7.0, 3.0), (measured["refold.read_model.lag"], measured["refold.read_model.lag.time"]));
        gate.SetResult();
        await runner.WaitForAsync(7).WaitAsync(Patience);
        listener.RecordObservableInstruments();
        Assert.Equal((0.0, 0.0), (measured["refold.read_model.lag"], measured["refold.read_model.lag.time"]));
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
        measured.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(measured);

        void Keep(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.ToArray().Any(tag => (string?)tag.Value == "measured")) measured[name] = value;
        }
    }

    public static TheoryData<string> Stores => ["memory:", "segments:"];

    /// <summary>A subscription says nothing of entries that nobody can read; the head does.</summary>
    [Theory]
    [MemberData(nameof(Stores))]
    public async Task WhatIsDeletedBeforeItIsRead_IsNoticed_ThoughNothingFollows(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var inner = Journal.Open(store == "memory:" ? store : directory.Journal());
        var clock = new ManualClock();
        var model = new FailingModel();
        var runner = new ReadModelRunner(inner, "late", model, new() { TimeProvider = clock });
        var running = runner.RunAsync(default);
        await AppendAsync(inner);
        await runner.WaitForAsync(1).WaitAsync(Patience);
        await UntilAsync(() => runner.Status.State == ReadModelState.Live && clock.Waiting == 1);
        // While the runner is in the middle of a batch, two more come, and the last one goes again.
        var (entered, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        model.Applying = _ =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        await AppendAsync(inner);
        await entered.Task.WaitAsync(Patience);
        await inner.AppendAsync(new AppendRequest(Samples.Entry("gone")));
        await inner.DeleteToAsync("gone", 1);
        gate.SetResult();
        var lost = await Assert.ThrowsAsync<ReadModelException>(() => running.WaitAsync(Patience));
        Assert.Equal("history-dropped", lost.Code);
        Assert.Equal(2, runner.Status.Place.Position);
    }

    [Fact]
    public async Task WhileItWaits_AHeadThatMovesUnseen_IsLookedAt()
    {
        var clock = new ManualClock();
        await using var inner = new InMemoryJournal();
        var journal = new Unseeing(inner);
        await AppendAsync(inner);
        var runner = new ReadModelRunner(journal, "late", new FailingModel(), new() { TimeProvider = clock });
        var running = runner.RunAsync(default);
        await runner.WaitForAsync(1).WaitAsync(Patience);
        await UntilAsync(() => runner.Status.State == ReadModelState.Live && clock.Waiting == 1);
        await AppendAsync(inner);
        await inner.DeleteToAsync("s", 2);
        clock.Advance(TimeSpan.FromSeconds(1));
        var lost = await Assert.ThrowsAsync<ReadModelException>(() => running.WaitAsync(Patience));
        Assert.Equal("history-dropped", lost.Code);
    }

    /// <summary>A journal whose subscriptions wait for what never comes.</summary>
    private sealed class Unseeing(InMemoryJournal inner) : Runs.ForwardingJournal(inner)
    {
        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override IAsyncEnumerable<JournalEntry> SubscribeAsync(
            long fromPosition = 1, CancellationToken cancellationToken = default) =>
            Inner.SubscribeAsync(long.MaxValue, cancellationToken);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var late = new CancellationTokenSource(Patience);
        while (!holds()) await Task.Delay(1, late.Token);
    }

    private sealed class FailingModel : IReadModel
    {
        public Head? Place { get; private set; }

        public Func<bool> Fails { get; set; } = () => false;

        public Func<CancellationToken, Task> Applying { get; set; } = _ => Task.CompletedTask;

        public ValueTask<Head?> LoadPlaceAsync(CancellationToken cancellationToken = default) => new(Place);

        public async ValueTask ApplyAsync(ReadModelBatch batch, CancellationToken cancellationToken = default)
        {
            if (Fails()) throw new IOException("the table is locked");
            await Applying(cancellationToken);
            Place = batch.Place;
        }
    }
}
