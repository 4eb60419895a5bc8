// Deadlines beside what fails or hangs: a subscription that breaks, a machine whose read or command does not return, permits that are held.
// Run by `dotnet test`.
using Refold.Tests.Runs;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Machines;

public class DeadlineHangTests
{
    private static readonly RunPin Pin = new("gates", "acme", "1.0", seed: 7);
    private static readonly StreamId Hanging = StreamId.Create("turnstile/1");
    private readonly ManualClock clock = new();

    private RunOptions Options(string run) => new() { RunId = RunId.Create(run), TimeProvider = clock };

    private async Task OpenAsync(IJournal journal, string name, params string[] streams)
    {
        await using var run = await journal.StartRunAsync(Pin, Options(name));
        foreach (var stream in streams) await run.Streams(Turnstile.Aggregate).ExecuteAsync(stream, new Coin(100));
    }

    private static int Closed(ILocalJournal journal, string? stream = null) =>
        journal.ReadAll().Count(entry => entry.Type == "closed" && (stream is null || entry.Stream.Value == stream));

    // Time goes on while that is waited for.
    private Task UntilAsync(Func<bool> holds) => SnapshotFixture.UntilAsync(() =>
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        return holds();
    });

    [Fact]
    public async Task ASubscriptionThatBreaks_IsBegunAgain_AndNoDeadlineIsMissed()
    {
        await using var memory = new InMemoryJournal();
        var journal = new StuckJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        await using var driver = Turnstile.Definition.Deadlines(run);
        journal.BreakingSubscriptions = 2;
        await driver.StartAsync(CancellationToken.None);
        await OpenAsync(memory, "other", "turnstile/1");
        await UntilAsync(() => Closed(memory) == 1);
        // The third one holds.
        await OpenAsync(memory, "another", "turnstile/2");
        await UntilAsync(() => Closed(memory) == 2);
        Assert.False(driver.Completion.IsCompleted);
        Assert.Equal(0, journal.BreakingSubscriptions);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AMachineWhoseReadOrCommandHangs_HoldsUpNobodyForLong_AndIsServedWhenItGoesOn(int hangingFromRead)
    {
        await using var memory = new InMemoryJournal();
        await OpenAsync(memory, "before", "turnstile/1", "turnstile/2", "turnstile/3");
        clock.Advance(TimeSpan.FromHours(1));
        var journal = new StuckJournal(memory) { HangingFromRead = hangingFromRead };
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => Closed(memory) == 2);
        // What comes later too.
        await OpenAsync(memory, "later", "turnstile/4");
        await UntilAsync(() => Closed(memory) == 3);
        Assert.Equal(0, Closed(memory, Hanging.Value));
        journal.GoOn.SetResult();
        await UntilAsync(() => Closed(memory) == 4);
        Assert.False(driver.Completion.IsCompleted);
    }

    [Fact]
    public async Task AMachineThatIsReadSlowly_IsServedAllTheSame()
    {
        await using var memory = new InMemoryJournal();
        await OpenAsync(memory, "before", "turnstile/1", "turnstile/2");
        clock.Advance(TimeSpan.FromHours(1));
        // Each time far longer than the retry delay.
        var journal = new StuckJournal(memory) { Slowness = TimeSpan.FromMinutes(1), Clock = clock };
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => Closed(memory) == 2);
        // Begun anew some times at most, as it gets twice the time each time.
        Assert.InRange(journal.Reads, 1, 12);
    }

    [Fact]
    public async Task AnEntryThatComesWhileTheSubscriptionIsBroken_IsNotMissedByAReadThatBeganBefore()
    {
        await using var memory = new InMemoryJournal();
        await using (var run = await memory.StartRunAsync(Pin, Options("before")))
        {
            // Not enough to open it: it has no deadline.
            await run.Streams(Turnstile.Aggregate).ExecuteAsync("turnstile/1", new Coin(10));
            await run.Streams(Turnstile.Aggregate).ExecuteAsync("turnstile/2", new Coin(100));
        }

        var journal = new StuckJournal(memory) { HangsAtTheEndOfTheFirstRead = true, BreaksAt = StreamId.Create("turnstile/3") };
        await using var own = await journal.StartRunAsync(Pin, Options("test"));
        await using var driver = Turnstile.Definition.Deadlines(own);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => Closed(memory) == 1);
        await OpenAsync(memory, "breaking", "turnstile/3");
        await SnapshotFixture.UntilAsync(() => journal.IsBroken);
        await OpenAsync(memory, "missed", "turnstile/1");
        journal.GoOn.SetResult();
        await UntilAsync(() => Closed(memory) == 3);
    }

    [Fact]
    public async Task AnEntryThatComesWhileAReadIsLate_IsNotLost_ThoughThatReadDidNotSeeIt()
    {
        await using var memory = new InMemoryJournal();
        await OpenAsync(memory, "before", Hanging.Value);
        var journal = new StuckJournal(memory) { HangsAtTheEndOfTheFirstRead = true };
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await SnapshotFixture.UntilAsync(() => journal.Reads == 1);
        // It hangs behind the last entry: the machine is left, and entered anew, unseen by it.
        await UntilAsync(() => driver.Next is not null);
        await using (var other = await memory.StartRunAsync(Pin, Options("other")))
        {
            await other.Streams(Turnstile.Aggregate).ExecuteAsync(Hanging, new Push());
            await other.Streams(Turnstile.Aggregate).ExecuteAsync(Hanging, new Coin(100));
        }

        // One that follows these entries is served, so they were seen by the driver.
        await OpenAsync(memory, "later", "turnstile/2");
        await UntilAsync(() => Closed(memory, "turnstile/2") == 1);
        Assert.Equal((1, 0), (journal.Reads, Closed(memory, Hanging.Value)));
        journal.GoOn.SetResult();
        await UntilAsync(() => Closed(memory, Hanging.Value) == 1);
    }

    [Fact]
    public async Task AReadThatHangs_GivesItsPermitBack_ToThoseWhoWaitForIt()
    {
        using var permits = new RecoveryPermits(capacity: 1);
        await using var memory = new InMemoryJournal();
        await OpenAsync(memory, "before", Hanging.Value, "turnstile/2", "turnstile/3");
        clock.Advance(TimeSpan.FromHours(1));
        var journal = new StuckJournal(memory) { HangingFromRead = 1 };
        await using var run = await journal.StartRunAsync(Pin, Options("test") with { RecoveryPermits = permits });
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => Closed(memory) == 2);
        Assert.Equal(0, Closed(memory, Hanging.Value));
        journal.GoOn.SetResult();
        await UntilAsync(() => Closed(memory) == 3);
    }

    [Fact]
    public async Task TheScan_TakesRecoveryPermits()
    {
        using var permits = new RecoveryPermits(capacity: 1);
        await using var memory = new InMemoryJournal(new JournalOptions { RecoveryPermits = permits });
        await OpenAsync(memory, "before", "turnstile/1", "turnstile/2");
        await using var run = await memory.StartRunAsync(Pin, Options("test"));
        await using var driver = Turnstile.Definition.Deadlines(run);
        var held = await permits.AcquireAsync();
        await driver.StartAsync(CancellationToken.None);
        // No deadline has passed, so that no command waits for one: it is the scan that does.
        await SnapshotFixture.UntilAsync(() => permits.Waiting == 2);
        Assert.Null(driver.Next);
        held.Dispose();
        await UntilAsync(() => Closed(memory) == 2);
        Assert.Equal(0, permits.InFlight);
    }

    private sealed class StuckJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        private int reads;

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int HangingFromRead { get; init; } = int.MaxValue;

        public bool HangsAtTheEndOfTheFirstRead { get; init; }

        public int BreakingSubscriptions { get; set; }

        public TimeSpan Slowness { get; init; }

        public StreamId? BreaksAt { get; init; }

        public bool IsBroken { get; private set; }

        public TimeProvider Clock { get; init; } = TimeProvider.System;

        public int Reads => Volatile.Read(ref reads);

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        // What hangs does not heed its token; what is slow does.
        public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
            StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            var read = stream == Hanging ? Interlocked.Increment(ref reads) : 0;
            if (read >= HangingFromRead) await GoOn.Task;
            if (stream == Hanging && Slowness > TimeSpan.Zero) await Task.Delay(Slowness, Clock, cancellationToken);
            await foreach (var entry in base.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken))
                yield return entry;
            if (read == 1 && HangsAtTheEndOfTheFirstRead) await GoOn.Task;
        }

        public override async IAsyncEnumerable<JournalEntry> SubscribeAsync(
            long fromPosition = 1, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            if (BreakingSubscriptions > 0)
            {
                BreakingSubscriptions--;
                await Task.Yield();
                throw new IOException("gone for a moment");
            }

            await foreach (var entry in base.SubscribeAsync(fromPosition, cancellationToken))
            {
                if (entry.Stream == BreaksAt && !IsBroken)
                {
                    IsBroken = true;
                    throw new IOException("gone for a moment");
                }

                yield return entry;
            }
        }
    }
}
