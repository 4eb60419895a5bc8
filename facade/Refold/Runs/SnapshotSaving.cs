// Keeps the snapshots of a run beside it: a few at once, one of a stream at a time, and no more waiting than a bound.
// Used by RunSnapshots; what a store does with its time is nobody's wait but that of disposal.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>A snapshot that a step made due. Its state is encoded, so that nothing can change it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">The version it is of.</param>
/// <param name="State">The encoded state; null where there is none.</param>
/// <param name="Failure">What encoding the state threw; null for nothing.</param>
/// <param name="Skipped">Why it was not made; null where it was.</param>
internal sealed record DueSnapshot(StreamId Stream, long Version, Encoded? State, Exception? Failure, string? Skipped);

/// <summary>Saves on threads of the pool. Safe for use by many threads.</summary>
/// <param name="store">Where to.</param>
/// <param name="make">Makes the snapshot.</param>
/// <param name="logger">Told of what was not kept.</param>
internal sealed class SnapshotSaving(ISnapshotStore store, Func<DueSnapshot, Head, Snapshot> make, ILogger? logger)
{
    /// <summary>How many saves are on their way at once.</summary>
    public const int MostAtOnce = 4;

    /// <summary>How many snapshots wait or are being saved.</summary>
    public const int MostPending = 256;

    private const long MostBytes = 64 * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<(DueSnapshot Due, Head Head)> waiting = new();

    // The streams with a snapshot that waits or is being saved, and its version.
    private readonly Dictionary<StreamId, long> pending = [];
    private readonly CancellationTokenSource stop = new();
    private long bytes;
    private int workers;
    private bool closed;
    private TaskCompletionSource? idle;

    /// <summary>Why a snapshot cannot be taken now; null where it can.</summary>
    public string? WhyNot(StreamId stream)
    {
        lock (gate)
        {
            if (closed) return "the run is disposed";
            if (pending.TryGetValue(stream, out var version))
                return string.Create(
                    System.Globalization.CultureInfo.InvariantCulture, $"the one at version {version} is still being saved");
            return pending.Count < MostPending && bytes < MostBytes ? null : "too many others are still being saved";
        }
    }

    /// <summary>Takes a snapshot of a committed state.</summary>
    /// <returns>Why it is skipped; null where it is taken.</returns>
    public string? TryAdd(DueSnapshot due, Head head)
    {
        lock (gate)
        {
            if (WhyNot(due.Stream) is { } reason) return reason;
            pending[due.Stream] = due.Version;
            bytes += due.State!.Payload.Length;
            waiting.Enqueue((due, head));
            if (workers == MostAtOnce) return null;
            workers++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(saving => _ = saving.SaveAllAsync(), this, preferLocal: false);
        return null;
    }

    /// <summary>Takes no more, and waits for what was taken.</summary>
    /// <param name="bound">How long; what is not kept by then is logged and left.</param>
    public async Task CloseAsync(TimeSpan bound)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            closed = true;
            // Whatever waits or is being saved has somebody at work.
            if (workers == 0) return;
            done = idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await done.Task.WaitAsync(bound).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        List<KeyValuePair<StreamId, long>> left;
        lock (gate)
        {
            waiting.Clear();
            left = [.. pending];
            pending.Clear();
        }

        foreach (var (stream, version) in left)
            logger?.SnapshotNotSaved(new TimeoutException("It was not kept by the time the run was disposed."), stream, version);
        await stop.CancelAsync().ConfigureAwait(false);
    }

    private async Task SaveAllAsync()
    {
        while (Next() is var (due, head))
        {
            Exception? failure = null;
            try
            {
                await store.SaveAsync(make(due, head), stop.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever a cache throws: the command is recorded.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = exception;
            }

            // What disposal left has been told of.
            if (Done(due) && failure is not null) logger?.SnapshotNotSaved(failure, due.Stream, due.Version);
        }
    }

    private (DueSnapshot Due, Head Head)? Next()
    {
        lock (gate)
        {
            if (waiting.TryDequeue(out var next)) return next;
            if (--workers == 0) idle?.TrySetResult();
            return null;
        }
    }

    private bool Done(DueSnapshot due)
    {
        lock (gate)
        {
            bytes -= due.State!.Payload.Length;
            return pending.Remove(due.Stream);
        }
    }
}
