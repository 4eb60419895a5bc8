// The queue before the log: one group is committed at a time, by the caller's own thread where nobody else is writing
// (a flush handed to another thread is a third slower), and what arrives meanwhile makes up the next group.
// Called by SegmentJournal for every write.
namespace Refold.Segments;

/// <summary>Group commit. Safe for use by many threads.</summary>
/// <param name="log">What commits a group.</param>
/// <param name="pipelined">Never commits on the caller's thread.</param>
internal sealed class SegmentWriter(SegmentLog log, bool pipelined)
{
    private const int MaxWaiting = 4096;

    private readonly Lock gate = new();
    private readonly SemaphoreSlim room = new(MaxWaiting, MaxWaiting);
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<PendingWrite> waiting = [];
    private bool busy;
    private bool closed;

    /// <summary>Queues a write and waits for its answer.</summary>
    /// <param name="write">The write.</param>
    /// <param name="cancellationToken">Ends the waiting: before the write is queued, it never will be; afterwards it goes on alone.</param>
    public async Task<AppendResult?> WriteAsync(PendingWrite write, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        bool leads;
        lock (gate)
        {
            if (closed)
            {
                room.Release();
                return SegmentLog.Unavailable("the journal was closed", null);
            }

            waiting.Add(write);
            leads = !busy;
            busy = true;
        }

        if (leads && (pipelined || write.Pipelined)) CommitElsewhere();
        else if (leads) CommitGroup();
        return await write.Answered.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes no more writes, and completes when those that are queued were answered.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            closed = true;
            if (!busy) idle.TrySetResult();
        }

        return idle.Task;
    }

    private void CommitElsewhere() => ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.CommitGroup(), this, preferLocal: false);

    private void CommitGroup()
    {
        List<PendingWrite> group;
        lock (gate)
        {
            group = waiting;
            waiting = [];
        }

        var taken = log.Commit(group);
        bool more;
        lock (gate)
        {
            waiting.InsertRange(0, group.Skip(taken));
            more = waiting.Count > 0;
            busy = more;
            if (closed && !more) idle.TrySetResult();
        }

        room.Release(taken);
        if (more) CommitElsewhere();
    }
}
