// States and keys are loaded beside the pump: many at the same time, cancellable until the step is made, each failing for itself.
// Run by `dotnet test`.
using System.Globalization;
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunLoadingTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static string Name(int index) => "order/" + index.ToString("D2", CultureInfo.InvariantCulture);

    private static Task<Run> StartAsync(IJournal journal, RunOrder order, RecordMode mode = RecordMode.Record) =>
        journal.StartRunAsync(RunFixture.Pin, RunFixture.Options(mode) with { Order = order, RecoveryPermits = new RecoveryPermits(100) });

    private static List<Task<ExecutionResult<OrderState, OrderEvent, OrderError>>> Give(Run run, int count) =>
        [.. Enumerable.Range(0, count).Select(index => run.Orders().ExecuteAsync(Name(index), new Draw(), ct))];

    private static IEnumerable<string> CommandStreams(HeldJournal journal, Run run) =>
        journal.ReadStream(run.Id.Stream).Where(entry => entry.Role == EntryRole.Command)
            .Select(entry => journal.ReadAll().First(made => made.Batch == entry.Batch && !made.Stream.IsSystem).Stream.Value);

    [Theory]
    [InlineData(RunOrder.Ready, RecordMode.Record)]
    [InlineData(RunOrder.Submitted, RecordMode.Record)]
    [InlineData(RunOrder.Ready, RecordMode.Off)]
    [InlineData(RunOrder.Submitted, RecordMode.Off)]
    public async Task AHundredLoads_AreOnTheirWayTogether(RunOrder order, RecordMode mode)
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, order, mode);
        var before = journal.Appends;
        var executions = Give(run, 100);
        Assert.Equal(100, journal.Waiting);
        Assert.Equal(before, journal.Appends);
        Assert.All(executions, execution => Assert.False(execution.IsCompleted));
        for (var index = 99; index >= 0; index--) journal.Release(Name(index));
        Assert.All(await Task.WhenAll(executions), result => Assert.Equal(1, result.Version));
    }

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task Ready_NoStepWaitsForTheLoadOfAnotherStream(RecordMode mode)
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, RunOrder.Ready, mode);
        var executions = Give(run, 100);
        for (var index = 99; index >= 0; index--)
        {
            journal.Release(Name(index));
            Assert.Equal(1, (await executions[index].WaitAsync(TimeSpan.FromMinutes(1))).Version);
            Assert.Equal(index, executions.Count(execution => !execution.IsCompleted));
        }

        if (mode == RecordMode.Record)
        {
            Assert.Equal(Enumerable.Range(0, 100).Reverse().Select(Name), CommandStreams(journal, run));
            journal.Holds = false;
            Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
        }
    }

    [Fact]
    public async Task Submitted_ALoadHoldsBackLaterStepsAndNotLaterLoads()
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, RunOrder.Submitted);
        var before = journal.Appends;
        var executions = Give(run, 100);
        for (var index = 99; index > 0; index--) journal.Release(Name(index));
        await journal.UntilAsync(it => it.Waiting == 1);
        var late = run.Orders().ExecuteAsync("order/late", new Draw(), ct);
        await journal.UntilAsync(it => it.Waiting == 2);
        journal.Release("order/late");
        await Task.Delay(50);
        Assert.Equal(before, journal.Appends);
        Assert.All(executions, execution => Assert.False(execution.IsCompleted));

        journal.Release(Name(0));
        await Task.WhenAll([.. executions, late]);
        Assert.Equal([.. Enumerable.Range(0, 100).Select(Name), "order/late"], CommandStreams(journal, run));
    }

    [Fact]
    public async Task Ready_CommandsOfOneStream_KeepTheirOrderBehindTheirLoad()
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, RunOrder.Ready);
        var first = Enumerable.Range(0, 5).Select(_ => run.Orders().ExecuteAsync(Name(1), new Draw(), ct)).ToList();
        var other = run.Orders().ExecuteAsync(Name(2), new Draw(), ct);
        Assert.Equal(2, journal.Waiting);
        journal.Release(Name(2));
        await other;
        Assert.All(first, execution => Assert.False(execution.IsCompleted));
        journal.Release(Name(1));
        Assert.Equal([1, 2, 3, 4, 5], (await Task.WhenAll(first)).Select(result => (int)result.Version));
    }

    [Theory]
    [InlineData(RunOrder.Ready)]
    [InlineData(RunOrder.Submitted)]
    public async Task ACancelledLoad_EndsAndAppendsNothing_AndOthersGoOn(RunOrder order)
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, order);
        using var source = new CancellationTokenSource();
        var before = journal.Appends;
        var cancelled = run.Orders().ExecuteAsync(Name(0), new Draw(), source.Token);
        var other = run.Orders().ExecuteAsync(Name(1), new Draw(), ct);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await journal.UntilAsync(it => it.Cancelled == 1);
        journal.Release(Name(1));
        Assert.Equal(1, (await other).Version);
        Assert.Equal((before + 1, 0), (journal.Appends, (int)journal.HighestVersion(Name(0))));

        var next = run.Orders().ExecuteAsync(Name(0), new Draw(), ct);
        journal.Release(Name(0));
        Assert.Equal(1, (await next).Version);
        journal.Holds = false;
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    [Theory]
    [InlineData(RunOrder.Ready)]
    [InlineData(RunOrder.Submitted)]
    public async Task ACancelledLoad_IsSharedByThoseThatStillWait(RunOrder order)
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, order);
        using var source = new CancellationTokenSource();
        var cancelled = run.Orders().ExecuteAsync(Name(0), new Place("sku", 1), source.Token);
        var second = run.Orders().ExecuteAsync(Name(0), new Draw(), ct);
        var third = run.Orders().ExecuteAsync(Name(0), new Draw(), source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        Assert.Equal((1, 0), (journal.Waiting, journal.Cancelled));
        journal.Release(Name(0));
        var result = await second;
        Assert.Equal((1L, false), (result.Version, result.State.Placed));
        Assert.Equal(1, journal.HighestVersion(Name(0)));
    }

    [Theory]
    [InlineData(RunOrder.Ready)]
    [InlineData(RunOrder.Submitted)]
    public async Task ALoadThatThrows_FailsItsCommandOnly(RunOrder order)
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, order);
        var failing = run.Orders().ExecuteAsync(Name(0), new Draw(), ct);
        var behind = run.Orders().ExecuteAsync(Name(0), new Draw(), ct);
        var other = run.Orders().ExecuteAsync(Name(1), new Draw(), ct);
        journal.Release(Name(0), new IOException("the line is gone"));
        Assert.Equal("the line is gone", (await Assert.ThrowsAsync<IOException>(() => failing)).Message);
        // The one behind loads for itself.
        await journal.UntilAsync(it => it.IsHeld(Name(0)));
        journal.Release(Name(1));
        journal.Release(Name(0));
        Assert.Equal((1, 1), ((int)(await behind).Version, (int)(await other).Version));
    }

    [Theory]
    [InlineData(RunOrder.Ready)]
    [InlineData(RunOrder.Submitted)]
    public async Task Keys_AreLookedUpTogetherBesideThePump(RunOrder order)
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, order);
        var keys = Enumerable.Range(0, 50).Select(index => "key-" + index.ToString(CultureInfo.InvariantCulture)).ToList();
        var keyed = keys
            .Select(key => run.Orders().ExecuteAsync(Name(0), new Draw(), new ExecuteOptions { IdempotencyKey = key }, ct))
            .ToList();
        var again = run.Orders().ExecuteAsync(Name(0), new Draw(), new ExecuteOptions { IdempotencyKey = keys[0] }, ct);
        Assert.Equal(50, journal.Waiting);
        var other = run.Orders().ExecuteAsync(Name(1), new Draw(), ct);
        journal.Release(Name(1));
        if (order == RunOrder.Ready) Assert.Equal(1, (await other).Version);
        foreach (var key in Enumerable.Reverse(keys)) journal.Release(key);
        await journal.UntilAsync(it => it.IsHeld(Name(0)));
        journal.Holds = false;
        journal.Release(Name(0));
        Assert.Equal(Enumerable.Range(1, 50), (await Task.WhenAll(keyed)).Select(result => (int)result.Version));
        Assert.Equal((true, 1L), ((await again).IsRepeated, (await again).Version));
        Assert.Equal(1, (await other).Version);
    }

    [Theory]
    [InlineData(RunOrder.Ready)]
    [InlineData(RunOrder.Submitted)]
    public async Task LoadAsyncAndFinish_WaitForEverythingGivenBefore(RunOrder order)
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, order);
        var execution = run.Orders().ExecuteAsync(Name(0), new Draw(), ct);
        var load = run.Orders().LoadAsync(Name(1), ct);
        var end = run.FinishAsync(cancellationToken: ct);
        var late = run.Orders().ExecuteAsync(Name(2), new Draw(), ct);
        var lateLoad = run.Orders().LoadAsync(Name(2), ct);
        journal.Release(Name(2));
        await Task.Delay(50);
        Assert.All(new Task[] { execution, load, end, late, lateLoad }, task => Assert.False(task.IsCompleted));
        journal.Holds = false;
        journal.Release(Name(0));
        await execution;
        Assert.Equal(0, (await load).Version);
        Assert.Equal(1, (await end).Streams);
        await Assert.ThrowsAsync<RunEndedException>(() => late);
        Assert.Equal(0, (await lateLoad).Version);
        Assert.Equal("$run.ended", journal.ReadAll().Last().Type);
    }

    [Fact]
    public async Task ACancelledFinish_EndsNothing()
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await StartAsync(journal, RunOrder.Ready);
        var execution = run.Orders().ExecuteAsync(Name(0), new Draw(), ct);
        journal.Release(Name(0));
        await execution;
        using var source = new CancellationTokenSource();
        var end = run.FinishAsync(cancellationToken: source.Token);
        await journal.UntilAsync(it => it.Waiting == 1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => end);
        journal.Holds = false;
        Assert.Equal(2, (await run.Orders().ExecuteAsync(Name(0), new Draw(), ct)).Version);
        Assert.Equal(1, (await run.FinishAsync(cancellationToken: ct)).Streams);
    }

    [Fact]
    public async Task AnOrderThatIsNone_IsRefused()
    {
        await using var journal = new InMemoryJournal();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => StartAsync(journal, (RunOrder)7));
        Assert.Equal(0, journal.Head.Position);
    }
}
