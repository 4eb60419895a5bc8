// The state of a machine with its data: the state of the aggregate that a machine is compiled to.
// Handed to the rows of a machine; made by users in rows of states with data of their own.
using Refold.Interop;

namespace Refold;

/// <summary>A state and the data beside it.</summary>
/// <typeparam name="TState">The state: an enum, or a type whose values a function names.</typeparam>
/// <typeparam name="TData">The data. Immutable.</typeparam>
/// <param name="State">The state.</param>
/// <param name="Data">The data.</param>
public sealed record MachineState<TState, TData>(TState State, TData Data)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(MachineState<TState, TData>), PrintMembers);
}
