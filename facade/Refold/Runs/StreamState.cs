// A stream's entries folded to a state that a step may be built on, or may be shown.
// Called by ExecuteWork, Repetition, Aggregates and, for state hashes, Aggregate.
using Refold.Interop;

namespace Refold;

internal static class StreamState
{
    /// <summary>The state after every entry up to a position.</summary>
    /// <exception cref="StateUnreadableException">An entry cannot be applied.</exception>
    /// <exception cref="EntriesDroppedException">The stream's beginning was deleted.</exception>
    public static FoldedState<TState> Load<TState, TCommand, TEvent, TError>(
        IJournal journal,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        long toPosition = long.MaxValue)
    {
        var report = Folded(journal, aggregate, stream, entry => entry.Position <= toPosition);
        return new FoldedState<TState>(report.State, report.Version);
    }

    /// <summary>The state after the first entries as a report, in which nothing is wrong but perhaps a codec that is not faithful.</summary>
    public static FoldReport<TState> Folded<TState, TCommand, TEvent, TError>(
        IJournal journal,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        Func<JournalEntry, bool> isIncluded)
    {
        var report = aggregate.Value.Fold(journal.ReadStream(stream).TakeWhile(isIncluded));
        return report.Divergence is { Cause: not DivergenceCause.CodecNotFaithful } divergence
            ? throw new StateUnreadableException(stream, divergence)
            : report;
    }
}
