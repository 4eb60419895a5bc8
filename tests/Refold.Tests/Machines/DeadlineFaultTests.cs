// Deadlines through faults that pass: a read that fails, an append that fails while the clock is set back.
// Run by `dotnet test`.
using Refold.Tests.Runs;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Machines;

public class DeadlineFaultTests
{
    private static readonly RunPin Pin = new("gates", "acme", "1.0", seed: 7);
    private readonly ManualClock clock = new();

    private RunOptions Options => new() { RunId = RunId.Create("test"), TimeProvider = clock };

    [Fact]
    public async Task AReadThatFailsOnce_CostsItsMachineTheRetryDelay_AndNobodyElseAnything()
    {
        await using var memory = new InMemoryJournal();
        var journal = new FailingJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options);
        foreach (var stream in (string[])["turnstile/1", "turnstile/2"])
            await run.Streams(Turnstile.Aggregate).ExecuteAsync(stream, new Coin(100));
        clock.Advance(TimeSpan.FromHours(1));
        journal.FailingReads = 1;
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await SnapshotFixture.UntilAsync(() => Closed(memory) == 1 && driver.Next == clock.GetUtcNow().AddSeconds(5));
        clock.Advance(TimeSpan.FromSeconds(5));
        await SnapshotFixture.UntilAsync(() => Closed(memory) == 2);
        Assert.False(driver.Completion.IsCompleted);
    }

    [Fact]
    public async Task WhatIsTriedAgain_DoesNotWaitForTheTimeThatTheClockWasSetBack()
    {
        await using var memory = new InMemoryJournal();
        var journal = new FailingJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options);
        await run.Streams(Turnstile.Aggregate).ExecuteAsync("turnstile/1", new Coin(100));
        clock.Advance(TimeSpan.FromHours(3));
        journal.FailingAppends = 1;
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await SnapshotFixture.UntilAsync(() => driver.Next == clock.GetUtcNow().AddSeconds(5));
        clock.SetBack(TimeSpan.FromHours(2));
        clock.Advance(TimeSpan.FromSeconds(5));
        await SnapshotFixture.UntilAsync(() => driver.Next == clock.GetUtcNow().AddSeconds(5));
        clock.Advance(TimeSpan.FromSeconds(5));
        await SnapshotFixture.UntilAsync(() => Closed(memory) == 1);
    }

    private static int Closed(ILocalJournal journal) => journal.ReadAll().Count(entry => entry.Type == "closed");

    private sealed class FailingJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        private int failingReads;

        public int FailingReads
        {
            set => Volatile.Write(ref failingReads, value);
        }

        public int FailingAppends { get; set; }

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            FailingAppends-- > 0
                ? new(new AppendResult.NotAppended(new AppendFailure.Unavailable("no room for a moment", null)))
                : Inner.TryAppendAsync(batch, cancellationToken);

        public override IAsyncEnumerable<JournalEntry> ReadStreamAsync(
            StreamId stream,
            long fromVersion = 1,
            long toVersion = long.MaxValue,
            long maxCount = long.MaxValue,
            CancellationToken cancellationToken = default) =>
            Interlocked.Decrement(ref failingReads) >= 0
                ? throw new IOException("gone for a moment")
                : base.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken);
    }
}
