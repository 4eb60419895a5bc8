// A stream's state that a step may be built on, or may be shown: from a snapshot and the entries after it, or from all entries.
// Called by RunRecoveries, Repetition, AggregateStreams and, for state hashes, Aggregate.
namespace Refold;

/// <summary>A state, and what it was made from.</summary>
/// <param name="Folded">The state with its version.</param>
/// <param name="From">The snapshot it was made from; null for none.</param>
/// <param name="IsRedacted">Whether something in an event behind that is redacted.</param>
internal readonly record struct LoadedState<TState>(FoldedState<TState> Folded, Snapshot? From, bool IsRedacted);

internal static class StreamState
{
    /// <summary>The state after every entry up to a position.</summary>
    /// <exception cref="StateUnreadableException">An entry cannot be applied.</exception>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    public static async ValueTask<LoadedState<TState>> LoadAsync<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        long toPosition,
        CancellationToken cancellationToken)
    {
        var snapshots = run.Snapshots.Loading;
        var found = await RehydratedAsync(run, aggregate, stream, snapshots, toPosition, cancellationToken).ConfigureAwait(false);
        return new LoadedState<TState>(
            new FoldedState<TState>(found.State, found.Version), found.From, found.Fold.Redacted > 0);
    }

    /// <summary>The state after every entry up to a position as a report, in which nothing is wrong but perhaps a codec that is not
    /// faithful. It is evidence, so it rests on a snapshot only where the entries are not there.</summary>
    public static async ValueTask<FoldReport<TState>> EvidenceAsync<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        long toPosition,
        CancellationToken cancellationToken)
    {
        try
        {
            return (await RehydratedAsync(run, aggregate, stream, null, toPosition, cancellationToken).ConfigureAwait(false)).Fold;
        }
        catch (HistoryDroppedException) when (run.Snapshots.Store is not null)
        {
            var kept = run.Snapshots.Loading;
            return (await RehydratedAsync(run, aggregate, stream, kept, toPosition, cancellationToken).ConfigureAwait(false)).Fold;
        }
    }

    /// <summary>Loads and folds a stream under a recovery permit of the run.</summary>
    public static ValueTask<RehydratedState<TState>> UnderPermitAsync<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        RehydrationRange range,
        CancellationToken cancellationToken) => run.Recoveries.UnderPermitAsync(
        token => Rehydration.RunAsync(run.Journal, aggregate, stream, range, token), cancellationToken);

    private static async ValueTask<RehydratedState<TState>> RehydratedAsync<TState, TCommand, TEvent, TError>(
        RunCore run,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        ISnapshotStore? snapshots,
        long toPosition,
        CancellationToken cancellationToken)
    {
        var range = new RehydrationRange(snapshots, ToPosition: toPosition, Pin: run.Pin);
        var found = await UnderPermitAsync(run, aggregate, stream, range, cancellationToken).ConfigureAwait(false);
        if (snapshots is not null) run.Snapshots.Tell(stream, found.Findings, found.FromVersion > 0);
        return Rehydration.IsWhole(found.Fold) ? found : throw new StateUnreadableException(stream, found.Fold.Divergence!);
    }
}
