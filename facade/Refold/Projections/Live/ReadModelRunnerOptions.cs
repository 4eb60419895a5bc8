// How a read model or live projection is kept up to date, and how far it has come.
// Given to ReadModelRunner and LiveProjection; the status is answered by both.
using Microsoft.Extensions.Logging;
using Refold.Interop;

namespace Refold;

/// <summary>How a read model is kept up to date.</summary>
public sealed record ReadModelRunnerOptions
{
    /// <summary>What it reads.</summary>
    /// <value>Default: everything. The role does not matter: commands and refusals match too.</value>
    public Query Query { get; init; } = Query.All;

    /// <summary>How many entries are read and applied at once; a batch of the journal is never divided.</summary>
    /// <value>Default: 1,000. From 1 to 65,536.</value>
    public int BatchSize { get; init; } = 1000;

    /// <summary>After so many positions the place is kept though nothing matched.</summary>
    /// <value>Default: 10,000. At least 1.</value>
    public long SavePlaceEvery { get; init; } = 10_000;

    /// <summary>Whether entries that were deleted or dropped before they were read are passed over in silence.</summary>
    /// <value>Default: false, the runner fails with <see cref="ReadModelException"/>, as nobody knows what they were.</value>
    public bool SkipsMissing { get; init; }

    /// <summary>How many faults are mended by going on from the place that was kept, within <see cref="RestartWindow"/>.</summary>
    /// <value>Default: 5. At least 0.</value>
    public int MaxRestarts { get; init; } = 5;

    /// <summary>Faults before this time count no more.</summary>
    /// <value>Default: 10 minutes. More than zero.</value>
    public TimeSpan RestartWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long it waits after a first fault; twice as long after each further one within the window.</summary>
    /// <value>Default: 200 milliseconds. From zero to <see cref="MaxRestartDelay"/>.</value>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest it waits.</summary>
    /// <value>Default: 30 seconds.</value>
    public TimeSpan MaxRestartDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a batch that is being applied may take once the runner has to stop.</summary>
    /// <value>Default: 10 seconds. Not below zero.</value>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock of waits and of the lag.</summary>
    /// <value>Default: null, the journal's, or the system's.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>Where faults are told.</summary>
    /// <value>Default: null, the journal's, or nowhere.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(ReadModelRunnerOptions), PrintMembers);

    internal ReadModelRunnerOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(Query);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchSize, 65_536);
        ArgumentOutOfRangeException.ThrowIfLessThan(SavePlaceEvery, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRestarts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RestartWindow, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RestartDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRestartDelay, RestartDelay);
        ArgumentOutOfRangeException.ThrowIfLessThan(StopTimeout, TimeSpan.Zero);
        return this;
    }
}

/// <summary>What a runner is doing.</summary>
public enum ReadModelState
{
    /// <summary>It was not started yet.</summary>
    NotStarted,

    /// <summary>It reads what is there.</summary>
    CatchingUp,

    /// <summary>It has read everything, and waits for more.</summary>
    Live,

    /// <summary>It met a fault, and goes on after a while.</summary>
    Restarting,

    /// <summary>It was stopped, or the journal was closed.</summary>
    Stopped,

    /// <summary>It met a fault that does not pass, or too many: the error tells which.</summary>
    Faulted,
}

/// <summary>How far a read model has come.</summary>
/// <param name="State">What its runner is doing.</param>
/// <param name="Place">The place that it is as of.</param>
/// <param name="HeadPosition">The journal's last position, as its runner knows it.</param>
/// <param name="Restarts">How many faults were mended since it was started.</param>
/// <param name="Error">The last fault; null for none.</param>
public sealed record ReadModelStatus(ReadModelState State, Head Place, long HeadPosition, int Restarts, Exception? Error)
{
    /// <summary>How many positions it is behind the head: 0 where it has read everything.</summary>
    public long Lag => Math.Max(0, HeadPosition - Place.Position);

    /// <summary>The members, of the error its message.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => FormattableString.Invariant(
        $"{State} at {Place.Position} of {HeadPosition}, {Restarts} restarts{(Error is null ? "" : ": " + Error.Message)}");
}

/// <summary>How many faults are mended within a time, and how long to wait. Used by one thread.</summary>
internal sealed class RestartBudget(ReadModelRunnerOptions options, TimeProvider clock)
{
    private readonly Queue<long> faults = new();

    /// <summary>Whether one more is mended.</summary>
    /// <param name="delay">After how long.</param>
    public bool TryTake(out TimeSpan delay)
    {
        // The time of day may be set back.
        var now = clock.GetTimestamp();
        while (faults.TryPeek(out var oldest) && clock.GetElapsedTime(oldest, now) >= options.RestartWindow) faults.Dequeue();
        var factor = Math.Pow(2, Math.Min(30, faults.Count));
        delay = TimeSpan.FromTicks((long)Math.Min(options.MaxRestartDelay.Ticks, options.RestartDelay.Ticks * factor));
        if (faults.Count >= options.MaxRestarts) return false;
        faults.Enqueue(now);
        return true;
    }
}
