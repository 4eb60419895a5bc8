// Options of a harness besides its mode and its journal.
// Given to ReplayHarness.
namespace Refold;

/// <summary>Options of a <see cref="ReplayHarness"/>.</summary>
public sealed record ReplayHarnessOptions
{
    /// <summary>The clock: its timestamps, which only go forwards, stamp what is recorded, and its timers bound acknowledgements. The time
    /// of day is not read.</summary>
    /// <value>Default: null, <see cref="System.TimeProvider.System"/>.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>How long a sink has for one entry; then <see cref="AcknowledgementTimeoutException"/>. Disposing waits as long for the
    /// journal's answer to a write that was begun.</summary>
    /// <value>Default: 30 seconds. Above zero, at most 24 days.</value>
    public TimeSpan AcknowledgementTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal ReplayHarnessOptions Validated() =>
        // What timers take.
        AcknowledgementTimeout > TimeSpan.Zero && AcknowledgementTimeout <= TimeSpan.FromDays(24)
            ? this
            : throw new ArgumentOutOfRangeException(
                nameof(AcknowledgementTimeout), AcknowledgementTimeout, "The time is above zero and at most 24 days.");

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(ReplayHarnessOptions), PrintMembers);
}
