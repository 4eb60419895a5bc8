// One thing after the other, in the order of the calls: what a mailbox is to an actor.
// Used by ReplayHarness for its calls, and for its replays.
namespace Refold;

/// <summary>Hands out turns in the order in which they are asked for. Safe for use by many threads.</summary>
internal sealed class Turns
{
    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;

    /// <summary>Ends when everything has ended that asked for a turn before.</summary>
    public Task Idle
    {
        get { lock (gate) return last; }
    }

    /// <summary>Does work in its turn: when all work before has ended, however it ended. The place is taken by the call itself.</summary>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Ends the waiting. Work that was not begun is left out; work that was goes on.</param>
    /// <param name="closing">Ends the waiting for the turn only: work that was begun is answered.</param>
    /// <returns>What the work answers.</returns>
    public async Task<T> TakeAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken, CancellationToken closing)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task before;
        lock (gate) (before, last) = (last, mine.Task);
        if (!before.IsCompleted)
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing);
            await before.WaitAsync(leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!before.IsCompleted || cancellationToken.IsCancellationRequested || closing.IsCancellationRequested)
        {
            _ = PassOnAsync(before, mine);
            cancellationToken.ThrowIfCancellationRequested();
            closing.ThrowIfCancellationRequested();
        }

        var begun = DoAsync(work, mine);
        if (!begun.IsCompleted && cancellationToken.CanBeCanceled) Quiet.Leave(begun);
        return await begun.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<T> DoAsync<T>(Func<Task<T>> work, TaskCompletionSource mine)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            mine.SetResult();
        }
    }

    // Who leaves the queue keeps nobody behind it from waiting for those before.
    private static async Task PassOnAsync(Task before, TaskCompletionSource mine)
    {
        await before.ConfigureAwait(false);
        mine.SetResult();
    }
}

/// <summary>Tasks that nobody waits for any more.</summary>
internal static class Quiet
{
    /// <summary>Takes note of whatever a task fails with, so that nobody is told of an exception that was not observed.</summary>
    public static void Leave(Task task) =>
        task.ContinueWith(
            static failed => _ = failed.Exception, CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Cancels, and disposes afterwards. What was registered with the source is called on another thread.</summary>
    public static void CancelAndDispose(CancellationTokenSource source) =>
        source.CancelAsync().ContinueWith(
            static (told, state) =>
            {
                _ = told.Exception;
                ((CancellationTokenSource)state!).Dispose();
            },
            source, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
