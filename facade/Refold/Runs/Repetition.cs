// What was recorded under an idempotency key, answered again: a retry gets the first outcome, whatever the state is by now.
// Called by ExecuteWork before its step is made.
using Refold.Interop;

namespace Refold;

internal static class Repetition
{
    private const string Deleted =
        " Or the command is the same: entries of its batch were deleted since, so what it came to cannot be answered. Nothing was "
        + "appended; give it another key where it is to be executed again.";

    /// <summary>The recorded outcome of a command.</summary>
    /// <returns>Null where the key was not used.</returns>
    /// <exception cref="NotAppendedException">The key was used for another command.</exception>
    public static async ValueTask<ExecutionResult<TState, TEvent, TError>?> FindAsync<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        string key,
        CancellationToken cancellationToken)
    {
        if (await run.Journal.FindByKeyAsync(key, cancellationToken).ConfigureAwait(false) is not { } receipt)
            return null;
        var batch = await BatchAsync(run.Journal, receipt, cancellationToken).ConfigureAwait(false);
        // Only a run writes into its stream: a command elsewhere is somebody else's append.
        var recorded = batch.Find(entry => entry.Role == EntryRole.Command && entry.Run is { } of && entry.Stream == of.Stream);
        var isSame = recorded is null
            ? await IsMadeAnewAsync(run, aggregate, stream, command, receipt, batch, cancellationToken).ConfigureAwait(false)
            : IsSame(aggregate, stream, command, recorded);
        if (!isSame)
        {
            // What it came to would be answered, and is not there any more: that is no other command.
            var isLost = recorded is null && run.Options.Mode == RecordMode.Off && batch.Count < receipt.Count;
            throw new NotAppendedException(new AppendFailure.KeyReused(key, receipt.FirstPosition) { Hint = isLost ? Deleted : "" });
        }

        var loaded = await StreamState.LoadAsync(run, aggregate, stream, receipt.LastPosition, cancellationToken).ConfigureAwait(false);
        var state = loaded.Folded;
        Decision<TEvent, TError> outcome = batch.Find(entry => entry.Role == EntryRole.Refusal) is { } refusal
            ? Decision.Refuse<TEvent, TError>(aggregate.Errors.Decode(refusal))
            : Decision.Accept<TEvent, TError>(batch.Where(entry => entry.Stream == stream).Select(aggregate.Events.Decode));
        return new ExecutionResult<TState, TEvent, TError>(
            outcome, state.State, state.Version, recorded?.Drawn ?? 0, receipt, isRepeated: true);
    }

    // What is left of it: entries may have been deleted since.
    private static async ValueTask<List<JournalEntry>> BatchAsync(IJournal journal, Receipt receipt, CancellationToken cancellationToken)
    {
        var batch = new List<JournalEntry>();
        await foreach (var entry in journal.ReadAllAsync(receipt.FirstPosition, receipt.Count, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Position > receipt.LastPosition) break;
            batch.Add(entry);
        }

        return batch;
    }

    private static bool IsSame<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate, StreamId stream, TCommand command, JournalEntry recorded) =>
        RunTranslation.TryReadCommand(recorded) is { } found
            && found.Stream == stream
            && IsSame(aggregate.Commands, found.Command, aggregate.Commands.Encode(command));

    // A retry may come from a newer program, which writes the same command in another form.
    internal static bool IsSame<TCommand>(Codec<TCommand> codec, Encoded recorded, Encoded given)
    {
        if (recorded.SchemaVersion >= given.SchemaVersion) return recorded.Equals(given);
        try
        {
            return codec.Encode(codec.Decode(recorded)).Equals(given);
        }
        catch (CodecException)
        {
            return false;
        }
    }

    // Mode Off records no command: it is the same if it decides the same content again, on the state before the batch, as far as that is
    // left. In mode Record a batch without a command is somebody else's append.
    private static async ValueTask<bool> IsMadeAnewAsync<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        Receipt receipt,
        List<JournalEntry> batch,
        CancellationToken cancellationToken)
    {
        if (run.Options.Mode != RecordMode.Off || receipt.Versions.Any(found => found.Stream != stream && !IsOutbox(found)))
            return false;
        var deleted = await DeletedAsync(run.Journal, receipt, cancellationToken).ConfigureAwait(false);
        // Of events nothing may be missing: what they were is answered.
        if (batch.Count == 0 && (deleted.Count < receipt.Versions.Count || receipt.Versions.Any(found => !IsOutbox(found))))
            return false;
        var first = batch.FirstOrDefault();
        if (first is { Time: null } or { CausationId: null })
            return false;
        var lastBefore = receipt.FirstPosition - 1;
        var loaded = await StreamState.LoadAsync(run, aggregate, stream, lastBefore, cancellationToken).ConfigureAwait(false);
        var before = loaded.Folded;
        // A step that only sends has no version of the stream to go by.
        if (first?.Stream == stream && before.Version != first.Version - 1)
            return false;
        try
        {
            // Where nothing is left, neither time nor id are known, and nothing is compared that follows from them.
            var settings = new StepSettings(CheckCodecs: false, CommandId: first?.CausationId);
            // Under the name of the run that made it: the id of an event that a message names follows from it.
            var context = RunTranslation.Context(first?.Run ?? run.Id, run.Pin, run.Context.Root, RecordMode.Off);
            var time = first?.Time ?? run.TimeProvider.GetUtcNow();
            var made = context.Make(aggregate, stream, before, command, time, runVersion: 1, new ExecuteOptions(), settings);
            return made.Batch is { } again && RunTranslation.HasContent(again, receipt, batch, deleted);
        }
        catch (StepFailedException)
        {
            return false;
        }

        static bool IsOutbox(StreamVersions found) => DeliveryTranslation.IsOutbox(found.Stream);
    }

    // The outboxes of a batch of which messages were deleted since, perhaps its own.
    private static async ValueTask<HashSet<StreamId>> DeletedAsync(IJournal journal, Receipt receipt, CancellationToken cancellationToken)
    {
        var deleted = new HashSet<StreamId>();
        foreach (var sent in receipt.Versions.Where(found => DeliveryTranslation.IsOutbox(found.Stream)))
        {
            var found = await journal.StreamsAsync(sent.Stream.Value, maxCount: 1, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            if (found.Any(info => info.Stream == sent.Stream && info.Floor >= sent.First)) deleted.Add(sent.Stream);
        }

        return deleted;
    }
}
