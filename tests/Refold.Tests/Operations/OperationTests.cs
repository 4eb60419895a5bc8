// Operations as an application runs them: recorded, answered again under their key, replayed without anything outside.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Operations;

public class OperationTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnOperation_IsRecorded_AndReplayedWithoutTheOutside(bool inFiles)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Journal.Open(inFiles ? directory.Journal() : "memory:");
        var outside = new Outside();
        var place = Shop.Place(outside);
        var answers = new List<PlacedOrder>();
        await using (var run = await Shop.StartAsync(journal))
        {
            for (var number = 0; number < 5; number++)
                answers.Add(await run.RunAsync(place, key: "request-" + number, Shop.Request(number), ct));
            await run.FinishAsync();
        }

        Assert.Equal(5, answers.Select(answer => answer.Payment).Distinct().Count());
        Assert.All(answers, answer => Assert.True(answer.Accepted));
        Assert.True((await journal.VerifyAsync(RunId.Create("run"), Order.Aggregate)).Matched);

        var silent = new Outside { InQuote = _ => throw new InvalidOperationException("outside") };
        var report = await journal.ReplayAsync("run", Shop.Place(silent));
        Assert.True(report.Matched, report.ToString() + string.Join('\n', report.Findings));
        Assert.Empty(report.Findings);
        Assert.Empty(silent.Quotes);
        Assert.Empty(silent.Payments);
        Assert.Equal(
            ["$operation.begun", "$call", "$clock", "$call", "$executed", "$operation.ended"],
            journal.ReadStream("$fx/run").Take(6).Select(entry => entry.Type));
        Assert.All(journal.ReadStream("$fx/run"), entry => Assert.Equal(EntryRole.Effect, entry.Role));
    }

    [Fact]
    public async Task ASecondCallWithTheKey_IsAnsweredWithItsOutput_AndNothingIsCalled()
    {
        await using var journal = new InMemoryJournal();
        var outside = new Outside();
        var place = Shop.Place(outside);
        PlacedOrder first;
        await using (var run = await Shop.StartAsync(journal))
        {
            first = await run.RunAsync(place, "k", Shop.Request(1), ct);
            Assert.Equal(first, await run.RunAsync(place, "k", Shop.Request(1), ct));
            await run.FinishAsync();
        }

        await using var later = await Shop.StartAsync(journal, "later");
        Assert.Equal(first, await later.RunAsync(place, "k", Shop.Request(1), ct));
        Assert.Single(outside.Quotes);
        Assert.Single(outside.Payments);
        var reused = await Assert.ThrowsAsync<NotAppendedException>(() => later.RunAsync(place, "k", Shop.Request(2), ct));
        Assert.IsType<AppendFailure.KeyReused>(reused.Failure);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TwoCallsWithOneKeyAtOnce_AreOne(bool inTwoRuns)
    {
        await using var journal = new InMemoryJournal();
        var goOn = new TaskCompletionSource();
        var outside = new Outside { InQuote = _ => goOn.Task };
        var place = Shop.Place(outside);
        await using var one = await Shop.StartAsync(journal, "one");
        await using var other = await Shop.StartAsync(journal, "other");
        var calls = Enumerable.Range(0, 8)
            .Select(number => (inTwoRuns && number % 2 == 1 ? other : one).RunAsync(place, "k", Shop.Request(1), ct)).ToList();
        goOn.SetResult();
        var answers = await Task.WhenAll(calls);
        Assert.Single(answers.Distinct());
        Assert.Single(outside.Quotes);
        Assert.Single(outside.Payments);
    }

    // What has to be durable before the caller is answered: begun, each call, the command; and where the clock was read, what was read
    // before the next call or the end.
    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 4)]
    [InlineData(2, 4)]
    [InlineData(3, 4)]
    public async Task DurableWaits_AreOneForBegun_EachCall_TheCommand_AndReadingsBeforeACallOrTheEnd(int readAt, int waits)
    {
        await using var memory = new InMemoryJournal();
        var journal = new CountingJournal(memory);
        await using var run = await Shop.StartAsync(journal);
        var operation = Operation.Create(
            "op",
            ShopJson.Default.String,
            ShopJson.Default.String,
            async (fx, input) =>
            {
                if (readAt == 1) fx.Clock.GetUtcNow();
                await fx.CallAsync(
                    "call", input, ShopJson.Default.String, (text, _) => Task.FromResult(text), ShopJson.Default.String);
                // Written with the command.
                if (readAt is 0 or 2) fx.Clock.GetUtcNow();
                if (readAt == 2)
                {
                    await fx.CallAsync(
                        "b", "", ShopJson.Default.String, (text, _) => Task.FromResult(""), ShopJson.Default.String);
                }
                else
                {
                    await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
                }

                if (readAt == 3) fx.Clock.GetUtcNow();
                return input;
            });
        journal.Begin();
        var answer = run.RunAsync(operation, "k", "in", ct);
        await journal.AnswerAllAsync(answer);
        Assert.Equal(waits, journal.AwaitedBeforeTheAnswer);
    }

    [Fact]
    public async Task InModeOff_EffectsHappen_AndNothingIsWritten()
    {
        await using var journal = new InMemoryJournal();
        var outside = new Outside();
        var place = Shop.Place(outside);
        await using var run = await Shop.StartAsync(journal, options: new RunOptions { Mode = RecordMode.Off });
        var first = await run.RunAsync(place, "k", Shop.Request(1), ct);
        var second = await run.RunAsync(place, "k", Shop.Request(1), ct);
        Assert.Equal((true, false), (first.Accepted, second.Accepted));
        Assert.Equal(2, outside.Quotes.Count);
        Assert.Equal(0, journal.HighestVersion("$fx/run"));
        Assert.Equal(1, journal.HighestVersion("order/1"));
    }

    [Fact]
    public async Task WithoutAKey_ItIsRecordedAndReplayed_AndEachCallIsOneOfItsOwn()
    {
        await using var journal = new InMemoryJournal();
        var outside = new Outside();
        var place = Shop.Place(outside);
        await using (var run = await Shop.StartAsync(journal))
        {
            await run.RunAsync(place, Shop.Request(1), ct);
            await run.RunAsync(place, Shop.Request(1), ct);
        }

        await using (var run = await journal.ResumeRunAsync(RunId.Create("run"), new RunPin("shop", "acme", "1.0.0", seed: 7)))
        {
            await run.RunAsync(place, Shop.Request(1), ct);
            await run.FinishAsync();
        }

        Assert.Equal(3, outside.Quotes.Count);
        Assert.Equal(3, outside.Payments.Select(payment => payment.Id).Distinct().Count());
        Assert.True((await journal.ReplayAsync("run", place)).Matched);
    }

    [Fact]
    public async Task Branches_AreRecordedByTheirNames_WhateverTheOrderOfTheirAnswers()
    {
        await using var journal = new InMemoryJournal();
        var gates = Enumerable.Range(0, 8).Select(_ => new TaskCompletionSource()).ToArray();
        var operation = Fan(async number => await gates[number].Task);
        await using (var run = await Shop.StartAsync(journal))
        {
            var running = run.RunAsync(operation, "k", 8, ct);
            foreach (var number in new[] { 5, 0, 7, 3, 1, 6, 2, 4 })
            {
                gates[number].SetResult();
                await Task.Yield();
            }

            await running;
            await run.FinishAsync();
        }

        var random = new Random(3);
        for (var time = 0; time < 20; time++)
        {
            var report = await journal.ReplayAsync("run", Fan(_ => throw new InvalidOperationException("outside"), random));
            Assert.True(report.Matched, report.ToString());
        }
    }

    private static Operation<int, string> Fan(Func<int, Task> outside, Random? random = null) => Operation.Create(
        "fan",
        ShopJson.Default.Int32,
        ShopJson.Default.String,
        async (fx, count) =>
        {
            var parts = await Task.WhenAll(Enumerable.Range(0, count).Select(async number =>
            {
                var branch = fx.Branch("b" + number);
                for (var wait = random?.Next(4) ?? 0; wait > 0; wait--) await Task.Yield();
                var answer = await branch.CallAsync(
                    "part",
                    number,
                    ShopJson.Default.Int32,
                    async (asked, _) =>
                    {
                        await outside(asked);
                        return "answer " + asked;
                    },
                    ShopJson.Default.String);
                return answer + branch.Random.Between(1, 1_000_000) + branch.NewGuid() + branch.Clock.GetUtcNow().Ticks;
            }));
            return string.Join(';', parts);
        });

    [Fact]
    public async Task AFailureOfACall_IsTheSameLiveAndReplayed()
    {
        await using var journal = new InMemoryJournal();
        var operation = (Func<Task> happens) => Operation.Create(
            "op",
            ShopJson.Default.String,
            ShopJson.Default.String,
            async (fx, input) =>
            {
                try
                {
                    return await fx.CallAsync(
                        "call",
                        input,
                        ShopJson.Default.String,
                        async (text, _) =>
                        {
                            await happens();
                            return text;
                        },
                        ShopJson.Default.String);
                }
                catch (CallFailedException failed)
                {
                    return failed.Call + ": " + failed.FailureType + ": " + failed.FailureMessage;
                }
            });
        await using var run = await Shop.StartAsync(journal);
        var answer = await run.RunAsync(operation(() => throw new TimeoutException("too late")), "k", "in", ct);
        Assert.Equal("call: System.TimeoutException: too late", answer);
        await run.FinishAsync();
        Assert.True((await journal.ReplayAsync("run", operation(() => Task.CompletedTask))).Matched);
    }
}
