// The order of steps over a store that answers late, fails reads and has other writers, with commands that are cancelled: one head in
// RunOrder.Submitted, and in both orders as if commands had come one by one. Run by `dotnet test`.
using System.Globalization;
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunOrderTests
{
    private const int Streams = 6;
    private static readonly CancellationToken ct = CancellationToken.None;

    private sealed record Given(StreamId Stream, OrderCommand Command, ExecuteOptions Options);

    /// <summary>Commands as the seed says, each with a correlation id that tells its number; some come again under their key.</summary>
    private static List<Given> Commands(SeededRng random, int count)
    {
        var commands = new List<Given>();
        for (var index = 0; index < count; index++)
        {
            var options = new ExecuteOptions { CorrelationId = new Guid(index + 1, 0, 0, new byte[8]) };
            if (index > 0 && commands[^1].Options.IdempotencyKey is not null && random.Chance(0.5))
            {
                commands.Add(commands[^1] with { Options = options with { IdempotencyKey = commands[^1].Options.IdempotencyKey } });
                continue;
            }

            StreamId stream = "order/" + random.Between(0, Streams - 1).ToString(CultureInfo.InvariantCulture);
            OrderCommand command = random.Between(0, 3) switch
            {
                0 => new Place("sku", index),
                1 => new Cancel(),
                _ => new Draw(),
            };
            var key = random.Chance(0.2) ? "key-" + index.ToString(CultureInfo.InvariantCulture) : null;
            commands.Add(new Given(stream, command, options with { IdempotencyKey = key }));
        }

        return commands;
    }

    private static int NumberOf(JournalEntry entry) => BitConverter.ToInt32(entry.CorrelationId.ToByteArray()) - 1;

    [Fact]
    public async Task Submitted_AHundredCommandsNotAwaited_GiveTheHeadOfOneByOneTwentyTimes()
    {
        var commands = Enumerable.Range(0, 100).Select(index => (
            Stream: StreamId.Create("order/" + (index * 7 % 10).ToString(CultureInfo.InvariantCulture)),
            Command: index % 3 == 0 ? (OrderCommand)new Place("sku", index) : new Draw())).ToList();
        await using var plain = new InMemoryJournal();
        await using (var oneByOne = await plain.StartAsync())
        {
            foreach (var (stream, command) in commands) await oneByOne.Orders().ExecuteAsync(stream, command, ct);
        }

        for (var repetition = 0; repetition < 20; repetition++)
        {
            var inner = new InMemoryJournal();
            await using var journal = new SlowJournal(inner, SeededRng.FromSeed((ulong)repetition));
            var options = RunFixture.Options() with { Order = RunOrder.Submitted, CachedStreams = 1 + (repetition % 10) };
            await using var run = await journal.StartRunAsync(RunFixture.Pin, options);
            await Task.WhenAll(commands.Select(item => run.Orders().ExecuteAsync(item.Stream, item.Command, ct)));
            Assert.Equal(plain.Head, inner.Head);
        }
    }

    [Theory]
    [InlineData(RunOrder.Ready, RecordMode.Record, 1)]
    [InlineData(RunOrder.Ready, RecordMode.Record, 2)]
    [InlineData(RunOrder.Ready, RecordMode.Record, 3)]
    [InlineData(RunOrder.Submitted, RecordMode.Record, 4)]
    [InlineData(RunOrder.Submitted, RecordMode.Record, 5)]
    [InlineData(RunOrder.Submitted, RecordMode.Record, 6)]
    [InlineData(RunOrder.Ready, RecordMode.Off, 7)]
    [InlineData(RunOrder.Submitted, RecordMode.Off, 8)]
    public async Task WhateverComesBetween_IsAsIfCommandsHadComeOneByOne(RunOrder order, RecordMode mode, int seed)
    {
        var random = SeededRng.FromSeed((ulong)seed);
        var commands = Commands(random, 150);
        var inner = new InMemoryJournal();
        await using var journal = new SlowJournal(inner, SeededRng.FromSeed((ulong)seed + 100))
        {
            Faults = 0.03,
            OtherWriters = 0.05,
            OtherStreams = Streams,
        };
        var options = RunFixture.Options(mode) with { Order = order, MaxAttempts = 1000, CachedStreams = 1 + (seed % 4) };
        await using var run = await journal.StartRunAsync(RunFixture.Pin, options, ct);
        var (outcomes, cancelled) = await ExecuteAsync(run, commands, random);
        await run.DisposeAsync();

        // What of the commands was appended, in which order: each once, those of a stream in the order of the calls.
        var trace = mode == RecordMode.Record ? EntryRole.Command : EntryRole.Event;
        var appended = inner.ReadAll().Where(entry => entry.Role == trace).Select(NumberOf).ToList();
        Assert.Equal(appended.Count, appended.Distinct().Count());
        Assert.All(appended.GroupBy(number => commands[number].Stream), group => Assert.Equal(group.Order(), group));
        // In mode Off a step that another writer came between is made anew behind those on other streams.
        if (order == RunOrder.Submitted && mode == RecordMode.Record) Assert.Equal(appended.Order(), appended);
        for (var number = 0; number < commands.Count; number++)
            await CheckAsync(inner, mode, commands[number].Stream, outcomes[number], appended.Contains(number), cancelled.Contains(number));
        if (mode == RecordMode.Off)
            return;
        var report = await inner.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(inner.Head, await HeadOfOneByOneAsync(inner, commands));
    }

    private static async Task CheckAsync(
        InMemoryJournal journal, RecordMode mode, StreamId stream, object outcome, bool isAppended, bool isCancelled)
    {
        switch (outcome)
        {
            case ExecutionResult<OrderState, OrderEvent, OrderError> result:
                Assert.Equal(!result.IsRepeated && (mode == RecordMode.Record || result.Events.Count > 0), isAppended);
                Assert.Equal(result.State, (await journal.FoldAsync(stream, Order.Aggregate, result.Version)).State);
                break;
            case OperationCanceledException:
                Assert.True(isCancelled);
                break;
            default:
                Assert.IsType<IOException>(outcome);
                Assert.False(isAppended);
                break;
        }
    }

    private static async Task<(List<object> Outcomes, HashSet<int> Cancelled)> ExecuteAsync(Run run, List<Given> commands, SeededRng random)
    {
        var cancelled = new HashSet<int>();
        var sources = new List<CancellationTokenSource>();
        var executions = new List<Task<ExecutionResult<OrderState, OrderEvent, OrderError>>>();
        try
        {
            for (var number = 0; number < commands.Count; number++)
            {
                var source = new CancellationTokenSource();
                sources.Add(source);
                var given = commands[number];
                executions.Add(run.Orders().ExecuteAsync(given.Stream, given.Command, given.Options, source.Token));
                if (!random.Chance(0.1))
                    continue;
                // One that was given lately, which may wait, load, be written or be done.
                var victim = Math.Max(0, number - random.Between(0, 10));
                cancelled.Add(victim);
                await sources[victim].CancelAsync();
                if (random.Chance(0.3)) await Task.Delay(1);
            }

            var outcomes = new List<object>();
            foreach (var execution in executions)
            {
                try
                {
                    outcomes.Add(await execution.WaitAsync(TimeSpan.FromMinutes(2)));
                }
                catch (Exception exception) when (exception is not TimeoutException)
                {
                    outcomes.Add(exception);
                }
            }

            return (outcomes, cancelled);
        }
        finally
        {
            sources.ForEach(source => source.Dispose());
        }
    }

    // Appends what others appended, and executes what was recorded, one after the other.
    private static async Task<Head> HeadOfOneByOneAsync(InMemoryJournal recorded, List<Given> commands)
    {
        await using var model = new InMemoryJournal();
        Run? run = null;
        foreach (var batch in recorded.ReadAll().GroupBy(entry => entry.Batch))
        {
            var first = batch.First();
            if (first.Role == EntryRole.Control)
                run = await model.StartAsync();
            else if (first.Role != EntryRole.Command)
                await model.AppendAsync(new AppendRequest(RunFixture.Fact(first.Stream, 1)), ct);
            else
            {
                var given = commands[NumberOf(first)];
                await run!.Orders().ExecuteAsync(given.Stream, given.Command, given.Options, ct);
            }
        }

        await run!.DisposeAsync();
        return model.Head;
    }
}
