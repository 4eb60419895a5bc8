// The activity around one command of a run.
// Called by Aggregates.ExecuteAsync, and by RunPipeline, which makes a step on whatever thread is free.
using System.Diagnostics;

namespace Refold;

internal static class ExecuteObservation
{
    /// <summary>Does a work, within an activity where somebody listens.</summary>
    public static Task<ExecutionResult<TState, TEvent, TError>> DoObserved<TState, TCommand, TEvent, TError>(
        this RunCore run,
        ExecuteWork<TState, TCommand, TEvent, TError> work,
        string category)
    {
        var activity = RefoldTelemetry.Source.CreateActivity(RefoldTelemetry.ExecuteActivity, ActivityKind.Internal);
        return activity is null ? run.Do(work) : ObserveAsync(run, work, activity.SetTag(RefoldTelemetry.CategoryTag, category));
    }

    /// <summary>The step that is made next belongs to the activity of the call that gave it, not to that of the
    /// caller whose thread makes it.</summary>
    /// <returns>What is current again when it is disposed.</returns>
    public static Resumed Resume(RunWork work) => RefoldTelemetry.Source.HasListeners() ? new Resumed(work.Activity) : default;

    private static async Task<ExecutionResult<TState, TEvent, TError>> ObserveAsync<TState, TCommand, TEvent, TError>(
        RunCore run,
        ExecuteWork<TState, TCommand, TEvent, TError> work,
        Activity activity)
    {
        // Current in this method only: an asynchronous method gives its caller back what was current before.
        using var started = activity.Start();
        try
        {
            var result = await run.Do(work).ConfigureAwait(false);
            activity.SetTag(RefoldTelemetry.OutcomeTag, result.IsAccepted ? "accepted" : "refused");
            return result;
        }
        catch (Exception exception)
        {
            activity.SetTag(RefoldTelemetry.OutcomeTag, RefoldTelemetry.OutcomeOf(exception))
                .SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
    }

    /// <summary>Another activity is current until this is disposed.</summary>
    public readonly struct Resumed : IDisposable
    {
        private readonly bool isActive;
        private readonly Activity? outer;

        public Resumed(Activity? activity)
        {
            isActive = true;
            outer = Activity.Current;
            Activity.Current = activity;
        }

        public void Dispose()
        {
            if (isActive) Activity.Current = outer;
        }
    }
}
