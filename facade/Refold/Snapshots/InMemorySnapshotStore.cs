// Snapshots in memory: what every other store answers, this one answers too.
// Opened with `memory:`; used by tests and by programs that keep nothing.
namespace Refold;

/// <summary>Keeps snapshots as long as the object lives. Gone with the process, so nothing in it is durable.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class InMemorySnapshotStore : ILocalSnapshotStore
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<StreamId, SortedDictionary<long, Snapshot>> streams = [];
    private readonly SnapshotOptions options;
    private bool closed;

    /// <summary>Makes an empty store.</summary>
    /// <param name="options">How many snapshots are kept; default: as <see cref="SnapshotOptions"/> says.</param>
    public InMemorySnapshotStore(SnapshotOptions? options = null) => this.options = (options ?? new SnapshotOptions()).Validated();

    /// <inheritdoc/>
    public bool IsEmpty => Locked(() => streams.Count == 0);

    /// <inheritdoc/>
    public ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => IsEmpty);

    /// <inheritdoc/>
    public ValueTask SaveAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Changed(cancellationToken, () =>
        {
            if (!streams.TryGetValue(snapshot.Stream, out var kept)) streams[snapshot.Stream] = kept = [];
            kept[snapshot.Version] = snapshot;
            foreach (var version in options.Superfluous(kept.Keys, snapshot.Version)) kept.Remove(version);
        });
    }

    /// <inheritdoc/>
    public SnapshotAnswer Load(StreamId stream, long toVersion = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Locked(() =>
            streams.TryGetValue(stream, out var kept) && kept.LastOrDefault(pair => pair.Key <= toVersion).Value is { } found
            ? new SnapshotAnswer(found, [])
            : SnapshotAnswer.None);
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotAnswer> LoadAsync(
        StreamId stream, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return LocalReads.Answer(cancellationToken, () => Load(stream, toVersion));
    }

    /// <inheritdoc/>
    public SnapshotListing List(StreamId? stream = null) => Locked(() => new SnapshotListing(
        [.. streams.Where(pair => stream is null || pair.Key == stream).SelectMany(pair => pair.Value.Values).Select(SnapshotInfo.Of)],
        []));

    /// <inheritdoc/>
    public ValueTask<SnapshotListing> ListAsync(StreamId? stream = null, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => List(stream));

    /// <inheritdoc/>
    public ValueTask DeleteAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Changed(cancellationToken, () =>
        {
            if (!streams.TryGetValue(stream, out var kept)) return;
            foreach (var version in kept.Keys.Where(version => version >= fromVersion && version <= toVersion).ToList())
                kept.Remove(version);
            if (kept.Count == 0) streams.Remove(stream);
        });
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync(CancellationToken cancellationToken = default) => Changed(cancellationToken, streams.Clear);

    /// <summary>Closes the store: what it kept is gone.</summary>
    /// <returns>A completed task.</returns>
    public ValueTask DisposeAsync()
    {
        lock (gate) closed = true;
        return ValueTask.CompletedTask;
    }

    private T Locked<T>(Func<T> read)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return read();
        }
    }

    private ValueTask Changed(CancellationToken cancellationToken, Action change)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            change();
        }

        return ValueTask.CompletedTask;
    }
}
