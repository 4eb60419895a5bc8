// Rules that throw, and devices that fail.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunFailureTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task Decide_ThatThrows_AppendsNothingAndTheRunGoesOn()
    {
        var broken = Order.Aggregate.WithDecide((step, state, command) => command is Cancel
            ? throw new InvalidOperationException("no such thing")
            : Order.Decide(step, state, command));
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var orders = run.Streams(broken);
        var commands = new OrderCommand[] { new Draw(), new Cancel(), new Draw() };
        var results = commands.Select(command => orders.ExecuteAsync(RunFixture.Stream, command, ct)).ToList();

        Assert.Equal(1, (await results[0]).Version);
        var error = await Assert.ThrowsAsync<StepFailedException>(() => results[1]);
        Assert.Equal("step-failed", error.Code);
        Assert.Equal(RunFixture.Stream, error.Stream);
        Assert.Equal("no such thing", Assert.IsType<InvalidOperationException>(error.InnerException).Message);
        Assert.Equal(2, (await results[2]).Version);
        Assert.True((await journal.VerifyAsync(run.Id, broken)).Matched);
    }

    [Fact]
    public async Task EvolveAndCodec_ThatFail_AppendNothing()
    {
        var evolving = Aggregate.Create(
            "order",
            OrderState.Initial,
            (Step _, OrderState _, OrderCommand _) => [new Won(1)],
            (_, _) => throw new InvalidOperationException("evolve"),
            Order.Aggregate.Commands,
            Order.Aggregate.Events,
            Order.Aggregate.Errors);
        var encoding = Aggregate.Create(
            "order",
            Order.Aggregate.Decider,
            Order.Aggregate.Commands,
            Codec.Create<OrderEvent>("event", _ => throw new FormatException("never"), _ => throw new FormatException("never")),
            Order.Aggregate.Errors);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(evolving).ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(encoding).ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        Assert.Equal(1, journal.Head.Position);
    }

    [Fact]
    public async Task Draw_AfterTheStep_Throws()
    {
        SeededRng? kept = null;
        var leaking = Order.Aggregate.WithDecide((step, _, _) =>
        {
            kept = step.Random;
            return [new Won(step.Random.Between(1, 100))];
        });
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Streams(leaking).ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        Assert.Throws<ObjectDisposedException>(() => kept!.NextUInt32());
        Assert.Throws<ObjectDisposedException>(() => kept!.Between(1, 100));
    }

    [Fact]
    public async Task UnreadableStream_IsNeverDecidedOn()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await journal.AppendAsync(new AppendRequest(new EntryData(RunFixture.Stream, "unheard-of", new byte[] { 1 })), ct);
        var error = await Assert.ThrowsAsync<StateUnreadableException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        Assert.Equal((DivergenceCause.Undecodable, 1L), (error.Divergence.Cause, error.Divergence.Version));
        await Assert.ThrowsAsync<StateUnreadableException>(() => run.Orders().LoadAsync(RunFixture.Stream, ct));
        Assert.Equal(1, (await run.Orders().ExecuteAsync("order/1", new Draw(), ct)).Version);
    }

    [Fact]
    public async Task DroppedHistory_IsNeverTakenForAnEmptyOne()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact(RunFixture.Stream, 1), RunFixture.Fact(RunFixture.Stream, 2)), ct);
        await journal.DeleteToAsync(RunFixture.Stream, 1, ct);
        await Assert.ThrowsAsync<HistoryDroppedException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
    }

    [Fact]
    public async Task UnknownOutcome_StopsTheRunUntilItIsResumed()
    {
        var inner = new InMemoryJournal();
        await using var journal = new StagedJournal(inner);
        await using var run = await journal.StartAsync();
        var failing = journal.Appends + 3;
        journal.Before = number => number == failing ? new AppendResult.OutcomeUnknown(new IOException("the disk is gone")) : null;
        journal.Holds = true;
        var executions = Enumerable.Range(0, 5).Select(_ => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).ToList();
        journal.Release();

        Assert.Equal(2, (await executions[1]).Version);
        Assert.IsType<IOException>((await Assert.ThrowsAsync<OutcomeUnknownException>(() => executions[2])).InnerException);
        Assert.Equal("run-stopped", (await Assert.ThrowsAsync<RunStoppedException>(() => executions[3])).Code);
        await Assert.ThrowsAsync<RunStoppedException>(() => executions[4]);
        await Assert.ThrowsAsync<RunStoppedException>(() => run.Orders().ExecuteAsync("order/1", new Draw(), ct));
        await Assert.ThrowsAsync<RunStoppedException>(() => run.FinishAsync());

        await using var resumed = await inner.ResumeRunAsync(run.Id, RunFixture.Pin, RunFixture.Options());
        Assert.Equal(3, (await resumed.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).Version);
        Assert.True((await inner.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    [Fact]
    public async Task AJournalThatThrows_CountsAsUnknownOutcome()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Before = _ => throw new IOException("the disk is gone");
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        await Assert.ThrowsAsync<RunStoppedException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
    }

    [Fact]
    public async Task NoRoom_FailsOneCommandAndTheRunGoesOn()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        var failing = journal.Appends + 2;
        journal.Before = number => number == failing ? new AppendResult.NotAppended(new AppendFailure.NoRoom("the disk is full")) : null;
        journal.Holds = true;
        var executions = Enumerable.Range(0, 4).Select(_ => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).ToList();
        journal.Release();
        Assert.Equal(1, (await executions[0]).Version);
        Assert.IsType<AppendFailure.NoRoom>((await Assert.ThrowsAsync<NotAppendedException>(() => executions[1])).Failure);
        Assert.Equal(2, (await executions[2]).Version);
        Assert.Equal(3, (await executions[3]).Version);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    [Fact]
    public async Task ClosedJournal_IsAnErrorAndNotAHang()
    {
        var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        await journal.DisposeAsync();
        var known = await Assert.ThrowsAsync<NotAppendedException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        Assert.IsType<AppendFailure.Unavailable>(known.Failure);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => run.Orders().ExecuteAsync("order/1", new Draw(), ct));
    }
}
