// The way into a store's queue of writes: so many wait in it, the rest outside.
// Used by the writers of stores that commit on a thread of their own.
namespace Refold;

/// <summary>The places in a queue of writes. Safe for use by many threads.</summary>
public sealed class WriteRoom
{
    /// <summary>How many writes wait in the queue: 4,096. Those outside keep no place in the order.</summary>
    public const int Places = 4096;

    private readonly SemaphoreSlim free = new(Places, Places);

    /// <summary>Queues a write, now or when a place is free, and waits for its answer.</summary>
    /// <typeparam name="TQueue">The store's queue.</typeparam>
    /// <typeparam name="TWrite">The store's kind of write.</typeparam>
    /// <param name="queue">The queue.</param>
    /// <param name="write">The write.</param>
    /// <param name="add">Queues it, or answers it and gives its place back (<see cref="Leave"/>), as where the journal was
    /// closed.</param>
    /// <param name="cancellationToken">Ends the waiting: before the write is queued, it never will be; afterwards it goes on alone.</param>
    /// <returns>The answer.</returns>
    public Task<AppendResult?> EnterAsync<TQueue, TWrite>(
        TQueue queue, TWrite write, Action<TQueue, TWrite> add, CancellationToken cancellationToken)
        where TWrite : PendingAnswer
    {
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(add);
        if (!write.TryWaitUntil(cancellationToken)) return write.Answered;
        if (!free.Wait(0, CancellationToken.None)) return WaitAsync(queue, write, add, cancellationToken);
        add(queue, write);
        return write.Answered;
    }

    /// <summary>Gives places back: of writes that were answered.</summary>
    /// <param name="count">How many.</param>
    public void Leave(int count) => free.Release(count);

    private async Task<AppendResult?> WaitAsync<TQueue, TWrite>(
        TQueue queue, TWrite write, Action<TQueue, TWrite> add, CancellationToken cancellationToken)
        where TWrite : PendingAnswer
    {
        await free.WaitAsync(cancellationToken).ConfigureAwait(false);
        // Cancelled after it got its place.
        if (write.Answered.IsCompleted) Leave(1);
        else add(queue, write);
        return await write.Answered.ConfigureAwait(false);
    }
}
