// Between runs and the core's Run: contexts, steps, control entries, and the folding of streams.
// Used by the runs folder, which names no FSharp type itself.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>A step that was made and not yet appended.</summary>
internal sealed record MadeStep<TState, TEvent, TError>(
    EncodedBatch? Batch,
    Decision<TEvent, TError> Outcome,
    TState State,
    long Version,
    long RunVersion,
    ulong DrawnWords);

internal static class RunTranslation
{
    /// <summary>What the streams of runs begin with.</summary>
    public const string StreamPrefix = "$run/";

    public static Core.RunContext Context(RunId run, RunPin pin, RngState? root, RecordMode mode) => new(
        run,
        pin,
        root ?? RngState.FromSeed(pin.Seed),
        mode);

    public static EncodedBatch Start(this Core.RunContext context, DateTimeOffset time) =>
        Core.Run.start(context, FSharpOption<DateTimeOffset>.Some(time));

    public static EncodedBatch Finish(
        this Core.RunContext context, long runVersion, Hash? stateHash, int streams, DateTimeOffset time) =>
        Core.Run.finish(context, runVersion, stateHash.ToOption(), streams, FSharpOption<DateTimeOffset>.Some(time));

    /// <summary>The run whose stream this is. An import can bring in streams that only look like one.</summary>
    public static RunId? TryReadRun(StreamId stream)
    {
        if (!stream.Value.StartsWith(StreamPrefix, StringComparison.Ordinal)) return null;
        var run = Core.RunIdModule.tryCreate(stream.Value[StreamPrefix.Length..]);
        return run.IsOk ? run.ResultValue : null;
    }

    public static bool IsEnd(JournalEntry entry) => entry.Role == EntryRole.Control && entry.Type == Core.Run.endedType;

    /// <summary>Pin and root state of the entry that started a run; or why it is none.</summary>
    public static (RunPin Pin, RngState Root)? TryReadStart(JournalEntry entry, out string reason)
    {
        var read = Core.Run.tryReadStart(entry.Value);
        reason = read.IsOk ? "" : read.ErrorValue.ToString();
        return read.IsOk ? (read.ResultValue.Item1, read.ResultValue.Item2) : null;
    }

    /// <summary>The stream that a command entry is for, with the command codec's bytes; null where the entry is no command that a step
    /// wrote.</summary>
    public static (StreamId Stream, Encoded Command)? TryReadCommand(JournalEntry entry)
    {
        if (entry.Role != EntryRole.Command)
            return null;
        var read = Core.Envelope.tryRead(entry.Value.Data.Payload);
        return read.IsOk
            ? (read.ResultValue.Item1, new Encoded(entry.Type, entry.SchemaVersion, read.ResultValue.Item2.Memory))
            : null;
    }

    public static MadeStep<TState, TEvent, TError> Make<TState, TCommand, TEvent, TError>(
        this Core.RunContext context,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        FoldedState<TState> before,
        TCommand command,
        DateTimeOffset now,
        long runVersion,
        ExecuteOptions options)
    {
        var made = Core.Run.step(
            context, aggregate.Value, new Core.RunPosition<TState>(before.Version, before.State, runVersion), new Core.StepInput<TCommand>(
            stream,
            command,
            now,
            options.CorrelationId.ToOption(),
            options.CausationId.ToOption(),
            options.IdempotencyKey.ToOption()));
        if (made.IsError)
            throw new StepFailedException(stream, made.ErrorValue.ToString(), (made.ErrorValue as Core.StepError.Threw)?.error);
        var step = made.ResultValue;
        return new MadeStep<TState, TEvent, TError>(
            step.Batch?.Value,
            step.Outcome.ToDecision(),
            step.Position.State,
            step.Position.Version,
            step.Position.RunVersion,
            step.Drawn);
    }

    /// <exception cref="ArgumentException">The key breaks a rule.</exception>
    public static void CheckKey(string? key, string parameter)
    {
        if (key is not null)
            Core.Text.validate("idempotency key", Core.Limits.keyBytes, key).ValueOrThrow(parameter);
    }
}
