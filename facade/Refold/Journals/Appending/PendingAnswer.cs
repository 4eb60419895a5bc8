// The answer of a write that waits for its turn, and how it reaches the caller without a thread of the pool.
// Derived from by the writes that stores queue; the boundary is used where the library itself waits for a journal.
namespace Refold;

/// <summary>
/// The answer of a write that a store has queued, for stores that commit on a thread of their own. A caller that blocks on
/// <see cref="Answered"/> is woken by whoever answers, even where every thread of the pool is blocked; one that awaits it goes on on the
/// pool, so that its code never runs on the thread that commits. Safe for use by many threads.
/// </summary>
/// <param name="allowSynchronousContinuations">Whether what awaits the answer goes on on the thread that answers: for code that is
/// short and calls nobody else's, as <see cref="EncodedBatch.AllowSynchronousContinuations"/> says of a batch.</param>
public abstract class PendingAnswer(bool allowSynchronousContinuations = false)
{
    private readonly TaskCompletionSource<AppendResult?> completion = new(
        allowSynchronousContinuations ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    private CancellationTokenRegistration registration;

    /// <summary>The answer; null where something else than an append was done.</summary>
    public Task<AppendResult?> Answered => completion.Task;

    /// <summary>Whether a refusal is thrown by <see cref="Answered"/>, as by <see cref="JournalExtensions.ReceiptOrThrow"/>.</summary>
    protected virtual bool ThrowsRefusals => false;

    /// <summary>From now on a token ends the waiting, though never the write. To be called before the write is queued.</summary>
    /// <param name="cancellationToken">The token.</param>
    /// <returns>False if it is cancelled already: then the write must not be queued.</returns>
    public bool TryWaitUntil(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            registration = cancellationToken.UnsafeRegister(
                static (source, token) => ((TaskCompletionSource<AppendResult?>)source!).TrySetCanceled(token), completion);
        }

        return !completion.Task.IsCompleted;
    }

    /// <summary>Answers. Only the first answer counts.</summary>
    /// <param name="result">The answer; null where something else than an append was done.</param>
    public void Answer(AppendResult? result)
    {
        registration.Unregister();
        if (ThrowsRefusals && result is AppendResult.NotAppended refused) completion.TrySetException(refused.Failure.ToException());
        else if (ThrowsRefusals && result is AppendResult.OutcomeUnknown unknown)
            completion.TrySetException(new OutcomeUnknownException(unknown.Cause));
        else completion.TrySetResult(result);
    }

    /// <summary>Answers with an exception.</summary>
    /// <param name="exception">What <see cref="Answered"/> throws.</param>
    public void Fail(Exception exception)
    {
        registration.Unregister();
        completion.TrySetException(exception);
    }
}

/// <summary>Where code that may go on on a thread that commits ends, and a caller's begins.</summary>
internal static class Boundary
{
    /// <summary>Awaits a task without a thread of the pool: what follows is done by the thread that completes the task, or at once where it
    /// is completed, also in the very moment in which it is awaited; a plain <c>await</c> goes on on the pool then. Nothing is thrown: the
    /// task tells how it ended.</summary>
    /// <param name="task">The task.</param>
    public static Following Following(Task task) => new(task);

    /// <summary>As <see cref="Following(Task)"/>, with the answer, or what the work threw. A method that did this and was itself awaited
    /// plainly would let its caller go on on the pool all the same.</summary>
    /// <param name="work">What is awaited.</param>
    public static Following<T> Following<T>(ValueTask<T> work) => new(work.AsTask());

    /// <summary>The same result. Whoever awaits it goes on on the pool; whoever blocks on it is woken by the thread that answers.</summary>
    /// <param name="work">What goes on on the thread that answers.</param>
    public static ValueTask<T> Of<T>(ValueTask<T> work)
    {
        if (work.IsCompleted) return work;
        var outside = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.AsTask().ContinueWith(
            static (done, source) => ((TaskCompletionSource<T>)source!).SetFromTask(done), outside, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return new ValueTask<T>(outside.Task);
    }
}

/// <summary>What is awaited by <see cref="Boundary.Following"/>.</summary>
internal readonly struct Following(Task task) : System.Runtime.CompilerServices.ICriticalNotifyCompletion
{
    public bool IsCompleted => task.IsCompleted;

    public Following GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => task.ContinueWith(
        static (_, next) => ((Action)next!)(), continuation, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}

/// <summary>What is awaited by <see cref="Boundary.Following{T}(ValueTask{T})"/>.</summary>
internal readonly struct Following<T>(Task<T> task) : System.Runtime.CompilerServices.ICriticalNotifyCompletion
{
    public bool IsCompleted => task.IsCompleted;

    public Following<T> GetAwaiter() => this;

    public T GetResult() => task.GetAwaiter().GetResult();

    public void OnCompleted(Action continuation) => new Following(task).OnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => new Following(task).UnsafeOnCompleted(continuation);
}
