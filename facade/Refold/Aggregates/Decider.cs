// The decider: the pure heart of an aggregate. The core's Decider, mirrored.
// Written by users; an Aggregate adds how it is recorded.
namespace Refold;

/// <summary>Decide and evolve over an initial state. All three are pure; <paramref name="Evolve"/> is total and trivial.</summary>
/// <typeparam name="TState">The state. Immutable; where it is not, see <see cref="NewInitial"/>.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
/// <param name="Initial">The state before the first event: one value, which all streams share.</param>
/// <param name="Decide">Events, or a refusal. May draw from the step's generator.</param>
/// <param name="Evolve">The state after an event.</param>
public sealed record Decider<TState, TCommand, TEvent, TError>(
    TState Initial,
    Func<Step, TState, TCommand, Decision<TEvent, TError>> Decide,
    Func<TState, TEvent, TState> Evolve)
{
    /// <summary>Makes the state before the first event, for each stream and each fold anew; for states that can be changed. Each is equal
    /// to <see cref="Initial"/>.</summary>
    /// <value>Default: null, <see cref="Initial"/> is every stream's.</value>
    public Func<TState>? NewInitial { get; init; }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(Decider<TState, TCommand, TEvent, TError>), PrintMembers);
}
