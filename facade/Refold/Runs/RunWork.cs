// One thing a run is to do: a command, a look at what is settled, or the end. Made by Run and AggregateStreams, driven by RunPipeline.
// Loading runs beside the pipeline; every other method is called by one thread at a time.
using System.Diagnostics;

namespace Refold;

/// <summary>Where a work stands. Read and changed under the pipeline's lock.</summary>
internal enum WorkStatus
{
    /// <summary>Not taken yet.</summary>
    New = 0,

    /// <summary>Waits for what its step is made from, or for those before.</summary>
    Waiting = 1,

    /// <summary>Its step can be made.</summary>
    Ready = 2,

    /// <summary>Its step was made, or is being made.</summary>
    Made = 3,

    /// <summary>Its result is there.</summary>
    Settled = 4,
}

/// <summary>A step that was made.</summary>
/// <param name="Batch">What is to be appended; null for nothing.</param>
/// <param name="After">The state once it is committed; null where no state moves on.</param>
/// <param name="RunVersion">The run's highest version once it is committed.</param>
internal readonly record struct StepMade(EncodedBatch? Batch, KeptState? After, long RunVersion);

/// <summary>What the pipeline drives, whatever its types.</summary>
internal abstract class RunWork(CancellationToken cancellationToken)
{
    /// <summary>Cancels the work until its step is made.</summary>
    public CancellationToken Token => cancellationToken;

    /// <summary>Whether nobody waits any more.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>The target stream; null where there is none.</summary>
    public virtual StreamId? Stream => null;

    /// <summary>The aggregate whose state it builds on, as the key of that state; null where there is none.</summary>
    public virtual object? Aggregate => null;

    /// <summary>The idempotency key.</summary>
    public virtual string? Key => null;

    /// <summary>Whether everything before must be settled first, and nothing may follow before this is settled.</summary>
    public virtual bool IsAlone => false;

    /// <summary>Whether its key was found, so that nothing is decided.</summary>
    public virtual bool IsRepeated => false;

    /// <summary>The stream's version that the last step was built on, where it must be checked if nothing is appended.</summary>
    public virtual long? BuiltOn => null;

    /// <summary>What was current at the call that gave it; null where nobody listens.</summary>
    public Activity? Activity { get; set; }

    /// <summary>The step, of another run, that the call was made in; null for none.</summary>
    public RunScope? Scope { get; set; }

    /// <summary>How often another writer came between.</summary>
    public int Conflicts { get; set; }

    /// <summary>The pipeline's: its number in the order of the calls.</summary>
    public long Sequence { get; set; }

    /// <summary>The pipeline's: where it stands.</summary>
    public WorkStatus Status { get; set; }

    /// <summary>Whether its step is made only behind a look at the journal: for its key, or how full outboxes are.</summary>
    public virtual bool HasToLookUp => false;

    /// <summary>The pipeline's: the loading of its key, or of what it needs alone; null where none is on its way.</summary>
    public RunLoad? Load { get; set; }

    /// <summary>The pipeline's: whether what it has to look up was looked up.</summary>
    public bool IsLookedUp { get; set; }

    /// <summary>The queues': its place among those that are not settled.</summary>
    internal WorkLinks InRun;

    /// <summary>The queues': its place among those that wait for the same stream.</summary>
    internal WorkLinks InLane;

    /// <summary>The pipeline's: listens to <see cref="Token"/> until it is settled.</summary>
    public CancellationTokenRegistration Registration { get; set; }

    /// <summary>Looks up what it has to.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public virtual Task LookUpAsync(CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask;

    /// <summary>Loads what the step is made from.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The stream's state; null where the work needs none.</returns>
    public abstract Task<KeptState?> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Makes the step. Waits for nothing. Throws what the work is to fail with.</summary>
    /// <param name="before">The state to decide on; null where the work needs none.</param>
    /// <param name="runVersion">The run's highest version before it.</param>
    /// <returns>What is to be appended, and what is true then.</returns>
    public abstract StepMade Make(KeptState? before, long runVersion);

    /// <summary>Whether the receipt is the one of what was made last, not of an earlier append with the same key.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <returns>False where the key was known.</returns>
    public virtual bool IsFresh(Receipt receipt) => true;

    /// <summary>It is settled: what was made last is committed, or was nothing.</summary>
    /// <param name="receipt">The receipt; null where nothing was appended.</param>
    public abstract void Complete(Receipt? receipt);

    /// <summary>It is settled with an error, and nothing was appended (or nobody knows).</summary>
    /// <param name="error">The error.</param>
    public abstract void Fail(Exception error);

    /// <summary>It is settled because its token was cancelled, and nothing was appended.</summary>
    public abstract void Cancel();

    /// <summary>Its token was cancelled while its step, which goes on, is on its way.</summary>
    public abstract void CancelWaiting();
}

/// <summary>A work that somebody waits for.</summary>
internal abstract class RunWork<T>(CancellationToken cancellationToken) : RunWork(cancellationToken)
{
    // Continuations run elsewhere: settling happens under the pipeline's lock.
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The result; cancelling ends waiting, whether or not the step was made, unless it is to be known how it ended. Whoever
    /// blocks on it is woken without a thread of the pool.</summary>
    public Task<T> Task => completion.Task;

    /// <summary>Whether cancelling does not end waiting once the step was made.</summary>
    protected virtual bool IsWaitedOut => false;

    public override void Complete(Receipt? receipt) => completion.TrySetResult(Result(receipt));

    public override void Fail(Exception error) => completion.TrySetException(error);

    public override void Cancel() => completion.TrySetCanceled(Token);

    public override void CancelWaiting()
    {
        if (!IsWaitedOut) Cancel();
    }

    protected abstract T Result(Receipt? receipt);
}

/// <summary>Is settled when everything before it is.</summary>
internal sealed class BarrierWork(CancellationToken cancellationToken) : RunWork<bool>(cancellationToken)
{
    public override Task<KeptState?> LoadAsync(CancellationToken cancellationToken) =>
        System.Threading.Tasks.Task.FromResult<KeptState?>(null);

    public override StepMade Make(KeptState? before, long runVersion) => new(null, null, runVersion);

    protected override bool Result(Receipt? receipt) => true;
}
