// What was recorded under an idempotency key, answered again: a retry gets the first outcome, whatever the state is by now.
// Called by ExecuteWork before it decides.
using Refold.Interop;

namespace Refold;

internal static class Repetition
{
    /// <summary>The recorded outcome of a command.</summary>
    /// <returns>Null where the key was not used.</returns>
    /// <exception cref="NotAppendedException">The key was used for another command.</exception>
    public static ExecutionResult<TState, TEvent, TError>? Find<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        string key)
    {
        var journal = run.Journal;
        if (journal.FindByKey(key) is not { } receipt)
            return null;
        List<JournalEntry> batch = [.. journal.ReadAll(receipt.FirstPosition, receipt.Count).TakeWhile(entry => entry.Position <= receipt.LastPosition)];
        var recorded = batch.Find(entry => entry.Role == EntryRole.Command);
        if (!IsSame(aggregate, stream, command, recorded, batch))
            throw new NotAppendedException(new AppendFailure.KeyReused(key, receipt.FirstPosition));

        var (state, _) = StreamState.Load(run, aggregate, stream, receipt.LastPosition);
        Decision<TEvent, TError> outcome = batch.Find(entry => entry.Role == EntryRole.Refusal) is { } refusal
            ? Decision.Refuse<TEvent, TError>(aggregate.Errors.Decode(refusal))
            : Decision.Accept<TEvent, TError>(batch.Where(entry => entry.Stream == stream).Select(aggregate.Events.Decode));
        return new ExecutionResult<TState, TEvent, TError>(outcome, state.State, state.Version, recorded?.Drawn ?? 0, receipt, isRepeated: true);
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
