// Commands that are given twice under one key.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class IdempotencyTests
{
    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly ExecuteOptions Key = new() { IdempotencyKey = "request-1" };

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task Repeated_IsAnsweredWithTheFirstOutcome(RecordMode mode)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync(mode);
        var first = await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), Key, ct);
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        var head = journal.Head;
        // Decided now it would be refused: the order was placed.
        var again = await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), Key, ct);

        Assert.False(first.IsRepeated);
        Assert.True(again.IsRepeated);
        Assert.True(again.IsAccepted);
        Assert.Equal(first.Events, again.Events);
        Assert.Equal((first.State, first.Version), (again.State, again.Version));
        Assert.Equal(first.Receipt!.FirstPosition, again.Receipt!.FirstPosition);
        Assert.Equal(first.Receipt.Head, again.Receipt.Head);
        Assert.Equal(head, journal.Head);
        Assert.Equal(3, (await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).Version);
    }

    [Fact]
    public async Task RepeatedRefusal_IsRefusedAgain()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), ct);
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 2), Key, ct);
        var again = await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 2), Key, ct);
        Assert.True(again.IsRepeated);
        Assert.Equal(OrderError.AlreadyPlaced, again.Error);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    [Fact]
    public async Task Repeated_InAnotherRun_IsAnsweredWithTheFirstOutcome()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var first = await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct);
        await using var next = await journal.StartRunAsync(RunFixture.Pin);
        var again = await next.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct);
        Assert.True(again.IsRepeated);
        Assert.Equal(first.Events, again.Events);
        Assert.Equal(first.DrawnWords, again.DrawnWords);
        Assert.Equal(1, journal.HighestVersion(RunFixture.Stream));
    }

    [Fact]
    public async Task AnotherCommand_UnderTheKey_IsRefusedByTheJournal()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct);
        var commands = new (string Stream, OrderCommand Command)[]
        {
            ("order/42", new Cancel()), ("order/7", new Draw()), ("order/42", new Place("sku", 1)),
        };
        foreach (var (stream, command) in commands)
        {
            var error = await Assert.ThrowsAsync<NotAppendedException>(() => run.Orders().ExecuteAsync(stream, command, Key, ct));
            Assert.Equal(new AppendFailure.KeyReused("request-1", 2), error.Failure);
        }

        Assert.Equal(2, (await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).Version);
    }

    [Fact]
    public async Task Repeated_WhileTheFirstIsOnItsWay_IsOneStep()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Holds = true;
        var executions = Enumerable.Range(0, 5).Select(_ => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct)).ToList();
        Assert.Equal(1, journal.Held);
        journal.Release();
        var results = await Task.WhenAll(executions);
        Assert.Equal([false, true, true, true, true], results.Select(result => result.IsRepeated));
        Assert.All(results, result => Assert.Equal(results[0].Events, result.Events));
        Assert.Equal(1, journal.HighestVersion(RunFixture.Stream));
    }

    [Fact]
    public async Task KeyThatAnotherWriterUsesMeanwhile_IsFoundWhenTheStepIsMadeAnew()
    {
        var inner = new InMemoryJournal();
        await using var journal = new StagedJournal(inner);
        await using var run = await journal.StartAsync();
        await using var other = await inner.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { RunId = RunId.Create("other") });
        ExecutionResult<OrderState, OrderEvent, OrderError>? first = null;
        journal.Before = _ =>
        {
            journal.Before = _ => null;
            first = other.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct).GetAwaiter().GetResult();
            return null;
        };
        var second = await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct);
        Assert.True(second.IsRepeated);
        Assert.Equal(first!.Events, second.Events);
        Assert.Equal(1, inner.HighestVersion(RunFixture.Stream));
    }

    [Fact]
    public async Task KeyOfTheSameContent_UsedMeanwhileElsewhere_IsNotTakenForTheOwnAppend()
    {
        var constant = Order.Aggregate.WithDecide((_, _, _) => [new Won(1)]);
        var inner = new InMemoryJournal();
        await using var journal = new StagedJournal(inner);
        await using var run = await journal.StartAsync(RecordMode.Off);
        var options = RunFixture.Options(RecordMode.Off) with { RunId = RunId.Create("other") };
        await using var other = await inner.StartRunAsync(RunFixture.Pin, options);
        await run.Streams(constant).ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        journal.Before = _ =>
        {
            journal.Before = _ => null;
            other.Streams(constant).ExecuteAsync(RunFixture.Stream, new Draw(), ct).GetAwaiter().GetResult();
            other.Streams(constant).ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct).GetAwaiter().GetResult();
            return null;
        };
        var repeated = await run.Streams(constant).ExecuteAsync(RunFixture.Stream, new Draw(), Key, ct);
        Assert.Equal((true, 3L, 3L), (repeated.IsRepeated, repeated.Version, repeated.State.Points));
        var next = await run.Streams(constant).ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        Assert.Equal((4L, 4L), (next.Version, next.State.Points));
    }

    [Fact]
    public async Task FindByKey_AnswersTheReceiptOfTheFirstAppend()
    {
        await using var journal = new InMemoryJournal();
        Assert.Null(await journal.FindByKeyAsync("request-1", ct));
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact("order/1", 1)), ct);
        var receipt = await journal.AppendAsync(
            new AppendRequest(RunFixture.Fact("order/1", 1), RunFixture.Fact("order/2", 2), RunFixture.Fact("order/1", 3))
            {
                IdempotencyKey = "request-1",
            },
            ct);
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact("order/1", 1)), ct);
        var found = (await journal.FindByKeyAsync("request-1", ct))!;
        Assert.Equal(found, journal.FindByKey("request-1"));
        Assert.Equal((2, 3, receipt.Head), (found.FirstPosition, found.Count, found.Head));
        Assert.Equal(receipt.Versions, found.Versions);
        Assert.Throws<ArgumentNullException>(() => journal.FindByKey(null!));
        Assert.Throws<ArgumentNullException>(() => { _ = journal.FindByKeyAsync(null!, ct); });
    }
}
