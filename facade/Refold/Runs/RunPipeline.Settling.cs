// Settling the steps of a run in the order they were made in: completed, failed, or put aside to be made anew.
// Called under the lock of RunPipeline.
namespace Refold;

internal sealed partial class RunPipeline
{
    private readonly List<RunWork> again = [];

    // Whether a step was not committed, so that what was built on it must be made anew; and that step's number.
    private bool stale;
    private long staleFrom;

    /// <summary>What is held of a stream between steps.</summary>
    public KeptState? Kept(StreamId stream, object aggregate)
    {
        lock (gate) return memory.Find(stream, aggregate);
    }

    /// <summary>Whether a stream's hooks are to be called: it was not recovered since its state was let go, or not to the end.</summary>
    public bool BeginRecovery(StreamId stream, CancellationToken cancellationToken)
    {
        lock (gate) return memory.BeginRecovery(stream, IsWaitedFor, cancellationToken);
    }

    /// <summary>The hooks of a stream have ended.</summary>
    public void EndRecovery(StreamId stream)
    {
        lock (gate) memory.EndRecovery(stream);
    }

    private void Settle()
    {
        while (flights.TryPeek(out var flight))
        {
            if (flight is EmptyFlight empty)
            {
                if (!stale && flight.Work.BuiltOn is not null && !empty.IsChecked)
                {
                    AskConflict(empty);
                    return;
                }
            }
            else if (flight.Result is null)
                return;

            flights.Dequeue();
            memory.Settled++;
            if (flight.Lane is { } lane) lane.InFlight--;
            Settle(flight);
            if (flight.Lane is not null) Evaluate(flight.Lane);
        }
    }

    private void Settle(Flight flight)
    {
        var work = flight.Work;
        switch (flight.Result)
        {
            case AppendResult.Appended { IsRepeated: false } appended when work.IsFresh(appended.Receipt):
                Complete(flight, appended.Receipt);
                break;
            case AppendResult.OutcomeUnknown unknown:
                BecomeStale();
                stoppedBy ??= unknown.Cause;
                Fail(work, new OutcomeUnknownException(unknown.Cause));
                break;
            case var _ when stale:
                // Built on a step that was not committed: not its own fault.
                again.Add(work);
                break;
            case AppendResult.Appended repeated:
                // Somebody else used the key meanwhile: what is recorded under it is found when the step is made anew.
                Retry(flight, new AppendFailure.KeyReused(work.Key ?? "", repeated.Receipt.FirstPosition));
                break;
            case AppendResult.NotAppended { Failure: AppendFailure.Conflict or AppendFailure.KeyReused } refused:
                Retry(flight, refused.Failure);
                break;
            case AppendResult.NotAppended refused:
                BecomeStale();
                Fail(work, refused.Failure.ToException());
                break;
            default:
                SettleEmpty((EmptyFlight)flight);
                break;
        }
    }

    private void SettleEmpty(EmptyFlight flight)
    {
        if (flight.CheckError is { } unknown)
            Fail(flight.Work, unknown);
        else if (flight.Conflict is { } conflict)
            Retry(flight, conflict);
        else if (flight.Error is { } error)
            Fail(flight.Work, error);
        else
            Complete(flight, null);
    }

    private void Complete(Flight flight, Receipt? receipt)
    {
        memory.Settle(flight.RunVersion);
        // Whatever waits behind a successful end is refused.
        if (flight.Work.IsAlone) ended = true;
        Leave(flight.Work);
        flight.Work.Complete(receipt);
    }

    private void Fail(RunWork work, Exception error)
    {
        Leave(work);
        work.Fail(error);
    }

    private void Retry(Flight flight, AppendFailure failure)
    {
        BecomeStale();
        var work = flight.Work;
        // The state may be one that an earlier step left: this one built on it and was late.
        if (work.Stream is { } stream) memory.Forget(stream);
        if (flight.Lane is { } lane) lane.Loaded = null;
        if (++work.Conflicts < options.MaxAttempts)
            again.Add(work);
        else
            Fail(work, failure.ToException());
    }

    private void BecomeStale()
    {
        if (stale)
            return;
        stale = true;
        staleFrom = memory.Settled;
    }

    // Nothing is being made or in flight any more: the states that are wrong are loaded again, and what
    // was put aside waits before all others.
    private void Recover()
    {
        stale = false;
        memory.ForgetFrom(staleFrom);
        var outdated = ready.UnorderedItems.Select(item => item.Element).Where(work => work.Status == WorkStatus.Ready).ToList();
        ready.Clear();
        foreach (var work in outdated) work.Status = WorkStatus.Waiting;
        for (var index = again.Count - 1; index >= 0; index--) Wait(again[index], isNew: false);
        if (stoppedBy is { } cause)
            RefuseWaiting(_ => new RunStoppedException(run, cause));
        else
        {
            foreach (var work in again.Where(work => work.IsCancelled)) Refuse(work, new OperationCanceledException());
            foreach (var work in again.Concat(outdated).Where(work => work.Status == WorkStatus.Waiting))
            {
                if (LaneOf(work) is { } lane) Evaluate(lane);
            }
        }

        again.Clear();
    }
}
