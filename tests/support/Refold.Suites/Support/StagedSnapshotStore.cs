// A store of snapshots that answers, and fails, as it is told.
// Used by the tests of snapshots and by SnapshotChaos.
namespace Refold.Suites;

/// <summary>A store that answers what it is told.</summary>
internal sealed class StagedSnapshotStore(ISnapshotStore inner) : ISnapshotStore
{
    public StagedSnapshotStore()
        : this(new InMemorySnapshotStore())
    {
    }

    /// <summary>What is answered instead; null: what the store has.</summary>
    public Func<StreamId, long, SnapshotAnswer?> Answers { get; set; } = (_, _) => null;

    /// <summary>What a save throws.</summary>
    public Func<Snapshot, Exception?> Fails { get; set; } = _ => null;

    /// <summary>What a save waits for first.</summary>
    public Func<Snapshot, CancellationToken, Task> Saving { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What a load waits for first.</summary>
    public Func<StreamId, CancellationToken, Task> Loading { get; set; } = (_, _) => Task.CompletedTask;

    public int Asked { get; private set; }

    public ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken = default) => inner.IsEmptyAsync(cancellationToken);

    public async ValueTask SaveAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        await Saving(snapshot, cancellationToken);
        if (Fails(snapshot) is { } failure) throw failure;
        await inner.SaveAsync(snapshot, cancellationToken);
    }

    public async ValueTask<SnapshotAnswer> LoadAsync(
        StreamId stream, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        Asked++;
        await Loading(stream, cancellationToken);
        return Answers(stream, toVersion) ?? await inner.LoadAsync(stream, toVersion, cancellationToken);
    }

    public ValueTask<SnapshotListing> ListAsync(StreamId? stream = null, CancellationToken cancellationToken = default) =>
        inner.ListAsync(stream, cancellationToken);

    public ValueTask DeleteAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(stream, fromVersion, toVersion, cancellationToken);

    public ValueTask ClearAsync(CancellationToken cancellationToken = default) => inner.ClearAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
