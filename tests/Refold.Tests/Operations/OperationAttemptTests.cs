// Attempts that were cut off, failed or taken over: what is called again, what is not, and that each is replayed.
// Run by `dotnet test`.
using Orders;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Operations;

public class OperationAttemptTests
{
    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly RunPin Next = new("shop", "acme", "1.1.0", seed: 8);

    // A process that is killed after so many appends; then a new version of the program, in a run of its own.
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(3, 1, 1)]
    [InlineData(4, 1, 2)]
    [InlineData(5, 1, 1)]
    [InlineData(6, 1, 1)]
    public async Task KilledAnywhere_ARetryWithTheKeyPaysOnce_AndTheCommandCarriesTheFirstPayment(int appends, int quotes, int payments)
    {
        await using var memory = new InMemoryJournal();
        var outside = new Outside();
        var place = Shop.Place(outside);
        var killed = new StagedJournal(memory)
        {
            Before = number => number > appends ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null,
        };
        Exception? error = null;
        PlacedOrder? first = null;
        try
        {
            var run = await Shop.StartAsync(killed, "first");
            first = await run.RunAsync(place, "k", Shop.Request(1), ct);
        }
        catch (JournalException exception)
        {
            error = exception;
        }

        await using var next = await memory.StartRunAsync(Next, new RunOptions { RunId = RunId.Create("second") });
        // Six appends are the whole of it.
        Assert.Equal((appends < 6, appends >= 6), (error is not null, first is not null));
        var answer = await next.RunAsync(place, "k", Shop.Request(1), ct);
        if (appends >= 6) Assert.Equal(first, answer);
        await next.FinishAsync();
        Assert.InRange(outside.Quotes.Count, quotes, quotes + 1);
        // A kill between the payment and its answer is the one moment in which it is made twice: with the same key and id.
        Assert.InRange(outside.Payments.Count, 1, payments);
        Assert.Single(outside.Payments.Distinct());
        Assert.Equal(outside.Payments[0].Id, answer.Payment);
        Assert.Equal(1, memory.HighestVersion("order/1"));
        foreach (var run in await memory.RunsAsync())
        {
            var report = await memory.ReplayAsync(run.Id.Value, place);
            Assert.True(
                report.Verdict is ReplayVerdict.Matched or ReplayVerdict.NotRecorded,
                report + "\n" + string.Join('\n', report.Findings));
        }
    }

    [Fact]
    public async Task ASuccessIsNotCalledAgain_AFailureBehindTheLastCommandIs()
    {
        await using var journal = new InMemoryJournal();
        var outside = new Outside { InPayment = number => number == 1 ? throw new HttpRequestException("503") : Task.CompletedTask };
        var place = Shop.Place(outside);
        await using var run = await Shop.StartAsync(journal);
        var failed = await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(place, "k", Shop.Request(1), ct));
        Assert.Equal(("pay", "System.Net.Http.HttpRequestException"), (failed.Call, failed.FailureType));
        var placed = await run.RunAsync(place, "k", Shop.Request(1), ct);
        Assert.Single(outside.Quotes);
        Assert.Equal(2, outside.Payments.Count);
        Assert.Single(outside.Payments.Distinct());
        Assert.Equal(outside.Payments[0].Id, placed.Payment);
        await run.FinishAsync();
        var report = await journal.ReplayAsync("run", place);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public async Task AFailureBeforeACommand_Stands_AsWhatWasDecidedRestsOnIt()
    {
        await using var journal = new InMemoryJournal();
        var (quotes, ends) = (0, 0);
        var operation = Operation.Create(
            "op",
            ShopJson.Default.String,
            ShopJson.Default.String,
            async (fx, input) =>
            {
                var answer = "none";
                try
                {
                    answer = await fx.CallAsync(
                        "quote",
                        input,
                        ShopJson.Default.String,
                        (_, _) => ++quotes == 1 ? throw new TimeoutException("late") : Task.FromResult("price"),
                        ShopJson.Default.String);
                }
                catch (CallFailedException)
                {
                }

                await fx.ExecuteAsync(Order.Aggregate, "order/1", new Place(answer, 1));
                await fx.CallAsync(
                    "end",
                    input,
                    ShopJson.Default.String,
                    (_, _) => ++ends == 1 ? throw new TimeoutException("late") : Task.FromResult("done"),
                    ShopJson.Default.String);
                return answer;
            });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal("none", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal((1, 2), (quotes, ends));
        Assert.Equal(1, journal.HighestVersion("order/1"));
        await run.FinishAsync();
        var report = await journal.ReplayAsync("run", operation);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public async Task AnOperationOfTwoCommands_KilledBetweenThem_GivesBothOnce()
    {
        await using var memory = new InMemoryJournal();
        var operation = Operation.Create(
            "two",
            ShopJson.Default.String,
            ShopJson.Default.Int32,
            async (fx, input) =>
            {
                var first = await fx.ExecuteAsync(Order.Aggregate, "order/a", new Draw());
                var second = await fx.ExecuteAsync(Order.Aggregate, "order/b", new Draw());
                return (int)(first.State.Points + second.State.Points);
            });
        var killed = new StagedJournal(memory)
        {
            Before = number => number > 3 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null,
        };
        var run = await Shop.StartAsync(killed, "first");
        await Assert.ThrowsAnyAsync<JournalException>(() => run.RunAsync(operation, "k", "in", ct));
        await using var next = await memory.StartRunAsync(Next, new RunOptions { RunId = RunId.Create("second") });
        var resumed = await next.ResumeOperationsAsync([operation]);
        Assert.Equal([new ResumedOperation("two", "k", IsKnown: true, null)], resumed);
        await next.FinishAsync();
        Assert.Equal((1, 1), (memory.HighestVersion("order/a"), memory.HighestVersion("order/b")));
        Assert.Empty(await next.CutOffAsync(memory, operation));
        foreach (var name in new[] { "first", "second" })
        {
            var report = await memory.ReplayAsync(name, operation);
            Assert.True(report.Matched, report.ToString());
        }
    }

    // Two processes over one database.
    [Fact]
    public async Task ATakenOverAttempt_AppendsNothingMore()
    {
        await using var memory = new InMemoryJournal();
        var (one, other) = (new StagedJournal(memory), new StagedJournal(memory));
        var goOn = new TaskCompletionSource();
        var slow = new Outside { InPayment = number => number == 1 ? goOn.Task : Task.CompletedTask };
        var place = Shop.Place(slow);
        await using var first = await Shop.StartAsync(one, "first");
        await using var second = await Shop.StartAsync(other, "second");
        var running = first.RunAsync(place, "k", Shop.Request(1), ct);
        while (slow.Payments.Count == 0) await Task.Delay(1);
        var busy = await Assert.ThrowsAsync<OperationInProgressException>(() => second.RunAsync(place, "k", Shop.Request(1), ct));
        Assert.Equal("first", busy.Run.Value);
        var answer = await second.RunAsync(place, "k", Shop.Request(1), new OperationOptions { TakeOver = true }, ct);
        var head = memory.Head;
        goOn.SetResult();
        await Assert.ThrowsAsync<OperationTakenOverException>(() => running);
        Assert.Equal(head, memory.Head);
        Assert.Equal(answer, await first.RunAsync(place, "k", Shop.Request(1), ct));
        Assert.Single(slow.Quotes);
        await first.FinishAsync();
        await second.FinishAsync();
        Assert.All(
            await Task.WhenAll(memory.ReplayAsync("first", place), memory.ReplayAsync("second", place)),
            report => Assert.NotEqual(ReplayVerdict.Diverged, report.Verdict));
    }

    [Fact]
    public async Task AnAttemptOfARunThatEnded_IsTakenOverByAnybody()
    {
        await using var memory = new InMemoryJournal();
        var outside = new Outside();
        var place = Shop.Place(outside);
        var killed = new StagedJournal(memory);
        await using (var run = await Shop.StartAsync(killed, "first"))
        {
            killed.Before = number => number > 4 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null;
            await Assert.ThrowsAnyAsync<JournalException>(() => run.RunAsync(place, "k", Shop.Request(1), ct));
            killed.Before = _ => null;
            await run.FinishAsync();
        }

        await using var second = await Shop.StartAsync(new StagedJournal(memory), "second");
        Assert.True((await second.RunAsync(place, "k", Shop.Request(1), ct)).Accepted);
        Assert.Single(outside.Quotes);
    }
}

internal static class ResumingTests
{
    /// <summary>What is still cut off: nothing is resumed again.</summary>
    public static async Task<IReadOnlyList<ResumedOperation>> CutOffAsync(this Run run, IJournal journal, params Operation[] operations)
    {
        _ = run;
        await using var again = await Shop.StartAsync(journal, "again");
        return await again.ResumeOperationsAsync(operations);
    }
}
