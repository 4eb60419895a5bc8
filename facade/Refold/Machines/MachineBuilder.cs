// The table of a state machine while it is written: what it begins with, its codecs, its names; and building it.
// Begun by Machine.Create; the rows are in MachineBuilder.Rows.cs.
using System.Diagnostics.CodeAnalysis;
using Refold.Interop;

namespace Refold;

/// <summary>The table of a state machine while it is written. Its methods change it and return it.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TData">The data beside the state.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
/// <remarks>
/// <para>Rows have an order: of those for a state and a command, or for a state and an event, the first whose guard holds is taken. A
/// command without one is refused as an <see cref="IllegalTransition"/>. An event without one cannot be folded, and a step that decides
/// it fails before anything is written.</para>
/// <para>States, commands and events have names. Those of an enum are its members; those of classes are the entry types of the codec
/// (<see cref="Codec.Json{TBase}(System.Text.Json.Serialization.Metadata.JsonTypeInfo{TBase}, Action{JsonTypes{TBase}})"/>), or, where the
/// codec does not tell them, the names of the classes; texts are their own names. The names of a state and a command are recorded where
/// the command is illegal in the state.</para>
/// </remarks>
public sealed partial class MachineBuilder<TState, TData, TCommand, TEvent, TError>
    where TCommand : notnull
    where TEvent : notnull
{
    private readonly string category;
    private readonly List<Action<MachineAssembly<MachineState<TState, TData>, TCommand, TEvent, TError>>> rows = [];
    private MachineState<TState, TData>? initial;
    private Core.MachineNames<TState>? states = MachineTranslation.NamesOfType<TState>();
    private Codec<TCommand>? commands;
    private Codec<TEvent>? events;
    private Codec<TError>? errors;
    private Func<IllegalTransition, TError>? illegal;
    private Codec<MachineState<TState, TData>>? state;
    private Func<TEvent, IEnumerable<string>>? tags;

    internal MachineBuilder(string category)
    {
        if (StreamId.Create(category).IsSystem)
            throw new ArgumentException("Streams beginning with '$' are Refold's own.", nameof(category));
        this.category = category;
    }

    /// <summary>State and data before the first event.</summary>
    /// <param name="state">The state.</param>
    /// <param name="data">The data.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Initially(TState state, TData data)
    {
        initial = new MachineState<TState, TData>(state, data);
        return this;
    }

    /// <summary>Names the states, where they are no enum and no text.</summary>
    /// <param name="nameOf">The name of a state. It is recorded where a command is illegal, so it must not change.</param>
    /// <param name="names">Every name; with them, unknown and unreachable states are found when the machine is built.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> States(Func<TState, string> nameOf, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(nameOf);
        ArgumentNullException.ThrowIfNull(names);
        states = MachineTranslation.Names(nameOf, names);
        return this;
    }

    /// <summary>The form of commands. A machine without rows for commands needs none: it can be folded only.</summary>
    /// <param name="codec">The codec.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Commands(Codec<TCommand> codec)
    {
        ArgumentNullException.ThrowIfNull(codec);
        commands = codec;
        return this;
    }

    /// <summary>The form of events.</summary>
    /// <param name="codec">The codec.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Events(Codec<TEvent> codec)
    {
        ArgumentNullException.ThrowIfNull(codec);
        events = codec;
        return this;
    }

    /// <summary>The form of refusals, and the refusal that an illegal transition is.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="refusal">Makes the refusal.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Errors(Codec<TError> codec, Func<IllegalTransition, TError> refusal)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(refusal);
        (errors, illegal) = (codec, refusal);
        return this;
    }

    /// <summary>The form of state and data, for snapshots and state hashes; without one, they do not apply.</summary>
    /// <param name="codec">The codec.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> State(Codec<MachineState<TState, TData>> codec)
    {
        ArgumentNullException.ThrowIfNull(codec);
        state = codec;
        return this;
    }

    /// <summary>The tags of an event.</summary>
    /// <param name="tagsOf">The tags.</param>
    /// <returns>This.</returns>
    public MachineBuilder<TState, TData, TCommand, TEvent, TError> Tags(Func<TEvent, IEnumerable<string>> tagsOf)
    {
        ArgumentNullException.ThrowIfNull(tagsOf);
        tags = tagsOf;
        return this;
    }

    /// <summary>Builds the machine.</summary>
    /// <returns>The machine.</returns>
    /// <exception cref="MachineException">Something is missing or unknown, a state is unreachable, or a row is never taken; the exception
    /// names everything.</exception>
    public Machine<TState, TData, TCommand, TEvent, TError> Build() =>
        TryBuild(out var machine, out var defects) ? machine : throw new MachineException(category, defects);

    /// <summary>Builds the machine, if nothing is wrong with the table.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="defects">What is wrong; empty if nothing is.</param>
    /// <returns>Whether it was built.</returns>
    public bool TryBuild(
        [NotNullWhen(true)] out Machine<TState, TData, TCommand, TEvent, TError>? machine, out IReadOnlyList<MachineDefect> defects)
    {
        var named = states;
        var assembly = new MachineAssembly<MachineState<TState, TData>, TCommand, TEvent, TError>(
            initial,
            named is null
                ? null
                : MachineTranslation.Names((MachineState<TState, TData> at) => named.Name(at.State), named.All),
            NamesOf(commands),
            NamesOf(events));
        foreach (var add in rows) add(assembly);
        string[] withoutCodec =
        [
            .. assembly.Decides && commands is null ? ["commands"] : Array.Empty<string>(),
            .. events is null ? ["events"] : Array.Empty<string>(),
            .. assembly.Decides && errors is null ? ["errors"] : Array.Empty<string>(),
        ];
        var rules = assembly.Build(illegal is null ? null : Illegal, withoutCodec, out var decide, out defects);
        machine = null;
        if (rules is null) return false;
        var aggregate = Aggregate.Create(
            category,
            new Decider<MachineState<TState, TData>, TCommand, TEvent, TError>(initial!, decide, rules.Evolve),
            commands ?? None<TCommand>(),
            events!,
            errors ?? None<TError>(),
            state,
            tags);
        machine = new Machine<TState, TData, TCommand, TEvent, TError>(aggregate, rules);
        return true;
    }

    private Decision<TEvent, TError> Illegal(string state, string command, IReadOnlyList<string> guards) =>
        Decision.Refuse<TEvent, TError>(illegal!(new IllegalTransition(state, command, guards)));

    // A machine that is only folded has no commands, and no form for them.
    private static Codec<T> None<T>() => Codec.Create<T>(
        "none",
        _ => throw new FormatException("the machine was built without commands, for folding only"),
        _ => throw new FormatException("the machine was built without commands, for folding only"));

    private static Core.MachineNames<T> NamesOf<T>(Codec<T>? codec)
        where T : notnull
    {
        if (MachineTranslation.NamesOfType<T>() is { } names) return names;
        return codec?.TypeNamesOfClasses is { } classes
            ? MachineTranslation.Names((T value) => classes.GetValueOrDefault(value.GetType(), value.GetType().Name), classes.Values)
            : MachineTranslation.Names((T value) => value.GetType().Name, []);
    }

    private string NameOf<T>(Type type, Codec<T>? codec) =>
        codec?.TypeNamesOfClasses is { } classes && classes.TryGetValue(type, out var name) ? name : type.Name;

    private string NameOf(TState state) => states is null ? "?" : states.Name(state);
}
