// What a snapshot store hands to its conformance suite.
// Written by whoever writes a store; made anew for each case by SnapshotConformance.
namespace Refold.Testing;

/// <summary>The promises of a snapshot store. A promise that is not declared is reported as not shown.</summary>
[Flags]
public enum SnapshotCapabilities
{
    /// <summary>The store answers and keeps nothing.</summary>
    None = 0,

    /// <summary>Saved snapshots are there as long as the store is open.</summary>
    Keeps = 1,

    /// <summary>Saved snapshots are there after reopening, and after a crash if the fixture can make one.</summary>
    Durability = 2,

    /// <summary>Every promise.</summary>
    All = Keeps | Durability,
}

/// <summary>The place of one snapshot store. Made for one case, destroyed after it.</summary>
public abstract class SnapshotFixture : IAsyncDisposable
{
    /// <summary>The promises of the store.</summary>
    public abstract SnapshotCapabilities Capabilities { get; }

    /// <summary>Opens the store: the first call makes an empty one, a later one opens what is there.</summary>
    /// <param name="options">How to open it.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The store; the suite closes it before it opens it again.</returns>
    public abstract ValueTask<ISnapshotStore> OpenAsync(SnapshotOptions options, CancellationToken cancellationToken);

    /// <summary>Ends the process that has the store open, as a power cut does, without closing it; the next <see cref="OpenAsync"/> is the
    /// next process.</summary>
    /// <returns>False, the default, where the fixture cannot; what crashes would show is then reported as not shown.</returns>
    public virtual ValueTask<bool> CrashAsync() => ValueTask.FromResult(false);

    /// <summary>Damages what is kept of the newest snapshot of a stream, while the store is closed.</summary>
    /// <param name="stream">The stream.</param>
    /// <returns>False, the default, where the fixture cannot; what damage would show is then reported as not shown.</returns>
    public virtual ValueTask<bool> DamageAsync(StreamId stream) => ValueTask.FromResult(false);

    /// <summary>Destroys the place, after the store was closed.</summary>
    /// <returns>A task that is done when nothing is left.</returns>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
