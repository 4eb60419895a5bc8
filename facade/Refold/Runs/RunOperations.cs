// The operations of a run that are under way: its end and its disposal wait for them. Counted here, as Operations uses Runs and not the
// other way round. Entered by OperationExtensions; waited for by Run.
namespace Refold;

internal sealed class RunOperations(RunId run)
{
    private readonly Lock gate = new();
    private readonly HashSet<Action> attempts = [];
    private TaskCompletionSource? idle;
    private int count;
    private int closers;
    private bool isDisposed;
    private bool isCutOff;

    /// <summary>How many are under way.</summary>
    public int Count
    {
        get
        {
            lock (gate) return count;
        }
    }

    /// <summary>One more is under way, until <see cref="Leave"/>.</summary>
    /// <exception cref="RunEndedException">The run ends, or has ended.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public void Enter()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, typeof(Run));
            if (closers > 0) throw new RunEndedException(run);
            count++;
        }
    }

    /// <summary>One is over.</summary>
    public void Leave()
    {
        TaskCompletionSource? waiting = null;
        lock (gate)
        {
            if (--count == 0) (waiting, idle) = (idle, null);
        }

        waiting?.TrySetResult();
    }

    /// <summary>An attempt runs, until what is answered is disposed.</summary>
    /// <param name="cutOff">Ends its recording.</param>
    public IDisposable List(Action cutOff)
    {
        lock (gate)
        {
            attempts.Add(cutOff);
            if (!isCutOff) return new Listed(this, cutOff);
        }

        cutOff();
        return new Listed(this, cutOff);
    }

    /// <summary>Ends the recording of those under way, and of those that still begin.</summary>
    /// <returns>How many are under way.</returns>
    public int CutOff()
    {
        List<Action> cut;
        int left;
        lock (gate)
        {
            isCutOff = true;
            (cut, left) = ([.. attempts], count);
        }

        foreach (var attempt in cut) attempt();
        return left;
    }

    private sealed class Listed(RunOperations operations, Action cutOff) : IDisposable
    {
        public void Dispose()
        {
            lock (operations.gate) operations.attempts.Remove(cutOff);
        }
    }

    /// <summary>Lets none begin any more, and waits for those under way.</summary>
    /// <returns>Whether none is under way; false where the time was over before.</returns>
    public async ValueTask<bool> CloseAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        Task waited;
        lock (gate)
        {
            closers++;
            if (count == 0) return true;
            idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waited = idle.Task;
        }

        await waited.WaitAsync(bound, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return waited.IsCompleted;
    }

    /// <summary>The run is disposed: none begins any more.</summary>
    public void Dispose()
    {
        lock (gate) isDisposed = true;
    }

    /// <summary>Takes one <see cref="CloseAsync"/> back, as the run has not ended: they begin again once none is left.</summary>
    public void Reopen()
    {
        lock (gate) closers--;
    }
}
