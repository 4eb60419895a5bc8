// What was recorded under an idempotency key, answered again: a retry gets the first outcome, whatever the state is by now.
// Called by ExecuteWork before its step is made.
using Refold.Interop;

namespace Refold;

internal static class Repetition
{
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
        var recorded = batch.Find(entry => entry.Role == EntryRole.Command);
        if (!IsSame(aggregate, stream, command, recorded, batch))
            throw new NotAppendedException(new AppendFailure.KeyReused(key, receipt.FirstPosition));

        var (state, _) = await StreamState.LoadAsync(run, aggregate, stream, receipt.LastPosition, cancellationToken).ConfigureAwait(false);
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

    // Without a recorded command (mode Off) the stream is all there is to compare.
    private static bool IsSame<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        JournalEntry? recorded,
        List<JournalEntry> batch) =>
        recorded is null
            ? batch.TrueForAll(entry => entry.Stream == stream)
            : RunTranslation.TryReadCommand(recorded) is { } found
                && found.Stream == stream
                && found.Command.Equals(aggregate.Commands.Encode(command));
}
