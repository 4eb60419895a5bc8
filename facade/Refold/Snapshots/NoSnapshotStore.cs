// A snapshot store that keeps nothing: every save succeeds, every state is folded from every entry (seed 004).
// Opened with `none:`; for programs that want none where one is asked for.
namespace Refold;

/// <summary>Keeps nothing. A save is lost by intent, so a stream whose beginning was deleted has no state with it.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class NoSnapshotStore : ILocalSnapshotStore
{
    private volatile bool closed;

    /// <inheritdoc/>
    public bool IsEmpty
    {
        get
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return true;
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => IsEmpty);

    /// <inheritdoc/>
    public ValueTask SaveAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Nothing(cancellationToken);
    }

    /// <inheritdoc/>
    public SnapshotAnswer Load(StreamId stream, long toVersion = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(closed, this);
        return SnapshotAnswer.None;
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotAnswer> LoadAsync(
        StreamId stream, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return LocalReads.Answer(cancellationToken, () => Load(stream, toVersion));
    }

    /// <inheritdoc/>
    public SnapshotListing List(StreamId? stream = null)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        return new SnapshotListing([], []);
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotListing> ListAsync(StreamId? stream = null, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => List(stream));

    /// <inheritdoc/>
    public ValueTask DeleteAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Nothing(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync(CancellationToken cancellationToken = default) => Nothing(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        closed = true;
        return ValueTask.CompletedTask;
    }

    private ValueTask Nothing(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled(cancellationToken) : ValueTask.CompletedTask;
    }
}
