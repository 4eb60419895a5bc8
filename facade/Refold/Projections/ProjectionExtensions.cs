// Running projections with evidence over a local journal. Nothing is appended.
// Called by applications and by ProjectionRegistry.
namespace Refold;

/// <summary>Runs projections.</summary>
public static class ProjectionExtensions
{
    private const int MostTries = 4;

    /// <summary>Runs a projection over everything in a journal, and reports what was read, folded and found. Nothing is appended.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="asOf">The position the state is to be as of: the batch that holds it counts whole. Null for the head.</param>
    /// <typeparam name="TState">The state.</typeparam>
    /// <returns>The state, where anything matched, and the report.</returns>
    /// <exception cref="ProjectionFailedException">The fold threw, an entry could not be decoded, or something that it would have to fold
    /// was deleted or dropped. The exception has the report.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No batch of the journal holds the position.</exception>
    public static ProjectionResult<TState> RunWithEvidence<TState>(
        this ILocalJournal journal, Projection<TState> projection, long? asOf = null)
    {
        ArgumentNullException.ThrowIfNull(projection);
        var outcome = Run(
            journal, asOf, Streams(projection.Value.Sources), reader => Core.ProjectionRun.over(projection.Value, Request, reader));
        return new ProjectionResult<TState>(
            outcome.State is not null, outcome.State is { } state ? state.Value : default, new ProjectionReport(outcome.Report));
    }

    internal static Core.ProjectionRequest Request =>
        Core.Evidence.request(Core.ProjectionRunRequestedFreshness.Consistent);

    internal static IReadOnlyList<StreamId> Streams(IEnumerable<Core.ProjectionSourceRef> sources) =>
        [.. sources.Where(source => source.IsEntity).Select(source => StreamId.Create(source.entity!)).Distinct()];

    internal static Core.ProjectionOutcome<TState> Run<TState>(
        ILocalJournal journal,
        long? asOf,
        IReadOnlyList<StreamId> streams,
        Func<Core.EvidenceReader, Microsoft.FSharp.Core.FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError>> run)
    {
        ArgumentNullException.ThrowIfNull(journal);
        for (var tries = 1; ; tries++)
        {
            var head = HeadAt(journal, asOf);
            var reading = new ProjectionReading(journal, head, streams);
            var before = reading.Gone();
            var result = run(reading.ToCore());
            // What was deleted while it was read may have been left out: it is read again.
            if (tries < MostTries && !before.SequenceEqual(reading.Gone())) continue;
            if (result.IsOk) return result.ResultValue;
            throw result.ErrorValue is { IsProjectionFailed: true } failed
                ? new ProjectionFailedException(failed.ToString() + ".", failed.source, new ProjectionReport(failed.report!))
                : new ReportEncodingException(result.ErrorValue.ToString() + ".");
        }
    }

    private static Head HeadAt(ILocalJournal journal, long? asOf)
    {
        if (asOf is not { } position) return journal.Head;
        return journal.HeadAt(position)
            ?? throw new ArgumentOutOfRangeException(nameof(asOf), position, "No batch of the journal holds that position.");
    }
}
