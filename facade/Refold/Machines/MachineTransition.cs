// Changes of a machine's state: as its table allows them, and as a stream shows them.
// Answered by Machine.Transitions, TransitionsOf and TransitionsAsync.
using Refold.Interop;

namespace Refold;

/// <summary>A change from one state to another. What stays in its state is none, whatever becomes of the data.</summary>
/// <param name="From">The name of the state that is left.</param>
/// <param name="On">The name of the event that leaves it.</param>
/// <param name="To">The name of the state that is entered.</param>
/// <param name="Guard">The name of the guard under which the table allows it; null without one, and where events are folded.</param>
public sealed record MachineTransition(string From, string On, string To, string? Guard = null)
{
    /// <summary>The change, as in <c>Locked --paid--> Unlocked</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{From} --{On}{(Guard is null ? "" : $" [{Guard}]")}--> {To}";
}

/// <summary>A change of state that a stream shows.</summary>
/// <param name="Version">The version of the entry.</param>
/// <param name="Time">The recorded time of the entry; null for an entry without one.</param>
/// <param name="Transition">The change.</param>
public sealed record RecordedTransition(long Version, DateTimeOffset? Time, MachineTransition Transition)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(RecordedTransition), PrintMembers);
}

/// <summary>A deadline as a value: when it is, and what is sent once it has passed.</summary>
/// <typeparam name="TCommand">The command.</typeparam>
/// <param name="At">The deadline, UTC.</param>
/// <param name="Command">The command.</param>
public sealed record MachineDeadline<TCommand>(DateTimeOffset At, TCommand Command)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(MachineDeadline<TCommand>), PrintMembers);
}
