// Makes the steps of a run in call order without waiting for durability, settles them in that order, and makes anew, in that order,
// those that another writer came between. Used by Run.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>At most one thread pumps at a time: it decides and queues appends. Whoever notices that an append is done settles what can
/// be settled. Nothing here waits while it holds the lock.</summary>
internal sealed partial class RunPipeline(IJournal journal, RunId run, RunMemory memory, RunOptions options, ILogger? logger)
{
    // Bounds what a run holds in memory on its way to the device; more wait as mere commands.
    private const int MostInFlight = 1024;

    private readonly Lock gate = new();
    private readonly Queue<Flight> flights = new();
    private readonly HashSet<StreamId> streams = [];
    private readonly HashSet<string> keys = new(StringComparer.Ordinal);
    private readonly List<RunWork> again = [];
    private Queue<RunWork> waiting = new();
    private bool pumping;
    private bool stale;
    private bool ended;
    private Exception? stoppedBy;

    private sealed class Flight(RunWork work, bool isEmpty, long runVersion)
    {
        public RunWork Work { get; } = work;

        /// <summary>Nothing is appended.</summary>
        public bool IsEmpty { get; } = isEmpty;

        /// <summary>The run's version once it is committed.</summary>
        public long RunVersion { get; } = runVersion;

        /// <summary>What making it threw.</summary>
        public Exception? Error { get; init; }

        /// <summary>How the append ended.</summary>
        public AppendResult? Result { get; set; }

        public bool IsDone => IsEmpty || Result is not null;
    }

    /// <summary>Takes a work; the calling thread makes it, unless another is at it.</summary>
    /// <param name="work">The work, whose result says the rest.</param>
    public void Add(RunWork work)
    {
        lock (gate)
        {
            waiting.Enqueue(work);
            if (pumping)
                return;
            pumping = true;
        }

        Pump(work);
    }

    /// <summary>Whatever waits behind a successful end is refused.</summary>
    public void End()
    {
        lock (gate) ended = true;
    }

    // Ends when there is nothing that can be made now, or hands over after `own`: nobody works for other callers for long.
    private void Pump(RunWork? own)
    {
        while (Next() is { } work)
        {
            Make(work);
            if (ReferenceEquals(work, own))
            {
                lock (gate)
                {
                    Settle();
                    if (!CanGoOn())
                    {
                        pumping = false;
                        return;
                    }
                }

                ThreadPool.UnsafeQueueUserWorkItem(pipeline => pipeline.Pump(null), this, preferLocal: false);
                return;
            }
        }
    }

    private RunWork? Next()
    {
        lock (gate)
        {
            Settle();
            while (CanGoOn())
            {
                if (stale)
                    Recover();
                if (!waiting.TryDequeue(out var work))
                    continue;
                if (stoppedBy is not null)
                    work.Fail(new RunStoppedException(run, stoppedBy));
                else if (ended && work is not BarrierWork)
                    work.Fail(new RunEndedException(run));
                else if (work.IsCancelled)
                    work.Fail(new OperationCanceledException());
                else
                    return work;
            }

            pumping = false;
            return null;
        }
    }

    private bool CanGoOn()
    {
        if (stale)
            return flights.Count == 0;
        return waiting.TryPeek(out var next) && flights.Count < MostInFlight && (flights.Count == 0 || !MustWait(next));
    }

    private bool MustWait(RunWork next) =>
        next.IsAlone
        || flights.Peek().Work.IsAlone
        || (next.Key is { } key && keys.Contains(key))
        // In Record the run's stream shows that a step before was not committed; in Off nothing would.
        || (options.Mode == RecordMode.Off && next.Stream is { } stream && streams.Contains(stream))
        || next.MustReload(memory);

    private void Recover()
    {
        memory.Forget();
        stale = false;
        waiting = new Queue<RunWork>(again.Concat(waiting));
        again.Clear();
    }

    private void Make(RunWork work)
    {
        // Here, not where the conflict is found: nothing is logged under the lock.
        if (work.Conflicts > 0) logger?.ConflictRetried(run, work.Stream, work.Conflicts + 1, options.MaxAttempts);
        using var resumed = ExecuteObservation.Resume(work);
        memory.Begun++;
        AppendRequest? request;
        Flight flight;
        try
        {
            request = work.Make(memory);
            flight = new Flight(work, isEmpty: request is null, memory.RunVersion);
        }
        catch (Exception error)
        {
            request = null;
            flight = new Flight(work, isEmpty: true, 0) { Error = error };
        }

        Launch(flight);
        if (request is not null)
            Append(request, flight);
    }

    private void Launch(Flight flight)
    {
        lock (gate)
        {
            flights.Enqueue(flight);
            if (flight.Work.Stream is { } stream)
                streams.Add(stream);
            if (flight.Work.Key is { } key)
                keys.Add(key);
        }
    }

    private void Append(AppendRequest request, Flight flight)
    {
        ValueTask<AppendResult> append;
        try
        {
            // Never the caller's token: cancelling ends waiting, not a write.
            append = journal.TryAppendAsync(request with { MoreMayFollow = !options.CommitsOnCaller }, CancellationToken.None);
        }
        catch (Exception error)
        {
            append = new ValueTask<AppendResult>(new AppendResult.OutcomeUnknown(error));
        }

        if (append.IsCompletedSuccessfully)
            lock (gate) flight.Result = append.Result;
        else
            _ = AwaitAsync(append.AsTask(), flight);
    }

    private async Task AwaitAsync(Task<AppendResult> append, Flight flight)
    {
        await ((Task)append).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate)
        {
            flight.Result = append.IsCompletedSuccessfully
                ? append.Result
                : new AppendResult.OutcomeUnknown(append.Exception?.GetBaseException() ?? new OperationCanceledException());
            Settle();
            if (pumping || !CanGoOn())
                return;
            pumping = true;
        }

        // Not on the thread that the journal answers on.
        ThreadPool.UnsafeQueueUserWorkItem(pipeline => pipeline.Pump(null), this, preferLocal: false);
    }
}
