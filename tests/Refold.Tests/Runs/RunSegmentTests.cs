// Runs over segment files: commands that share flushes, and runs that outlive the journal's closing.
// Run by `dotnet test`.
using Orders;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Runs;

public class RunSegmentTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task CommandsNotAwaited_ShareFlushes()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 4 << 20 } });
        await using var run = await journal.StartAsync();
        using var gate = new ManualResetEventSlim();
        var flushes = 0;
        device.Flushing = name =>
        {
            if (name == "COMMIT") return;
            Interlocked.Increment(ref flushes);
            gate.Wait();
        };
        // Giving them does not wait for the device, or this would never come to its end.
        var executions = RunFixture.Commands(500).Select(item => run.Orders().ExecuteAsync(item.Stream, item.Command, ct)).ToList();
        gate.Set();
        await Task.WhenAll(executions);
        Assert.InRange(flushes, 1, 2);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ThousandCommandsNotAwaited_GiveTheHeadOfMemory_AndCanBeResumed(bool pipelined)
    {
        await using var memory = new InMemoryJournal();
        await using var oneByOne = await memory.StartAsync();
        foreach (var (stream, command) in RunFixture.Commands(1010))
            await oneByOne.Orders().ExecuteAsync(stream, command, ct);
        var expected = await oneByOne.FinishAsync();

        using var directory = new TemporaryDirectory();
        var options = new JournalOptions { Segments = new() { SegmentBytes = 1 << 18 } };
        await using (var journal = Journal.Open(directory.Journal(), options))
        {
            await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { Pipelined = pipelined });
            var count = pipelined ? 1000 : 20;
            await Task.WhenAll(RunFixture.Commands(count).Select(item => run.Orders().ExecuteAsync(item.Stream, item.Command, ct)));
        }

        await using (var journal = Journal.Open(directory.Journal(), options))
        {
            await using var run = await journal.ResumeRunAsync("test", RunFixture.Pin, RunFixture.Options());
            var done = journal.ReadStream(run.Id.Stream).Count(entry => entry.Role == EntryRole.Command);
            await Task.WhenAll(
                RunFixture.Commands(1010).Skip(done).Select(item => run.Orders().ExecuteAsync(item.Stream, item.Command, ct)));
            var end = await run.FinishAsync(cancellationToken: ct);
            Assert.Equal((expected.StateHash, memory.Head), (end.StateHash, journal.Head));
        }

        await using var reader = Journal.Open(directory.Journal(), new JournalOptions { ReadOnly = true });
        var report = await reader.VerifyAsync("test", Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(expected.StateHash, report.StateHash);
    }

    [Fact]
    public async Task Key_IsKnownAfterOpeningAgain()
    {
        using var directory = new TemporaryDirectory();
        var key = new ExecuteOptions { IdempotencyKey = "request-1" };
        ExecutionResult<OrderState, OrderEvent, OrderError> first;
        await using (var journal = Journal.Open(directory.Journal()))
        {
            await using var run = await journal.StartAsync();
            first = await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), key, ct);
        }

        await using var again = Journal.Open(directory.Journal());
        await using var resumed = await again.ResumeRunAsync("test", RunFixture.Pin, RunFixture.Options());
        var repeated = await resumed.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), key, ct);
        Assert.True(repeated.IsRepeated);
        Assert.Equal(first.Events, repeated.Events);
        Assert.Equal(first.Receipt, repeated.Receipt);
        Assert.Equal(first.Receipt!.Head, again.Head);
    }
}
