// What a run's parts share: the journal it is recorded in, its context and options, its pipeline.
// Made by starting and resuming; used by Run, AggregateStreams and works.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Refold.Interop;

namespace Refold;

internal sealed class RunCore
{
    private readonly RunPipeline pipeline;
    private volatile bool disposed;

    // The run's highest version; null where the journal is asked before the first step.
    public RunCore(IJournal journal, RunId id, RunPin pin, RngState? root, RunOptions options, long? runVersion)
    {
        Journal = journal;
        Id = id;
        Pin = pin;
        Options = options;
        var observer = JournalObserver.Of(journal);
        TimeProvider = options.TimeProvider ?? observer?.TimeProvider ?? TimeProvider.System;
        Logger = QuietLogger.Of(options.LoggerFactory ?? observer?.LoggerFactory, LogLines.RunCategory);
        var interval = options.SnapshotInterval ?? observer?.SnapshotInterval ?? new JournalOptions().SnapshotInterval;
        Snapshots = new RunSnapshots(this, options.Snapshots ?? observer?.Snapshots, interval);
        Recoveries = new RunRecoveries(this, options.RecoveryPermits ?? observer?.RecoveryPermits ?? RecoveryPermits.Of(journal));
        Context = RunTranslation.Context(id, pin, root, options.Mode);
        Operations = new RunOperations(id);
        Gauges = options.MaxUnconfirmed.Count > 0 ? new OutboxGauges(journal, options.MaxUnconfirmed) : null;
        pipeline = new RunPipeline(journal, id, new RunMemory(options.Mode, runVersion, options.CachedStreams), options, Logger);
    }

    public IJournal Journal { get; }

    public RunId Id { get; }

    public RunPin Pin { get; }

    public RunOptions Options { get; }

    public Core.RunContext Context { get; }

    public RunSnapshots Snapshots { get; }

    public RunRecoveries Recoveries { get; }

    public RunOperations Operations { get; }

    /// <summary>How full outboxes are; null where none has a bound.</summary>
    public OutboxGauges? Gauges { get; }

    public TimeProvider TimeProvider { get; }

    public ILogger? Logger { get; }

    public Task<T> Do<T>(RunWork<T> work)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(Run));
        if (RefoldTelemetry.Source.HasListeners()) work.Activity = Activity.Current;
        work.Scope = RunScope.Now;
        pipeline.Add(work);
        return work.Task;
    }

    /// <summary>What is held of a stream between steps.</summary>
    public KeptState? Kept(StreamId stream, object aggregate) => pipeline.Kept(stream, aggregate);

    /// <summary>Whether a stream's hooks are to be called: it was not recovered since its state was let go, or not to the end.</summary>
    public bool BeginRecovery(StreamId stream, CancellationToken cancellationToken) => pipeline.BeginRecovery(stream, cancellationToken);

    /// <summary>The hooks of a stream have ended.</summary>
    public void EndRecovery(StreamId stream) => pipeline.EndRecovery(stream);

    /// <summary>Refuses a call that would wait for the step it is made in.</summary>
    /// <exception cref="InvalidOperationException">It is made inside decide, evolve or a codec of this run.</exception>
    public void CheckOutside([CallerMemberName] string call = "") => RunScope.CheckOutside(pipeline, Id, call);

    /// <summary>Takes no more work, and waits for what was taken and for snapshots on their way, within a bound.</summary>
    /// <param name="cutsOff">Whether operations that do not end in time are cut off.</param>
    /// <exception cref="RunNotClosedException">A work is not settled in time, or an operation that is not cut off.</exception>
    public async ValueTask CloseAsync(bool cutsOff)
    {
        if (disposed)
            return;
        var (bound, started) = (Options.DisposeTimeout, System.TimeProvider.System.GetTimestamp());
        Operations.Dispose();
        var isQuiet = await Operations.CloseAsync(bound, CancellationToken.None).ConfigureAwait(false);
        if (!isQuiet && cutsOff) Logger?.OperationsCutOff(Id, Operations.CutOff());
        await SettleAsync(Left(bound, started), CancellationToken.None).ConfigureAwait(false);
        if (!isQuiet && !cutsOff)
            throw new RunNotClosedException(Id, null, Options.DisposeTimeout, "is perhaps still to come: an operation does not end");
    }

    /// <summary>Takes no more commands, and waits for those that were taken and for snapshots on their way; operations were closed
    /// before.</summary>
    /// <param name="bound">How long.</param>
    /// <param name="cancellationToken">Ends waiting before.</param>
    /// <exception cref="RunNotClosedException">A work is not settled in time.</exception>
    public async ValueTask SettleAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        if (disposed)
            return;
        disposed = true;
        var started = System.TimeProvider.System.GetTimestamp();
        var settled = (Task)pipeline.AddBarrier();
        await settled.WaitAsync(bound, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var holder = settled.IsCompleted ? null : pipeline.Holder();
        await Snapshots.CloseAsync(Left(bound, started), cancellationToken).ConfigureAwait(false);
        if (!settled.IsCompleted && holder is var (stream, reason))
            throw new RunNotClosedException(Id, stream, bound, reason);
    }

    /// <summary>What is left of a bound since a moment.</summary>
    public static TimeSpan Left(TimeSpan bound, long started)
    {
        if (bound == Timeout.InfiniteTimeSpan)
            return bound;
        var left = bound - System.TimeProvider.System.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
