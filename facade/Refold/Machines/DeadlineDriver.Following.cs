// How a driver of deadlines follows the journal: from the head on, through faults and hangs, and serving meanwhile what it knows.
// Called by the rest of DeadlineDriver.
namespace Refold;

public sealed partial class DeadlineDriver
{
    // What goes on failing is tried again after twice as long each time, up to this or the retry delay.
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    // The position behind which it follows: of the head when it began, later of the last entry that it took. Null before.
    private long? place;

    // How often in a row it could follow no entry.
    private int vain;

    // The head that was asked for. None is asked for beside one that hangs.
    private Task<Head>? asked;

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await Elsewhere.Switch();
        try
        {
            var watch = newWatch();
            while (!await FollowAsync(watch, cancellationToken).ConfigureAwait(false))
                await ServeAsync(watch, Delay(), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception error)
        {
            Run.Logger?.DeadlinesEnded(error, category);
            throw;
        }
        finally
        {
            Volatile.Write(ref nextTicks, 0);
        }
    }

    // False where the journal could not be read or followed, by a fault that may pass; true where it was closed.
    private async Task<bool> FollowAsync(DeadlineWatch watch, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<JournalEntry>? entries = null;
        var arriving = Task.FromResult(false);
        try
        {
            // Once broken it goes on behind the last entry; where that does not help, from a new head on.
            if (place is null || vain > 1) await BeginAsync(watch, cancellationToken).ConfigureAwait(false);
            entries = Run.Journal.SubscribeAsync(place!.Value + 1, ending.Token).GetAsyncEnumerator(ending.Token);
            await watch.TryScanAsync(cancellationToken).ConfigureAwait(false);
            arriving = entries.MoveNextAsync().AsTask();
            while (true)
            {
                while (arriving.IsCompleted)
                {
                    if (!await arriving.ConfigureAwait(false)) return true;
                    await watch.TakeAsync(entries.Current, cancellationToken).ConfigureAwait(false);
                    (place, vain) = (entries.Current.Position, 0);
                    arriving = entries.MoveNextAsync().AsTask();
                }

                _ = await watch.FireAsync(Time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
                var next = watch.Next;
                Volatile.Write(ref nextTicks, next?.UtcTicks ?? 0);
                if (!arriving.IsCompleted) await WaitAsync(arriving, next, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (DeadlineWatch.MayPass(error, cancellationToken))
        {
            vain++;
            Run.Logger?.DeadlinesInterrupted(error, category, Delay());
            return false;
        }
        finally
        {
            // A read under way ends before the enumerator does.
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)arriving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (entries is not null) await entries.DisposeAsync().ConfigureAwait(false);
        }
    }

    // From the head on, and all machines are found from behind it on, so that no entry is missed between the two.
    private async Task BeginAsync(DeadlineWatch watch, CancellationToken cancellationToken)
    {
        long head;
        try
        {
            head = (await HeadAsync(cancellationToken).ConfigureAwait(false)).Position;
        }
        catch (Exception error) when (DeadlineWatch.MayPass(error, cancellationToken))
        {
            if (place is not null) return;
            // What is there is served all the same.
            watch.BeginScan();
            await watch.TryScanAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }

        // Nothing was missed.
        if (head == place) return;
        place = head;
        watch.BeginScan();
    }

    private async Task<Head> HeadAsync(CancellationToken cancellationToken)
    {
        var isNew = asked is null;
        var head = asked ??= Run.Journal.HeadAsync(cancellationToken).AsTask();
        if (isNew && !head.IsCompleted)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(head, Task.Delay(options.RetryDelay, Time, waiting.Token)).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (!head.IsCompleted) throw new TimeoutException("The journal did not tell its head within the retry delay.");
        asked = null;
        return await head.ConfigureAwait(false);
    }

    // Before it is followed again. Machines that are known have their deadlines meanwhile.
    private async Task ServeAsync(DeadlineWatch watch, TimeSpan delay, CancellationToken cancellationToken)
    {
        var until = Time.GetUtcNow() + delay;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var over = Task.Delay(delay, Time, ending.Token);
        try
        {
            while (!over.IsCompleted)
            {
                _ = await watch.FireAsync(Time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
                var next = watch.Next is { } due && due < until ? due : until;
                Volatile.Write(ref nextTicks, next.UtcTicks);
                if (!over.IsCompleted) await WaitAsync(over, watch.Next, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (DeadlineWatch.MayPass(error, cancellationToken))
        {
            await over.ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await over.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TimeSpan Delay()
    {
        var delay = options.RetryDelay;
        for (var times = 1; times < vain && delay < LongestRetry; times++) delay = delay > LongestRetry / 2 ? LongestRetry : delay * 2;
        return delay;
    }

    // Until it is completed, or the next deadline has passed.
    private async Task WaitAsync(Task arriving, DateTimeOffset? next, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (next is { } due)
        {
            var left = TimeSpan.FromMilliseconds(Math.Ceiling((due - Time.GetUtcNow()).TotalMilliseconds));
            if (left <= TimeSpan.Zero) return;
            var delay = Task.Delay(left < options.LongestWait ? left : options.LongestWait, Time, waiting.Token);
            await Task.WhenAny(arriving, delay).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
        }
        else
        {
            await arriving.WaitAsync(waiting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }
}
