// Keeps the snapshots of a run beside it: a few at once, one of a stream at a time with the newest behind it, and no more than a bound.
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

    /// <summary>Of how many streams snapshots wait or are being saved.</summary>
    public const int MostPending = 256;

    private const long MostBytes = 64 * 1024 * 1024;

    private readonly Lock gate = new();

    // The streams that a save is to be begun for. Which snapshot that is, their lines say then.
    private readonly Queue<StreamId> turns = new();
    private readonly Dictionary<StreamId, Line> lines = [];
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
            var line = lines.GetValueOrDefault(stream);
            var hasRoom = line?.Waiting is not null || (bytes < MostBytes && (line is not null || lines.Count < MostPending));
            return hasRoom ? null : "too many others are still being saved";
        }
    }

    /// <summary>Takes a snapshot of a committed state, in place of one of its stream that waits.</summary>
    /// <param name="due">The snapshot.</param>
    /// <param name="head">The head behind its step.</param>
    /// <param name="replaced">The one that waited; null for none.</param>
    /// <returns>Why it is skipped; null where it is taken.</returns>
    public string? TryAdd(DueSnapshot due, Head head, out DueSnapshot? replaced)
    {
        replaced = null;
        lock (gate)
        {
            if (WhyNot(due.Stream) is { } reason) return reason;
            if (!lines.TryGetValue(due.Stream, out var line)) lines[due.Stream] = line = new Line();
            replaced = line.Waiting?.Due;
            line.Waiting = (due, head);
            bytes += due.State!.Payload.Length - (replaced?.State!.Payload.Length ?? 0);
            // What is replaced has its turn; behind one that is being saved it comes when that is done.
            if (replaced is not null || line.Saving is not null) return null;
            turns.Enqueue(due.Stream);
            if (workers == MostAtOnce) return null;
            workers++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(saving => _ = saving.SaveAllAsync(), this, preferLocal: false);
        return null;
    }

    /// <summary>Takes no more, and waits for what was taken.</summary>
    /// <param name="bound">How long; what is not kept by then is logged and left.</param>
    /// <param name="cancellationToken">Ends waiting before.</param>
    public async Task CloseAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            closed = true;
            // Whatever waits or is being saved has somebody at work.
            if (workers == 0) return;
            done = idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await done.Task.WaitAsync(bound, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        List<DueSnapshot> left;
        lock (gate)
        {
            turns.Clear();
            left = [.. lines.Values.SelectMany(line => new[] { line.Saving, line.Waiting?.Due }).OfType<DueSnapshot>()];
            lines.Clear();
        }

        foreach (var due in left)
        {
            SnapshotObservation.Ended("left");
            logger?.SnapshotNotSaved(
                new TimeoutException("It was not kept by the time the run was disposed."), due.Stream, due.Version);
        }

        await stop.CancelAsync().ConfigureAwait(false);
    }

    private async Task SaveAllAsync()
    {
        while (Next() is var (due, head))
        {
            Exception? failure = null;
            var begun = SnapshotObservation.Begin();
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

            var outcome = failure is null ? "saved" : "failed";
            SnapshotObservation.Saved(begun, outcome);
            // What disposal left has been told of.
            if (!Done(due)) continue;
            SnapshotObservation.Ended(outcome);
            if (failure is not null) logger?.SnapshotNotSaved(failure, due.Stream, due.Version);
        }
    }

    private (DueSnapshot Due, Head Head)? Next()
    {
        lock (gate)
        {
            if (turns.TryDequeue(out var stream))
            {
                var line = lines[stream];
                var next = line.Waiting!.Value;
                (line.Saving, line.Waiting) = (next.Due, null);
                return next;
            }

            if (--workers == 0) idle?.TrySetResult();
            return null;
        }
    }

    private bool Done(DueSnapshot due)
    {
        lock (gate)
        {
            bytes -= due.State!.Payload.Length;
            if (!lines.TryGetValue(due.Stream, out var line)) return false;
            line.Saving = null;
            if (line.Waiting is null)
                lines.Remove(due.Stream);
            else
                turns.Enqueue(due.Stream);
            return true;
        }
    }

    /// <summary>A stream's snapshot that is being saved, and the one behind it; a stream without both has none.</summary>
    private sealed class Line
    {
        public DueSnapshot? Saving { get; set; }

        public (DueSnapshot Due, Head Head)? Waiting { get; set; }
    }
}
