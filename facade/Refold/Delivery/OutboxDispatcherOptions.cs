// How a dispatcher hands messages over: how often again, when it warns, when it gives up, how long it takes to stop.
// Given to OutboxDispatcher.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>How an <see cref="OutboxDispatcher{TMessage}"/> hands messages over.</summary>
public sealed record OutboxDispatcherOptions
{
    /// <summary>The dispatcher's name in the log. A dispatcher that finds its own name there goes on at once; one of another name waits
    /// <see cref="TakeOverAfter"/>. Name it where one process at a time dispatches, such as by host and outbox.</summary>
    /// <value>Default: null. In a host that is the name of its application; elsewhere a fresh one, so that the next process waits. 1 to 128
    /// UTF-8 bytes without control characters.</value>
    public string? Name { get; init; }

    /// <summary>The clock by which messages are due and facts are recorded.</summary>
    /// <value>Default: null, the journal's, else the system's.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>Whether a message is confirmed once it was handed over without an exception. False: it is confirmed by
    /// <see cref="OutboxDispatcher{TMessage}.ConfirmAsync"/>, and until then handed over again.</summary>
    /// <value>Default: true.</value>
    public bool ConfirmOnDelivery { get; init; } = true;

    /// <summary>How long after the first attempt the second comes; each later one after twice as long as the one before.</summary>
    /// <value>Default: 1 second. Above zero.</value>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest time between two attempts.</summary>
    /// <value>Default: 5 minutes. At least <see cref="FirstBackoff"/>.</value>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many messages are handed over without a pause, at most; those behind wait for <see cref="BurstPause"/>.</summary>
    /// <value>Default: 1000. At least 1.</value>
    public int BurstLimit { get; init; } = 1000;

    /// <summary>The pause after a burst.</summary>
    /// <value>Default: 100 milliseconds. Zero or more.</value>
    public TimeSpan BurstPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After how many attempts without confirmation a message is logged and counted, once
    /// (<see cref="RefoldEventIds.DeliveryDelayed"/>, <see cref="RefoldTelemetry.DeliveryWarnings"/>).</summary>
    /// <value>Default: 5. At least 1.</value>
    public int WarnAfter { get; init; } = 5;

    /// <summary>After how many attempts without confirmation a message is given up: it is a dead letter then, and no longer handed over
    /// until <see cref="OutboxDispatcher{TMessage}.RequeueAsync"/>.</summary>
    /// <value>Default: 25. At least 1.</value>
    public int MaxAttempts { get; init; } = 25;

    /// <summary>How long one attempt may take; then it has failed.</summary>
    /// <value>Default: 30 seconds. Above zero, below <see cref="TakeOverAfter"/>.</value>
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a message may be due without a sign of the dispatcher that has the outbox, before another one takes it
    /// over.</summary>
    /// <value>Default: 2 minutes.</value>
    public TimeSpan TakeOverAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long, once it is to stop, it goes on with messages that are due; then it lets go of the one in its hands.</summary>
    /// <value>Default: 10 seconds. Zero or more.</value>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often it looks for messages at least, besides being woken by the journal.</summary>
    /// <value>Default: 5 seconds. Above zero.</value>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where it logs, in the category <c>Refold.Delivery</c>.</summary>
    /// <value>Default: null, the journal's, if it has one.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(OutboxDispatcherOptions), PrintMembers);

    /// <summary>How long after an attempt the next comes.</summary>
    internal TimeSpan Backoff(int attempts)
    {
        var delay = FirstBackoff;
        for (var doubled = 1; doubled < attempts && delay < MaxBackoff; doubled++) delay = delay > MaxBackoff / 2 ? MaxBackoff : delay * 2;
        return delay < MaxBackoff ? delay : MaxBackoff;
    }

    internal OutboxDispatcherOptions Validated()
    {
        if (Name is not null) Interop.DeliveryTranslation.CheckName(Name, nameof(Name));
        AboveZero(FirstBackoff, nameof(FirstBackoff));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBackoff, FirstBackoff);
        ArgumentOutOfRangeException.ThrowIfLessThan(BurstLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BurstPause, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(WarnAfter, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAttempts, 1);
        AboveZero(DeliveryTimeout, nameof(DeliveryTimeout));
        if (TakeOverAfter <= DeliveryTimeout || TakeOverAfter > Longest)
        {
            throw new ArgumentOutOfRangeException(
                nameof(TakeOverAfter),
                TakeOverAfter,
                $"TakeOverAfter must be above DeliveryTimeout, {DeliveryTimeout}, and at most 24 days.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(DrainTimeout, TimeSpan.Zero);
        AboveZero(PollInterval, nameof(PollInterval));
        return this;
    }

    // What timers take is bounded too.
    private static TimeSpan Longest { get; } = TimeSpan.FromDays(24);

    private static void AboveZero(TimeSpan time, string name)
    {
        if (time <= TimeSpan.Zero || time > Longest)
            throw new ArgumentOutOfRangeException(name, time, "The time must be above zero and at most 24 days.");
    }
}
