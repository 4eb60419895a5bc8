// The works of a run that wait: in which order steps are made, which of them can be made now, and what ends waiting.
// Called under the lock of RunPipeline.
namespace Refold;

internal sealed partial class RunPipeline
{
    // Up to so many, lanes are kept for the next command of their stream.
    private const int MostIdleLanes = 256;

    private readonly Dictionary<StreamId, RunLane> lanes = [];
    private readonly Queue<RunLane> idle = [];
    private readonly Dictionary<string, Queue<RunWork>> keys = new(StringComparer.Ordinal);

    // In the order of the calls: what is not settled, what is ready, what has no step yet (kept for RunOrder.Submitted), what must be
    // alone.
    private readonly WorkQueue unsettled = new(isOfLane: false);
    private readonly PriorityQueue<RunWork, long> ready = new();
    private readonly PriorityQueue<RunWork, long> unmade = new();
    private readonly Queue<RunWork> alone = new();
    private long sequence;
    private int waitingCount;
    private bool ended;
    private Exception? stoppedBy;

    private void Enter(RunWork work)
    {
        work.Sequence = ++sequence;
        unsettled.AddLast(work);
        if (stoppedBy is not null && !stale)
            Refuse(work, new RunStoppedException(run, stoppedBy));
        else if (ended && work is not BarrierWork)
            Refuse(work, new RunEndedException(run));
        else if (work.IsCancelled)
            Refuse(work, new OperationCanceledException());
        else
        {
            Wait(work, isNew: true);
            if (LaneOf(work) is { } lane) Evaluate(lane);
        }
    }

    // What waits again waits before all others of its stream, so the lane is looked at when all of them do.
    private void Wait(RunWork work, bool isNew)
    {
        work.Status = WorkStatus.Waiting;
        if (work is BarrierWork)
            return;
        waitingCount++;
        if (options.Order == RunOrder.Submitted) unmade.Enqueue(work, work.Sequence);
        if (work.Stream is not { } stream)
        {
            if (isNew) alone.Enqueue(work);
            return;
        }

        if (!lanes.TryGetValue(stream, out var lane)) lanes[stream] = lane = new RunLane(stream);
        if (isNew)
            lane.Waiting.AddLast(work);
        else
            lane.Waiting.AddFirst(work);
        if (isNew && work.Key is { } key)
        {
            if (!keys.TryGetValue(key, out var users)) keys[key] = users = new Queue<RunWork>();
            users.Enqueue(work);
        }

        work.IsLookedUp = false;
        AskKey(work);
    }

    // Settles what can be settled, asks for what must be loaded; answers whether a step can be made.
    private bool Turn()
    {
        Settle();
        if (stale)
        {
            if (making is not null || flights.Count > 0) return false;
            Recover();
        }

        if (ended && waitingCount > 0) RefuseWaiting(work => work is BarrierWork ? null : new RunEndedException(run));
        SettleFront();
        if (waitingCount == 0)
            return false;
        if (memory.RunVersion is null)
        {
            AskVersion();
            return false;
        }

        return flights.Count < MostInFlight && HasNext();
    }

    // Whether the first that is ready may be made now.
    private bool HasNext()
    {
        while (ready.TryPeek(out var garbage, out _) && garbage.Status != WorkStatus.Ready) ready.Dequeue();
        if (!ready.TryPeek(out var work, out _))
            return false;
        while (alone.TryPeek(out var done) && done.Status == WorkStatus.Settled) alone.Dequeue();
        if (alone.TryPeek(out var fence) && fence.Sequence < work.Sequence)
            return false;
        if (options.Order == RunOrder.Ready)
            return true;
        while (unmade.TryPeek(out var made, out _) && made.Status is not (WorkStatus.Waiting or WorkStatus.Ready)) unmade.Dequeue();
        return ReferenceEquals(unmade.Peek(), work);
    }

    // Whether everything before a barrier is settled shows at the front.
    private void SettleFront()
    {
        while (unsettled.First is { } work)
        {
            if (work is BarrierWork)
            {
                Leave(work);
                work.Complete(null);
                continue;
            }

            if (work.IsAlone && work.Status == WorkStatus.Waiting) AskAlone(work);
            return;
        }
    }

    // Of more than are kept, those go whose commands came longest ago.
    private void KeepForLater(RunLane lane)
    {
        if (!lane.IsKept) idle.Enqueue(lane);
        lane.IsKept = true;
        while (lanes.Count > MostIdleLanes && idle.TryDequeue(out var oldest))
        {
            oldest.IsKept = false;
            if (oldest.IsIdle) lanes.Remove(oldest.Stream);
        }
    }

    // The first that waits for a stream becomes ready when what it has to look up was looked up, and the state is there.
    private void Evaluate(RunLane lane)
    {
        if (lane.Waiting.First is not { } work)
        {
            Abandon(lane.Load);
            (lane.Load, lane.Loaded) = (null, null);
            if (lane.IsIdle) KeepForLater(lane);
            return;
        }

        if (lane.IsMaking || work.Status != WorkStatus.Waiting || (work.HasToLookUp && !work.IsLookedUp))
            return;
        if (!work.IsRepeated)
        {
            // In Record the run's stream shows that a step before was not committed; in Off nothing would.
            if (options.Mode == RecordMode.Off && lane.InFlight > 0)
                return;
            if (StateFor(work, lane) is null)
            {
                // What is in flight cannot be read back yet.
                if (lane.Load is null && lane.InFlight == 0) AskState(lane, work);
                return;
            }
        }

        work.Status = WorkStatus.Ready;
        ready.Enqueue(work, work.Sequence);
    }

    private KeptState? StateFor(RunWork work, RunLane lane) =>
        memory.Find(lane.Stream, work.Aggregate!) ?? (ReferenceEquals(lane.Loaded?.Aggregate, work.Aggregate) ? lane.Loaded : null);

    private RunLane? LaneOf(RunWork work) => work.Stream is { } stream ? lanes[stream] : null;

    private bool IsWaitedFor(StreamId stream) => lanes.TryGetValue(stream, out var lane) && lane.Waiting.First is not null;

    // Called by the token; not under the lock, and perhaps before the work was taken.
    private void Cancel(RunWork work)
    {
        lock (gate)
        {
            // A step that was made goes on; its caller waits for it no more.
            if (work.Status == WorkStatus.Made) work.CancelWaiting();
            if (work.Status is not (WorkStatus.Waiting or WorkStatus.Ready))
                return;
            Refuse(work, new OperationCanceledException());
        }

        Kick();
    }

    private void RefuseWaiting(Func<RunWork, Exception?> reason)
    {
        foreach (var work in unsettled.Where(work => work.Status is WorkStatus.Waiting or WorkStatus.Ready).ToList())
        {
            if (reason(work) is { } error) Refuse(work, error);
        }
    }

    // A work of which no step was made is settled without one.
    private void Refuse(RunWork work, Exception error)
    {
        var waited = work.Status is WorkStatus.Waiting or WorkStatus.Ready && work is not BarrierWork;
        Abandon(work.Load);
        work.Load = null;
        Leave(work);
        if (work.IsCancelled)
            work.Cancel();
        else
            work.Fail(error);
        if (!waited)
            return;
        if (--waitingCount == 0)
        {
            Abandon(versionLoad);
            versionLoad = null;
        }

        if (LaneOf(work) is not { } lane)
            return;
        lane.Waiting.Remove(work);
        Evaluate(lane);
    }

    // It is settled; the next of its key may be looked up.
    private void Leave(RunWork work)
    {
        work.Status = WorkStatus.Settled;
        unsettled.Remove(work);
        work.Registration.Unregister();
        if (work.Key is not { } key || !keys.TryGetValue(key, out var users))
            return;
        while (users.TryPeek(out var user) && user.Status == WorkStatus.Settled) users.Dequeue();
        if (users.TryPeek(out var next))
            AskKey(next);
        else
            keys.Remove(key);
    }
}
