// Between the mirrored deciders and aggregates and the core's.
// Used by Aggregate, runs and verification.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class AggregateTranslation
{
    public static bool Owns(string category, StreamId stream) => Core.Aggregate.owns(category, stream);

    public static Core.Aggregate<TState, TCommand, TEvent, TError> ToCore<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate) => new(
            aggregate.Category,
            ToCore(aggregate.Decider),
            aggregate.Commands.Value,
            aggregate.Events.Value,
            aggregate.Errors.Value,
            (aggregate.State?.Value).ToOption(),
            FuncConvert.FromFunc((TEvent happened) => aggregate.Tags(happened).Select(Core.Tag.Create).ToFSharpList()));

    /// <summary>The same aggregate with another initial state.</summary>
    public static Core.Aggregate<TState, TCommand, TEvent, TError> WithInitial<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate, TState initial) => new(
            aggregate.Category,
            new Core.Decider<TState, TCommand, TEvent, TError>(initial, aggregate.Decider.Decide, aggregate.Decider.Evolve),
            aggregate.Commands,
            aggregate.Events,
            aggregate.Errors,
            aggregate.State,
            aggregate.Tags);

    /// <summary>The aggregate that a value is, of C# or of the core; null where it is none.</summary>
    public static Aggregate? TryRead(object? value) => value switch
    {
        Aggregate aggregate => aggregate,
        IAggregateOwner owner => owner.Aggregate,
        Core.IAggregate aggregate => aggregate.Accept(new Taking()),
        _ => null,
    };

    private static Core.Decider<TState, TCommand, TEvent, TError> ToCore<TState, TCommand, TEvent, TError>(
        Decider<TState, TCommand, TEvent, TError> decider) => new(
            decider.Initial, new Deciding<TState, TCommand, TEvent, TError>(decider.Decide), FuncConvert.FromFunc(decider.Evolve));

    // Called by its parts in runs and verification: nothing of the core is made on the way.
    private sealed class Deciding<TState, TCommand, TEvent, TError>(Func<Step, TState, TCommand, Decision<TEvent, TError>> decide)
        : Core.SendingDecide<TState, TCommand, TEvent, TError>(FuncConvert.FromFunc((Core.Step step, TState state, TCommand command) =>
            decide(new Step(step.Now, step.CommandId, step.Random), state, command).ToCore()))
    {
        public override Core.DecidedParts<TEvent, TError> Parts(
            DateTimeOffset now, Guid commandId, SeededRng random, TState state, TCommand command) =>
            decide(new Step(now, commandId, random), state, command).ToParts();
    }

    public static Decider<TState, TCommand, TEvent, TError> OfCore<TState, TCommand, TEvent, TError>(
        Core.Decider<TState, TCommand, TEvent, TError> decider) => new(
            decider.Initial,
            (step, state, command) =>
                Core.Decider.decide(decider, new Core.Step(step.Now, step.CommandId, step.Random), state, command).ToDecision(),
            (state, happened) => FSharpFunc<TState, TEvent>.InvokeFast(decider.Evolve, state, happened));

    private sealed class Taking : Core.IAggregateVisitor<Aggregate>
    {
        public Aggregate Visit<TState, TCommand, TEvent, TError>(Core.Aggregate<TState, TCommand, TEvent, TError> aggregate) =>
            new Aggregate<TState, TCommand, TEvent, TError>(aggregate);
    }
}
