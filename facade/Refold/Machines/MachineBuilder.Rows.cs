// The rows of a machine's table: what commands do in a state, where events lead from it, and when it is left by time.
// Called by applications where they define a machine.
using Refold.Interop;

namespace Refold;

public sealed partial class MachineBuilder<TState, TData, TCommand, TEvent, TError>
{
    private Func<IReadOnlyList<string>>? from;

    /// <summary>The rows that follow are for these states.</summary>
    /// <param name="states">The states, at least one.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> In(params TState[] states)
    {
        ArgumentNullException.ThrowIfNull(states);
        ArgumentOutOfRangeException.ThrowIfZero(states.Length, nameof(states));
        from = () => [.. states.Select(NameOf)];
        return this;
    }

    /// <summary>The rows that follow are for the states of these names.</summary>
    /// <param name="states">The names, at least one.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> In(params string[] states)
    {
        ArgumentNullException.ThrowIfNull(states);
        ArgumentOutOfRangeException.ThrowIfZero(states.Length, nameof(states));
        from = () => states;
        return this;
    }

    /// <summary>The rows that follow are for every state; below the rows of single states, for every other one.</summary>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> InAny()
    {
        from = () => [];
        return this;
    }

    /// <summary>What a class of commands does in these states.</summary>
    /// <typeparam name="TCase">The class, not an abstract one.</typeparam>
    /// <param name="decide">Events, or a refusal.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state, data and command; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">The class is abstract, or guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> On<TCase>(
        Func<Step, MachineState<TState, TData>, TCase, Decision<TEvent, TError>> decide,
        string? guard = null,
        Func<MachineState<TState, TData>, TCase, bool>? when = null)
        where TCase : TCommand
    {
        ArgumentNullException.ThrowIfNull(decide);
        Check<TCase>(guard, when);
        CheckClass<TCommand>();
        var place = Place();
        rows.Add(table => table.Decide(
            place(), NameOf(typeof(TCase), commands), guard, when is null ? null : (at, command) => when(at, (TCase)command),
            (step, at, command) => decide(step, at, (TCase)command)));
        return this;
    }

    /// <summary>What a command does in these states, as the member of an enum, or any other value with its name.</summary>
    /// <param name="command">The command; its name is what counts.</param>
    /// <param name="decide">Events, or a refusal.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state and data; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">Guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> On(
        TCommand command,
        Func<Step, MachineState<TState, TData>, Decision<TEvent, TError>> decide,
        string? guard = null,
        Func<MachineState<TState, TData>, bool>? when = null)
    {
        ArgumentNullException.ThrowIfNull(decide);
        Check<object>(guard, when);
        var place = Place();
        rows.Add(table => table.Decide(
            place(), table.Commands.Name(command), guard, when is null ? null : (at, _) => when(at), (step, at, _) => decide(step, at)));
        return this;
    }

    /// <summary>A class of events leads from these states to a state.</summary>
    /// <typeparam name="TCase">The class, not an abstract one.</typeparam>
    /// <param name="to">The state.</param>
    /// <param name="data">The data after the event; null where they stay.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state, data and event; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">The class is abstract, or guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Goes<TCase>(
        TState to,
        Func<MachineState<TState, TData>, TCase, TData>? data = null,
        string? guard = null,
        Func<MachineState<TState, TData>, TCase, bool>? when = null)
        where TCase : TEvent =>
        Move(
            () => NameOf(to), (at, happened) => new(to, data is null ? at.Data : data(at, happened)), guard, when);

    /// <summary>A class of events leads from these states to the state of a name, which may hold data itself.</summary>
    /// <typeparam name="TCase">The class, not an abstract one.</typeparam>
    /// <param name="to">The name of the state. The name of the state that is left: it stays, whatever becomes of what it holds.</param>
    /// <param name="move">State and data after the event; the state has the name.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state, data and event; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">The class is abstract, or guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Goes<TCase>(
        string to,
        Func<MachineState<TState, TData>, TCase, MachineState<TState, TData>> move,
        string? guard = null,
        Func<MachineState<TState, TData>, TCase, bool>? when = null)
        where TCase : TEvent
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(move);
        return Move(() => to, move, guard, when);
    }

    /// <summary>An event leads from these states to a state, as the member of an enum, or any other value with its name.</summary>
    /// <param name="happened">The event; its name is what counts.</param>
    /// <param name="to">The state.</param>
    /// <param name="data">The data after the event; null where they stay.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state and data; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">Guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Goes(
        TEvent happened,
        TState to,
        Func<MachineState<TState, TData>, TData>? data = null,
        string? guard = null,
        Func<MachineState<TState, TData>, bool>? when = null) =>
        Move(happened, () => NameOf(to), at => new(to, data is null ? at.Data : data(at)), guard, when);

    /// <summary>An event leads from these states to the state of a name, which may hold data itself.</summary>
    /// <param name="happened">The event; its name is what counts.</param>
    /// <param name="to">The name of the state. The name of the state that is left: it stays, whatever becomes of what it holds.</param>
    /// <param name="move">State and data after the event; the state has the name.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state and data; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">Guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Goes(
        TEvent happened,
        string to,
        Func<MachineState<TState, TData>, MachineState<TState, TData>> move,
        string? guard = null,
        Func<MachineState<TState, TData>, bool>? when = null)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(move);
        return Move(happened, () => to, move, guard, when);
    }

    /// <summary>A class of events leaves these states as they are, and perhaps changes the data. It is no transition.</summary>
    /// <typeparam name="TCase">The class, not an abstract one.</typeparam>
    /// <param name="data">The data after the event; null where they stay.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state, data and event; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">The class is abstract, or guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Stays<TCase>(
        Func<MachineState<TState, TData>, TCase, TData>? data = null,
        string? guard = null,
        Func<MachineState<TState, TData>, TCase, bool>? when = null)
        where TCase : TEvent =>
        Move(null, (at, happened) => data is null ? at : at with { Data = data(at, happened) }, guard, when);

    /// <summary>An event leaves these states as they are, as the member of an enum, or any other value with its name.</summary>
    /// <param name="happened">The event; its name is what counts.</param>
    /// <param name="data">The data after the event; null where they stay.</param>
    /// <param name="guard">The name of the guard; null without one.</param>
    /// <param name="when">The guard, over state and data; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">Guard and name do not come together.</exception>
    /// <exception cref="InvalidOperationException">No state was named before.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Stays(
        TEvent happened,
        Func<MachineState<TState, TData>, TData>? data = null,
        string? guard = null,
        Func<MachineState<TState, TData>, bool>? when = null) =>
        Move(happened, null, at => data is null ? at : at with { Data = data(at) }, guard, when);

    /// <summary>These states are left by time: once the deadline has passed, a driver (<see cref="DeadlineDriver"/>) sends the
    /// command.</summary>
    /// <param name="after">How long after the recorded time of the entry that moved the machine into the state; above zero.</param>
    /// <param name="command">The command.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is not above zero.</exception>
    /// <exception cref="InvalidOperationException">No state was named before, or every state.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> TimesOut(TimeSpan after, TCommand command)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(after, TimeSpan.Zero);
        return TimesOut((_, since) => since <= DateTimeOffset.MaxValue - after ? since + after : null, _ => command);
    }

    /// <summary>As <see cref="TimesOut(TimeSpan, TCommand)"/>, with a deadline that depends on state and data.</summary>
    /// <param name="deadline">The deadline, from state and data, and the recorded time of the entry that moved the machine into the state;
    /// null for none. Not called where that entry has no time. A pure function.</param>
    /// <param name="command">The command; a pure function.</param>
    /// <returns>This.</returns>
    /// <exception cref="InvalidOperationException">No state was named before, or every state.</exception>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> TimesOut(
        Func<MachineState<TState, TData>, DateTimeOffset, DateTimeOffset?> deadline, Func<MachineState<TState, TData>, TCommand> command)
    {
        ArgumentNullException.ThrowIfNull(deadline);
        ArgumentNullException.ThrowIfNull(command);
        var place = Place();
        if (place().Count == 0) throw new InvalidOperationException("A deadline is for named states: say In(..) before.");
        rows.Add(table =>
        {
            foreach (var state in place())
            {
                table.TimeOut(state, (at, since) => since is { } entered ? deadline(at, entered) : null, command);
            }
        });
        return this;
    }

    private MachineBuilder<TState, TData, TCommand, TEvent, TError> Move<TCase>(
        Func<string>? to,
        Func<MachineState<TState, TData>, TCase, MachineState<TState, TData>> move,
        string? guard,
        Func<MachineState<TState, TData>, TCase, bool>? when)
        where TCase : TEvent
    {
        Check<TCase>(guard, when);
        CheckClass<TEvent>();
        var place = Place();
        rows.Add(table => table.Move(
            place(), NameOf(typeof(TCase), events), guard, when is null ? null : (at, happened) => when(at, (TCase)happened),
            to?.Invoke(), (at, happened) => move(at, (TCase)happened)));
        return this;
    }

    private MachineBuilder<TState, TData, TCommand, TEvent, TError> Move(
        TEvent happened,
        Func<string>? to,
        Func<MachineState<TState, TData>, MachineState<TState, TData>> move,
        string? guard,
        Func<MachineState<TState, TData>, bool>? when)
    {
        Check<object>(guard, when);
        var place = Place();
        rows.Add(table => table.Move(
            place(), table.Events.Name(happened), guard, when is null ? null : (at, _) => when(at), to?.Invoke(), (at, _) => move(at)));
        return this;
    }

    private Func<IReadOnlyList<string>> Place() =>
        from ?? throw new InvalidOperationException("A row is for states: say In(..) or InAny() before.");

    private static void CheckClass<T>()
    {
        if (MachineTranslation.NamesOfType<T>() is not null)
            throw new ArgumentException($"Values of {typeof(T).Name} are told apart by their names, not by classes: give the value.");
    }

    private static void Check<TCase>(string? guard, Delegate? when)
    {
        if (typeof(TCase).IsAbstract)
            throw new ArgumentException($"{typeof(TCase).Name} is abstract, and no value is of that very class; name the classes.");
        if (guard is null != when is null || guard is { Length: 0 })
            throw new ArgumentException("A guard has a name: give both, or neither.", nameof(guard));
    }
}
