// A stream's state that a step may be built on, or may be shown: from a snapshot and the entries after it, or from all entries.
// Called by ExecuteWork, Repetition, Aggregates and, for state hashes, Aggregate.
namespace Refold;

internal static class StreamState
{
    /// <summary>The state after every entry up to a position, and the version of the snapshot it was made from; 0 for none.</summary>
    /// <exception cref="StateUnreadableException">An entry cannot be applied.</exception>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    public static (FoldedState<TState> Folded, long FromVersion) Load<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        long toPosition = long.MaxValue)
    {
        var found = Rehydrated(run, aggregate, stream, run.Snapshots.Store, toPosition);
        return (new FoldedState<TState>(found.State, found.Version), found.FromVersion);
    }

    /// <summary>The state after every entry up to a position as a report, in which nothing is wrong but perhaps a codec that is not faithful.
    /// It is evidence, so it rests on a snapshot only where the entries are not there.</summary>
    public static FoldReport<TState> Evidence<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        long toPosition)
    {
        try
        {
            return Rehydrated(run, aggregate, stream, null, toPosition).Fold;
        }
        catch (HistoryDroppedException) when (run.Snapshots.Store is not null)
        {
            return Rehydrated(run, aggregate, stream, run.Snapshots.Store, toPosition).Fold;
        }
    }

    private static RehydratedState<TState> Rehydrated<TState, TCommand, TEvent, TError>(
        RunCore run, Aggregate<TState, TCommand, TEvent, TError> aggregate, StreamId stream, ISnapshotStore? snapshots, long toPosition)
    {
        var found = Rehydration.Run(run.Journal, aggregate, stream, new RehydrationRange(snapshots, ToPosition: toPosition));
        run.Snapshots.Tell(stream, found.Findings);
        return Rehydration.IsWhole(found.Fold) ? found : throw new StateUnreadableException(stream, found.Fold.Divergence!);
    }
}
