// What cuts a record short, or asks much of it: cancellation, a journal that fails, answers of any depth, thousands of calls.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orders;
using Refold.Tests.Runs;
using Xunit;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class OperationLimitTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task ACommandThatIsCancelledOnItsWay_IsKnownToBeThereOrNot()
    {
        await using var memory = new InMemoryJournal();
        var journal = new StagedJournal(memory);
        await using var run = await Shop.StartAsync(journal);
        using var source = new CancellationTokenSource();
        var operation = Of(async (fx, input) =>
        {
            fx.Clock.GetUtcNow();
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return input;
        });
        journal.Before = number =>
        {
            if (number == 3) source.Cancel();
            return null;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(operation, "k", "in", source.Token));
        Assert.Equal("in", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(1, memory.HighestVersion("order/1"));
        await run.FinishAsync();
        await MatchesAsync(memory, operation);
    }

    [Fact]
    public async Task ACallThatTheFunctionCancelsItself_IsRecordedAsThat()
    {
        await using var journal = new InMemoryJournal();
        var never = new TaskCompletionSource<string>();
        var operation = Of(async (fx, input) =>
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(5));
            try
            {
                return await Call(fx, "slow", () => never.Task, token: patience.Token);
            }
            catch (OperationCanceledException)
            {
                return await Call(fx, "other", () => Task.FromResult("fallback"));
            }
        });
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal("fallback", await run.RunAsync(operation, "k", "in", ct));
        await run.FinishAsync();
        await MatchesAsync(journal, operation);
    }

    [Fact]
    public async Task AFunctionThatSwallowsWhatEndedItsRecording_AnswersNothing()
    {
        await using var memory = new InMemoryJournal();
        var journal = new StagedJournal(memory);
        await using var run = await Shop.StartAsync(journal);
        journal.Before = number => number == 3 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("gone", null)) : null;
        var operation = Of(async (fx, input) =>
        {
            try
            {
                return await Call(fx, "a", () => Task.FromResult("answer"));
            }
            catch (Exception)
            {
                return "fallback";
            }
        });
        await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal("answer", await run.RunAsync(operation, "k", "in", ct));
        await run.FinishAsync();
        await MatchesAsync(memory, operation);
    }

    [Fact]
    public async Task AnAnswerThatNestsDeep_AndOneThatIsLarge_ComeBackAsTheyWere()
    {
        await using var journal = new InMemoryJournal();
        var deep = new string('[', 400) + new string(']', 400);
        var codec = Codec.Create<string>("raw", text => Encoding.UTF8.GetBytes(text), bytes => Encoding.UTF8.GetString(bytes.Span));
        var operation = Operation.Create("op", codec, codec, async (fx, input) =>
        {
            var answer = await fx.CallAsync("deep", input, codec, (_, _) => Task.FromResult(deep), codec);
            try
            {
                return answer + await fx.CallAsync("large", input, codec, (_, _) => Task.FromResult(new string('x', 9 << 20)), codec);
            }
            catch (CallFailedException failed)
            {
                return failed.FailureType;
            }
        });
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal("System.FormatException", await run.RunAsync(operation, "k", deep, ct));
        Assert.Equal("System.FormatException", await run.RunAsync(operation, "k", deep, ct));
        await run.FinishAsync();
        await MatchesAsync(journal, operation);
    }

    [Fact]
    public async Task AnAttemptOfThousandsOfCalls_IsTriedAgain()
    {
        await using var journal = new InMemoryJournal();
        var (calls, ends) = (0, 0);
        var operation = Of(async (fx, input) =>
        {
            for (var number = 0; number < 3_000; number++)
                await Call(fx, "c", () => Task.FromResult((++calls).ToString(CultureInfo.InvariantCulture)));
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return await Call(fx, "end", () => ++ends == 1 ? throw new TimeoutException("late") : Task.FromResult("done"));
        });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal("done", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(3_000, calls);
    }

    [Fact]
    public async Task WhatIsAskedForInAnotherOrder_IsADifference_AlsoInAnAttemptThatWasCutOff()
    {
        await using var memory = new InMemoryJournal();
        var killed = new StagedJournal(memory)
        {
            Before = number => number > 4 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null,
        };
        Operation<string, string> Program(bool reads) => Of(async (fx, input) =>
        {
            await Call(fx, "a", () => Task.FromResult("a"));
            if (reads) fx.Clock.GetUtcNow();
            await Call(fx, "b", () => Task.FromResult("b"));
            await Call(fx, "c", () => Task.FromResult("c"));
            return input;
        });
        var run = await Shop.StartAsync(killed);
        await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(Program(false), "k", "in", ct));
        Assert.True((await memory.ReplayAsync("run", Program(false))).Verdict is ReplayVerdict.Matched);
        var changed = await memory.ReplayAsync("run", Program(true));
        Assert.Equal(DivergenceCause.UnrecordedInput, changed.Divergence!.Cause);
        Assert.Contains("clock reading 1", changed.Divergence.Actual, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OperationsWithoutAKey_AreNotResumed_NorAnythingInModeOff()
    {
        await using var memory = new InMemoryJournal();
        var killed = new StagedJournal(memory);
        var run = await Shop.StartAsync(killed);
        killed.Before = number => number > 2 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null;
        var operation = Of((fx, _) => Call(fx, "a", () => Task.FromResult("a")));
        await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(operation, "in", ct));
        await using var next = await Shop.StartAsync(memory, "next");
        Assert.Empty(await next.ResumeOperationsAsync([operation]));
        await using var off = await Shop.StartAsync(memory, "off", new RunOptions { Mode = RecordMode.Off });
        await Assert.ThrowsAsync<InvalidOperationException>(() => off.ResumeOperationsAsync([operation]));
        await Assert.ThrowsAsync<ArgumentException>(() => next.ResumeOperationsAsync([operation, operation]));
    }

    [Fact]
    public async Task TwoProcessesAtOneRun_EachHaveTheirOwnOperationsWithoutAKey()
    {
        await using var memory = new InMemoryJournal();
        await using var one = await Shop.StartAsync(memory);
        var calls = 0;
        var operation = Of((fx, _) => Call(fx, "a", () => Task.FromResult((++calls).ToString(CultureInfo.InvariantCulture))));
        var first = "";
        var overtaken = new OvertakenJournal(memory, async () => first = await one.RunAsync(operation, "in", ct));
        await using var other = await overtaken.ResumeRunAsync(one.Id, Shop.Pin);
        Assert.Equal("2", await other.RunAsync(operation, "in", ct));
        Assert.Equal("1", first);
        var begun = memory.ReadStream("$fx/run").Where(entry => entry.Type == "$operation.begun");
        Assert.Equal(2, begun.Select(entry => entry.Tags[0]).Distinct().Count());
        await MatchesAsync(memory, operation);
    }

    [Fact]
    public async Task WhatIsCancelledInTheMiddle_CountsAsCancelled_AlsoWhereAnotherBranchHadFailed()
    {
        await using var journal = new InMemoryJournal();
        using var source = new CancellationTokenSource();
        var operation = Of(async (fx, input) =>
        {
            var failed = Call(fx.Branch("a"), "a", () => throw new TimeoutException("late"));
            var cancelled = Call(fx.Branch("b"), "b", () =>
            {
                source.Cancel();
                return new TaskCompletionSource<string>().Task;
            });
            await Task.WhenAll(failed, cancelled);
            return input;
        });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", source.Token));
        await run.FinishAsync();
        await MatchesAsync(journal, operation);
    }

    private sealed class Garbled : HttpMessageHandler
    {
        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent(++Requests == 1 ? "{" : "\"fine\"") });
    }

    // What was answered stands, whatever the caller makes of it: asking again would give another answer in the place of a recorded one.
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task AnAnswerThatCannotBeRead_IsNotAskedForAgain_UnlessItIsReadInsideTheCall(bool isInside, int requests)
    {
        await using var journal = new InMemoryJournal();
        using var server = new Garbled();
        var operation = Of(async (fx, input) =>
        {
            static async Task<string> Get(HttpMessageHandler over)
            {
                using var client = new HttpClient(over, disposeHandler: false);
                return JsonSerializer.Deserialize(await client.GetStringAsync(new Uri("http://shop.test/")), ShopJson.Default.String)!;
            }

            return isInside ? await Call(fx, "get", () => Get(server)) : await Get(fx.HttpHandler(server));
        });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAnyAsync<Exception>(() => run.RunAsync(operation, "k", "in", ct));
        if (isInside)
            Assert.Equal("fine", await run.RunAsync(operation, "k", "in", ct));
        else
            await Assert.ThrowsAsync<JsonException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(requests, server.Requests);
        await run.FinishAsync();
        await MatchesAsync(journal, operation);
    }
}
