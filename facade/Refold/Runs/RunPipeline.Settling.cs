// Settling the steps of a run in call order: completed, failed, or put aside to be made anew.
// Called under the lock of RunPipeline.
namespace Refold;

internal sealed partial class RunPipeline
{
    private void Settle()
    {
        while (flights.TryPeek(out var flight) && flight.IsDone)
        {
            flights.Dequeue();
            memory.Settled++;
            if (flight.Work.Stream is { } stream)
                streams.Remove(stream);
            if (flight.Work.Key is { } key)
                keys.Remove(key);
            Settle(flight);
        }
    }

    private void Settle(Flight flight)
    {
        var work = flight.Work;
        switch (flight.Result)
        {
            case AppendResult.Appended appended when work.IsFresh(appended.Receipt):
                memory.Settle(flight.RunVersion);
                work.Complete(appended.Receipt);
                break;
            case AppendResult.OutcomeUnknown unknown:
                stale = true;
                stoppedBy ??= unknown.Cause;
                work.Fail(new OutcomeUnknownException(unknown.Cause));
                break;
            case var _ when stale:
                // Built on a step that was not committed: not its own fault.
                again.Add(work);
                break;
            case AppendResult.Appended repeated:
                // Somebody else used the key meanwhile: what is recorded under it is found when the step is made anew.
                Retry(work, new AppendFailure.KeyReused(work.Key ?? "", repeated.Receipt.FirstPosition));
                break;
            case AppendResult.NotAppended { Failure: AppendFailure.Conflict or AppendFailure.KeyReused } refused:
                Retry(work, refused.Failure);
                break;
            case AppendResult.NotAppended refused:
                stale = true;
                work.Fail(refused.Failure.ToException());
                break;
            default:
                SettleEmpty(flight);
                break;
        }
    }

    // Nothing was appended, so no expected version was judged yet: a refusal or an exception may come from an outdated state.
    private void SettleEmpty(Flight flight)
    {
        AppendFailure.Conflict? conflict;
        try
        {
            conflict = flight.Work.FindConflict(journal);
        }
        catch (Exception error)
        {
            flight.Work.Fail(error);
            return;
        }

        if (conflict is not null)
            Retry(flight.Work, conflict);
        else if (flight.Error is { } error)
            flight.Work.Fail(error);
        else
        {
            memory.Settle(flight.RunVersion);
            flight.Work.Complete(null);
        }
    }

    private void Retry(RunWork work, AppendFailure failure)
    {
        stale = true;
        if (++work.Conflicts < options.MaxAttempts)
            again.Add(work);
        else
            work.Fail(failure.ToException());
    }
}
