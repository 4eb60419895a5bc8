// The contract of local snapshot stores, which answer at once: memory, a directory,
// LiteDB, and the one that keeps nothing.
// Returned by Snapshots.Open; used by scripts, by the tool and by tests.
namespace Refold;

/// <summary>A local snapshot store: every read of <see cref="ISnapshotStore"/> also as a synchronous call.</summary>
/// <remarks>Both forms of a read give the same. After the store is closed, both throw <see cref="ObjectDisposedException"/>.</remarks>
public interface ILocalSnapshotStore : ISnapshotStore
{
    /// <summary>Whether nothing is kept: no snapshot of any stream, and nothing damaged.</summary>
    /// <value>True if nothing is kept.</value>
    bool IsEmpty { get; }

    /// <summary>The newest snapshot of a stream at or below a version that can be read, and why newer ones cannot.</summary>
    /// <param name="stream">The stream; for an unknown one there is none.</param>
    /// <param name="toVersion">The highest version that is wanted.</param>
    /// <returns>The snapshot, if there is one, and findings about those that were passed over.</returns>
    SnapshotAnswer Load(StreamId stream, long toVersion = long.MaxValue);

    /// <summary>The snapshots that are kept.</summary>
    /// <param name="stream">One stream; null for all.</param>
    /// <returns>The snapshots that can be read, in the order of the streams' UTF-8 bytes, then of versions; and
    /// findings about the others.</returns>
    SnapshotListing List(StreamId? stream = null);
}
