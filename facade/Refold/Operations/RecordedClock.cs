// The clock of an operation: a TimeProvider whose every reading is recorded, and answered from the record in replay.
// Made by OperationContext.
namespace Refold;

internal sealed class RecordedClock(Func<DateTimeOffset> read) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    // A timestamp is a reading, in its steps.
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => read();

    public override long GetTimestamp() => read().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException(
            "The clock of an operation makes no timers: what a timer does comes at no recorded moment. Wait with fx.DelayAsync.");
}
