// A clock with a time of day that goes on when the test says so, with its timers.
// Used by the tests of deadlines.
namespace Refold.Tests.Machines;

/// <summary>Time of day and timers by hand.</summary>
internal sealed class DayClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset now = Start;

    public static DateTimeOffset Start { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Goes on; timers that are due go off. A timer that is set later counts from the new time.</summary>
    public void Advance(TimeSpan time)
    {
        Timer[] due;
        lock (gate)
        {
            now += time;
            due = [.. timers.Where(timer => timer.Due <= now)];
            timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due) timer.GoOff();
    }

    /// <summary>The time of day is set back. Timers go off when they would have.</summary>
    public void SetBack(TimeSpan time)
    {
        lock (gate)
        {
            now -= time;
            foreach (var timer in timers) timer.SetBack(time);
        }
    }

    private sealed class Timer(DayClock clock, Action goOff) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public Action GoOff { get; } = goOff;

        public void SetBack(TimeSpan time) => Due -= time;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock.now + dueTime;
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
