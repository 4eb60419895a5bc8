// Handing entries to a sink: one at a time, the next only after the acknowledgement, each within a bound.
// Used by ReplayHarness.ReplayAllAsync.
namespace Refold;

internal sealed class ReplayDelivery(TimeProvider clock, TimeSpan bound)
{
    /// <summary>Hands out the entries.</summary>
    /// <param name="entries">The entries, which nobody changes.</param>
    /// <param name="sink">Who takes them; called on threads of the pool, so that one that blocks can be timed out too.</param>
    /// <param name="ending">Ends the replay.</param>
    /// <exception cref="ReplayEndedException">The sink failed or did not acknowledge in time.</exception>
    /// <exception cref="OperationCanceledException">The replay was ended.</exception>
    public async Task RunAsync(ReplayJournalEntry[] entries, IReplaySink sink, CancellationToken ending)
    {
        var telling = CancellationTokenSource.CreateLinkedTokenSource(ending);
        var isWhole = false;
        try
        {
            for (var at = 0; at < entries.Length; at++)
            {
                ending.ThrowIfCancellationRequested();
                await HandAsync(at + 1, entries, sink, telling.Token, ending).ConfigureAwait(false);
            }

            isWhole = true;
        }
        finally
        {
            // A sink may still be at its entry; its token says that nobody waits.
            if (isWhole) telling.Dispose();
            else Quiet.CancelAndDispose(telling);
        }
    }

    private async Task HandAsync(
        int number, ReplayJournalEntry[] entries, IReplaySink sink, CancellationToken told, CancellationToken ending)
    {
        var entry = entries[number - 1];
        var acknowledged = Task.Run(() => sink.OnEntryAsync(entry, told).AsTask(), CancellationToken.None);
        Quiet.Leave(acknowledged);
        await acknowledged.WaitAsync(bound, clock, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (acknowledged.IsCompletedSuccessfully) return;
        ending.ThrowIfCancellationRequested();
        throw acknowledged.IsCompleted
            ? new ReplaySinkException(number, entries.Length, entry, Cause(acknowledged))
            : new AcknowledgementTimeoutException(number, entries.Length, entry, bound);
    }

    private static Exception Cause(Task failed) => failed.Exception?.InnerException ?? new TaskCanceledException(failed);
}
