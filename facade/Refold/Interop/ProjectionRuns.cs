// Runs of core projections for F# programs, which get the core's answers as they are.
// Called by Refold.FSharp.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class ProjectionRuns
{
    /// <summary>Runs a projection as of a position.</summary>
    public static FSharpResult<
        Tuple<FSharpOption<TState>, Core.EvidenceReport<Core.ProjectionRunReportBody>>, Core.ProjectionRunReportError>
        Over<TState>(Core.Projection<TState> projection, ILocalJournal journal, long? asOf) =>
        AnswerOf(ProjectionExtensions.Over(journal, asOf, projection, ProjectionExtensions.Request));

    /// <summary>Runs a projection by options; that a state could not be kept is among the report's diagnostics.</summary>
    public static async Task<
        FSharpResult<Tuple<FSharpOption<TState>, Core.EvidenceReport<Core.ProjectionRunReportBody>>, Core.ProjectionRunReportError>>
        OverAsync<TState>(Core.Projection<TState> projection, ILocalJournal journal, ProjectionOptions options)
    {
        var (result, fault) = await ProjectionExtensions.OverAsync(journal, projection, options, CancellationToken.None)
            .ConfigureAwait(false);
        return AnswerOf(result, fault);
    }

    private static
        FSharpResult<Tuple<FSharpOption<TState>, Core.EvidenceReport<Core.ProjectionRunReportBody>>, Core.ProjectionRunReportError>
        AnswerOf<TState>(FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError> result, string? fault = null)
    {
        if (result.IsError)
        {
            return FSharpResult<Tuple<FSharpOption<TState>, Core.EvidenceReport<Core.ProjectionRunReportBody>>,
                Core.ProjectionRunReportError>.NewError(result.ErrorValue);
        }

        var report = result.ResultValue.Report;
        return FSharpResult<Tuple<FSharpOption<TState>, Core.EvidenceReport<Core.ProjectionRunReportBody>>,
            Core.ProjectionRunReportError>.NewOk(
                new(result.ResultValue.State!, fault is null ? report : new ProjectionReport(report).With(fault).Value));
    }
}
