// Many commands on their way at once, over a journal that answers late.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunPipelineTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task ThousandCommandsNotAwaited_GiveTheHeadOfOneByOne(RecordMode mode)
    {
        await using var slow = new StagedJournal(new InMemoryJournal()) { Holds = true };
        await using var plain = new InMemoryJournal();
        await using var oneByOne = await plain.StartAsync(mode);
        slow.Holds = false;
        await using var pipelined = await slow.StartAsync(mode);
        slow.Holds = true;

        var executions = RunFixture.Commands(1000).Select(item => pipelined.Orders().ExecuteAsync(item.Stream, item.Command, ct)).ToList();
        slow.Release();
        var results = await Task.WhenAll(executions);

        var expected = new List<string>();
        foreach (var (stream, command) in RunFixture.Commands(1000))
            expected.Add((await oneByOne.Orders().ExecuteAsync(stream, command, ct)).ToString());
        Assert.Equal(expected, results.Select(result => result.ToString()));
        Assert.Equal(plain.Head, slow.Head);
    }

    [Fact]
    public async Task Recording_DoesNotWaitForTheStepBefore()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Holds = true;
        var executions = Enumerable.Range(0, 100).Select(_ => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).ToList();

        // All of them lie at the journal, although none is answered.
        Assert.Equal(100, journal.Held);
        Assert.All(executions, execution => Assert.False(execution.IsCompleted));
        journal.Release();
        Assert.Equal(Enumerable.Range(1, 100), (await Task.WhenAll(executions)).Select(result => (int)result.Version));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Giving_ACommand_BlocksForTheDeviceOnlyWhenAsked(bool? asked, bool pipelined)
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        var options = RunFixture.Options();
        if (asked is { } value) options = options with { Pipelined = value };
        await using var run = await journal.StartRunAsync(RunFixture.Pin, options);
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        Assert.Equal(pipelined, journal.Pipelined);
    }

    [Fact]
    public async Task ModeOff_WaitsOnlyForTheSameStream()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync(RecordMode.Off);
        journal.Holds = true;
        var executions = new[] { "order/1", "order/2", "order/1" }
            .Select(stream => run.Orders().ExecuteAsync(stream, new Draw(), ct))
            .ToList();
        Assert.Equal(2, journal.Held);
        journal.Release();
        Assert.Equal([1, 1, 2], (await Task.WhenAll(executions)).Select(result => (int)result.Version));
    }

    [Fact]
    public async Task MoreThanTheWindow_AreTakenAndAnswered()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Holds = true;
        var executions = Enumerable.Range(0, 3000).Select(_ => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).ToList();
        Assert.InRange(journal.Held, 100, 2999);
        journal.Release();
        Assert.Equal(3000, (await Task.WhenAll(executions))[^1].Version);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    [Fact]
    public async Task ManyThreads_ShareARun()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            for (var index = 0; index < 50; index++)
                await run.Orders().ExecuteAsync("order/" + (char)('a' + (thread % 3)), new Draw(), ct);
        })));

        Assert.Equal(400, journal.Streams().Where(info => !info.Stream.IsSystem).Sum(info => info.HighestVersion));
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public async Task Cancelling_EndsWaitingAndNotTheWrite()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Holds = true;
        using var source = new CancellationTokenSource();
        var execution = run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => execution);

        journal.Release();
        var next = await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        Assert.Equal(2, next.Version);
    }

    [Fact]
    public async Task Cancelled_BeforeItIsBegun_IsNotExecuted()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), new CancellationToken(canceled: true)));
        Assert.Equal(0, journal.HighestVersion(RunFixture.Stream));
        Assert.Equal(1, (await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).Version);
    }

    [Fact]
    public async Task Dispose_WaitsForWhatWasTaken()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        var run = await journal.StartAsync();
        journal.Holds = true;
        var execution = run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        var disposal = run.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        journal.Release();
        await disposal;
        Assert.Equal(1, (await execution).Version);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        await run.DisposeAsync();
    }

    [Fact]
    public async Task Load_SeesEverythingGivenBefore()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Holds = true;
        var execution = run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 3), ct);
        var load = run.Orders().LoadAsync(RunFixture.Stream, ct);
        Assert.False(load.IsCompleted);
        journal.Release();
        Assert.Equal(new FoldedState<OrderState>((await execution).State, 1), await load);
        Assert.Equal(new FoldedState<OrderState>(OrderState.Initial, 0), await run.Orders().LoadAsync("order/none", ct));
    }

    [Fact]
    public async Task ManyStreams_PastTheCache_KeepTheirStates()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { CachedStreams = 2 });
        journal.Holds = true;
        var executions = RunFixture.Commands(200).Select(item => run.Orders().ExecuteAsync(item.Stream, item.Command, ct)).ToList();
        journal.Release();
        await Task.WhenAll(executions);
        foreach (var (stream, command) in RunFixture.Commands(50))
            await run.Orders().ExecuteAsync(stream, command, ct);
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public async Task AnotherValueOfTheAggregate_SeesTheSameStream()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Holds = true;
        var other = Order.Aggregate.WithDecide(Order.Decide);
        var executions = Enumerable.Range(0, 20)
            .Select(index => run.Streams(index % 2 == 0 ? Order.Aggregate : other).ExecuteAsync(RunFixture.Stream, new Draw(), ct))
            .ToList();
        journal.Release();
        Assert.Equal(Enumerable.Range(1, 20), (await Task.WhenAll(executions)).Select(result => (int)result.Version));
    }
}
