// Given, when, then: what a decider decides on a history, compared as it would be recorded.
// Called by the tests of whoever writes aggregates.
using System.Collections.Immutable;

namespace Refold.Testing;

/// <summary>Beginning a scenario.</summary>
/// <remarks>No test framework is asked for: what differs is thrown as <see cref="ScenarioException"/>.</remarks>
public static class Scenario
{
    /// <summary>The history of a stream: <c>Order.Aggregate.Given(new Placed("sku", 1)).When(new Cancel()).Then(..)</c>. None:
    /// a stream without entries.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="events">The events, in order.</param>
    /// <returns>The scenario.</returns>
    /// <exception cref="ScenarioException">An event cannot be recorded, or <c>evolve</c> throws on it.</exception>
    public static Scenario<TState, TCommand, TEvent, TError> Given<TState, TCommand, TEvent, TError>(
        this Aggregate<TState, TCommand, TEvent, TError> aggregate, params IEnumerable<TEvent> events)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        return new Scenario<TState, TCommand, TEvent, TError>(aggregate, ScenarioPlace.Of(aggregate), []).Given(events);
    }

    /// <summary>A recorded stream as the history: an incident becomes a test. With the seed of the recorded run's pin
    /// (<see cref="Scenario{TState, TCommand, TEvent, TError}.WithSeed"/>) the next decision draws what it would have drawn in the
    /// run.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="journal">The journal; only read.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="toVersion">The last version that counts; beyond the stream's end: all of it.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The scenario.</returns>
    /// <exception cref="ScenarioException">The journal has no such stream; an event cannot be decoded; or <c>evolve</c> throws on
    /// it.</exception>
    /// <exception cref="EntriesDroppedException">The stream's beginning was deleted.</exception>
    public static async Task<Scenario<TState, TCommand, TEvent, TError>> GivenAsync<TState, TCommand, TEvent, TError>(
        this Aggregate<TState, TCommand, TEvent, TError> aggregate,
        IJournal journal,
        StreamId stream,
        long toVersion = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(stream);
        if (await journal.HighestVersionAsync(stream, cancellationToken).ConfigureAwait(false) == 0)
            throw new ScenarioException($"The journal has no stream '{stream}'; Given() without events begins with an empty one.");
        List<TEvent> events = [];
        long version = 0;
        await foreach (var entry in journal.ReadStreamAsync(stream, 1, toVersion, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            version = entry.Version;
            // Facts, events and unmarked entries make the state; all others only count.
            if (Core.RoleModule.isApplied(entry.Value.Data.Role)) events.Add(Decode(aggregate.Events, entry));
        }

        return aggregate.Given().InStream(stream).With(events, version);
    }

    private static TEvent Decode<TEvent>(Codec<TEvent> codec, JournalEntry entry)
    {
        try
        {
            return codec.Decode(entry);
        }
        catch (CodecException unreadable)
        {
            throw new ScenarioException($"version {ScenarioText.Number(entry.Version)}: {unreadable.Message}", unreadable);
        }
    }
}

/// <summary>A stream with its history, and where and when the next command comes. Immutable: every member answers another one.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
public sealed class Scenario<TState, TCommand, TEvent, TError>
{
    private readonly ScenarioPlace place;
    // As the codec reads them back.
    private readonly ImmutableList<TEvent> events;

    internal Scenario(Aggregate<TState, TCommand, TEvent, TError> aggregate, ScenarioPlace place, ImmutableList<TEvent> events) =>
        (Aggregate, this.place, this.events) = (aggregate, place, events);

    internal Aggregate<TState, TCommand, TEvent, TError> Aggregate { get; }

    /// <summary>The events so far, as the event codec reads them back.</summary>
    public IReadOnlyList<TEvent> Events => events;

    /// <summary>The state after it, folded anew at each call.</summary>
    public TState State
    {
        get
        {
            var state = Aggregate.Decider.NewInitial is { } make ? make() : Aggregate.Decider.Initial;
            foreach (var happened in events) state = Aggregate.Decider.Evolve(state, happened);
            return state;
        }
    }

    /// <summary>Events that happened besides, behind those before.</summary>
    /// <param name="events">The events, in order.</param>
    /// <returns>The scenario with them.</returns>
    /// <exception cref="ScenarioException">An event cannot be recorded, or <c>evolve</c> throws on it.</exception>
    public Scenario<TState, TCommand, TEvent, TError> Given(params IEnumerable<TEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        TEvent[] settled = [.. events.Select(happened => ScenarioText.Settle("the given event", Aggregate.Events, happened))];
        return With(settled, place.Version + settled.Length);
    }

    /// <summary>The time of the commands that follow. Default: 2026-01-01T00:00:00Z.</summary>
    /// <param name="now">The time; recorded in UTC.</param>
    /// <returns>The scenario at that time.</returns>
    public Scenario<TState, TCommand, TEvent, TError> At(DateTimeOffset now) => new(Aggregate, place with { Now = now }, events);

    /// <summary>The seed of random numbers, as a run has it from its pin. Default: 0. A step's generator follows from seed, stream and
    /// version, so that a recorded step's draws come again under its run's seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>The scenario with that seed.</returns>
    public Scenario<TState, TCommand, TEvent, TError> WithSeed(ulong seed) => WithRoot(RngState.FromSeed(seed));

    /// <summary>The root of random numbers, as <see cref="RunOptions.Root"/>.</summary>
    /// <param name="root">The root.</param>
    /// <returns>The scenario with that root.</returns>
    public Scenario<TState, TCommand, TEvent, TError> WithRoot(RngState root)
    {
        ArgumentNullException.ThrowIfNull(root);
        return new(Aggregate, place with { Root = root }, events);
    }

    /// <summary>The stream that commands are for. Default: <c>CATEGORY/1</c>.</summary>
    /// <param name="stream">A stream of the aggregate's category.</param>
    /// <returns>The scenario in that stream.</returns>
    /// <exception cref="ArgumentException">It is none of the category.</exception>
    public Scenario<TState, TCommand, TEvent, TError> InStream(StreamId stream) => Aggregate.Owns(stream)
        ? new(Aggregate, place with { Stream = stream }, events)
        : throw new ArgumentException($"'{stream}' is no stream of the category '{Aggregate.Category}'.", nameof(stream));

    /// <summary>A command is decided: twice, so that a rule that depends on something besides step, state and command is found, and once
    /// more over what its codecs read back (<see cref="RunOptions.CheckCodecs"/>). The outcome is compared by <c>Then</c> or
    /// <c>ThenRefused</c> only.</summary>
    /// <param name="command">The command.</param>
    /// <returns>The outcome, to be compared.</returns>
    /// <exception cref="ScenarioException">The aggregate's code threw, its two answers differ, or a codec loses something.</exception>
    public DecidedScenario<TState, TCommand, TEvent, TError> When(TCommand command)
    {
        var made = Make(command, checksCodecs: false);
        var again = Make(command, checksCodecs: false);
        if (ScenarioDifference.Find(made.Outcome, again.Outcome) is { } difference)
        {
            throw new ScenarioException(
                $"Decided twice, two answers: {difference.What}{(difference.Path == "" ? "" : ", " + difference.Path)}: first "
                + $"{difference.Expected}, then {difference.Actual}. The decision depends on something besides step, state and command: a "
                + "clock, a shared variable, a hash order.",
                difference);
        }

        Make(command, checksCodecs: true);
        return new(this, place, made);
    }

    /// <summary>The state is this one, compared in the bytes of the state codec.</summary>
    /// <param name="expected">The state.</param>
    /// <returns>This.</returns>
    /// <exception cref="ScenarioException">It is another one.</exception>
    /// <exception cref="InvalidOperationException">The aggregate has no state codec; compare <see cref="State"/> yourself.</exception>
    public Scenario<TState, TCommand, TEvent, TError> ThenState(TState expected)
    {
        var codec = Aggregate.State
            ?? throw new InvalidOperationException("The aggregate has no state codec; give it one, or compare State yourself.");
        var wanted = ScenarioText.Encode("the expected state", codec, expected);
        var difference = ScenarioDifference.Find(0, "the state", wanted, ScenarioText.Encode("the state", codec, State));
        return difference is null ? this : throw new ScenarioException($"{difference}\n{Given()}", difference);
    }

    /// <summary>The events before, a line each, as a message ends.</summary>
    internal string Given() =>
        ScenarioText.List("given", [.. events.Select(happened => ScenarioText.Encode("the given event", Aggregate.Events, happened))]);

    /// <summary>The scenario after more events, up to a version of the stream; <c>evolve</c> is tried on them.</summary>
    internal Scenario<TState, TCommand, TEvent, TError> With(IEnumerable<TEvent> more, long version)
    {
        var with = new Scenario<TState, TCommand, TEvent, TError>(Aggregate, place with { Version = version }, events.AddRange(more));
        try
        {
            _ = with.State;
            return with;
        }
        catch (Exception thrown)
        {
            throw new ScenarioException($"evolve threw {thrown.GetType().Name}: {thrown.Message}\n{with.Given()}", thrown);
        }
    }

    internal Scenario<TState, TCommand, TEvent, TError> After(ScenarioPlace after, IEnumerable<TEvent> more) =>
        new(Aggregate, after, events.AddRange(more));

    private ScenarioResult<TState, TEvent, TError> Make(TCommand command, bool checksCodecs)
    {
        try
        {
            return ScenarioStep.Make(Aggregate, place, State, command, checksCodecs);
        }
        catch (StepFault fault)
        {
            throw new ScenarioException(
                $"{fault.Message}\nwhen: {ScenarioText.Command(Aggregate, command)}\n{Given()}", fault.InnerException);
        }
    }
}
