// A clock that goes on when the test says so, with its timers: a time of day, which can be set back, over timestamps, which cannot.
// Used by the tests of deadlines, of delivery and of the harness.
namespace Refold.Suites;

/// <summary>Time of day, timestamps and timers by hand.</summary>
/// <param name="start">The time of day at the beginning.</param>
internal sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset day = start;
    private long now = 1_000_000;

    public ManualClock()
        : this(Start)
    {
    }

    /// <summary>Where it begins, if nothing else is said.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Whether the time of day is not to be asked for.</summary>
    public bool IsWithoutDay { get; init; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that are set and have not gone off.</summary>
    public int Waiting
    {
        get { lock (gate) return timers.Count; }
    }

    public override DateTimeOffset GetUtcNow()
    {
        if (IsWithoutDay) throw new InvalidOperationException("Nobody here asks for the time of day.");
        lock (gate) return day;
    }

    public override long GetTimestamp()
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
            day += time;
            now += time.Ticks;
            due = [.. timers.Where(timer => timer.Due <= now)];
            timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due) timer.GoOff();
    }

    /// <summary>The time of day is set back. Timers go off when they would have.</summary>
    public void SetBack(TimeSpan time)
    {
        lock (gate) day -= time;
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
