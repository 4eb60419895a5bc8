// What stores of kept states and clocks do to live and inline projections: fail, hang, take their time, go on.
// Run by `dotnet test`.
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Projections;

public class LiveStoreTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Codec<long> Number = Codec.Create<long>(
        "number", number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
        bytes => long.Parse(Encoding.UTF8.GetString(bytes.Span), CultureInfo.InvariantCulture));

    private static Projection<long> Counting(Func<long, JournalEntry, long>? apply = null, Codec<long>? state = null) =>
        Projection.Create("counting", 1, [], 0L, apply ?? ((count, _) => count + 1), state ?? Number);

    private static Task<Receipt> AppendAsync(IJournal journal) => journal.AppendAsync(new AppendRequest(Samples.Entry("s"))).AsTask();

    [Fact]
    public async Task ACommittedAppend_NeverThrows_WhateverTheStoreAndTheFoldThrow()
    {
        foreach (var fault in new Exception[] { new TaskCanceledException("timeout"), new OperationCanceledException(), new IOException("full") })
        {
            await using var store = new StagedSnapshotStore { Loading = (_, _) => throw fault, Saving = (_, _) => throw fault };
            var kept = new InlineProjection<long>(Counting(), new ProjectionCache(store), keepEvery: 1);
            var folding = new InlineProjection<long>(Counting((count, entry) => entry.Position == 2 ? throw fault : count + 1));
            await using var journal = await new InMemoryJournal().WithInlineAsync([kept, folding]);
            for (var number = 1; number <= 3; number++) Assert.Equal(number, (await AppendAsync(journal)).Head.Position);
            Assert.Equal(3, kept.Current.State);
            Assert.Equal("projection-failed", Assert.Throws<ReadModelException>(() => folding.Current).Code);
            // A run with evidence goes on without the cache, too, and says so.
            var run = await journal.RunWithEvidenceAsync(Counting(), new ProjectionOptions { Cache = new ProjectionCache(store) });
            Assert.Equal((3L, "Unavailable"), (run.State, run.Report.CacheStatus));
        }
    }

    [Fact]
    public async Task AStoreThatHangs_HoldsUpNeitherAppends_NorTheLiveState()
    {
        var hangs = new TaskCompletionSource();
        await using var store = new StagedSnapshotStore { Saving = (_, _) => hangs.Task };
        var inline = new InlineProjection<long>(Counting(), new ProjectionCache(store), keepEvery: 1);
        var journal = await new InMemoryJournal().WithInlineAsync([inline]);
        var live = new LiveProjection<long>(
            journal, Counting(),
            new() { Cache = new ProjectionCache(store), KeepEvery = 1, Runner = new() { StopTimeout = TimeSpan.FromMilliseconds(50) } });
        using var stop = new CancellationTokenSource();
        var running = live.RunAsync(stop.Token);
        for (var number = 1; number <= 20; number++)
        {
            await AppendAsync(journal).WaitAsync(Patience);
            Assert.Equal(number, inline.Current.State);
            Assert.Equal(number, (await live.WaitForAsync(number).WaitAsync(Patience)).State);
        }

        await stop.CancelAsync();
        await running.WaitAsync(Patience);
        Assert.True(await store.IsEmptyAsync());
        hangs.SetResult();
        await journal.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.False(await store.IsEmptyAsync());
    }

    [Fact]
    public async Task CancelledOrRefused_AProjectionCanBeGivenAgain()
    {
        var (first, second) = (new InlineProjection<long>(Counting()), new InlineProjection<long>(Counting()));
        await using var taken = await new InMemoryJournal().WithInlineAsync([second]);
        await using var journal = new InMemoryJournal();
        await Assert.ThrowsAsync<InvalidOperationException>(() => journal.WithInlineAsync([first, second]));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => journal.WithInlineAsync([first], cancelled.Token));
        var whole = await journal.WithInlineAsync([first]);
        await AppendAsync(whole);
        Assert.Equal(1, first.Current.State);
        await AppendAsync(taken);
        Assert.Equal(1, second.Current.State);
    }

    [Fact]
    public async Task WhatWasAppendedPastIt_IsFoldedWithTheNext_AndADroppedBeginningIsNamed()
    {
        await using var inner = new InMemoryJournal();
        var inline = new InlineProjection<long>(Counting((sum, entry) => sum + entry.Position));
        var journal = await inner.WithInlineAsync([inline]);
        await AppendAsync(inner);
        await AppendAsync(inner);
        Assert.False(inline.Current.HasState);
        await AppendAsync(journal);
        Assert.Equal(6, inline.Current.State);
        // Folded before it goes.
        await AppendAsync(inner);
        await journal.DeleteToAsync("s", 4);
        Assert.Equal(10, inline.Current.State);
        await AppendAsync(journal);
        Assert.Equal(15, inline.Current.State);

        var late = new InlineProjection<long>(Counting());
        await using var again = await inner.WithInlineAsync([late]);
        Assert.Equal("history-dropped", Assert.Throws<ReadModelException>(() => late.Current).Code);
        Assert.Equal(6, (await AppendAsync(again)).Head.Position);
    }

    [Fact]
    public async Task APlaceBeforeADroppedBeginning_IsToldToBeDropped_NotForeign()
    {
        using var directory = new TemporaryDirectory();
        await using var store = new InMemorySnapshotStore();
        var options = new LiveProjectionOptions { Cache = new ProjectionCache(store), KeepEvery = 1 };
        await using var journal = (SegmentJournal)Journal.Open(directory.Journal());
        for (var number = 0; number < 3; number++) await AppendAsync(journal);
        var live = new LiveProjection<long>(journal, Counting(), options);
        using (var stop = new CancellationTokenSource())
        {
            var running = live.RunAsync(stop.Token);
            await live.WaitForAsync(3).WaitAsync(Patience);
            await stop.CancelAsync();
            await running.WaitAsync(Patience);
        }

        for (var number = 0; number < 10; number++) await AppendAsync(journal);
        await journal.CompactAsync(new CompactionRequest.RetainFrom(8));
        var dropped = await Assert.ThrowsAsync<ReadModelException>(
            () => new LiveProjection<long>(journal, Counting(), options).RunAsync(default).WaitAsync(Patience));
        Assert.Equal("history-dropped", dropped.Code);
    }

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

    [Fact]
    public async Task TheRecordOfADenial_IsInTheState_WhenTheAppendIsAnswered()
    {
        var gates = new GateSet<EncodedBatch>("house").Add(new("never", "nothing", _ => new GateDenial("never", "NO", "no")));
        var inline = new InlineProjection<long>(Counting());
        await using var journal = await Journal.Open(
            "memory:", new JournalOptions { RequiredGates = gates, GateOptions = new GateOptions { RecordDenials = true } })
            .WithInlineAsync([inline]);
        Assert.Same(gates, journal.RequiredGates);
        Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s"))));
        Assert.Equal((1L, journal.Head), (inline.Current.State, inline.Current.Place));
    }

    [Fact]
    public async Task ClosingLetsGoOfTheJournal_WhateverTheStoreThrows()
    {
        using var directory = new TemporaryDirectory();
        await using var store = new StagedSnapshotStore { Saving = (_, _) => throw new TaskCanceledException("timeout") };
        var inline = new InlineProjection<long>(Counting(), new ProjectionCache(store), keepEvery: 1);
        var journal = await Journal.Open(directory.Journal()).WithInlineAsync([inline]);
        await AppendAsync(journal);
        await journal.DisposeAsync();
        await using var again = Journal.Open(directory.Journal());
        Assert.Equal(1, again.Head.Position);
    }

    [Fact]
    public void ALiveProjection_SkipsNothing_AndReadsWhatTheProjectionDoes()
    {
        var journal = new InMemoryJournal();
        foreach (var runner in new[] { new ReadModelRunnerOptions { SkipsMissing = true }, new() { Query = Query.OfTypes("T") } })
        {
            var refused = Assert.Throws<ArgumentException>(() => new LiveProjection<long>(journal, Counting(), new() { Runner = runner }));
            Assert.Contains("'counting'", refused.Message, StringComparison.Ordinal);
        }

        var status = new ReadModelStatus(ReadModelState.Faulted, default, 3, 1, new IOException("the table is locked"));
        Assert.Equal("Faulted at 0 of 3, 1 restarts: the table is locked", status.ToString());
    }

    /// <summary>A journal whose subscriptions wait for what never comes.</summary>
    private sealed class Unseeing(InMemoryJournal inner) : Runs.ForwardingJournal(inner)
    {
        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
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
