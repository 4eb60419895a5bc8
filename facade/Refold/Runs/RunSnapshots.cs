// The snapshots of a run: when one is due, taking it, and what is logged about them. A cache, so nothing that fails here fails the run.
// Used by StreamState, ExecuteWork and AggregateStreams.
using Refold.Interop;

namespace Refold;

/// <summary>What a run does with snapshots. Safe for use by many threads.</summary>
/// <param name="run">The run.</param>
/// <param name="store">Where they are; null for none.</param>
/// <param name="interval">After how many versions one is due; 0 for never.</param>
internal sealed class RunSnapshots(RunCore run, ISnapshotStore? store, long interval)
{
    public ISnapshotStore? Store => store;

    /// <summary>Whether a step that ends at a version ends with a snapshot.</summary>
    public bool IsDue(long version, long lastSnapshotAt) =>
        store is not null && SnapshotTranslation.IsDue(version, lastSnapshotAt, interval);

    /// <summary>Says why snapshots were not used.</summary>
    public void Tell(StreamId stream, IReadOnlyList<SnapshotFinding> findings)
    {
        foreach (var finding in findings) run.Logger?.SnapshotNotUsed(stream, finding.Reason);
    }

    /// <summary>A snapshot taken in this run.</summary>
    public Snapshot Make(StreamId stream, long version, Head head, Encoded state) =>
        new(stream, version, head, state, run.Id, run.Pin, run.Context.Root);

    /// <summary>Keeps the state after a step, or logs why not.</summary>
    public async ValueTask TrySaveAsync<TState>(StreamId stream, Codec<TState> codec, TState state, long version, Head head)
    {
        try
        {
            // Never the caller's token: the command is done, whatever becomes of its snapshot.
            await store!.SaveAsync(Make(stream, version, head, codec.Encode(state)), CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a cache throws: the command is recorded.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            run.Logger?.SnapshotNotSaved(exception, stream, version);
        }
    }
}
