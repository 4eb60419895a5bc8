// What ends an attempt hides nothing of it, and nothing is given, sent or begun twice. Each case passed unnoticed once.
// Run by `dotnet test`.
using Orders;
using Refold.Tests.Runs;
using Xunit;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class OperationProofTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    // A time-out that nobody caught is no cancellation of the operation.
    [Fact]
    public async Task AChangedProgram_DoesNotMatch_WhereATimeOutEndedTheAttempt()
    {
        await using var journal = new InMemoryJournal();
        var never = new TaskCompletionSource<string>();
        Operation<string, string> Program(bool changed) => Of(async (fx, input) =>
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(5));
            try
            {
                return await Call(fx, "slow", () => never.Task, token: patience.Token);
            }
            catch (OperationCanceledException) when (changed)
            {
                await Call(fx, "refund", () => Task.FromResult("refunded"));
                return "another output";
            }
        });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(Program(false), "k", "in", ct));
        await run.FinishAsync();
        Assert.False((await journal.ReplayAsync("run", Program(true))).Matched);
    }

    // An added call in a branch of its own, in an attempt that was cut off: nothing else of the attempt is compared.
    [Fact]
    public async Task AnAddedBranch_DoesNotHideAllThatTheCutOffAttemptRecorded()
    {
        await using var memory = new InMemoryJournal();
        var killed = new StagedJournal(memory)
        {
            Before = number => number > 4 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null,
        };
        Operation<string, string> Program(bool changed) => Of(async (fx, input) =>
        {
            if (changed) await Call(fx.Branch("audit"), "audit", () => Task.FromResult("x"));
            await Call(fx, changed ? "another" : "a", () => Task.FromResult("a"));
            await Call(fx, "b", () => Task.FromResult("b"));
            await Call(fx, "c", () => Task.FromResult("c"));
            return input;
        });
        var run = await Shop.StartAsync(killed);
        await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(Program(false), "k", "in", ct));
        Assert.False((await memory.ReplayAsync("run", Program(true))).Matched);
    }

    // Keys that were forgotten: the command is given twice.
    [Fact]
    public async Task ACommandThatIsRecorded_IsNotGivenAgain_WhereItsKeyWasForgotten()
    {
        await using var journal = new InMemoryJournal();
        var ends = 0;
        var operation = Of(async (fx, input) =>
        {
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return await Call(fx, "end", () => ++ends == 1 ? throw new TimeoutException("late") : Task.FromResult("done"));
        });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        journal.ForgetKeysBefore(journal.Head.Position + 1);
        await Record.ExceptionAsync(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(1, journal.HighestVersion("order/1"));
    }

    // Waiting for the end is cancelled while the end is written: the run has ended, and operations begin in it.
    [Fact]
    public async Task WhereTheEndIsWritten_NoOperationBegins_AlsoIfNobodyWaitedForIt()
    {
        await using var memory = new InMemoryJournal();
        var journal = new StagedJournal(memory);
        using var source = new CancellationTokenSource();
        var paid = 0;
        var operation = Of(async (fx, input) =>
        {
            await Call(fx, "pay", () => Task.FromResult("paid " + ++paid));
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return input;
        });
        await using var run = await Shop.StartAsync(journal);
        journal.Before = _ =>
        {
            source.Cancel();
            return null;
        };
        await Record.ExceptionAsync(() => run.FinishAsync(cancellationToken: source.Token));
        journal.Before = _ => null;
        await Assert.ThrowsAsync<RunEndedException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(0, paid);
    }

    // Honest, and accused: another command in the place of one that failed is recorded as the old one.
    [Fact]
    public async Task AnotherCommandInThePlaceOfOneThatFailed_IsRecordedAsItIs()
    {
        await using var journal = new InMemoryJournal();
        var (quantity, ends) = (1, 0);
        var aggregate = Order.Aggregate.WithDecide((step, state, command) =>
            command is Place ? throw new InvalidOperationException("not now") : Order.Decide(step, state, command));
        Operation<string, string> Program() => Of(async (fx, input) =>
        {
            await Record.ExceptionAsync(() => fx.ExecuteAsync(aggregate, "order/1", new Place("sku", quantity)));
            await fx.ExecuteAsync(aggregate, "order/1", new Draw());
            return await Call(fx, "end", () => ++ends == 1 ? throw new TimeoutException("late") : Task.FromResult("done"));
        });
        await using (var first = await Shop.StartAsync(journal, "first"))
            await Assert.ThrowsAsync<CallFailedException>(() => first.RunAsync(Program(), "k", "in", ct));
        quantity = 2;
        await using (var second = await Shop.StartAsync(journal, "second"))
            await second.RunAsync(Program(), "k", "in", ct);
        var report = await journal.ReplayAsync(RunId.Create("second"), [Program()], [aggregate]);
        Assert.True(report.Matched, report.ToString());
    }

    // A call whose request cannot be recorded is made, and made again by each attempt.
    [Fact]
    public async Task ARequestThatIsTooLargeToBeRecorded_IsNotSent()
    {
        await using var journal = new InMemoryJournal();
        var sent = 0;
        var operation = Of((fx, _) => Call(fx, "upload", () => Task.FromResult("" + ++sent), new string('x', 16 << 20)));
        await using var run = await Shop.StartAsync(journal);
        await Record.ExceptionAsync(() => run.RunAsync(operation, "k", "in", ct));
        await Record.ExceptionAsync(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(0, sent);
    }

    // What a new attempt repeats before its command is more than a batch takes: it fails so for ever.
    [Fact]
    public async Task WhatIsRepeatedBeforeACommand_MayBeMoreThanABatchTakes()
    {
        await using var memory = new InMemoryJournal();
        // Start, begin, ten answers; killed before the command.
        var killed = new StagedJournal(memory)
        {
            Before = number => number > 12 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null,
        };
        var operation = Of(async (fx, input) =>
        {
            for (var number = 0; number < 10; number++)
                await Call(fx, "page", () => Task.FromResult(new string('x', 7_000_000)), "p" + (char)('0' + number));
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return "done";
        });
        var run = await Shop.StartAsync(killed, "first");
        await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(operation, "k", "in", ct));
        await using var next = await Shop.StartAsync(memory, "second");
        Assert.Equal("done", await next.RunAsync(operation, "k", "in", ct));
    }

    // What a function captured is refused live; in a replay, too, nothing is written.
    [Fact]
    public async Task AReplay_WritesNothing_WhateverItsFunctionCaptured()
    {
        await using var journal = new InMemoryJournal();
        var honest = Of((fx, input) => Call(fx, "a", () => Task.FromResult("a")));
        await using (var run = await Shop.StartAsync(journal)) await run.RunAsync(honest, "k", "in", ct);
        await using var other = await Shop.StartAsync(journal, "other");
        var head = journal.Head;
        var changed = Of(async (fx, input) =>
        {
            await other.Streams(Order.Aggregate).ExecuteAsync("order/1", new Draw());
            return await Call(fx, "a", () => Task.FromResult("a"));
        });
        Assert.Equal(ReplayVerdict.Diverged, (await journal.ReplayAsync("run", changed)).Verdict);
        Assert.Equal(head, journal.Head);
    }

    // A run that is closed in the middle cuts its operations off; it does not fail their commands.
    [Fact]
    public async Task ARunThatIsClosed_IsNoFailureOfACommand()
    {
        await using var journal = new InMemoryJournal();
        var (isOut, answer) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        var paid = 0;
        var operation = Of(async (fx, input) =>
        {
            await Call(fx, "pay", () =>
            {
                paid++;
                isOut.SetResult();
                return answer.Task;
            });
            try
            {
                await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
                return "placed";
            }
            catch (CallFailedException)
            {
                return "declined";
            }
        });
        var run = await journal.StartRunAsync(
            Shop.Pin, new RunOptions { RunId = RunId.Create("first"), DisposeTimeout = TimeSpan.FromMilliseconds(20) });
        var running = run.RunAsync(operation, "k", "in", ct);
        await isOut.Task;
        await Assert.ThrowsAsync<RunNotClosedException>(() => run.DisposeAsync().AsTask());
        answer.SetResult("paid");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await using var next = await Shop.StartAsync(journal, "second");
        Assert.Equal("placed", await next.RunAsync(operation, "k", "in", ct));
        Assert.Equal(1, paid);
    }
}
