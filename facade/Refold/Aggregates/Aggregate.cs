// An aggregate: a decider with the codecs that record it, under a category. The core's Aggregate, mirrored.
// Written by users; runs, folds and verification take one, and all type arguments are inferred from it.
using Refold.Interop;

namespace Refold;

/// <summary>An aggregate of any types, as verification takes several of them.</summary>
public abstract class Aggregate
{
    private protected Aggregate(string category)
    {
        // A category is the beginning of stream names, so it obeys their rules.
        if (StreamId.Create(category).IsSystem)
            throw new ArgumentException("Streams beginning with '$' are Refold's own.", nameof(category));
        Category = category;
    }

    /// <summary>Its streams are the category itself and everything below <c>CATEGORY/</c>.</summary>
    public string Category { get; }

    internal abstract AggregateVerifier Verifier { get; }

    /// <summary>Version and state hash of a stream right after a position.</summary>
    internal abstract ValueTask<(long Version, Hash? Hash)> StateHashAsync(
        RunCore run, StreamId stream, long toPosition, CancellationToken cancellationToken);

    /// <summary>The state hash of the state that a run holds of a stream at a version; null where it holds none.</summary>
    internal abstract Hash? LiveStateHash(RunCore run, StreamId stream, long version);

    /// <summary>Makes the aggregate known to a run, as handing out its streams does.</summary>
    internal abstract void Join(Run run);

    /// <summary>Whether the stream is one of this category.</summary>
    /// <param name="stream">The stream.</param>
    /// <returns>True for the category itself and for streams below it.</returns>
    public bool Owns(StreamId stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return AggregateTranslation.Owns(Category, stream);
    }

    /// <summary>Makes an aggregate; all type arguments are inferred.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="category">Its streams are the category itself and everything below <c>CATEGORY/</c>.</param>
    /// <param name="decider">The pure heart.</param>
    /// <param name="commands">The form of commands.</param>
    /// <param name="events">The form of events.</param>
    /// <param name="errors">The form of refusals.</param>
    /// <param name="state">The form of the state, for snapshots and state hashes; without one, state hashes do not apply.</param>
    /// <param name="tags">The tags of an event; default: none.</param>
    /// <returns>The aggregate.</returns>
    /// <exception cref="ArgumentException">The category is no name of a stream.</exception>
    public static Aggregate<TState, TCommand, TEvent, TError> Create<TState, TCommand, TEvent, TError>(
        string category,
        Decider<TState, TCommand, TEvent, TError> decider,
        Codec<TCommand> commands,
        Codec<TEvent> events,
        Codec<TError> errors,
        Codec<TState>? state = null,
        Func<TEvent, IEnumerable<string>>? tags = null) => new(category, decider, commands, events, errors, state, tags);

    /// <summary>Makes an aggregate from a decider's parts; all type arguments are inferred, the functions are method groups or
    /// lambdas.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="category">Its streams are the category itself and everything below <c>CATEGORY/</c>.</param>
    /// <param name="initial">The state before the first event: one value for every stream. Where it can be changed (a list, an array), give
    /// a function that makes it.</param>
    /// <param name="decide">Events, or a refusal.</param>
    /// <param name="evolve">The state after an event.</param>
    /// <param name="commands">The form of commands.</param>
    /// <param name="events">The form of events.</param>
    /// <param name="errors">The form of refusals.</param>
    /// <param name="state">The form of the state, for snapshots and state hashes; without one, state hashes do not apply.</param>
    /// <param name="tags">The tags of an event; default: none.</param>
    /// <returns>The aggregate.</returns>
    /// <exception cref="ArgumentException">The category is no name of a stream.</exception>
    public static Aggregate<TState, TCommand, TEvent, TError> Create<TState, TCommand, TEvent, TError>(
        string category,
        TState initial,
        Func<Step, TState, TCommand, Decision<TEvent, TError>> decide,
        Func<TState, TEvent, TState> evolve,
        Codec<TCommand> commands,
        Codec<TEvent> events,
        Codec<TError> errors,
        Codec<TState>? state = null,
        Func<TEvent, IEnumerable<string>>? tags = null) =>
        new(category, new Decider<TState, TCommand, TEvent, TError>(initial, decide, evolve), commands, events, errors, state, tags);

    /// <summary>Makes an aggregate over states that can be changed: every stream, and every fold of it, begins with an initial state of its
    /// own. <c>evolve</c> answers a new state all the same: verifying applies an event to one state more than once, and names what
    /// comes out differently.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="category">Its streams are the category itself and everything below <c>CATEGORY/</c>.</param>
    /// <param name="initial">Makes the state before the first event: a new one, equal to the others, at each call. Called once
    /// here.</param>
    /// <param name="decide">Events, or a refusal.</param>
    /// <param name="evolve">The state after an event.</param>
    /// <param name="commands">The form of commands.</param>
    /// <param name="events">The form of events.</param>
    /// <param name="errors">The form of refusals.</param>
    /// <param name="state">The form of the state, for snapshots and state hashes; without one, state hashes do not apply.</param>
    /// <param name="tags">The tags of an event; default: none.</param>
    /// <returns>The aggregate.</returns>
    /// <exception cref="ArgumentException">The category is no name of a stream.</exception>
    public static Aggregate<TState, TCommand, TEvent, TError> Create<TState, TCommand, TEvent, TError>(
        string category,
        Func<TState> initial,
        Func<Step, TState, TCommand, Decision<TEvent, TError>> decide,
        Func<TState, TEvent, TState> evolve,
        Codec<TCommand> commands,
        Codec<TEvent> events,
        Codec<TError> errors,
        Codec<TState>? state = null,
        Func<TEvent, IEnumerable<string>>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(initial);
        var decider = new Decider<TState, TCommand, TEvent, TError>(initial(), decide, evolve) { NewInitial = initial };
        return new(category, decider, commands, events, errors, state, tags);
    }
}

/// <summary>A decider and how it is recorded. Made by <see cref="Aggregate"/>'s <c>Create</c>.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
public sealed class Aggregate<TState, TCommand, TEvent, TError> : Aggregate
{
    internal Aggregate(
        string category,
        Decider<TState, TCommand, TEvent, TError> decider,
        Codec<TCommand> commands,
        Codec<TEvent> events,
        Codec<TError> errors,
        Codec<TState>? state,
        Func<TEvent, IEnumerable<string>>? tags)
        : base(category)
    {
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentNullException.ThrowIfNull(decider.Decide);
        ArgumentNullException.ThrowIfNull(decider.Evolve);
        ArgumentNullException.ThrowIfNull(commands);
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(errors);
        RequireWholeState(state, nameof(state));
        Decider = decider;
        Commands = commands;
        Events = events;
        Errors = errors;
        State = state;
        Tags = tags ?? (_ => []);
        Value = AggregateTranslation.ToCore(this);
        Verifier = AggregateVerifier.Of(this);
    }

    /// <summary>An aggregate of the core, taken as it is.</summary>
    internal Aggregate(Core.Aggregate<TState, TCommand, TEvent, TError> value)
        : base(value.Category)
    {
        Value = value;
        State = value.State is { } state ? new Codec<TState>(state.Value) : null;
        RequireWholeState(State, nameof(value));
        Verifier = AggregateVerifier.Of(this);
        Decider = AggregateTranslation.OfCore(value.Decider);
        Commands = new Codec<TCommand>(value.Commands);
        Events = new Codec<TEvent>(value.Events);
        Errors = new Codec<TError>(value.Errors);
        Tags = happened => value.Tags.Invoke(happened).Select(tag => tag.Value);
    }

    private static void RequireWholeState(Codec<TState>? state, string parameter)
    {
        if (state is { Redacts: true })
            throw new ArgumentException("A state is what its events make of it: redact those, not the state.", parameter);
    }

    internal Core.Aggregate<TState, TCommand, TEvent, TError> Value { get; }

    /// <summary>The aggregate as one stream takes it that is folded from its beginning: with an initial state of its own, where the decider
    /// makes them.</summary>
    internal Core.Aggregate<TState, TCommand, TEvent, TError> Fresh() =>
        Decider.NewInitial is { } make ? Value.WithInitial(make()) : Value;

    internal override AggregateVerifier Verifier { get; }

    internal override void Join(Run run) => run.Streams(this);

    internal override async ValueTask<(long Version, Hash? Hash)> StateHashAsync(
        RunCore run, StreamId stream, long toPosition, CancellationToken cancellationToken)
    {
        var report = await StreamState.EvidenceAsync(run, this, stream, toPosition, cancellationToken).ConfigureAwait(false);
        return (report.Version, report.StateHash is { } hash ? Hash.Parse(hash) : (Hash?)null);
    }

    internal override Hash? LiveStateHash(RunCore run, StreamId stream, long version) =>
        run.Kept(stream, this) is { Folded: FoldedState<TState> state } && state.Version == version
            ? Core.Folding.tryStateHash(Value, state.State).ToNullable()
            : null;

    /// <summary>The pure heart.</summary>
    public Decider<TState, TCommand, TEvent, TError> Decider { get; }

    /// <summary>The form of commands.</summary>
    public Codec<TCommand> Commands { get; }

    /// <summary>The form of events.</summary>
    public Codec<TEvent> Events { get; }

    /// <summary>The form of refusals.</summary>
    public Codec<TError> Errors { get; }

    /// <summary>The form of the state, for snapshots and state hashes; null: state hashes do not apply.</summary>
    public Codec<TState>? State { get; }

    /// <summary>The tags of an event.</summary>
    public Func<TEvent, IEnumerable<string>> Tags { get; }

    /// <summary>The same aggregate with another rule; for seeing what a changed rule does to a recorded run.</summary>
    /// <param name="decide">Events, or a refusal.</param>
    /// <returns>A new aggregate.</returns>
    public Aggregate<TState, TCommand, TEvent, TError> WithDecide(Func<Step, TState, TCommand, Decision<TEvent, TError>> decide) =>
        new(Category, Decider with { Decide = decide }, Commands, Events, Errors, State, Tags);
}
