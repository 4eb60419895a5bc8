// The table of a machine on its way from delegates to the core, and the machine that the core makes of it.
// Filled by MachineBuilder; the machine is asked by Machine, by the driver of deadlines and by the F# face.
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>A table that is being filled.</summary>
internal sealed class MachineAssembly<TAt, TCommand, TEvent, TError>(
    TAt? initial,
    Core.MachineNames<TAt>? states,
    Core.MachineNames<TCommand> commands,
    Core.MachineNames<TEvent> events)
    where TAt : class
{
    private readonly List<Core.MachineRow<TAt, TCommand, FSharpFunc<Step, FSharpFunc<TAt, FSharpFunc<TCommand, Decision<TEvent, TError>>>>>>
        decides = [];

    private readonly List<Core.MachineRow<TAt, TEvent, FSharpFunc<TAt, FSharpFunc<TEvent, TAt>>>> moves = [];
    private readonly List<Core.MachineTimeout<TAt, TCommand>> timeouts = [];

    public Core.MachineNames<TCommand> Commands => commands;

    public Core.MachineNames<TEvent> Events => events;

    public bool Decides => decides.Count > 0;

    public void Decide(
        IReadOnlyList<string> from, string on, string? guard, Func<TAt, TCommand, bool>? when,
        Func<Step, TAt, TCommand, Decision<TEvent, TError>> decide) =>
        decides.Add(new(from.ToFSharpList(), on, guard.ToOption(), Holds(when), null, FuncConvert.FromFunc(decide)));

    public void Move(
        IReadOnlyList<string> from, string on, string? guard, Func<TAt, TEvent, bool>? when, string? to, Func<TAt, TEvent, TAt> move) =>
        moves.Add(new(from.ToFSharpList(), on, guard.ToOption(), Holds(when), to.ToOption(), FuncConvert.FromFunc(move)));

    public void TimeOut(string state, Func<TAt, DateTimeOffset?, DateTimeOffset?> at, Func<TAt, TCommand> command) =>
        timeouts.Add(new(
            state,
            FuncConvert.FromFunc((TAt here, FSharpOption<DateTimeOffset>? since) => at(here, since.ToNullable()).ToOption()),
            FuncConvert.FromFunc(command)));

    /// <summary>The machine; null where something is wrong.</summary>
    public MachineRules<TAt, TCommand, TEvent>? Build(
        Func<string, string, IReadOnlyList<string>, Decision<TEvent, TError>>? illegal,
        IReadOnlyList<string> withoutCodec,
        out Func<Step, TAt, TCommand, Decision<TEvent, TError>> decide,
        out IReadOnlyList<MachineDefect> defects)
    {
        var refuse = illegal is null
            ? null
            : FuncConvert.FromFunc((string state, string on, FSharpList<string> guards) => illegal(state, on, [.. guards]));
        var built = Core.StateMachine.build(new Core.StateTable<TAt, Step, TCommand, TEvent, Decision<TEvent, TError>>(
            initial.ToOption(),
            states.ToOption(),
            commands.ToOption(),
            events.ToOption(),
            decides.ToFSharpList(),
            moves.ToFSharpList(),
            timeouts.ToFSharpList(),
            refuse.ToOption(),
            withoutCodec.ToFSharpList()));
        defects = built.IsOk ? [] : [.. built.ErrorValue.Select(MachineTranslation.ToFacade)];
        decide = built.IsOk
            ? (step, at, command) =>
                FSharpFunc<Step, TAt>.InvokeFast(built.ResultValue.Decide, step, at, command)
            : (_, _, _) => throw new InvalidOperationException("The machine was not built.");
        return built.IsOk ? MachineTranslation.Rules(built.ResultValue) : null;
    }

    private static FSharpFunc<TAt, FSharpFunc<TOn, bool>> Holds<TOn>(Func<TAt, TOn, bool>? when) =>
        FuncConvert.FromFunc(when ?? ((_, _) => true));
}

/// <summary>A built machine, as it is asked in both languages.</summary>
/// <param name="StateOf">The name of a state.</param>
/// <param name="Evolve">The state after an event.</param>
/// <param name="HasDeadlines">Whether any state is left by time.</param>
/// <param name="IsTimed">Whether a state is left by time.</param>
/// <param name="DeadlineOf">The next deadline, from a state and the recorded time at which it was entered.</param>
/// <param name="Observe">The transition that an event was; null for none.</param>
/// <param name="TransitionsOf">The transitions of events, folded from a state.</param>
/// <param name="Transitions">Every transition that the table allows.</param>
/// <param name="Mermaid">The diagram.</param>
internal sealed record MachineRules<TAt, TCommand, TEvent>(
    Func<TAt, string> StateOf,
    Func<TAt, TEvent, TAt> Evolve,
    bool HasDeadlines,
    Func<TAt, bool> IsTimed,
    Func<TAt, DateTimeOffset?, MachineDeadline<TCommand>?> DeadlineOf,
    Func<TAt, TEvent, TAt, MachineTransition?> Observe,
    Func<TAt, IEnumerable<TEvent>, IReadOnlyList<MachineTransition>> TransitionsOf,
    IReadOnlyList<MachineTransition> Transitions,
    string Mermaid);

internal static class MachineTranslation
{
    public static MachineDefect ToFacade(this Core.TableDefect defect) =>
        new(defect.Code, OrNull(defect.State), OrNull(defect.On), defect.Text);

    public static MachineTransition ToFacade(this Core.TableTransition transition) =>
        new(transition.From, transition.On, transition.To, transition.Guard.ToReference());

    public static MachineRules<TAt, TCommand, TEvent> Rules<TAt, TStep, TCommand, TEvent, TDecision>(
        Core.StateMachine<TAt, TStep, TCommand, TEvent, TDecision> machine) => new(
            machine.StateOf.Invoke,
            (at, happened) => FSharpFunc<TAt, TEvent>.InvokeFast(machine.Evolve, at, happened),
            !machine.Table.Timeouts.IsEmpty,
            at => Core.StateMachine.isTimed(machine, at),
            (at, since) => Core.StateMachine.deadline(machine, at, since.ToOption()) is { Value: var (due, command) }
                ? new MachineDeadline<TCommand>(due.ToUniversalTime(), command)
                : null,
            (before, happened, after) => Core.StateMachine.observed(machine, before, happened, after).ToReference()?.ToFacade(),
            (at, events) => [.. Core.StateMachine.follow(machine, at, events).Select(ToFacade)],
            [.. Core.StateMachine.transitions(machine).Select(ToFacade)],
            Core.MachineDiagram.mermaid(machine));

    /// <summary>The names of an enum's members, of an F# union's cases, or a text itself; null for other types.</summary>
    public static Core.MachineNames<T>? NamesOfType<T>() => Core.MachineNames.tryOfType<T>().ToReference();

    public static Core.MachineNames<T> Names<T>(Func<T, string> nameOf, IEnumerable<string> all) =>
        new(FuncConvert.FromFunc(nameOf), all.ToFSharpList());

    public static string Name<T>(this Core.MachineNames<T> names, T value) => names.NameOf.Invoke(value);

    /// <summary>The idempotency key under which the command of a deadline is given.</summary>
    public static string DeadlineKey(StreamId stream, long enteredAt, DateTimeOffset due) =>
        Core.StateMachine.deadlineKey(stream, enteredAt, due);

    public static MachineStay<TAt> Beginning<TAt>(TAt initial) => new(Core.StateMachine.beginning(initial));

    /// <summary>Where a machine stands after the next entry of its stream; null, and why, where the entry cannot be applied.</summary>
    public static MachineStay<TAt>? Enter<TAt, TCommand, TEvent, TError>(
        this MachineStay<TAt> stay,
        Func<TAt, string> stateOf,
        Aggregate<TAt, TCommand, TEvent, TError> aggregate,
        JournalEntry entry,
        out Divergence? divergence)
    {
        var entered = Core.StateMachine.enter(FuncConvert.FromFunc(stateOf), aggregate.Value, stay.Value, entry.Value);
        divergence = entered.IsOk ? null : new Divergence(entered.ErrorValue);
        return entered.IsOk ? new MachineStay<TAt>(entered.ResultValue) : null;
    }

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}

/// <summary>Where a machine stands after entries of its stream.</summary>
internal sealed class MachineStay<TAt>(Core.MachineStay<TAt> value)
{
    public MachineStay(TAt at, long version, JournalEntry? entered)
        : this(new Core.MachineStay<TAt>(at, version, (entered?.Value).ToOption()))
    {
    }

    public Core.MachineStay<TAt> Value { get; } = value;

    public TAt At => Value.At;

    public long Version => Value.Version;

    /// <summary>The entry that moved it into the state; null before the first one, or where it is not known.</summary>
    public JournalEntry? Entered { get; } = value.Entered.ToReference() is { } entry ? new JournalEntry(entry) : null;
}
