// The queue before the log, and the one thread that writes: LiteDB ties a transaction to its thread, and overlapping ones ruin its file.
// Called by LiteDbJournal for every write.
namespace Refold.LiteDb;

/// <summary>Group commit on a thread of its own. Safe for use by many threads.</summary>
internal sealed class LiteDbWriter
{
    private readonly object gate = new();
    private readonly WriteRoom room = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LiteDbLog log;
    private List<PendingWrite> waiting = [];
    private bool closed;

    /// <summary>Starts the thread.</summary>
    public LiteDbWriter(LiteDbLog log)
    {
        this.log = log;
        new Thread(Run) { IsBackground = true, Name = "Refold LiteDB writer" }.Start();
    }

    /// <summary>Queues a write and waits for its answer.</summary>
    /// <param name="write">The write.</param>
    /// <param name="cancellationToken">Ends the waiting: before the write is queued, it never will be; afterwards it goes on alone.</param>
    public Task<AppendResult?> WriteAsync(PendingWrite write, CancellationToken cancellationToken) =>
        room.EnterAsync(this, write, static (writer, write) => writer.Queue(write), cancellationToken);

    /// <summary>Takes no more writes, and completes when those that are queued were answered and the log is closed.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            closed = true;
            Monitor.Pulse(gate);
        }

        return ended.Task;
    }

    private void Queue(PendingWrite write)
    {
        lock (gate)
        {
            if (!closed)
            {
                waiting.Add(write);
                Monitor.Pulse(gate);
                return;
            }
        }

        room.Leave(1);
        write.Answer(LiteDbLog.Unavailable("the journal was closed", null));
    }

    private void Run()
    {
        while (Take() is { } group)
        {
            while (group.Count > 0)
            {
                var taken = log.Commit(group);
                room.Leave(taken);
                group.RemoveRange(0, taken);
                log.Tidy();
            }
        }

        log.Close();
        ended.SetResult();
    }

    private List<PendingWrite>? Take()
    {
        lock (gate)
        {
            while (waiting.Count == 0)
            {
                if (closed) return null;
                Monitor.Wait(gate);
            }

            var group = waiting;
            waiting = [];
            return group;
        }
    }
}
