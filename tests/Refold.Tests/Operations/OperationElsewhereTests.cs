// Operations where another run, or another object of the same run, is at the journal: inside one another, and behind the end of a run.
// Run by `dotnet test`.
using Orders;
using Refold.Tests.Runs;
using Xunit;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class OperationElsewhereTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Theory]
    [InlineData("k", false)]
    [InlineData("other", false)]
    [InlineData("k", true)]
    [InlineData("other", true)]
    public async Task AnOperationInsideOneOfAnotherRun_IsRefused(string key, bool isInACall)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await using var another = await Shop.StartAsync(journal, "another");
        var inner = Of((_, input) => Task.FromResult(input));
        var operation = Of(async (fx, input) =>
        {
            Task<string> Inside() => another.RunAsync(inner, key, input, ct);
            if (!isInACall) return (await Assert.ThrowsAsync<InvalidOperationException>(Inside)).GetType().Name;
            var failed = await Assert.ThrowsAsync<CallFailedException>(() => Call(fx, "inside", Inside));
            Assert.Contains("Call the function of the other operation", failed.Message, StringComparison.Ordinal);
            return failed.FailureType;
        });
        Assert.EndsWith("InvalidOperationException", await run.RunAsync(operation, "k", "in", ct), StringComparison.Ordinal);
        Assert.Equal(0, journal.HighestVersion("$fx/another"));
        // It goes on, and so does the other run.
        Assert.Equal("in", await another.RunAsync(inner, "behind", "in", ct));
        await run.FinishAsync();
        await MatchesAsync(journal, operation);
    }

    // As two processes over one database would be: nothing of this process knows that they belong together.
    [Fact]
    public async Task OverAnotherJournalObject_ItRunsUnderAnotherKey_AndUnderItsOwnWaitsForNobody()
    {
        await using var memory = new InMemoryJournal();
        await using var run = await Shop.StartAsync(new StagedJournal(memory));
        await using var another = await Shop.StartAsync(new StagedJournal(memory), "another");
        var inner = Of((_, input) => Task.FromResult(input + "ner"));
        var operation = Of(async (fx, input) =>
        {
            await Assert.ThrowsAsync<OperationInProgressException>(() => another.RunAsync(inner, "k", input, ct));
            return await Call(fx, "inside", () => another.RunAsync(inner, "other", input, ct));
        });
        Assert.Equal("inner", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(2, memory.HighestVersion("$fx/another"));
    }

    [Fact]
    public async Task BehindTheEnd_AnotherObjectOfTheRun_BeginsNothing()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await using var other = await journal.ResumeRunAsync(run.Id, Shop.Pin);
        var calls = 0;
        var operation = Of((fx, _) => Call(fx, "a", () => Task.FromResult("" + ++calls)));
        await other.RunAsync(operation, "before", "in", ct);
        await run.FinishAsync();
        var head = journal.Head;
        await Assert.ThrowsAsync<RunEndedException>(() => other.RunAsync(operation, "k", "in", ct));
        await Assert.ThrowsAsync<RunEndedException>(() => other.RunAsync(operation, "in", ct));
        // What is there is answered.
        Assert.Equal("1", await other.RunAsync(operation, "before", "in", ct));
        Assert.Equal((head, 1), (journal.Head, calls));
        await MatchesAsync(journal, operation);
    }

    [Fact]
    public async Task AnEndThatComesBetweenTheLookAndTheBegin_IsBeforeIt()
    {
        await using var memory = new InMemoryJournal();
        await using var run = await Shop.StartAsync(memory);
        var calls = 0;
        var operation = Of((fx, _) => Call(fx, "a", () => Task.FromResult("" + ++calls)));
        var overtaken = new OvertakenJournal(memory, () => run.FinishAsync());
        await using var other = await overtaken.ResumeRunAsync(run.Id, Shop.Pin);
        await Assert.ThrowsAsync<RunEndedException>(() => other.RunAsync(operation, "k", "in", ct));
        Assert.Equal((0, 0L), (calls, memory.HighestVersion("$fx/run")));
        // Another run does it.
        await using var next = await Shop.StartAsync(memory, "next");
        Assert.Equal("1", await next.RunAsync(operation, "k", "in", ct));
    }

    // That the run has ended is known with the next append: of a call in between the answer is not recorded.
    [Theory]
    [InlineData("in a call", 1, 0)]
    [InlineData("call", 2, 0)]
    [InlineData("clock and call", 1, 0)]
    [InlineData("command", 1, 0)]
    [InlineData("end", 1, 0)]
    public async Task AnAttemptThatIsUnderWay_WhenAnotherObjectEndsTheRun_IsCutOff_AndAnotherRunGoesOnWithIt(
        string then, int calls, int commands)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var other = await journal.ResumeRunAsync(run.Id, Shop.Pin);
        var (isIn, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var called = 0;
        async Task HoldAsync()
        {
            isIn.TrySetResult();
            await goOn.Task;
        }

        Task<string> Count() => Task.FromResult("" + ++called);
        var operation = Of(async (fx, _) =>
        {
            var first = await Call(fx, "first", async () =>
            {
                if (then == "in a call") await HoldAsync();
                return await Count();
            });
            if (then != "in a call") await HoldAsync();
            if (then == "clock and call") fx.Clock.GetUtcNow();
            if (then == "command") await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return then.EndsWith("call", StringComparison.Ordinal) ? first + await Call(fx, "then", Count) : first;
        });
        var running = other.RunAsync(operation, "k", "in", ct);
        await isIn.Task;
        await run.FinishAsync();
        var head = journal.Head;
        goOn.SetResult();
        if (then == "end")
        {
            // Everything that its output follows from is durable, so it need not wait for its end, which nobody appends.
            await Record.ExceptionAsync(() => running);
        }
        else
        {
            await Assert.ThrowsAsync<RunEndedException>(() => running);
        }

        await other.DisposeAsync();
        Assert.Equal((head, calls, commands), (journal.Head, called, journal.HighestVersion("order/1")));
        await using var next = await Shop.StartAsync(journal, "next");
        Assert.Equal(
            then switch
            {
                // It is asked for again, as nobody knows what was answered.
                "in a call" => "23",
                "call" => "13",
                "clock and call" => "12",
                _ => "1",
            },
            await next.RunAsync(operation, "k", "in", ct));
        await next.FinishAsync();
        foreach (var name in new[] { "run", "next" })
        {
            var report = await journal.ReplayAsync(name, operation);
            Assert.True(report.Matched, report.ToString());
            Assert.Equal(name == "run", report.Findings.Any(finding => finding.Contains("was cut off", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task TheEndOfAnotherRun_IsNoMatterOfAnAttempt()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var (number, calls) = (0, 0);
        async Task EndAnotherAsync()
        {
            var name = "another-" + ++number;
            await using var another = await Shop.StartAsync(journal, name);
            await another.FinishAsync();
        }

        var operation = Of(async (fx, input) =>
        {
            var first = await Call(fx, "a", async () =>
            {
                await EndAnotherAsync();
                return "" + ++calls;
            });
            fx.Clock.GetUtcNow();
            await EndAnotherAsync();
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            await EndAnotherAsync();
            await EndAnotherAsync();
            var refused = await fx.ExecuteAsync(Order.Aggregate, "order/1", new Place("", 0));
            fx.Clock.GetUtcNow();
            await EndAnotherAsync();
            return first + refused.IsAccepted;
        });
        // Not in replay, which writes nothing.
        await run.RunAsync(operation, "k", "in", ct);
        Assert.Equal((1, 5), (calls, number));
        await run.FinishAsync();
        var quiet = Of(async (fx, _) =>
        {
            var first = await Call(fx, "a", () => Task.FromResult(""));
            fx.Clock.GetUtcNow();
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            var refused = await fx.ExecuteAsync(Order.Aggregate, "order/1", new Place("", 0));
            fx.Clock.GetUtcNow();
            return first + refused.IsAccepted;
        });
        await MatchesAsync(journal, quiet);
        Assert.Single(journal.ReadStream("$fx/run"), entry => entry.Type == "$call");
        Assert.Equal(2, journal.ReadStream("$fx/run").Count(entry => entry.Type == "$executed"));
    }
}
