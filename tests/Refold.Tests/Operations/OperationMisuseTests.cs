// Operations used wrongly: each a clear exception, and the run goes on.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Operations;

public class OperationMisuseTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static Operation<string, string> Of(Func<OperationContext, string, Task<string>> function) =>
        Operation.Create("op", ShopJson.Default.String, ShopJson.Default.String, function);

    private static Task<string> Echo(OperationContext fx, Task? until = null) => fx.CallAsync(
        "echo",
        "x",
        ShopJson.Default.String,
        async (text, token) =>
        {
            await (until ?? Task.CompletedTask).WaitAsync(token);
            return text;
        },
        ShopJson.Default.String);

    // It is no call yet: nothing is recorded of it, and replay throws the same.
    [Theory]
    [InlineData("FormatException", "CodecException")]
    [InlineData("InvalidOperationException", "InvalidOperationException")]
    public async Task ARequestCodecThatThrows_ThrowsItsOwn_NothingIsCalled_AndTheBranchGoesOn(string thrown, string type)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var broken = Codec.Create<string>(
            "broken", _ => throw (thrown == "FormatException" ? new FormatException("no form") : new InvalidOperationException("no form")),
            _ => "");
        var called = 0;
        var operation = Of(async (fx, input) =>
        {
            var error = await Record.ExceptionAsync(() => fx.CallAsync(
                "call", input, broken, (text, _) => Task.FromResult(text + ++called), Codec.Text("text")));
            return error!.GetType().Name + " " + await Echo(fx);
        });
        Assert.Equal(type + " x", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(0, called);
        Assert.Single(journal.ReadStream("$fx/run"), entry => entry.Type == "$call");
        await run.FinishAsync();
        await TextOperation.MatchesAsync(journal, operation);
    }

    [Fact]
    public async Task OneBranch_UsedByTwoAtOnce_Throws_AndItsCallIsRecordedAllTheSame()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var goOn = new TaskCompletionSource();
        var operation = Of(async (fx, input) =>
        {
            var first = Echo(fx, goOn.Task);
            var twice = await Assert.ThrowsAsync<InvalidOperationException>(() => Echo(fx));
            Assert.Contains("fx.Branch", twice.Message, StringComparison.Ordinal);
            goOn.TrySetResult();
            return await first;
        });
        Assert.Equal("x", await run.RunAsync(operation, "k", "in", ct));
        Assert.Single(journal.ReadStream("$fx/run"), entry => entry.Type == "$call");
    }

    [Theory]
    [InlineData("operation")]
    [InlineData("command")]
    [InlineData("load")]
    [InlineData("finish")]
    [InlineData("dispose")]
    [InlineData("timer")]
    public async Task WhatIsNotRecordedInside_IsRefused_AndSaysWhatToDoInstead(string what)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var inner = Of((_, input) => Task.FromResult(input));
        var said = await run.RunAsync(
            Of(async (fx, input) =>
            {
                var error = await Record.ExceptionAsync(async () =>
                {
                    switch (what)
                    {
                        case "operation": await run.RunAsync(inner, "other", "in", ct); break;
                        case "command": await run.Orders().ExecuteAsync("order/1", new Draw(), ct); break;
                        case "load": await run.Orders().LoadAsync("order/1", ct); break;
                        case "finish": await run.FinishAsync(); break;
                        case "dispose": await run.DisposeAsync(); break;
                        default: fx.Clock.CreateTimer(_ => { }, null, TimeSpan.Zero, TimeSpan.Zero); break;
                    }
                });
                Assert.True(error is InvalidOperationException or NotSupportedException, error?.ToString());
                return error!.Message;
            }),
            "k", "in", ct);
        Assert.Contains(
            what switch
            {
                "operation" => "with this one's context",
                "command" => "fx.ExecuteAsync",
                "load" => "fx.ExecuteAsync",
                "timer" => "fx.DelayAsync",
                _ => "Let the operation end first",
            },
            said,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("random taken before")]
    [InlineData("a child of it")]
    [InlineData("guid")]
    [InlineData("branch")]
    [InlineData("clock of a branch")]
    [InlineData("call of a branch")]
    public async Task InsideACall_TheContextIsRefused_AsNoReplayMakesTheCall(string what)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var operation = Of(async (fx, input) =>
        {
            var (random, other) = (fx.Random, fx.Branch("b"));
            var child = random.Named("child");
            var first = random.Between(1, 1000);
            var failed = await Assert.ThrowsAsync<CallFailedException>(() => fx.CallAsync(
                "call",
                input,
                ShopJson.Default.String,
                async (text, _) =>
                {
                    await Task.Yield();
                    return text + what switch
                    {
                        "random" => fx.Random.NextUInt32(),
                        "random taken before" => random.NextUInt32(),
                        "a child of it" => child.NextUInt32(),
                        "guid" => fx.NewGuid(),
                        "branch" => fx.Branch("c").Key,
                        "clock of a branch" => other.Clock.GetUtcNow(),
                        _ => await Echo(other),
                    };
                },
                ShopJson.Default.String));
            return $"{failed.FailureType} {failed.FailureMessage} {first} {random.Between(1, 1000)} {child.NextUInt32()}";
        });
        var told = await run.RunAsync(operation, "k", "in", ct);
        Assert.StartsWith(
            "System.InvalidOperationException The operation's context is used inside a call, ", told, StringComparison.Ordinal);
        await run.FinishAsync();
        await TextOperation.MatchesAsync(journal, operation);
    }

    [Fact]
    public async Task FinishingARun_WaitsForItsOperations_WithinABound_AndThenItGoesOn()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal, options: new RunOptions { DisposeTimeout = TimeSpan.FromMilliseconds(50) });
        var goOn = new TaskCompletionSource();
        var running = run.RunAsync(Of((fx, _) => Echo(fx, goOn.Task)), "k", "in", ct);
        var waiting = await Assert.ThrowsAsync<OperationsRunningException>(() => run.FinishAsync());
        Assert.Equal(1, waiting.Count);
        Assert.Equal("in", await run.RunAsync(Of((_, input) => Task.FromResult(input)), "other", "in", ct));
        goOn.SetResult();
        await running;
        await run.FinishAsync();
        await Assert.ThrowsAsync<RunEndedException>(() => run.RunAsync(Of((_, input) => Task.FromResult(input)), "late", "in", ct));
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Verdict is ReplayVerdict.NotRecorded);
    }

    [Fact]
    public async Task DisposingInTheMiddle_WaitsWithinABound_AndNamesTheOperation()
    {
        await using var journal = new InMemoryJournal();
        var run = await Shop.StartAsync(journal, options: new RunOptions { DisposeTimeout = TimeSpan.FromMilliseconds(50) });
        var goOn = new TaskCompletionSource();
        var running = run.RunAsync(Of((fx, _) => Echo(fx, goOn.Task)), "k", "in", ct);
        var error = await Assert.ThrowsAsync<RunNotClosedException>(() => run.DisposeAsync().AsTask());
        Assert.Contains("an operation", error.Message, StringComparison.Ordinal);
        goOn.SetResult();
        Assert.Equal("x", await running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => run.RunAsync(Of((_, input) => Task.FromResult(input)), "l", "in", ct));
    }

    [Fact]
    public async Task ACodecThatThrows_IsAFailureOfItsCall_OrOfTheOperation_AndRecorded()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var broken = Codec.Create<string>("broken", _ => throw new FormatException("no form"), _ => "");
        var call = Of((fx, input) => fx.CallAsync(
            "call", input, Codec.Text("text"), (text, _) => Task.FromResult(text), broken));
        var failed = await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(call, "call", "in", ct));
        Assert.Equal("Refold.CodecException", failed.FailureType);
        var output = Operation.Create("output", Codec.Text("text"), broken, (_, input) => Task.FromResult(input));
        await Assert.ThrowsAsync<CodecException>(() => run.RunAsync(output, "output", "in", ct));
        var input = Operation.Create("input", broken, Codec.Text("text"), (_, _) => Task.FromResult("x"));
        await Assert.ThrowsAsync<CodecException>(() => run.RunAsync(input, "input", "in", ct));
        Assert.Equal(
            ["$operation.begun", "$call", "$operation.failed", "$operation.begun", "$operation.failed"],
            journal.ReadStream("$fx/run").Select(entry => entry.Type));
        await run.FinishAsync();
        Assert.True((await journal.ReplayAsync("run", call, output)).Matched);
    }

    [Fact]
    public async Task ADecideThatThrows_IsAFailureOfTheCommand_TheSameInReplay()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var throwing = Order.Aggregate.WithDecide((_, _, command) => command is Draw ? throw new InvalidOperationException("decide") : []);
        var operation = Of(async (fx, input) =>
        {
            var failed = await Assert.ThrowsAsync<CallFailedException>(
                () => fx.ExecuteAsync(throwing, "order/1", new Draw()));
            await fx.ExecuteAsync(throwing, "order/1", new Cancel());
            return failed.FailureType;
        });
        Assert.Equal("Refold.StepFailedException", await run.RunAsync(operation, "k", "in", ct));
        await run.FinishAsync();
        var report = await journal.ReplayAsync(run.Id, [operation], [throwing]);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public async Task Cancelled_ItCountsAsFailed_AndIsTriedAgain()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        using var source = new CancellationTokenSource();
        var never = new TaskCompletionSource();
        var running = run.RunAsync(Of((fx, _) => Echo(fx, never.Task)), "k", "in", source.Token);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("x", await run.RunAsync(Of((fx, _) => Echo(fx)), "k", "in", ct));
        await run.FinishAsync();
        var report = await journal.ReplayAsync("run", Of((fx, _) => Echo(fx)));
        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Findings, finding => finding.Contains("was cancelled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AKeyThatIsNone_IsRefused()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        foreach (var key in new[] { "", "\ud800", new string('k', 513), null })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(
                () => run.RunAsync(Of((_, input) => Task.FromResult(input)), key!, "in", ct));
        }
    }

    [Fact]
    public async Task ReplayingARunThatIsNotThere_OrIsEmpty_Says()
    {
        await using var journal = new InMemoryJournal();
        await Assert.ThrowsAsync<RunNotFoundException>(() => journal.ReplayAsync("none"));
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal(ReplayVerdict.NotRecorded, (await journal.ReplayAsync("run")).Verdict);
    }
}
