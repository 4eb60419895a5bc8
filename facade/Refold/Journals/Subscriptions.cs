// Live reading without polling: a journal publishes each new head position here, readers wait for a position beyond theirs.
// One instance belongs to each journal. InMemoryJournal and SegmentJournal call Publish after a commit can be read, Follow from
// SubscribeAsync, and Close, which may be repeated, when they are closed.
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>Wakes callers that wait for entries that are not there yet. Safe for use by many threads.</summary>
/// <param name="position">The head position to begin with: what can already be read.</param>
public sealed class Subscriptions(long position)
{
    private readonly Lock gate = new();
    // Made where somebody waits.
    private TaskCompletionSource? changed;
    private long position = position;
    private int waiting;
    private volatile bool closed;

    /// <summary>Called each time a caller begins to wait; for a store that has to poll.</summary>
    public Action Awaited { get; set; } = () => { };

    /// <summary>Whether a caller waits.</summary>
    public bool IsAwaited => Volatile.Read(ref waiting) > 0;

    /// <summary>Says that everything up to a position can be read. A position below the last one published changes nothing.</summary>
    /// <param name="position">The head position.</param>
    public void Publish(long position)
    {
        TaskCompletionSource? signal;
        lock (gate)
        {
            if (closed || position <= this.position) return;
            this.position = position;
            (signal, changed) = (changed, null);
        }

        signal?.SetResult();
    }

    /// <summary>Those who wait now fail with an exception.</summary>
    /// <param name="exception">The exception.</param>
    public void Fail(Exception exception)
    {
        TaskCompletionSource? signal;
        lock (gate)
        {
            if (closed) return;
            (signal, changed) = (changed, null);
        }

        signal?.SetException(exception);
        // Where nobody waits any more, nobody has to be told.
        _ = signal?.Task.Exception;
    }

    /// <summary>Ends every subscription: what they did not hand out yet is read after opening again.</summary>
    public void Close()
    {
        TaskCompletionSource? signal;
        lock (gate) (closed, signal, changed) = (true, changed, null);
        signal?.SetResult();
    }

    /// <summary>Waits until something beyond a position can be read.</summary>
    /// <param name="position">The position.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The last position that can be read; null when the journal was closed.</returns>
    public async ValueTask<long?> WaitBeyondAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (closed) return null;
                if (this.position > position) return this.position;
                wait = (changed ??= NewSignal()).Task;
            }

            Interlocked.Increment(ref waiting);
            try
            {
                Awaited();
                await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }
        }
    }

    /// <summary>Entries from a position on, each once, in position order, for as long as the journal is open.</summary>
    /// <param name="read">Reads everything from a position on, as of the call, in position order.</param>
    /// <param name="fromPosition">The first position; below 1 is read as 1.</param>
    /// <param name="cancellationToken">Ends the subscription with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The entries.</returns>
    public async IAsyncEnumerable<JournalEntry> Follow(
        Func<long, IEnumerable<JournalEntry>> read, long fromPosition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = Math.Max(1, fromPosition);
        while (await WaitBeyondAsync(next - 1, cancellationToken).ConfigureAwait(false) is { } last)
        {
            using var entries = read(next).GetEnumerator();
            while (MoveNext(entries))
            {
                cancellationToken.ThrowIfCancellationRequested();
                next = entries.Current.Position + 1;
                yield return entries.Current;
            }

            // Deleted entries at the end are behind the reader too, or it would be woken by them for ever.
            next = Math.Max(next, last + 1);
        }
    }

    private bool MoveNext(IEnumerator<JournalEntry> entries)
    {
        try
        {
            return !closed && entries.MoveNext();
        }
        catch (ObjectDisposedException) when (closed)
        {
            return false;
        }
    }

    // Continuations run elsewhere: a reader must not run on the thread that commits.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
