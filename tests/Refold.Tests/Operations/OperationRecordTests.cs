// What an honest program may do inside an operation, and its record still replays: branches left behind, cancellation, attempts upon
// attempts, answers of any depth. Run by `dotnet test`.
using System.Globalization;
using System.Text;
using Orders;
using Xunit;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class OperationRecordTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task ASuccessThatALaterAttemptDidNotReach_IsNotCalledAgainByTheNext()
    {
        await using var journal = new InMemoryJournal();
        var (checks, scores, pays, ends) = (0, 0, 0, 0);
        var operation = Of(async (fx, input) =>
        {
            try
            {
                await Call(fx, "check", () => ++checks == 1 ? throw new TimeoutException() : Task.FromResult("fine"));
                await Call(fx, "score", () => ++scores == 1 ? throw new TimeoutException() : Task.FromResult("high"));
            }
            catch (CallFailedException failed) when (failed.Call == "check")
            {
            }

            await Call(fx, "pay", () => Task.FromResult("paid " + ++pays));
            return await Call(fx, "end", () => ++ends == 1 ? throw new TimeoutException() : Task.FromResult("done"));
        });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal("done", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(1, pays);
        await run.FinishAsync();
    }

    [Fact]
    public async Task AFailureThatStood_StandsInEveryLaterAttempt()
    {
        await using var journal = new InMemoryJournal();
        var (quotes, ends) = (0, 0);
        var operation = Of(async (fx, input) =>
        {
            var price = "none";
            try
            {
                price = await Call(fx, "quote", () => ++quotes == 1 ? throw new TimeoutException("late") : Task.FromResult("price"));
            }
            catch (CallFailedException)
            {
            }

            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Place(price, 1));
            await Call(fx, "end", () => ++ends < 4 ? throw new TimeoutException("late") : Task.FromResult("done"));
            return price;
        });
        await using var run = await Shop.StartAsync(journal);
        for (var time = 0; time < 3; time++)
            await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        Assert.Equal("none", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(1, quotes);
        await run.FinishAsync();
        await MatchesAsync(journal, operation);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ACallThatAFunctionLeavesRunning_IsRecordedBeforeTheEnd(bool throws)
    {
        await using var journal = new InMemoryJournal();
        var pays = 0;
        var goOn = new TaskCompletionSource();
        var operation = Of(async (fx, input) =>
        {
            var first = Call(fx.Branch("a"), "a", async () =>
            {
                await Task.Yield();
                return throws && pays < 2 ? throw new TimeoutException("late") : "a";
            });
            var second = Call(fx.Branch("b"), "pay", async () =>
            {
                Interlocked.Increment(ref pays);
                await goOn.Task;
                return "paid";
            });
            await first;
            return throws ? await second : "done";
        });
        await using var run = await Shop.StartAsync(journal);
        var running = run.RunAsync(operation, "k", "in", ct);
        await Task.Delay(20);
        Assert.False(running.IsCompleted);
        goOn.SetResult();
        if (throws)
        {
            await Assert.ThrowsAsync<CallFailedException>(() => running);
            pays = 2;
            Assert.Equal("paid", await run.RunAsync(operation, "k", "in", ct));
            Assert.Equal(2, pays);
        }
        else
        {
            Assert.Equal("done", await running);
        }

        await run.FinishAsync();
        await MatchesAsync(journal, operation);
    }

    // Readings, calls and commands in several branches at once, over a journal that takes its time, some commands refused their place.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task BranchesThatDoEverythingAtOnce_LieInTheirOrder(int seed)
    {
        await using var memory = new InMemoryJournal();
        var random = new Random(seed);
        var journal = new SlowJournal(memory, random);
        var times = 0;
        var operation = Of(async (fx, input) =>
        {
            var parts = await Task.WhenAll(Enumerable.Range(0, 6).Select(async number =>
            {
                var branch = fx.Branch("b" + number.ToString(CultureInfo.InvariantCulture));
                var told = new StringBuilder();
                for (var step = 0; step < 6; step++)
                {
                    told.Append(branch.Clock.GetUtcNow().Ticks % 1000);
                    if ((number + step) % 3 == 0)
                    {
                        var points = await branch.ExecuteAsync(
                            Order.Aggregate, "order/" + number.ToString(CultureInfo.InvariantCulture), new Draw());
                        told.Append(points.State.Points);
                    }
                    else
                    {
                        told.Append(await Call(branch, "c", () => Task.FromResult("x"), step.ToString(CultureInfo.InvariantCulture)));
                    }

                    told.Append(branch.Clock.GetUtcNow().Ticks % 1000);
                }

                return told.ToString();
            }));
            await Call(fx, "end", () => ++times < 3 ? throw new TimeoutException("late") : Task.FromResult("done"));
            return string.Join(';', parts);
        });
        await using var run = await Shop.StartAsync(journal);
        for (var time = 0; time < 2; time++)
            await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await run.RunAsync(operation, "k", "in", ct);
        await run.FinishAsync();
        Assert.Equal(12, Enumerable.Range(0, 6).Sum(number => memory.HighestVersion("order/" + number)));
        await MatchesAsync(memory, operation);
    }

    [Fact]
    public async Task AFailedCommand_StandsWhereACommandFollowedIt()
    {
        await using var journal = new InMemoryJournal();
        var (fails, ends) = (true, 0);
        var aggregate = Order.Aggregate.WithDecide((step, state, command) =>
            command is Place && fails ? throw new InvalidOperationException("not now") : Order.Decide(step, state, command));
        var operation = Of(async (fx, input) =>
        {
            var told = "placed";
            try
            {
                await fx.ExecuteAsync(aggregate, "order/1", new Place("sku", 1));
            }
            catch (CallFailedException failed)
            {
                told = failed.FailureType;
            }

            if (told != "placed") await fx.ExecuteAsync(aggregate, "order/1", new Draw());
            await Call(fx, "end", () => ++ends == 1 ? throw new TimeoutException("late") : Task.FromResult("done"));
            return told;
        });
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        fails = false;
        Assert.Equal("Refold.StepFailedException", await run.RunAsync(operation, "k", "in", ct));
        Assert.Equal(1, journal.HighestVersion("order/1"));
        await run.FinishAsync();
        var report = await journal.ReplayAsync(run.Id, [operation], [aggregate]);
        Assert.True(report.Matched, report.ToString());
    }
}
