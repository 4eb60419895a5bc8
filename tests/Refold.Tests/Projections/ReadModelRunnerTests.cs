// Runners of read models and live projections: where they go on, what they refuse, which faults they mend, how they are switched.
// Run by `dotnet test`; ReadModelSampleTests kills their processes.
using Xunit;

namespace Refold.Tests.Projections;

public class ReadModelRunnerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static Projection<long> Counting(int version = 1, Func<long, JournalEntry, long>? apply = null) => Projection.Create(
        "counting", version, [new ProjectionSource.Type("T")], 0L, apply ?? ((count, _) => count + 1), Numbers.Codec);

    private static EntryData Entry(string type = "T", string stream = "s") => Samples.Entry(stream) with { Type = type };

    private static async Task<long> FillAsync(IJournal journal, int count, string type = "T")
    {
        var last = 0L;
        for (var number = 0; number < count; number++) last = (await journal.AppendAsync(new AppendRequest(Entry(type)))).Head.Position;
        return last;
    }

    /// <summary>Rows in memory that survive a runner: what was applied, and the place, both or neither.</summary>
    private sealed class Rows : IReadModel
    {
        public List<long> Positions { get; } = [];

        public List<ReadModelBatch> Batches { get; } = [];

        public Head? Place { get; set; }

        public Func<ReadModelBatch, Task> Before { get; set; } = _ => Task.CompletedTask;

        public ValueTask<Head?> LoadPlaceAsync(CancellationToken cancellationToken = default) => new(Place);

        public async ValueTask ApplyAsync(ReadModelBatch batch, CancellationToken cancellationToken = default)
        {
            await Before(batch);
            Assert.Equal(Place ?? default, batch.Before);
            Batches.Add(batch);
            Positions.AddRange(batch.Entries.Select(entry => entry.Position));
            Place = batch.Place;
        }
    }

    private static async Task WithAsync(ReadModelRunner runner, Func<Task> work)
    {
        using var stop = new CancellationTokenSource();
        var running = runner.RunAsync(stop.Token);
        await work().WaitAsync(Patience);
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task EveryMatchIsAppliedOnce_AndAnotherRunnerGoesOnFromThePlace()
    {
        await using var journal = new InMemoryJournal();
        var rows = new Rows();
        await FillAsync(journal, 5);
        await FillAsync(journal, 3, "U");
        for (var life = 0; life < 3; life++)
        {
            var runner = new ReadModelRunner(journal, "rows", rows, new() { Query = Query.OfTypes("T"), BatchSize = 2 });
            await WithAsync(runner, async () =>
            {
                var last = await FillAsync(journal, 4);
                var status = await runner.WaitForAsync(last);
                Assert.Equal(last, status.Place.Position);
            });
            Assert.Equal(ReadModelState.Stopped, runner.Status.State);
        }

        Assert.Equal(journal.ReadAll().Where(entry => entry.Type == "T").Select(entry => entry.Position), rows.Positions);
        Assert.Equal(journal.Head, rows.Place);
    }

    [Fact]
    public async Task ABatchOfTheJournal_IsNeverDivided()
    {
        await using var journal = new InMemoryJournal();
        await journal.AppendAsync(new AppendRequest([.. Enumerable.Range(0, 10).Select(_ => Entry())]));
        await FillAsync(journal, 3);
        var rows = new Rows();
        var runner = new ReadModelRunner(journal, "rows", rows, new() { BatchSize = 4 });
        await WithAsync(runner, () => runner.WaitForAsync(13));
        Assert.Equal([10, 3], rows.Batches.Select(batch => batch.Entries.Count));
        Assert.All(rows.Batches, batch => Assert.Equal(journal.HeadAt(batch.Place.Position), batch.Place));
    }

    [Fact]
    public async Task WhereNothingMatches_ThePlaceIsKeptNowAndThen()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal, 25, "U");
        var rows = new Rows();
        var runner = new ReadModelRunner(
            journal, "rows", rows, new() { Query = Query.OfTypes("T"), BatchSize = 1, SavePlaceEvery = 10 });
        await WithAsync(runner, () => runner.WaitForAsync(25));
        Assert.Equal([10L, 20L], rows.Batches.Select(batch => batch.Place.Position));
    }

    [Fact]
    public async Task APlaceOfAnotherHistory_IsRefused()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal, 3);
        var head = journal.Head;
        foreach (var place in new[] { new Head(4, head.Hash), new Head(2, head.Hash), new Head(3, Hash.Zero) })
        {
            var runner = new ReadModelRunner(journal, "rows", new Rows { Place = place });
            var refused = await Assert.ThrowsAsync<ForeignHistoryException>(() => runner.RunAsync(default));
            Assert.Equal(place, refused.Place);
            Assert.Equal(ReadModelState.Faulted, runner.Status.State);
            await Assert.ThrowsAsync<ReadModelException>(() => runner.WaitForAsync(1));
        }

        // A state that was kept beside another journal, too.
        await using var other = new InMemoryJournal();
        await other.AppendAsync(new AppendRequest(Entry(stream: "other")));
        await FillAsync(other, 2);
        await using var store = new InMemorySnapshotStore();
        var options = new LiveProjectionOptions { Cache = new ProjectionCache(store), KeepEvery = 1 };
        var live = new LiveProjection<long>(other, Counting(), options);
        using (var stop = new CancellationTokenSource())
        {
            var running = live.RunAsync(stop.Token);
            Assert.Equal(3, (await live.WaitForAsync(3).WaitAsync(Patience)).State);
            await stop.CancelAsync();
            await running;
        }

        var foreign = new LiveProjection<long>(journal, Counting(), options);
        await Assert.ThrowsAsync<ForeignHistoryException>(() => foreign.RunAsync(default));
        Assert.False(foreign.Current.HasState);
        // Of another schema nothing is used: it begins anew.
        var raised = new LiveProjection<long>(journal, Counting(version: 2), options);
        using var end = new CancellationTokenSource();
        var again = raised.RunAsync(end.Token);
        Assert.Equal(3, (await raised.WaitForAsync(3).WaitAsync(Patience)).State);
        await end.CancelAsync();
        await again;
    }

    [Fact]
    public async Task WhatWasDeletedBeforeItWasRead_IsNamed_UnlessItMayBeSkipped()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal, 6);
        await journal.DeleteToAsync("s", 2);
        var rows = new Rows();
        var runner = new ReadModelRunner(journal, "rows", rows);
        var lost = await Assert.ThrowsAsync<ReadModelException>(() => runner.RunAsync(default));
        Assert.Equal("history-dropped", lost.Code);
        Assert.Empty(rows.Batches);
        var skipping = new ReadModelRunner(journal, "rows", rows, new() { SkipsMissing = true });
        await WithAsync(skipping, () => skipping.WaitForAsync(6));
        Assert.Equal([3L, 4, 5, 6], rows.Positions);
        // What was read before it went is no loss.
        await journal.DeleteToAsync("s", 5);
        var goingOn = new ReadModelRunner(journal, "rows", rows);
        await WithAsync(goingOn, async () => await goingOn.WaitForAsync(await FillAsync(journal, 1)));
        Assert.Equal([3L, 4, 5, 6, 7], rows.Positions);
    }

    [Fact]
    public async Task FaultsAreMended_AsOftenAsTheBudgetAllows()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal, 4);
        var (rows, faults) = (new Rows(), 0);
        rows.Before = _ => faults++ < 3 ? throw new IOException("the table is locked") : Task.CompletedTask;
        var runner = new ReadModelRunner(journal, "rows", rows, new() { MaxRestarts = 3, RestartDelay = TimeSpan.Zero });
        await WithAsync(runner, () => runner.WaitForAsync(4));
        Assert.Equal((3, 4), (runner.Status.Restarts, rows.Positions.Count));
        (faults, rows) = (int.MinValue, new Rows());
        rows.Before = _ => faults++ < 0 ? throw new IOException("the table is locked") : Task.CompletedTask;
        var failing = new ReadModelRunner(journal, "rows", rows, new() { MaxRestarts = 2, RestartDelay = TimeSpan.Zero });
        var waiting = failing.WaitForAsync(4);
        await Assert.ThrowsAsync<IOException>(() => failing.RunAsync(default).WaitAsync(Patience));
        Assert.Equal(ReadModelState.Faulted, failing.Status.State);
        Assert.IsType<IOException>((await Assert.ThrowsAsync<ReadModelException>(() => waiting)).InnerException);
        Assert.Empty(rows.Batches);
    }

    [Fact]
    public async Task MadeAnew_ItTakesTheLiveOnesPlace_OnlyWhereTheTwoAreEqual()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal, 50);
        await using var store = new InMemorySnapshotStore();
        var isImpure = false;
        var live = new LiveProjection<long>(
            journal, Counting(apply: (count, _) => count + (isImpure ? 2 : 1)),
            new() { Cache = new ProjectionCache(store), Runner = new() { BatchSize = 7 } });
        await Assert.ThrowsAsync<InvalidOperationException>(() => live.RebuildAsync());
        using var stop = new CancellationTokenSource();
        var running = live.RunAsync(stop.Token);
        await live.WaitForAsync(50).WaitAsync(Patience);
        var appending = FillAsync(journal, 200);
        for (var time = 0; time < 5; time++)
        {
            var anew = await live.RebuildAsync().WaitAsync(Patience);
            Assert.Equal(anew.Place.Position, anew.State);
        }

        var last = await appending;
        Assert.Equal(last, (await live.WaitForAsync(last).WaitAsync(Patience)).State);
        isImpure = true;
        var differs = await Assert.ThrowsAsync<ReadModelException>(() => live.RebuildAsync().WaitAsync(Patience));
        Assert.Equal("projection-differs", differs.Code);
        Assert.Equal(last, live.Current.State);
        isImpure = false;
        await FillAsync(journal, 1);
        Assert.Equal(last + 1, (await live.WaitForAsync(last + 1).WaitAsync(Patience)).State);
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task AFoldThatThrows_FaultsByName_AndTheStateBeforeStays()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal, 3);
        var live = new LiveProjection<long>(
            journal, Counting(apply: (count, entry) => entry.Position == 3 ? throw new FormatException("not a number") : count + 1),
            new() { Runner = new() { BatchSize = 1 } });
        var failed = await Assert.ThrowsAsync<ReadModelException>(() => live.RunAsync(default).WaitAsync(Patience));
        Assert.Equal("projection-failed", failed.Code);
        Assert.Contains("position 3", failed.Message, StringComparison.Ordinal);
        Assert.Equal((2L, 2L), (live.Current.State, live.Current.Place.Position));
        Assert.Equal(0, live.Status.Restarts);
    }

    [Fact]
    public async Task AJournalThatIsClosed_EndsIt_AndAModelThatIsDisposedIsAFault()
    {
        var journal = new InMemoryJournal();
        await FillAsync(journal, 1);
        var runner = new ReadModelRunner(journal, "rows", new Rows());
        var running = runner.RunAsync(default);
        await runner.WaitForAsync(1).WaitAsync(Patience);
        await journal.DisposeAsync();
        await running.WaitAsync(Patience);
        Assert.Equal((ReadModelState.Stopped, null), (runner.Status.State, runner.Status.Error));
        await new ReadModelRunner(journal, "rows", new Rows()).RunAsync(default).WaitAsync(Patience);

        await using var other = new InMemoryJournal();
        await FillAsync(other, 1);
        var rows = new Rows { Before = _ => throw new ObjectDisposedException("connection") };
        var failing = new ReadModelRunner(other, "rows", rows, new() { MaxRestarts = 0 });
        await Assert.ThrowsAsync<ObjectDisposedException>(() => failing.RunAsync(default).WaitAsync(Patience));
        Assert.Equal(ReadModelState.Faulted, failing.Status.State);
    }

    [Fact]
    public async Task TwoAtOnce_AreRefused()
    {
        await using var journal = new InMemoryJournal();
        var runner = new ReadModelRunner(journal, "rows", new Rows());
        await WithAsync(runner, async () => await Assert.ThrowsAsync<InvalidOperationException>(() => runner.RunAsync(default)));
        Assert.Throws<ArgumentException>(() => new ReadModelRunner(journal, "", new Rows()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReadModelRunner(journal, "rows", new Rows(), new() { BatchSize = 0 }));
    }
}
