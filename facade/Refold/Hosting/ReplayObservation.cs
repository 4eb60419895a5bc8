// The activity and the log line around verifying a run, and the count of entries that folding and verifying read.
// Called by ReplayExtensions. While a run is decided again nothing is logged: the verdict is.
using System.Diagnostics;

namespace Refold;

internal static class ReplayObservation
{
    private static readonly KeyValuePair<string, object?> FoldTag = RefoldTelemetry.Tag(RefoldTelemetry.ReplayTag, "fold");
    private static readonly KeyValuePair<string, object?> VerifyTag = RefoldTelemetry.Tag(RefoldTelemetry.ReplayTag, "verify");

    public static async Task<ReplayReport> VerifiedAsync(IJournal journal, Func<Task<ReplayReport>> verify)
    {
        using var activity = RefoldTelemetry.Source.StartActivity(RefoldTelemetry.VerifyActivity);
        try
        {
            var report = await verify().ConfigureAwait(false);
            RefoldTelemetry.Replayed.Add(report.Entries, VerifyTag);
            activity?.SetTag(RefoldTelemetry.OutcomeTag, OutcomeOf(report.Verdict));
            if (report.Divergence is { } divergence)
            {
                activity?.SetTag(RefoldTelemetry.CauseTag, divergence.CauseName);
                QuietLogger.Of(JournalObserver.Of(journal)?.LoggerFactory, LogLines.ReplayCategory)?.DivergenceFound(
                    report.Run, divergence.Position, divergence.Stream, divergence.Version, divergence.Path, divergence.CauseName);
            }

            return report;
        }
        catch (Exception exception)
        {
            activity?.SetTag(RefoldTelemetry.OutcomeTag, RefoldTelemetry.OutcomeOf(exception))
                .SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
    }

    public static FoldReport<TState> Folded<TState>(FoldReport<TState> report)
    {
        RefoldTelemetry.Replayed.Add(report.Entries, FoldTag);
        return report;
    }

    private static string OutcomeOf(ReplayVerdict verdict) => verdict switch
    {
        ReplayVerdict.Matched => "matched",
        ReplayVerdict.Diverged => "diverged",
        ReplayVerdict.Incomplete => "incomplete",
        _ => "not-recorded",
    };
}
