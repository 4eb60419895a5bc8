// Closing a segment journal: what is queued is answered, what goes on is ended, the lock goes last.
// Called by whoever opened it, and by dependency injection.
namespace Refold.Segments;

public sealed partial class SegmentJournal
{
    // What those wait for who dispose of it while somebody else does.
    private TaskCompletionSource? ending;

    /// <summary>Closes the journal when all queued writes were answered: subscriptions end, the lock goes, later appends are answered with
    /// <see cref="AppendFailure.Unavailable"/>, later reads throw <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>A task that ends when it is closed.</returns>
    public override async ValueTask DisposeAsync()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref ending, source, null) is { } begun)
        {
            await begun.Task.ConfigureAwait(false);
            return;
        }

        closed = true;
        gates.Close();
        try
        {
            await EndCompactionAsync().ConfigureAwait(false);
            if (writer is not null) await writer.CloseAsync().ConfigureAwait(false);
            delayed?.Dispose();
            log?.Close();
            watch?.Dispose();
            subscriptions.Close();
            live?.Dispose();
            opened.Close();
            CloseReplaced();
        }
        finally
        {
            // Whatever failed: the next opening must not find the journal in use, nor another caller wait for ever.
            directoryLock?.Dispose();
            source.SetResult();
        }

        observer.Closed(Head);
    }
}
