// Two writers at one key, each with a journal object of its own, so that only the journal decides; and what is durable before what.
// Run by `dotnet test`.
using System.Globalization;
using Orders;
using Refold.Tests.Runs;
using Xunit;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class OperationClaimTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task OfTwoThatBeginUnderOneKey_OneWins_AndTheOtherCallsNothing()
    {
        await using var memory = new InMemoryJournal();
        var outside = new List<string>();
        Operation<string, string> Program(string who) => Of((fx, _) => Call(fx, "pay", () =>
        {
            lock (outside) outside.Add(who);
            return Task.FromResult("paid by " + who);
        }));
        await using var second = await Shop.StartAsync(new StagedJournal(memory), "second");
        // Between the first one's look and its begin, the second does it all.
        var late = new StagedJournal(memory);
        await using var first = await Shop.StartAsync(late, "first");
        var answer = "";
        var isOvertaken = false;
        late.Before = _ =>
        {
            if (!isOvertaken)
            {
                isOvertaken = true;
                answer = second.RunAsync(Program("second"), "k", "in", ct).GetAwaiter().GetResult();
            }

            return null;
        };
        Assert.Equal("paid by second", await first.RunAsync(Program("first"), "k", "in", ct));
        Assert.Equal("paid by second", answer);
        Assert.Equal(["second"], outside);
        Assert.Single(memory.ReadAll(), entry => entry.Type == "$operation.begun");
    }

    [Theory]
    [InlineData("command")]
    [InlineData("clock")]
    [InlineData("end")]
    public async Task WhoeverWasTakenOver_AppendsNothing_WhateverComesNext(string next)
    {
        await using var memory = new InMemoryJournal();
        var (isIn, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var (calls, isFirst) = (0, true);
        var operation = Of(async (fx, _) =>
        {
            await Call(fx, "before", () => Task.FromResult("" + ++calls));
            if (isFirst)
            {
                isFirst = false;
                isIn.SetResult();
                await goOn.Task;
            }

            var at = next == "clock" ? fx.Clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture) : "";
            if (next == "clock") await Call(fx, "behind", () => Task.FromResult("x"), at);

            if (next == "command") await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return "done";
        });
        await using var first = await Shop.StartAsync(new StagedJournal(memory), "first");
        await using var second = await Shop.StartAsync(new StagedJournal(memory), "second");
        var running = first.RunAsync(operation, "k", "in", ct);
        await isIn.Task;
        Assert.Equal("done", await second.RunAsync(operation, "k", "in", new OperationOptions { TakeOver = true }, ct));
        var head = memory.Head;
        goOn.SetResult();
        if (next == "end")
        {
            // Everything that its output follows from is durable, so it need not wait for its end, which nobody appends.
            await Record.ExceptionAsync(() => running);
        }
        else
        {
            await Assert.ThrowsAsync<OperationTakenOverException>(() => running);
        }

        await first.DisposeAsync();
        Assert.Equal(head, memory.Head);
        Assert.Equal(1, calls);
        Assert.Equal(next == "command" ? 1 : 0, memory.HighestVersion("order/1"));
    }

    [Fact]
    public async Task WithoutADurableBegin_TheFunctionIsNotCalled()
    {
        await using var memory = new InMemoryJournal();
        var journal = new StagedJournal(memory);
        var called = 0;
        var operation = Of((_, _) => Task.FromResult("" + ++called));
        await using var run = await Shop.StartAsync(journal);
        journal.Before = _ => new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null));
        await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(0, called);
        // Nor while the answer is out.
        (journal.Before, journal.Holds) = (_ => null, true);
        var running = run.RunAsync(operation, "k", "in", ct);
        while (journal.Held == 0) await Task.Delay(1);
        Assert.Equal(0, called);
        journal.Release();
        Assert.Equal("1", await running);
    }

    [Fact]
    public async Task ACallsAnswer_IsNotReturnedBeforeItIsDurable()
    {
        await using var memory = new InMemoryJournal();
        var journal = new StagedJournal(memory);
        var (wasCalled, hasAnswer) = (false, false);
        var operation = Of(async (fx, _) =>
        {
            var answer = await Call(fx, "a", () =>
            {
                wasCalled = journal.Holds = true;
                return Task.FromResult("a");
            });
            hasAnswer = true;
            return answer;
        });
        await using var run = await Shop.StartAsync(journal);
        var running = run.RunAsync(operation, "k", "in", ct);
        while (journal.Held == 0) await Task.Delay(1);
        Assert.True(wasCalled);
        Assert.False(hasAnswer);
        journal.Release();
        Assert.Equal("a", await running);
    }

    [Fact]
    public async Task AReplay_AnswersTheRecordedOutcome_AlsoWhereDecideNowSaysOtherwise()
    {
        await using var journal = new InMemoryJournal();
        var operation = Of(async (fx, _) =>
        {
            var placed = await fx.ExecuteAsync(Order.Aggregate, "order/1", new Place("sku", 1));
            return placed.IsAccepted ? await Call(fx, "ship", () => Task.FromResult("shipped")) : "declined";
        });
        await using (var run = await Shop.StartAsync(journal)) await run.RunAsync(operation, "k", "in", ct);
        var strict = Order.Aggregate.WithDecide((_, _, _) => throw new InvalidOperationException("no longer"));
        var report = await journal.ReplayAsync(RunId.Create("run"), [operation], [strict]);
        // The one difference is the step's; the function went its way with what was recorded.
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        Assert.Equal(DivergenceCause.Threw, report.Divergence!.Cause);
        Assert.DoesNotContain(report.Findings, finding => finding.Contains("ship", StringComparison.Ordinal));
        Assert.DoesNotContain(report.Findings, finding => finding.Contains("$operation.ended", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("order/2", "sku")]
    [InlineData("order/1", "other")]
    public async Task AChangedCommand_IsNamed(string stream, string sku)
    {
        await using var journal = new InMemoryJournal();
        Operation<string, string> Program(string target, string item) => Of(async (fx, _) =>
            (await fx.Branch("left").ExecuteAsync(Order.Aggregate, target, new Place(item, 1))).IsAccepted ? "yes" : "no");
        await using (var run = await Shop.StartAsync(journal)) await run.RunAsync(Program("order/1", "sku"), "k", "in", ct);
        await MatchesAsync(journal, Program("order/1", "sku"));
        var report = await journal.ReplayAsync("run", Program(stream, sku));
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        Assert.Contains($"branch 'left', command on '{stream}' 1", report.Divergence!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NumbersOfABranch_AreItsOwn_AndTheSameInEachAttempt()
    {
        await using var memory = new InMemoryJournal();
        var drawn = new List<List<string>>();
        var ends = 0;
        var operation = Of(async (fx, _) =>
        {
            var (left, right) = (fx.Branch("left"), fx.Branch("right"));
            lock (drawn)
            {
                drawn.Add(
                [
                    .. new[] { fx, left, right, fx, left, right }.Select(branch => branch.NewGuid().ToString()),
                    .. new[] { fx, left, right, fx, left, right }.Select(branch => "" + branch.Random.Between(0L, long.MaxValue)),
                ]);
            }

            return await Call(fx, "end", () => ++ends == 1 ? throw new TimeoutException("late") : Task.FromResult("done"));
        });
        await using var run = await Shop.StartAsync(memory);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await run.RunAsync(operation, "k", "in", ct);
        await run.RunAsync(operation, "another", "in", ct);
        Assert.Equal(3, drawn.Count);
        Assert.Equal(drawn[0], drawn[1]);
        Assert.Equal(12, drawn[0].Distinct().Count());
        Assert.Equal(24, drawn[0].Concat(drawn[2]).Distinct().Count());
    }
}
