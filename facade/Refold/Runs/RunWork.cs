// One thing a run is to do: a command, a look at what is settled, or the end. Made by Run and Aggregates, driven by RunPipeline.
// Every method is called by one thread at a time.
using System.Diagnostics;

namespace Refold;

/// <summary>What the pipeline drives, whatever its types.</summary>
internal abstract class RunWork
{
    /// <summary>The target stream; null where there is none.</summary>
    public virtual StreamId? Stream => null;

    /// <summary>The idempotency key.</summary>
    public virtual string? Key => null;

    /// <summary>Whether everything before must be settled first, and nothing may follow before this is settled.</summary>
    public virtual bool IsAlone => false;

    /// <summary>Whether nobody waits any more, so that it need not be begun.</summary>
    public virtual bool IsCancelled => false;

    /// <summary>What was current at the call that gave it; null where nobody listens.</summary>
    public Activity? Activity { get; set; }

    /// <summary>How often another writer came between.</summary>
    public int Conflicts { get; set; }

    /// <summary>Whether the state that it builds on was kept by another aggregate, so that everything before must be settled first.</summary>
    /// <param name="memory">What is known without waiting.</param>
    /// <returns>True where it has to wait.</returns>
    public virtual bool MustReload(RunMemory memory) => false;

    /// <summary>Decides on what is known without waiting, and moves that on. Throws what the work is to fail with.</summary>
    /// <param name="memory">What is known without waiting.</param>
    /// <returns>What is to be appended; null for nothing.</returns>
    public abstract AppendRequest? Make(RunMemory memory);

    /// <summary>Whether the receipt is the one of what was made last, not of an earlier append with the same key.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <returns>False where the key was known.</returns>
    public virtual bool IsFresh(Receipt receipt) => true;

    /// <summary>Where nothing was appended: whether the stream is another one by now than what was built on.</summary>
    /// <param name="journal">The journal.</param>
    /// <returns>The conflict; null for none.</returns>
    public virtual AppendFailure.Conflict? FindConflict(IJournal journal) => null;

    /// <summary>It is settled: what was made last is committed, or was nothing.</summary>
    /// <param name="receipt">The receipt; null where nothing was appended.</param>
    public abstract void Complete(Receipt? receipt);

    /// <summary>It is settled with an error, and nothing was appended (or nobody knows).</summary>
    /// <param name="error">The error.</param>
    public abstract void Fail(Exception error);
}

/// <summary>A work that somebody waits for.</summary>
internal abstract class RunWork<T>(CancellationToken cancellationToken) : RunWork
{
    // Continuations run elsewhere: settling happens under the pipeline's lock.
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>The result; cancelling ends waiting only.</summary>
    public Task<T> Task => completion.Task.WaitAsync(cancellationToken);

    public override void Complete(Receipt? receipt) => completion.TrySetResult(Result(receipt));

    public override void Fail(Exception error) => completion.TrySetException(error);

    protected abstract T Result(Receipt? receipt);
}

/// <summary>Is settled when everything before it is.</summary>
internal sealed class BarrierWork(CancellationToken cancellationToken) : RunWork<bool>(cancellationToken)
{
    public override AppendRequest? Make(RunMemory memory) => null;

    protected override bool Result(Receipt? receipt) => true;
}
