// Runs under everything at once: several threads, late answers, other writers, refused appends, repeated keys. The seed is fixed, the
// interleaving is not: whatever it is, nothing may be lost, doubled or out of order. Run by `dotnet test`.
using System.Globalization;
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunStressTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Theory]
    [InlineData(1, RecordMode.Record)]
    [InlineData(2, RecordMode.Record)]
    [InlineData(3, RecordMode.Record)]
    [InlineData(4, RecordMode.Off)]
    [InlineData(5, RecordMode.Off)]
    public async Task NothingIsLostDoubledOrOutOfOrder(int seed, RecordMode mode)
    {
        var inner = new InMemoryJournal();
        await using var journal = new UnreliableJournal(inner, SeededRng.FromSeed((ulong)seed));
        var options = RunFixture.Options(mode) with { MaxAttempts = 1000, CachedStreams = 3 };
        await using var run = await journal.StartRunAsync(RunFixture.Pin, options);
        var threads = Enumerable.Range(0, 4).Select(thread => Task.Run(() => GiveAsync(run, thread))).ToList();
        var results = await Task.WhenAll(threads);
        await run.DisposeAsync();

        var events = inner.Streams().Where(info => !info.Stream.IsSystem)
            .SelectMany(info => inner.ReadStream(info.Stream)).Where(entry => entry.Role == EntryRole.Event).ToList();
        Assert.Equal(results.Sum(count => count), events.Count);
        if (mode == RecordMode.Record)
        {
            var report = await inner.VerifyAsync(run.Id, Order.Aggregate);
            Assert.True(report.Matched, report.ToString());
        }
    }

    // Gives commands without awaiting them, on streams that the threads share; answers how many draws were committed.
    private static async Task<int> GiveAsync(Run run, int thread)
    {
        var executions = new List<(StreamId Stream, Task<ExecutionResult<OrderState, OrderEvent, OrderError>> Execution)>();
        for (var index = 0; index < 100; index++)
        {
            StreamId stream = "order/" + ((thread + index) % 6).ToString(CultureInfo.InvariantCulture);
            // Every tenth command is the one before it again, under one key.
            var key = (index % 10) < 8 ? null : string.Create(CultureInfo.InvariantCulture, $"{thread}-{index / 10}");
            if (key is not null)
                stream = "order/" + thread.ToString(CultureInfo.InvariantCulture);
            executions.Add((stream, run.Orders().ExecuteAsync(stream, new Draw(), new ExecuteOptions { IdempotencyKey = key }, ct)));
        }

        var committed = 0;
        var highest = new Dictionary<StreamId, long>();
        foreach (var (stream, execution) in executions)
        {
            try
            {
                var result = await execution;
                if (result.IsRepeated)
                    continue;
                committed++;
                Assert.True(result.Version > highest.GetValueOrDefault(stream));
                highest[stream] = result.Version;
            }
            catch (NotAppendedException refused)
            {
                Assert.IsType<AppendFailure.NoRoom>(refused.Failure);
            }
        }

        return committed;
    }

    /// <summary>Commits in the order of the calls, answers later on other threads, has other writers and no room now and then.</summary>
    private sealed class UnreliableJournal(ILocalJournal inner, SeededRng random) : ForwardingJournal(inner)
    {
        private readonly Lock gate = new();

        public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
        {
            Task<AppendResult> append;
            bool late;
            lock (gate)
            {
                if (random.Chance(0.05))
                    RunFixture.AppendFact(Inner, "order/" + random.Between(0, 5).ToString(CultureInfo.InvariantCulture), 1);
                append = batch.Role(0) != EntryRole.Control && random.Chance(0.02)
                    ? Task.FromResult<AppendResult>(new AppendResult.NotAppended(new AppendFailure.NoRoom("none")))
                    : Inner.TryAppendAsync(batch, cancellationToken).AsTask();
                late = random.Chance(0.7);
            }

            if (late)
                await Task.Yield();
            return await append;
        }
    }
}
