// Waiting in an operation: as long as the run's clock says, and not at all in replay.
// Run by `dotnet test`.
using Xunit;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class OperationDelayTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    /// <summary>Timers that go off when the test says so.</summary>
    private sealed class HeldClock : TimeProvider
    {
        private readonly List<(TimerCallback Callback, object? State, TimeSpan Due)> timers = [];

        public IReadOnlyList<TimeSpan> Due
        {
            get { lock (timers) return [.. timers.Select(timer => timer.Due)]; }
        }

        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (timers) timers.Add((callback, state, dueTime));
            return new Held();
        }

        public void GoOff()
        {
            (TimerCallback Callback, object? State, TimeSpan Due) last;
            lock (timers) last = timers[^1];
            last.Callback(last.State);
        }

        private sealed class Held : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // It goes off by hand only.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private static Operation<string, string> Waiting(TimeSpan time, List<string> seen) => Of(async (fx, input) =>
    {
        var before = await Call(fx, "before", () => Task.FromResult("before"));
        seen.Add(before);
        await fx.DelayAsync(time);
        seen.Add("behind");
        return input;
    });

    [Fact]
    public async Task ADelay_LastsAsLongAsTheRunsClockSays_AndNotAtAllInReplay()
    {
        await using var journal = new InMemoryJournal();
        var clock = new HeldClock();
        await using var run = await Shop.StartAsync(journal, options: new RunOptions { TimeProvider = clock });
        var seen = new List<string>();
        var operation = Waiting(TimeSpan.FromDays(3), seen);
        var running = run.RunAsync(operation, "k", "in", ct);
        await Snapshots.SnapshotFixture.UntilAsync(() => clock.Due.Count > 0);
        Assert.Equal([TimeSpan.FromDays(3)], clock.Due);
        Assert.Equal(["before"], seen);
        Assert.False(running.IsCompleted);
        clock.GoOff();
        Assert.Equal("in", await running);
        await run.FinishAsync();
        seen.Clear();
        await MatchesAsync(journal, operation);
        Assert.Equal(["before", "behind"], seen);
        Assert.Single(clock.Due);
        // A delay is nothing that is recorded.
        Assert.DoesNotContain(journal.ReadStream("$fx/run"), entry => entry.Type.Contains("delay", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ARealDelay_IsWaitedFor()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var seen = new List<string>();
        Assert.Equal("in", await run.RunAsync(Waiting(TimeSpan.FromMilliseconds(5), seen), "k", "in", ct));
        Assert.Equal(["before", "behind"], seen);
        await run.FinishAsync();
        await MatchesAsync(journal, Waiting(TimeSpan.FromDays(1), seen));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ADelay_EndsWithItsToken_OrTheCallers(bool isOfTheCaller)
    {
        await using var journal = new InMemoryJournal();
        var clock = new HeldClock();
        await using var run = await Shop.StartAsync(journal, options: new RunOptions { TimeProvider = clock });
        using var source = new CancellationTokenSource();
        var operation = Of(async (fx, input) =>
        {
            await fx.DelayAsync(TimeSpan.FromDays(1), isOfTheCaller ? default : source.Token);
            return input;
        });
        var running = run.RunAsync(operation, "k", "in", isOfTheCaller ? source.Token : ct);
        await Snapshots.SnapshotFixture.UntilAsync(() => clock.Due.Count > 0);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task ANegativeDelay_IsRefused()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var operation = Waiting(TimeSpan.FromTicks(-1), []);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => run.RunAsync(operation, "k", "in", ct));
    }
}
