// What a snapshot store hands to its conformance suite.
// Written by whoever writes a store; made anew for each case by SnapshotConformance.
namespace Refold.Testing;

/// <summary>What a snapshot store promises. What it does not declare is reported as not shown.</summary>
[Flags]
public enum SnapshotCapabilities
{
    /// <summary>It can be asked, and keeps nothing: what a store is that only stands in for one.</summary>
    None = 0,

    /// <summary>What is saved is there, for as long as the store is open.</summary>
    Keeps = 1,

    /// <summary>What was saved is there after closing and opening again, and after a crash where the fixture can make one.</summary>
    Durability = 2,

    /// <summary>Everything there is.</summary>
    All = Keeps | Durability,
}

/// <summary>The place of one snapshot store. Made for one case, destroyed after it.</summary>
public abstract class SnapshotFixture : IAsyncDisposable
{
    /// <summary>What the store promises.</summary>
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
