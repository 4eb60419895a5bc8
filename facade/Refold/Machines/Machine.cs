// A state machine: the table it was built from, compiled to an aggregate.
// Made by Machine.Create and MachineBuilder; runs, folds, verification and Refold.Testing take its aggregate.
using Refold.Interop;

namespace Refold;

/// <summary>Begins the table of a state machine.</summary>
public static class Machine
{
    /// <summary>Begins a table whose commands are refused only where they are illegal.</summary>
    /// <typeparam name="TState">The state: an enum, or a type whose values <see cref="MachineBuilder{TState, TData, TCommand, TEvent,
    /// TError}.States"/> names.</typeparam>
    /// <typeparam name="TData">The data beside the state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <param name="category">The streams are the category itself and everything below <c>CATEGORY/</c>.</param>
    /// <returns>The table, without rows.</returns>
    /// <exception cref="ArgumentException">The category is no name of a stream.</exception>
    public static MachineBuilder<TState, TData, TCommand, TEvent, IllegalTransition> Create<TState, TData, TCommand, TEvent>(
        string category)
        where TCommand : notnull
        where TEvent : notnull =>
        new MachineBuilder<TState, TData, TCommand, TEvent, IllegalTransition>(category)
            .Errors(IllegalTransition.Codec, illegal => illegal);

    /// <summary>Begins a table with refusals of its own: <see cref="MachineBuilder{TState, TData, TCommand, TEvent, TError}.Errors"/> says
    /// how an illegal transition is one of them.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TData">The data beside the state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="category">The streams are the category itself and everything below <c>CATEGORY/</c>.</param>
    /// <returns>The table, without rows.</returns>
    /// <exception cref="ArgumentException">The category is no name of a stream.</exception>
    public static MachineBuilder<TState, TData, TCommand, TEvent, TError> Create<TState, TData, TCommand, TEvent, TError>(string category)
        where TCommand : notnull
        where TEvent : notnull => new(category);
}

/// <summary>A state machine. Immutable.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TData">The data beside the state.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
public sealed class Machine<TState, TData, TCommand, TEvent, TError> : IAggregateOwner
    where TCommand : notnull
    where TEvent : notnull
{
    private readonly MachineRules<MachineState<TState, TData>, TCommand, TEvent> rules;

    internal Machine(
        Aggregate<MachineState<TState, TData>, TCommand, TEvent, TError> aggregate,
        MachineRules<MachineState<TState, TData>, TCommand, TEvent> rules) => (Aggregate, this.rules) = (aggregate, rules);

    /// <summary>The aggregate that the table is compiled to: for runs, verification, snapshots and tests.</summary>
    public Aggregate<MachineState<TState, TData>, TCommand, TEvent, TError> Aggregate { get; }

    Aggregate IAggregateOwner.Aggregate => Aggregate;

    /// <summary>Whether any state is left by time.</summary>
    internal bool HasDeadlines => rules.HasDeadlines;

    /// <summary>The name of a state, as refusals and transitions have it.</summary>
    /// <param name="at">The state.</param>
    /// <returns>The name.</returns>
    public string StateName(MachineState<TState, TData> at)
    {
        ArgumentNullException.ThrowIfNull(at);
        return rules.StateOf(at);
    }

    /// <summary>Every transition that the table allows, by the state that is left, then in the order of the rows. An event that stays in
    /// its state is none.</summary>
    /// <returns>The transitions.</returns>
    public IReadOnlyList<MachineTransition> Transitions() => rules.Transitions;

    /// <summary>The transitions of events, folded from the initial state: what really changed, in order.</summary>
    /// <param name="events">The events.</param>
    /// <returns>The transitions; an event that stays in its state is none.</returns>
    /// <exception cref="InvalidOperationException">A state has no row for an event.</exception>
    public IReadOnlyList<MachineTransition> TransitionsOf(IEnumerable<TEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        return rules.TransitionsOf(Aggregate.Decider.Initial, events);
    }

    /// <summary>The transitions that a stream shows, with the entry of each. Nothing is decided.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">One of the machine's streams.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The transitions, in order.</returns>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted.</exception>
    /// <exception cref="StateUnreadableException">The stream's entries cannot be folded.</exception>
    public Task<IReadOnlyList<RecordedTransition>> TransitionsAsync(
        IJournal journal, StreamId stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(stream);
        return MachineHistory.ReadAsync(journal, stream, Aggregate, rules, cancellationToken);
    }

    /// <summary>The next deadline of a state, as a value.</summary>
    /// <param name="at">State and data.</param>
    /// <param name="since">The recorded time of the entry that moved the machine into the state; null where it has none.</param>
    /// <returns>The deadline, and what is sent when it has passed; null where the state has none.</returns>
    public MachineDeadline<TCommand>? DeadlineOf(MachineState<TState, TData> at, DateTimeOffset? since)
    {
        ArgumentNullException.ThrowIfNull(at);
        return rules.DeadlineOf(at, since);
    }

    /// <summary>A driver that sends the command of each deadline of this machine's streams once it has passed.</summary>
    /// <param name="run">The run in which the commands are recorded. It stays the caller's, and is disposed after the driver.</param>
    /// <param name="options">Clock and waiting times.</param>
    /// <returns>The driver, not yet started.</returns>
    /// <example><code>
    /// await using var deadlines = turnstile.Deadlines(run);
    /// await deadlines.StartAsync(cancellationToken);
    /// </code></example>
    public DeadlineDriver Deadlines(Run run, DeadlineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return DeadlineDriver.Of(run, Aggregate, rules, options);
    }

    /// <summary>The table as a Mermaid state diagram.</summary>
    /// <returns>The text, its lines ended by LF.</returns>
    public string ToMermaid() => rules.Mermaid;

    /// <summary>The category.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"machine {Aggregate.Category}";
}
