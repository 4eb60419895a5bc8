// The contract of every snapshot store: what a database, a service or a directory can keep.
// Implemented by stores; asked by runs, by SnapshotExtensions, and by programs that tidy up.
namespace Refold;

/// <summary>Keeps snapshots. Safe for use by many threads.</summary>
/// <remarks>
/// A snapshot is a cache: each answer is judged by the journal, and the entries are folded where there is a doubt. So a store need not
/// know the journal, and may lose snapshots, but may not invent them. Damage is told as a finding, never thrown. After each save the store
/// keeps the last n of that stream (<see cref="SnapshotOptions.Retention"/>, <see cref="SnapshotOptions.Superfluous"/>). Null arguments are
/// refused by the call itself. All other errors come with the await. A cancelled token gives <see cref="OperationCanceledException"/>.
/// Disposing closes the store: other members then throw <see cref="ObjectDisposedException"/>.
/// </remarks>
public interface ISnapshotStore : IAsyncDisposable
{
    /// <summary>Whether nothing is kept: no snapshot of any stream, and nothing damaged.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>True if nothing is kept.</returns>
    ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken = default);

    /// <summary>Keeps a snapshot, in place of the one of the same stream and version, and lets go those beyond the retention. When the task
    /// ends, the snapshot is as durable as the store is; where it fails, earlier snapshots are as they were.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>A task that ends when the snapshot is kept.</returns>
    /// <exception cref="SnapshotStoreException">The snapshot was not kept; the message says why.</exception>
    ValueTask SaveAsync(Snapshot snapshot, CancellationToken cancellationToken = default);

    /// <summary>The newest snapshot of a stream at or below a version that can be read, and why newer ones cannot.</summary>
    /// <param name="stream">The stream; for an unknown one there is none.</param>
    /// <param name="toVersion">The highest version that is wanted.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The snapshot, if there is one, and findings about those that were passed over.</returns>
    ValueTask<SnapshotAnswer> LoadAsync(StreamId stream, long toVersion = long.MaxValue, CancellationToken cancellationToken = default);

    /// <summary>The snapshots that are kept.</summary>
    /// <param name="stream">One stream; null for all.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The snapshots that can be read, in the order of the streams' UTF-8 bytes, then of versions; and
    /// findings about the others.</returns>
    ValueTask<SnapshotListing> ListAsync(StreamId? stream = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes a stream's snapshots in a range of versions, also those that cannot be read.</summary>
    /// <param name="stream">The stream; for an unknown one nothing happens.</param>
    /// <param name="fromVersion">The first version.</param>
    /// <param name="toVersion">The last version.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>A task that ends when the deletion is durable.</returns>
    /// <exception cref="SnapshotStoreException">Not all could be deleted.</exception>
    ValueTask DeleteAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, CancellationToken cancellationToken = default);

    /// <summary>Deletes everything, also what cannot be read.</summary>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>A task that ends when the deletion is durable.</returns>
    /// <exception cref="SnapshotStoreException">Not all could be deleted.</exception>
    ValueTask ClearAsync(CancellationToken cancellationToken = default);
}

/// <summary>What a snapshot store has for a stream.</summary>
/// <param name="Snapshot">The newest that can be read; null for none.</param>
/// <param name="Findings">Why newer ones cannot be read, newest first.</param>
public sealed record SnapshotAnswer(Snapshot? Snapshot, IReadOnlyList<SnapshotFinding> Findings)
{
    /// <summary>No snapshot, and nothing to say about it.</summary>
    public static SnapshotAnswer None { get; } = new(null, []);
}

/// <summary>What a snapshot store keeps.</summary>
/// <param name="Snapshots">Those that can be read, in the order of the streams' UTF-8 bytes, then of versions.</param>
/// <param name="Findings">Why others cannot be read.</param>
public sealed record SnapshotListing(IReadOnlyList<SnapshotInfo> Snapshots, IReadOnlyList<SnapshotFinding> Findings);

/// <summary>A snapshot that is kept, without its state.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">The version of the last entry that is in the state.</param>
/// <param name="Head">The position of the last entry of the step that made the version, and the journal's head hash there.</param>
/// <param name="StateType">The state codec's name of the state.</param>
/// <param name="SchemaVersion">The schema version of the encoded state.</param>
/// <param name="StateBytes">The length of the encoded state in bytes.</param>
public sealed record SnapshotInfo(StreamId Stream, long Version, Head Head, string StateType, int SchemaVersion, int StateBytes)
{
    /// <summary>A snapshot's description.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <returns>The description.</returns>
    public static SnapshotInfo Of(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new SnapshotInfo(
            snapshot.Stream, snapshot.Version, snapshot.Head, snapshot.State.Type, snapshot.State.SchemaVersion,
            snapshot.State.Payload.Length);
    }
}
