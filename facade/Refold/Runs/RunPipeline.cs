// Makes the steps of a run one at a time from states loaded beside it, without waiting for durability, and settles them in the order they
// were made in. Used by RunCore.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>At most one thread pumps at a time: it decides and queues appends. Whoever notices that an append or a load is done settles
/// what can be settled. Nothing here waits, and nothing is read, while the lock is held.</summary>
internal sealed partial class RunPipeline(IJournal journal, RunId run, RunMemory memory, RunOptions options, ILogger? logger)
{
    // Bounds what a run holds in memory on its way to the device; more wait as mere commands.
    private const int MostInFlight = 1024;

    private readonly Lock gate = new();
    private readonly Queue<Flight> flights = new();
    private bool pumping;

    // Made once: it is asked at every step.
    private Predicate<StreamId>? waitedFor;

    // A step is being made, which is not among the flights yet: this work's.
    private RunWork? making;
    private readonly StepWatch watch = new(
        logger is null ? Timeout.InfiniteTimeSpan : options.SlowStep, (stream, taken) => logger?.StepTakesLong(run, stream, taken));

    private class Flight(RunWork work, RunLane? lane, StepMade made)
    {
        public RunWork Work { get; } = work;

        public RunLane? Lane { get; } = lane;

        /// <summary>The run's version once it is committed.</summary>
        public long RunVersion { get; } = made.RunVersion;

        /// <summary>How the append ended.</summary>
        public AppendResult? Result { get; set; }
    }

    // Nothing is appended.
    private sealed class EmptyFlight(RunWork work, RunLane? lane, StepMade made, Exception? error) : Flight(work, lane, made)
    {
        /// <summary>What making it threw.</summary>
        public Exception? Error { get; } = error;

        /// <summary>The look whether another writer came between.</summary>
        public RunLoad? Check { get; set; }

        /// <summary>Whether that look is done, or none is needed.</summary>
        public bool IsChecked { get; set; }

        /// <summary>What that look showed.</summary>
        public AppendFailure.Conflict? Conflict { get; set; }

        /// <summary>What that look threw.</summary>
        public Exception? CheckError { get; set; }
    }

    private readonly record struct Picked(RunWork Work, RunLane? Lane, KeptState? Before, long RunVersion);

    /// <summary>Takes a work; the calling thread begins to load what it needs and, where all is there, makes it, unless another is at
    /// it.</summary>
    /// <param name="work">The work, whose result says the rest.</param>
    public void Add(RunWork work)
    {
        if (work.Token.CanBeCanceled)
            work.Registration = work.Token.UnsafeRegister(CancelWork, (this, work));
        var loads = Take(work);
        while (true)
        {
            // What the caller asked for is read on its own thread: a store that answers at once is
            // answered at once, in the order of the calls.
            foreach (var load in loads) _ = LoadAsync(load, isCallers: true);
            lock (gate)
            {
                var canMake = Turn();
                loads = NextLoads();
                if (loads.Count > 0)
                    continue;
                if (pumping || !canMake)
                    return;
                pumping = true;
                if (work.Status == WorkStatus.Ready)
                    break;
            }

            PumpElsewhere();
            return;
        }

        Pump(work);
    }

    /// <summary>Takes a work that is settled when everything before it is.</summary>
    /// <returns>Done then.</returns>
    public Task AddBarrier()
    {
        var barrier = new BarrierWork(CancellationToken.None);
        Add(barrier);
        return barrier.Task;
    }

    /// <summary>What everything waits for that is not settled: its stream, and why it is not; null where all is settled.</summary>
    public (StreamId? Stream, string Reason)? Holder()
    {
        lock (gate)
        {
            if (making is { } work)
                return (work.Stream, "is still being made: decide, evolve or a codec does not end");
            return unsettled.FirstOrDefault(waiting => waiting is not BarrierWork) switch
            {
                null => null,
                { Status: WorkStatus.Made } made => (made.Stream, "is not answered by the journal"),
                var waiting => (waiting.Stream, "still waits for its state"),
            };
        }
    }

    private static void CancelWork(object? asked)
    {
        var (pipeline, work) = ((RunPipeline, RunWork))asked!;
        pipeline.Cancel(work);
    }

    private IReadOnlyList<RunLoad> Take(RunWork work)
    {
        lock (gate)
        {
            Enter(work);
            return NextLoads();
        }
    }

    // Ends when there is nothing that can be made now, or hands over after `own`: nobody works for other callers for long.
    private void Pump(RunWork? own)
    {
        while (true)
        {
            Picked picked;
            lock (gate)
            {
                if (!CanGoOn())
                    return;
                picked = Pick();
            }

            Make(picked);
            if (!ReferenceEquals(picked.Work, own))
                continue;
            lock (gate)
            {
                if (!CanGoOn())
                    return;
            }

            PumpElsewhere();
            return;
        }
    }

    private void PumpElsewhere() => Elsewhere.Do(static pipeline => pipeline.Pump(null), this);

    // Asked by the thread that pumps, under the lock; it pumps no more where the answer is no.
    private bool CanGoOn()
    {
        pumping = Turn();
        LoadElsewhere();
        return pumping;
    }

    // Something arrived on a thread that is not the run's to use: what can go on goes on elsewhere.
    private void Kick()
    {
        lock (gate)
        {
            var canMake = Turn();
            LoadElsewhere();
            if (pumping || !canMake)
                return;
            pumping = true;
        }

        PumpElsewhere();
    }

    private Picked Pick()
    {
        var work = ready.Dequeue();
        work.Status = WorkStatus.Made;
        making = work;
        waitingCount--;
        memory.Begun++;
        KeptState? before = null;
        var lane = LaneOf(work);
        if (lane is not null)
        {
            lane.Waiting.Remove(work);
            lane.IsMaking = true;
            if (!work.IsRepeated)
            {
                before = StateFor(work, lane);
                lane.Loaded = null;
                Abandon(lane.Load);
                lane.Load = null;
            }
        }

        return new Picked(work, lane, before, memory.RunVersion!.Value);
    }

    private void Make(Picked picked)
    {
        var work = picked.Work;
        // Here, not where the conflict is found: nothing is logged under the lock.
        if (work.Conflicts > 0) logger?.ConflictRetried(run, work.Stream, work.Conflicts + 1, options.MaxAttempts);
        using var resumed = ExecuteObservation.Resume(work);
        StepMade made;
        Exception? failed = null;
        var scope = RunScope.Enter(this, work);
        watch.Begin(work.Stream);
        try
        {
            made = work.Make(picked.Before, picked.RunVersion);
        }
        catch (Exception error)
        {
            (made, failed) = (new StepMade(null, null, picked.RunVersion), error);
        }
        finally
        {
            watch.End();
            scope.Leave();
        }

        var flight = made.Batch is null ? new EmptyFlight(work, picked.Lane, made, failed) : new Flight(work, picked.Lane, made);
        Launch(flight, made, picked.Before);
        if (made.Batch is not null)
            Append(made.Batch, flight);
    }

    private void Launch(Flight flight, StepMade made, KeptState? before)
    {
        lock (gate)
        {
            making = null;
            flights.Enqueue(flight);
            memory.Advance(flight.Work.Stream, made, waitedFor ??= IsWaitedFor);
            if (flight.Lane is not { } lane)
                return;
            lane.IsMaking = false;
            lane.InFlight++;
            // A step that failed leaves the state that was loaded for it to the next.
            if (flight is EmptyFlight { Error: not null } && lane.Waiting.First is not null
                && memory.Find(lane.Stream, flight.Work.Aggregate!) is null)
                lane.Loaded = before;
            Evaluate(lane);
        }
    }

    private void Append(EncodedBatch batch, Flight flight)
    {
        ValueTask<AppendResult> append;
        try
        {
            // Never the caller's token: cancelling ends waiting, not a write.
            batch.Pipelined = options.Pipelined;
            // Settling is short and calls nobody else's code: callers may block every thread of the pool.
            batch.AllowSynchronousContinuations = journal is LocalJournal { AnswersOnItsThread: true };
            append = journal.TryAppendAsync(batch, CancellationToken.None);
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
        await Boundary.Following(append);
        lock (gate)
        {
            flight.Result = append.IsCompletedSuccessfully
                ? append.Result
                : new AppendResult.OutcomeUnknown(append.Exception?.GetBaseException() ?? new OperationCanceledException());
        }

        Kick();
    }
}
