// The way of a runner through its journal: from the place that is kept to the head, then on with each commit; and on again after faults.
// Run by ReadModelRunner.RunAsync.
namespace Refold;

public sealed partial class ReadModelRunner
{
    private static readonly TimeSpan HeadChecks = TimeSpan.FromSeconds(1);

    private async Task RestartingAsync(CancellationToken stopping, CancellationToken applying)
    {
        var budget = new RestartBudget(options, clock);
        Tell(now => now with { State = ReadModelState.CatchingUp, Error = null });
        while (true)
        {
            try
            {
                await FollowAsync(stopping, applying).ConfigureAwait(false);
                Tell(now => now with { State = ReadModelState.Stopped });
                return;
            }
            catch (Exception fault)
            {
                if (stopping.IsCancellationRequested && fault is OperationCanceledException
                    || fault is ObjectDisposedException && await IsClosedAsync().ConfigureAwait(false))
                {
                    Tell(now => now with { State = ReadModelState.Stopped });
                    return;
                }

                if (!MayPass(fault) || !budget.TryTake(out var delay))
                {
                    Tell(now => now with { State = ReadModelState.Faulted, Error = fault });
                    logger?.ReadModelFaulted(fault, Name);
                    throw;
                }

                Tell(now => now with { State = ReadModelState.Restarting, Restarts = now.Restarts + 1, Error = fault });
                logger?.ReadModelRestarts(fault, Name, delay);
                await WaitAsync(delay, stopping).ConfigureAwait(false);
            }
        }
    }

    // Whether what was disposed is the journal, and not what the read model uses.
    private async Task<bool> IsClosedAsync()
    {
        try
        {
            await journal.ReadAllAsync(maxCount: 1).FirstOrDefaultAsync().ConfigureAwait(false);
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    // Neither another history nor what is gone comes back.
    private static bool MayPass(Exception fault) => fault is not (ForeignHistoryException or ReadModelException);

    private async Task WaitAsync(TimeSpan delay, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(delay, clock, stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Following ends at once.
        }
    }

    private async Task FollowAsync(CancellationToken stopping, CancellationToken applying)
    {
        await InStepAsync(
            async () =>
            {
                isLoaded = false;
                await steps.LoadAsync(stopping).ConfigureAwait(false);
                isLoaded = true;
            },
            stopping).ConfigureAwait(false);
        while (true)
        {
            var head = await journal.HeadAsync(stopping).ConfigureAwait(false);
            Tell(now => now with { State = ReadModelState.CatchingUp, Place = steps.Place, HeadPosition = head.Position });
            while (steps.Place.Position < head.Position)
            {
                await InStepAsync(
                    () => steps.Place.Position < head.Position ? steps.StepAsync(head, stopping, applying) : Task.CompletedTask,
                    stopping).ConfigureAwait(false);
            }

            Tell(now => now with { State = ReadModelState.Live });
            if (!await MovesAsync(head, stopping).ConfigureAwait(false)) return;
        }
    }

    /// <summary>Waits until the journal has gone on behind a head.</summary>
    /// <returns>False where it was closed.</returns>
    private async Task<bool> MovesAsync(Head head, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        // What was committed meanwhile is answered at once.
        var next = journal.SubscribeAsync(head.Position + 1, ending.Token).GetAsyncEnumerator(ending.Token);
        await using (next.ConfigureAwait(false))
        {
            var coming = next.MoveNextAsync().AsTask();
            try
            {
                // Of entries that were deleted before anybody read them a subscription says nothing, but the head does.
                while (await journal.HeadAsync(stopping).ConfigureAwait(false) == head)
                {
                    using var pause = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                    await Task.WhenAny(coming, Task.Delay(HeadChecks, clock, pause.Token)).ConfigureAwait(false);
                    await pause.CancelAsync().ConfigureAwait(false);
                    if (coming.IsCompleted) return await coming.ConfigureAwait(false);
                    stopping.ThrowIfCancellationRequested();
                }

                return true;
            }
            finally
            {
                await ending.CancelAsync().ConfigureAwait(false);
                await ((Task)coming).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task InStepAsync(Func<Task> work, CancellationToken stopping)
    {
        await gate.WaitAsync(stopping).ConfigureAwait(false);
        try
        {
            await work().ConfigureAwait(false);
            Tell(now => now with { Place = steps.Place });
        }
        finally
        {
            gate.Release();
        }
    }

    private void Tell(Func<ReadModelStatus, ReadModelStatus> change)
    {
        TaskCompletionSource told;
        lock (statusGate)
        {
            status = change(status);
            behindSince = status.Lag > 0 ? behindSince ?? clock.GetTimestamp() : null;
            (told, moved) = (moved, NewSignal());
        }

        told.TrySetResult();
    }
}
