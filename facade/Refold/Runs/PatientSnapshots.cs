// A run's snapshot store, as recoveries ask it: what does not answer in time is done without, and not asked again until it answers.
// Made by RunSnapshots; asked by Rehydration, which takes what this throws for a store that failed.
namespace Refold;

/// <summary>A snapshot store that answers within a bound, or fails. Safe for use by many threads. It does not own the store.</summary>
/// <param name="store">The store.</param>
/// <param name="bound">How long it may take.</param>
internal sealed class PatientSnapshots(ISnapshotStore store, TimeSpan bound) : ISnapshotStore
{
    // How many loads were left that have not ended.
    private int left;

    public async ValueTask<SnapshotAnswer> LoadAsync(
        StreamId stream, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        if (bound == Timeout.InfiniteTimeSpan || store is InMemorySnapshotStore or NoSnapshotStore)
            return await store.LoadAsync(stream, toVersion, cancellationToken).ConfigureAwait(false);
        if (Volatile.Read(ref left) > 0)
            throw new TimeoutException("The snapshot store has not answered in time before, and still does not.");
        // Begun elsewhere, as it may block the thread that asks; and not given up with its caller: callers of little patience would never
        // find out that the store does not answer.
        var loading = BeginAsync(stream, toVersion);
        var ended = ((Task)loading).WaitAsync(bound, cancellationToken);
        await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (loading.IsCompleted) return await loading.ConfigureAwait(false);
        Interlocked.Increment(ref left);
        _ = ForgetAsync(loading);
        cancellationToken.ThrowIfCancellationRequested();
        throw new TimeoutException(string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"The snapshot store did not answer within {bound}."));
    }

    public ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken = default) => store.IsEmptyAsync(cancellationToken);

    public ValueTask SaveAsync(Snapshot snapshot, CancellationToken cancellationToken = default) =>
        store.SaveAsync(snapshot, cancellationToken);

    public ValueTask<SnapshotListing> ListAsync(StreamId? stream = null, CancellationToken cancellationToken = default) =>
        store.ListAsync(stream, cancellationToken);

    public ValueTask DeleteAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, CancellationToken cancellationToken = default) =>
        store.DeleteAsync(stream, fromVersion, toVersion, cancellationToken);

    public ValueTask ClearAsync(CancellationToken cancellationToken = default) => store.ClearAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<SnapshotAnswer> BeginAsync(StreamId stream, long toVersion)
    {
        await Elsewhere.Switch();
        return await store.LoadAsync(stream, toVersion, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task ForgetAsync(Task loading)
    {
        await loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref left);
    }
}
