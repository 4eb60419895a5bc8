// A clock that goes on when the test says so, with its timers, and a journal for harnesses.
// Used by the tests of the harness.
namespace Refold.Tests.Harness;

/// <summary>Timestamps and timers by hand. The time of day is not to be asked for.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private long now = 1_000_000;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that are set and have not gone off.</summary>
    public int Waiting
    {
        get { lock (gate) return timers.Count; }
    }

    public override long GetTimestamp()
    {
        lock (gate) return now;
    }

    public override DateTimeOffset GetUtcNow() => throw new InvalidOperationException("A harness does not ask for the time of day.");

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan time)
    {
        Timer[] due;
        lock (gate)
        {
            now += time.Ticks;
            due = [.. timers.Where(timer => timer.Due <= now)];
            timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due) timer.GoOff();
    }

    private sealed class Timer(ManualClock clock, Action goOff) : ITimer
    {
        public long Due { get; private set; }

        public Action GoOff { get; } = goOff;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock.now + dueTime.Ticks;
                clock.timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock.gate) clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>A sink that holds each entry until the test acknowledges it.</summary>
internal sealed class HoldingSink : IReplaySink
{
    private readonly Lock gate = new();
    private readonly List<ReplayJournalEntry> taken = [];
    private TaskCompletionSource? acknowledgement;

    /// <summary>What was handed out, in order.</summary>
    public IReadOnlyList<ReplayJournalEntry> Taken
    {
        get { lock (gate) return [.. taken]; }
    }

    /// <summary>The token of the last entry.</summary>
    public CancellationToken Token { get; private set; }

    public ValueTask OnEntryAsync(ReplayJournalEntry entry, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            taken.Add(entry);
            Token = cancellationToken;
            acknowledgement = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(acknowledgement.Task);
        }
    }

    public void Acknowledge()
    {
        lock (gate) acknowledgement!.SetResult();
    }

    public void Fail(Exception error)
    {
        lock (gate) acknowledgement!.SetException(error);
    }

    /// <summary>Done when so many entries were handed out.</summary>
    public Task HasTakenAsync(int count) => Snapshots.SnapshotFixture.UntilAsync(() => Taken.Count >= count);
}
