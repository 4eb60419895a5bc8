// Between runs and the core's Run: contexts, steps, control entries, and the folding of streams.
// Used by the runs folder, which names no FSharp type itself.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>A step that was made and not yet appended. Refused where it has no list of events.</summary>
internal readonly record struct MadeStep<TState, TEvent, TError>(
    EncodedBatch? Batch,
    TEvent[]? Events,
    TError? Refusal,
    IReadOnlyList<OutgoingMessage> Messages,
    TState State,
    long Version,
    long RunVersion,
    ulong DrawnWords,
    bool IsRedacted);

/// <summary>How a step is made, besides its input.</summary>
/// <param name="CheckCodecs">Whether events are also folded as they were decided, and the states compared.</param>
/// <param name="StoodOn">The snapshot that the state was brought up from; null for none.</param>
/// <param name="CommandId">The command's id; null for the one that follows from the run's version.</param>
/// <param name="Beside">What is appended with it; null for nothing.</param>
/// <param name="MayLend">Whether nobody but the library will hold the batch, and the journal that writes it gives it back.</param>
internal readonly record struct StepSettings(
    bool CheckCodecs, Snapshot? StoodOn = null, Guid? CommandId = null, StepBeside? Beside = null, bool MayLend = false);

/// <summary>What is appended with a step besides what it makes: for a command that an operation gives.</summary>
/// <param name="Effects">Effects of the operation. One without causation is caused by the command.</param>
/// <param name="Condition">What must not have been appended meanwhile.</param>
internal sealed record StepBeside(IReadOnlyList<EntryData> Effects, AppendCondition Condition);

/// <summary>What the end of a run says of it.</summary>
/// <param name="StateHash">The state hash over its streams; null where it does not apply.</param>
/// <param name="Streams">How many streams commands were for.</param>
/// <param name="Inputs">The hash over its inputs.</param>
/// <param name="Started">The hash of its start.</param>
/// <param name="Effects">The version of its effects up to which the inputs have them.</param>
/// <param name="Facts">How many facts the inputs have.</param>
/// <param name="Beside">Entries besides its steps.</param>
internal sealed record RunRecording(
    Hash? StateHash, int Streams, Hash Inputs, Hash Started, long Effects, long Facts, Core.RunBeside Beside);

internal static class RunTranslation
{
    // Those of most steps.
    private static readonly Core.StepSettings PlainStep = new(true, false, null, null, null, false, false);
    private static readonly Core.StepSettings LentStep = new(true, false, null, null, null, false, true);

    /// <summary>What the streams of runs begin with.</summary>
    public const string StreamPrefix = "$run/";

    public static Core.RunContext Context(RunId run, RunPin pin, RngState? root, RecordMode mode) => new(
        run,
        pin,
        root ?? RngState.FromSeed(pin.Seed),
        mode);

    public static EncodedBatch Start(this Core.RunContext context, DateTimeOffset time) =>
        Core.Run.start(context, FSharpOption<DateTimeOffset>.Some(time));

    /// <summary>The stream of a run's effects.</summary>
    public static StreamId EffectsOf(RunId run) => Core.RunStep.effectsOf(run);

    public static EncodedBatch Finish(this Core.RunContext context, long runVersion, RunRecording recorded, DateTimeOffset time)
    {
        var at = FSharpOption<DateTimeOffset>.Some(time);
        var beside = recorded.Beside.Count;
        // Where there is neither, the end says nothing of them.
        var counted = recorded.Facts == 0 && beside == 0
            ? null
            : FSharpOption<Core.RunCounted>.Some(new Core.RunCounted(recorded.Facts, beside, recorded.Beside.HashOf(beside)));
        var vouched = new Core.RunVouched(recorded.Inputs, counted, recorded.Started, at);
        return Core.Run.endedAfter(
            context, runVersion, FSharpOption<long>.Some(recorded.Effects),
            new Core.RunEnding(recorded.StateHash.ToOption(), recorded.Streams, vouched.ToOption()), at);
    }

    /// <summary>The type of the entry that ends a run.</summary>
    public static string EndType => Core.Run.endedType;

    /// <summary>The run whose stream this is. An import can bring in streams that only look like one.</summary>
    public static RunId? TryReadRun(StreamId stream)
    {
        if (!stream.Value.StartsWith(StreamPrefix, StringComparison.Ordinal)) return null;
        var run = Core.RunIdModule.tryCreate(stream.Value[StreamPrefix.Length..]);
        return run.IsOk ? run.ResultValue : null;
    }

    /// <summary>Whether an entry ends a run and counts what is beside its steps.</summary>
    public static bool IsEndWithCounts(JournalEntry entry) => IsEnd(entry) && entry.SchemaVersion >= Core.RunForm.endVersion;

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

    /// <summary>The stream that a command entry is for, the same object for each of its commands; null where the entry is no command that a
    /// step wrote.</summary>
    public static StreamId? TryReadTarget(JournalEntry entry, Core.KnownStreams known)
    {
        if (entry.Role != EntryRole.Command) return null;
        var read = Core.Envelope.tryReadBy(known, entry.Value.Data.Payload);
        return read.IsOk ? read.ResultValue.Item1 : null;
    }

    public static MadeStep<TState, TEvent, TError> Make<TState, TCommand, TEvent, TError>(
        this Core.RunContext context,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        FoldedState<TState> before,
        TCommand command,
        DateTimeOffset now,
        long runVersion,
        ExecuteOptions options,
        StepSettings settings)
    {
        var made = Core.RunStep.settled(
            settings.ToCore(),
            context,
            aggregate.Value, new Core.StepPlace<TState>(before.Version, before.State, runVersion), new Core.GivenCommand<TCommand>(
            stream,
            command,
            now,
            options.CorrelationId.ToOption(),
            options.CausationId.ToOption(),
            options.IdempotencyKey.ToOption(),
            null));
        if (made.IsError) throw Failed(aggregate.Commands, command, stream, made.ErrorValue);
        var step = made.ResultValue;
        return new MadeStep<TState, TEvent, TError>(
            step.Batch,
            step.IsRefused ? null : step.SettledEvents.Values,
            step.Refusal,
            step.Messages.IsEmpty ? [] : [.. step.Messages.Select(message => new OutgoingMessage(message))],
            step.State,
            step.Version,
            step.RunVersion,
            step.Drawn,
            step.Redacted);
    }

    // What of a command is redacted stands neither in the message nor in what was thrown.
    private static StepFailedException Failed<TCommand>(Codec<TCommand> commands, TCommand command, StreamId stream, Core.StepError error)
    {
        var (reason, thrown) = (error.ToString(), (error as Core.StepError.Threw)?.error);
        if (!commands.Redacts) return new StepFailedException(stream, reason, thrown);
        var hidden = new HiddenValues();
        commands.Tell(command, hidden);
        var shown = thrown?.ToString() ?? "";
        return new StepFailedException(stream, hidden.Hide(reason), hidden.Hide(shown) == shown ? thrown : null);
    }

    /// <summary>Whether a batch made again is one of which some entries are left: the same content, and messages of the same ids. Missing
    /// may be messages in outboxes of which messages were deleted.</summary>
    public static bool HasContent(
        EncodedBatch made, Receipt receipt, IReadOnlyList<JournalEntry> left, IReadOnlySet<StreamId> deleted)
    {
        var (entries, kept) = (made.Entries, left.ToDictionary(entry => entry.Position));
        if (entries.Length != receipt.Count || left.Count > entries.Length) return false;
        var again = new List<Core.EntryData>();
        for (var index = 0; index < entries.Length; index++)
        {
            var (data, isMessage) = (entries[index], entries[index].Role.IsMessage);
            if (kept.TryGetValue(receipt.FirstPosition + index, out var entry))
            {
                // The id follows from the stream that the command was for; nothing else of a message does.
                if (isMessage && !Equals(data.Id, entry.Value.Data.Id)) return false;
                again.Add(data);
            }
            else if (!isMessage || !deleted.Contains(data.Stream))
                return false;
        }

        return Core.Encoding.contentHash([.. again]).Equals(Core.Encoding.contentHash([.. left.Select(entry => entry.Value.Data)]));
    }

    private static Core.StepSettings ToCore(this StepSettings settings) =>
        settings is { CheckCodecs: false, StoodOn: null, CommandId: null, Beside: null }
            ? settings.MayLend ? LentStep : PlainStep
            : new Core.StepSettings(
                true, settings.CheckCodecs, settings.CommandId.ToOption(), StoodOn(settings.StoodOn), Beside(settings.Beside), false,
                settings.MayLend);

    private static FSharpOption<Core.StoodOn>? StoodOn(Snapshot? snapshot) =>
        snapshot is null ? null : FSharpOption<Core.StoodOn>.Some(new Core.StoodOn(snapshot.Version, snapshot.Head, snapshot.Value.Pin));

    private static FSharpOption<Core.StepBeside>? Beside(StepBeside? beside) =>
        beside is null ? null : FSharpOption<Core.StepBeside>.Some(
            new Core.StepBeside(beside.Effects.Select(effect => effect.ToCore()).ToFSharpList(), beside.Condition.ToCore()));

    /// <exception cref="ArgumentException">The key breaks a rule.</exception>
    public static void CheckOperationKey(string key, string parameter)
    {
        ArgumentNullException.ThrowIfNull(key, parameter);
        Core.Text.validate("operation key", 512, key).ValueOrThrow(parameter);
    }

    /// <exception cref="ArgumentException">The key breaks a rule.</exception>
    public static void CheckKey(string? key, string parameter)
    {
        if (key is not null)
            Core.Text.validate("idempotency key", Core.Limits.keyBytes, key).ValueOrThrow(parameter);
    }
}
