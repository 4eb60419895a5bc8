// The way into a store's queue of writes: so many wait in it, the rest outside.
// Used by the writers of stores that commit on a thread of their own.
namespace Refold;

/// <summary>The places in a queue of writes. Safe for use by many threads.</summary>
public sealed class WriteRoom
{
    /// <summary>How many writes wait in the queue: 4,096. Those outside come in in the order of their calls.</summary>
    public const int Places = 4096;

    private readonly Lock gate = new();
    private readonly Queue<(PendingAnswer Write, Action Enter)> outside = new();
    private int inside;
    private bool isLetting;

    /// <summary>Queues a write, now or when a place is free, and waits for its answer.</summary>
    /// <typeparam name="TQueue">The store's queue.</typeparam>
    /// <typeparam name="TWrite">The store's kind of write.</typeparam>
    /// <param name="queue">The queue.</param>
    /// <param name="write">The write.</param>
    /// <param name="add">Queues it, or answers it and gives its place back (<see cref="Leave"/>), as where the journal was
    /// closed. Called by this method, or by the one that gives a place back; it must not throw.</param>
    /// <param name="cancellationToken">Ends the waiting: before the write is queued, it never will be; afterwards it goes on alone.</param>
    /// <returns>The answer.</returns>
    public Task<AppendResult?> EnterAsync<TQueue, TWrite>(
        TQueue queue, TWrite write, Action<TQueue, TWrite> add, CancellationToken cancellationToken)
        where TWrite : PendingAnswer
    {
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(add);
        if (!write.TryWaitUntil(cancellationToken)) return write.Answered;
        lock (gate)
        {
            // Behind whoever is being let in, too.
            if (inside == Places || outside.Count > 0 || isLetting)
            {
                outside.Enqueue((write, Later(queue, write, add)));
                return write.Answered;
            }

            inside++;
        }

        add(queue, write);
        return write.Answered;
    }

    /// <summary>Gives places back, and lets those in who wait outside.</summary>
    /// <param name="count">How many places: of writes that were answered.</param>
    public void Leave(int count)
    {
        lock (gate)
        {
            inside -= count;
            // Whoever lets others in sees these places too. Where nobody is outside, a call meanwhile finds its place at once.
            if (isLetting || outside.Count == 0) return;
            isLetting = true;
        }

        try
        {
            while (Next() is { } enter) enter();
        }
        catch
        {
            lock (gate) isLetting = false;
            throw;
        }
    }

    private static Action Later<TQueue, TWrite>(TQueue queue, TWrite write, Action<TQueue, TWrite> add) => () => add(queue, write);

    private Action? Next()
    {
        lock (gate)
        {
            while (inside < Places && outside.TryDequeue(out var next))
            {
                // Whoever was cancelled outside never comes in.
                if (next.Write.Answered.IsCompleted) continue;
                inside++;
                return next.Enter;
            }

            isLetting = false;
            return null;
        }
    }
}
