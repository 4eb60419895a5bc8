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

    /// <summary>Refuses a call that would wait for the step it is made in.</summary>
    /// <exception cref="InvalidOperationException">It is made inside decide, evolve or a codec of this run.</exception>
    public void CheckOutside([CallerMemberName] string call = "") => RunScope.CheckOutside(pipeline, Id, call);

    /// <summary>Takes no more work, and waits for what was taken and for snapshots on their way, within a bound.</summary>
    /// <exception cref="RunNotClosedException">A work is not settled in time.</exception>
    public async ValueTask CloseAsync()
    {
        if (disposed)
            return;
        var (bound, started) = (Options.DisposeTimeout, System.TimeProvider.System.GetTimestamp());
        Operations.Dispose();
        var isQuiet = await Operations.CloseAsync(bound, CancellationToken.None).ConfigureAwait(false);
        disposed = true;
        bound = Left(bound, started);
        var settled = (Task)pipeline.AddBarrier();
        await settled.WaitAsync(bound).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var holder = settled.IsCompleted ? null : pipeline.Holder();
        await Snapshots.CloseAsync(Left(Options.DisposeTimeout, started)).ConfigureAwait(false);
        if (!settled.IsCompleted && holder is var (stream, reason))
            throw new RunNotClosedException(Id, stream, Options.DisposeTimeout, reason);
        if (!isQuiet)
            throw new RunNotClosedException(Id, null, Options.DisposeTimeout, "is perhaps still to come: an operation does not end");
    }

    private static TimeSpan Left(TimeSpan bound, long started)
    {
        if (bound == Timeout.InfiniteTimeSpan)
            return bound;
        var left = bound - System.TimeProvider.System.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
