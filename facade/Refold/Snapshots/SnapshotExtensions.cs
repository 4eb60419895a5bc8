// Using and taking snapshots in any journal, without a run.
// Called by applications and tests; a run does both by itself where its options name a store.
namespace Refold;

/// <summary>What snapshots are for.</summary>
public static class SnapshotExtensions
{
    /// <summary>Folds a stream from the newest snapshot that may be used, else from its beginning. The
    /// state is the same either way.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="aggregate">The aggregate. A changed <c>evolve</c> needs a new schema version of its state codec, or old
    /// snapshots keep what the old one made.</param>
    /// <param name="snapshots">Where snapshots are; default: those the journal was opened with
    /// (<see cref="JournalOptions.Snapshots"/>).</param>
    /// <param name="toVersion">The last version to fold; beyond the stream's end: all of it.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The state, the snapshot's version, and why others were not used.</returns>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    public static async ValueTask<RehydratedState<TState>> RehydrateAsync<TState, TCommand, TEvent, TError>(
        this IJournal journal,
        StreamId stream,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        ISnapshotStore? snapshots = null,
        long toVersion = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(aggregate);
        var range = new RehydrationRange(snapshots ?? JournalObserver.Of(journal)?.Snapshots, toVersion);
        var found = await Rehydration.RunAsync(journal, aggregate, stream, range, cancellationToken).ConfigureAwait(false);
        return found with { Fold = ReplayObservation.Folded(found.Fold) };
    }

    /// <summary>Takes a snapshot of a stream as it is now, and keeps it; as done before the stream's beginning is deleted.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="aggregate">The aggregate; it has a state codec.</param>
    /// <param name="snapshots">Where it is kept, and older ones are; default: those the journal was opened with.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>The snapshot, once it is durable; null where the stream has no entry that one could end with.</returns>
    /// <exception cref="ArgumentException">The aggregate has no state codec, or no store was named.</exception>
    /// <exception cref="StateUnreadableException">The stream's entries cannot be folded.</exception>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    /// <exception cref="StreamRedactedException">Something in an event of the stream is redacted.</exception>
    /// <exception cref="SnapshotStoreException">It was not kept.</exception>
    public static ValueTask<Snapshot?> TakeSnapshotAsync<TState, TCommand, TEvent, TError>(
        this IJournal journal,
        StreamId stream,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        ISnapshotStore? snapshots = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(aggregate);
        var store = snapshots ?? JournalObserver.Of(journal)?.Snapshots
            ?? throw new ArgumentException(
                "The journal was opened without snapshots; name the store that is to keep this one.", nameof(snapshots));
        return TakeAsync(
            journal,
            stream,
            aggregate,
            store,
            token => Rehydration.RunAsync(journal, aggregate, stream, new RehydrationRange(store), token),
            (version, head, state) => new Snapshot(stream, version, head, state),
            cancellationToken);
    }

    internal static async ValueTask<Snapshot?> TakeAsync<TState, TCommand, TEvent, TError>(
        IJournal journal,
        StreamId stream,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        ISnapshotStore store,
        Func<CancellationToken, ValueTask<RehydratedState<TState>>> rehydrate,
        Func<long, Head, Encoded, Snapshot> make,
        CancellationToken cancellationToken)
    {
        if (aggregate.State is not { } codec)
            throw new ArgumentException(
                $"The aggregate '{aggregate.Category}' has no state codec; give it one to take snapshots.", nameof(aggregate));
        var found = await rehydrate(cancellationToken).ConfigureAwait(false);
        if (!Rehydration.IsWhole(found.Fold))
            throw new StateUnreadableException(stream, found.Fold.Divergence!);
        if (found.Fold.Redacted > 0) throw new StreamRedactedException(stream);
        if (found.Version == found.FromVersion)
        {
            // There is one already, or nothing to take one of.
            return found.Version == 0
                ? null
                : (await store.LoadAsync(stream, found.Version, cancellationToken).ConfigureAwait(false)).Snapshot;
        }

        var last = await journal
            .ReadStreamAsync(stream, found.Version, found.Version, cancellationToken: cancellationToken)
            .FirstOrDefaultAsync(cancellationToken)
            .ConfigureAwait(false);
        if (last is null || await journal.HeadAtAsync(last.Position, cancellationToken).ConfigureAwait(false) is not { } head)
            return null;
        var snapshot = make(found.Version, head, codec.Encode(found.State));
        await store.SaveAsync(snapshot, cancellationToken).ConfigureAwait(false);
        return snapshot;
    }
}
