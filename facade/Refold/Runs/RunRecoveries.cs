// What a run does when it recovers a stream: under a permit, within an activity, and with the hooks of its aggregate afterwards.
// Used by StreamState for every load and fold, and by ExecuteWork for the states that steps are built on.
using System.Diagnostics;

namespace Refold;

/// <summary>The recoveries of a run. Safe for use by many threads.</summary>
internal sealed class RunRecoveries(RunCore run, RecoveryPermits permits)
{
    /// <summary>Loads and folds under a permit, which a fault or a cancellation gives back too: also where what is read does not heed its
    /// token.</summary>
    /// <exception cref="PermitDeniedException">The permits were closed.</exception>
    public async ValueTask<T> UnderPermitAsync<T>(Func<CancellationToken, ValueTask<T>> load, CancellationToken cancellationToken)
    {
        var asked = RecoveryObservation.Now;
        using var permit = await permits.AcquireAsync(cancellationToken).ConfigureAwait(false);
        RecoveryObservation.Waited(asked);
        using var registration = cancellationToken.UnsafeRegister(static held => ((RecoveryPermit)held!).Dispose(), permit);
        return await load(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Recovers the state that steps are built on: under a permit, and then the hooks.</summary>
    public async Task<KeptState> RecoverAsync<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate, StreamId stream, Activity? caller, CancellationToken cancellationToken)
    {
        var started = RecoveryObservation.Now;
        // Current in this method only.
        using var activity = RefoldTelemetry.Source.StartActivity(
            RefoldTelemetry.RecoveryActivity, ActivityKind.Internal, caller?.Context ?? default);
        LoadedState<TState> loaded;
        try
        {
            loaded = await StreamState.LoadAsync(run, aggregate, stream, long.MaxValue, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            RecoveryObservation.Ended(activity, started, aggregate.Category, RefoldTelemetry.OutcomeOf(exception));
            throw;
        }

        RecoveryObservation.Ended(activity, started, aggregate.Category, "recovered");
        await CallHooksAsync(aggregate, stream, loaded.Folded, cancellationToken).ConfigureAwait(false);
        return new KeptState(aggregate, loaded.Folded, loaded.From?.Version ?? 0, loaded.From, loaded.IsRedacted);
    }

    /// <summary>Refuses a hook that could never be called: one of the aggregate's category over another type of state.</summary>
    /// <exception cref="ArgumentException">There is one.</exception>
    public void Check<TState, TCommand, TEvent, TError>(Aggregate<TState, TCommand, TEvent, TError> aggregate)
    {
        foreach (var hook in run.Options.RecoveryCompleted)
        {
            if (hook.Category == aggregate.Category && hook is not RecoveryHook<TState>)
                throw new ArgumentException(
                    $"A recovery hook of the category '{hook.Category}' is for another type of state than {typeof(TState)}; "
                    + "make it from the aggregate that the run uses.", nameof(aggregate));
        }
    }

    private async ValueTask CallHooksAsync<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        FoldedState<TState> state,
        CancellationToken cancellationToken)
    {
        if (run.Options.RecoveryCompleted.Count == 0 || !run.BeginRecovery(stream, cancellationToken)) return;
        foreach (var hook in run.Options.RecoveryCompleted)
        {
            if (hook is not RecoveryHook<TState> own || hook.Category != aggregate.Category) continue;
            try
            {
                await own.CallAsync(stream, state, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Nobody waits for the stream any more; the next recovery begins with the hooks again.
                throw;
            }
#pragma warning disable CA1031 // Whatever a hook throws: the state is there, and the command has nothing to do with it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                run.Logger?.RecoveryHookFailed(exception, stream, state.Version);
            }
        }

        run.EndRecovery(stream);
    }
}
