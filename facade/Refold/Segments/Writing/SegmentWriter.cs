// The queue before the log: one group is committed at a time, by the caller's own thread where nobody else is writing
// (a flush handed to another thread is a third slower), and what arrives meanwhile makes up the next group, on the writer's thread.
// Called by SegmentJournal for every write.
namespace Refold.Segments;

/// <summary>Group commit, without a thread of the pool: callers may block all of them. Safe for use by many threads.</summary>
/// <param name="log">What commits a group.</param>
/// <param name="pipelined">Never commits on the caller's thread.</param>
internal sealed class SegmentWriter(SegmentLog log, bool pipelined)
{
    // A journal that is left alone keeps no thread.
    private static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(10);

    private readonly object gate = new();
    private readonly WriteRoom room = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<PendingWrite> waiting = [];
    // Of those who commit one after the other: the list of the last group, empty.
    private List<PendingWrite>? spare;
    private Thread? thread;
    private bool busy;
    private bool asked;
    private bool closed;

    /// <summary>Queues a write and waits for its answer.</summary>
    /// <param name="write">The write.</param>
    /// <param name="cancellationToken">Ends the waiting: before the write is queued, it never will be; afterwards it goes on alone.</param>
    public Task<AppendResult?> WriteAsync(PendingWrite write, CancellationToken cancellationToken) =>
        room.EnterAsync(this, write, static (writer, write) => writer.Queue(write), cancellationToken);

    /// <summary>Takes no more writes, and completes when those that are queued were answered.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            closed = true;
            if (!busy) idle.TrySetResult();
            Monitor.Pulse(gate);
        }

        return idle.Task;
    }

    private void Queue(PendingWrite write)
    {
        bool leads, isClosed;
        lock (gate)
        {
            isClosed = closed;
            leads = !isClosed && !busy;
            if (!isClosed) waiting.Add(write);
            busy |= leads;
        }

        if (isClosed)
        {
            room.Leave(1);
            write.Answer(SegmentLog.Unavailable("the journal was closed", null));
        }
        else if (leads && (pipelined || write.Pipelined || LeadGroup())) CommitElsewhere();
    }

    /// <summary>Commits on the caller's thread, as on one of our own: what awaits an answer and may go on here would otherwise be sent to
    /// the pool.</summary>
    /// <returns>Whether more waits.</returns>
    private bool LeadGroup()
    {
        if (TaskScheduler.Current != TaskScheduler.Default) return true;
        var context = SynchronizationContext.Current;
        if (context is null) return CommitGroup();
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return CommitGroup();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void CommitElsewhere()
    {
        lock (gate)
        {
            asked = true;
            if (thread is not null)
            {
                Monitor.Pulse(gate);
                return;
            }

            thread = new Thread(Run) { IsBackground = true, Name = "Refold segment writer" };
        }

        try
        {
            thread.UnsafeStart();
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // The system has no thread left: then this one has to do.
            lock (gate) (thread, asked) = (null, false);
            while (CommitGroup())
            {
            }
        }
    }

    private void Run()
    {
        while (WaitUntilAsked())
        {
            while (CommitGroup())
            {
            }
        }
    }

    private bool WaitUntilAsked()
    {
        lock (gate)
        {
            while (!asked)
            {
                if ((!closed || busy) && Monitor.Wait(gate, MaxIdle)) continue;
                if (asked) break;
                thread = null;
                return false;
            }

            asked = false;
            return true;
        }
    }

    /// <summary>Commits what waits, as much as makes one group.</summary>
    /// <returns>Whether more waits. If not, nobody is committing any more.</returns>
    private bool CommitGroup()
    {
        List<PendingWrite> group;
        lock (gate)
        {
            group = waiting;
            (waiting, spare) = (spare ?? [], null);
        }

        var taken = log.Commit(group);
        // Now, while this thread is the one that commits: what comes in from outside makes up the next group.
        room.Leave(taken);
        bool more;
        lock (gate)
        {
            if (taken < group.Count) waiting.InsertRange(0, group.Skip(taken));
            group.Clear();
            spare = group;
            more = waiting.Count > 0;
            busy = more;
            if (closed && !more) idle.TrySetResult();
        }

        return more;
    }
}
