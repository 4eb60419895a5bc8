// One step of a scenario: the step that a recorded run makes, without a journal.
// Used by scenarios and by the laws of command sequences.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold.Testing;

/// <summary>Where and when a step is made.</summary>
/// <param name="Stream">The stream that the command is for.</param>
/// <param name="Root">The root of random numbers, as a run's.</param>
/// <param name="Now">The time of the step.</param>
/// <param name="Version">The stream's version before the step.</param>
/// <param name="RunVersion">The run stream's version before it.</param>
internal sealed record ScenarioPlace(StreamId Stream, RngState Root, DateTimeOffset Now, long Version, long RunVersion)
{
    private static readonly RunId Run = RunId.Create("scenario");

    /// <summary>2026-01-01, and the seed 0; the entry that starts the run is its first.</summary>
    public static ScenarioPlace Of(Aggregate aggregate) => new(
        StreamId.Create(aggregate.Category + "/1"),
        RngState.FromSeed(0),
        new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        0,
        1);

    public Core.RunContext Context() => RunTranslation.Context(Run, new RunPin("scenario", "", "", 0), Root, RecordMode.Record);

    /// <summary>The id of an event of the step, by its place from 0.</summary>
    public Guid EventId(int index) => Core.EntryModule.derivedId(FSharpOption<RunId>.Some(Run), Stream, Version + index + 1);

    /// <summary>What the decision is handed, anew: its generator begins where the decision's did.</summary>
    public Step Step() => new(
        Now.ToUniversalTime(),
        Core.EntryModule.derivedId(FSharpOption<RunId>.Some(Run), Run.Stream, RunVersion + 1),
        Core.RunStep.random(Root, Stream, Version));
}

/// <summary>The outcome of a step.</summary>
internal sealed record ScenarioResult<TState, TEvent, TError>(
    Decision<TEvent, TError> Decision, Encoded Command, EncodedOutcome Outcome, TState State, ScenarioPlace After, ulong DrawnWords);

internal static class ScenarioStep
{
    /// <exception cref="StepFault">The aggregate's code threw, or a codec loses something.</exception>
    public static ScenarioResult<TState, TEvent, TError> Make<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        ScenarioPlace place,
        TState state,
        TCommand command,
        bool checksCodecs)
    {
        var made = Core.RunStep.make(
            new Core.StepSettings(true, checksCodecs, null, null, null, false, false),
            place.Context(),
            aggregate.Value,
            new Core.RunPosition<TState>(place.Version, state, place.RunVersion),
            new Core.StepInput<TCommand>(place.Stream, command, place.Now, null, null, null));
        if (made.IsError)
            throw new StepFault(made.ErrorValue.ToString(), (made.ErrorValue as Core.StepError.Threw)?.error);
        var step = made.ResultValue;
        Encoded[] entries = [.. step.Batch!.Value.Entries.Select(Encoded)];
        return new(
            step.Outcome.ToDecision(step.Messages),
            entries[0] with { Payload = Core.Envelope.tryRead(Core.Bytes.Wrap(entries[0].Payload)).ResultValue.Item2.Memory },
            new EncodedOutcome(step.Outcome.IsError, entries[1..^step.Messages.Length])
            {
                Messages = [.. step.Batch.Value.Entries.TakeLast(step.Messages.Length).Select(Sent)],
            },
            step.Position.State,
            place with { Version = step.Position.Version, RunVersion = step.Position.RunVersion },
            step.Drawn);
    }

    // The outbox stands with the type: both say what is sent where.
    private static Encoded Sent(Core.EntryData data) => Encoded(data) with { Type = SentType(data.Type, Core.Outbox.nameOf(data.Stream)) };

    public static string SentType(string type, string outbox) => $"{type} through {outbox}";

    private static Encoded Encoded(Core.EntryData data) => new(data.Type, data.SchemaVersion, data.Payload.Memory);
}

/// <summary>A step that could not be made; told by whoever asked for it.</summary>
internal sealed class StepFault(string message, Exception? innerException) : Exception(message, innerException);
