// How a driver of deadlines waits.
// Given to Machine.Deadlines.
using Refold.Interop;

namespace Refold;

/// <summary>How a driver of deadlines waits.</summary>
public sealed record DeadlineOptions
{
    /// <summary>The clock that says whether a deadline has passed, and sets the timers.</summary>
    /// <value>Default: null, the run's.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>After how long a command that could not be given is tried again: its step failed, another writer came between, or the
    /// journal took nothing. Also how long all machines wait for those that are read or given a command at the same time: one that hangs
    /// goes on beside, and is looked at again. A journal that goes on failing, or does not answer, is tried again after twice as long
    /// each time, up to 5 minutes.</summary>
    /// <value>Default: 5 seconds. Above zero, at most 24 days.</value>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a timer is set at most, so that a clock that is set forward is noticed.</summary>
    /// <value>Default: 1 minute. Above zero, at most 24 days.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(1);

    internal DeadlineOptions Validated()
    {
        Check(RetryDelay, nameof(RetryDelay));
        Check(LongestWait, nameof(LongestWait));
        return this;
    }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(DeadlineOptions), PrintMembers);

    private static void Check(TimeSpan time, string name)
    {
        if (time <= TimeSpan.Zero || time > TimeSpan.FromDays(24))
            throw new ArgumentOutOfRangeException(name, time, "The time is above zero and at most 24 days.");
    }
}
