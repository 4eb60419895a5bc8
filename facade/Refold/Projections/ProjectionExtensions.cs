// Running projections with evidence over a local journal. Nothing is appended.
// Called by applications and by ProjectionRegistry.
using Microsoft.FSharp.Core;

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
        return Result(OutcomeOf(Over(journal, asOf, projection.Value, Request)));
    }

    /// <summary>As <see cref="RunWithEvidence"/>, as of a time: up to the last batch before which, and in which, no entry has a later time
    /// (<see cref="ILocalJournal.HeadAsOf"/>). The report is that of the same position. Where nothing is that old, nothing matched: there
    /// is no state, and no frontier.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="time">The time.</param>
    /// <typeparam name="TState">The state.</typeparam>
    /// <returns>The state, where anything matched, and the report.</returns>
    /// <exception cref="ProjectionFailedException">As there.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time is before the latest of a beginning that was dropped.</exception>
    public static ProjectionResult<TState> RunWithEvidenceAsOf<TState>(
        this ILocalJournal journal, Projection<TState> projection, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return journal.RunWithEvidence(projection, journal.HeadAsOf(time).Position);
    }

    /// <summary>As <see cref="RunWithEvidence"/>, with a cache: a kept state is served, or gone on from, where it is fit to be.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="options">How fresh the state has to be, and where states are kept.</param>
    /// <param name="cancellationToken">Cancels waiting for the cache.</param>
    /// <typeparam name="TState">The state.</typeparam>
    /// <returns>The state, where anything matched, and the report, which says what was found in the cache. That a state could not be kept
    /// is among the report's diagnostics.</returns>
    /// <exception cref="ProjectionFailedException">As there.</exception>
    public static async ValueTask<ProjectionResult<TState>> RunWithEvidenceAsync<TState>(
        this ILocalJournal journal, Projection<TState> projection, ProjectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(projection);
        var (ran, fault) = await OverAsync(journal, projection.Value, options, cancellationToken).ConfigureAwait(false);
        var result = Result(OutcomeOf(ran));
        return fault is null ? result : result with { Report = result.Report.With(fault) };
    }

    /// <summary>Runs a projection by options: what the core answers, and why the state could not be kept.</summary>
    internal static ValueTask<(
        FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError> Result, string? Fault)> OverAsync<TState>(
        ILocalJournal journal, Core.Projection<TState> projection, ProjectionOptions options, CancellationToken cancellationToken) =>
        OverAsync(
            journal,
            ProjectionCache.KeyOf(
                Core.Projection.id(projection), Core.Projection.schemaVersion(projection),
                Core.SelectionModule.hash(Core.SelectionModule.ofProjection(projection))),
            Streams(projection.Sources), (request, reader) => Core.ProjectionRun.over(projection, request, reader), options,
            cancellationToken);

    private static async ValueTask<(
        FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError> Result, string? Fault)> OverAsync<TState>(
        ILocalJournal journal,
        StreamId key,
        IReadOnlyList<StreamId> streams,
        Func<Core.ProjectionRequest, Core.EvidenceReader, FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError>> run,
        ProjectionOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(options);
        if (options.MaxStale is { } age) ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero, nameof(options));
        if (options is { AsOf: not null, AsOfTime: not null })
            throw new ArgumentException("The options name a position and a time to be as of; give them one.", nameof(options));
        var answer = options.Cache is { } cache
            ? await cache.GetAsync(key, cancellationToken).ConfigureAwait(false)
            : Core.CacheAnswer.Bypassed;
        var freshness = options.MaxStale is { } stale
            ? Core.ProjectionRunRequestedFreshness.NewMaybeStale((ulong)Math.Floor(stale.TotalMilliseconds))
            : Core.ProjectionRunRequestedFreshness.Consistent;
        var request = new Core.ProjectionRequest(freshness, answer, Core.Evidence.latestBodyVersion);
        var asOf = await PlaceOfAsync(journal, options, cancellationToken).ConfigureAwait(false);
        var result = Ran(journal, asOf, streams, reader => run(request, reader));
        if (options.Cache is null || !result.IsOk || result.ResultValue.Keep is not { } row) return (result, null);
        return (result, await options.Cache.PutAsync(key, row.Value, cancellationToken).ConfigureAwait(false));
    }

    // What is wrong with a place is told of the options that name it.
    private static async ValueTask<long?> PlaceOfAsync(
        ILocalJournal journal, ProjectionOptions options, CancellationToken cancellationToken)
    {
        if (options.AsOf is { } position && journal.HeadAt(position) is null)
            throw new ArgumentOutOfRangeException(nameof(options), position, "No batch of the journal holds the position of AsOf.");
        if (options.AsOfTime is not { } time) return options.AsOf;
        try
        {
            return (await journal.HeadAsOfAsync(time, cancellationToken).ConfigureAwait(false)).Position;
        }
        catch (ArgumentOutOfRangeException dropped)
        {
            string reason = dropped.Message.Split(" (Parameter", StringSplitOptions.None)[0];
            throw new ArgumentOutOfRangeException(nameof(options), time, "AsOfTime: " + reason);
        }
    }

    private static ProjectionResult<TState> Result<TState>(Core.ProjectionOutcome<TState> outcome) => new(
        outcome.State is not null, outcome.State is { } state ? state.Value : default, new ProjectionReport(outcome.Report));

    internal static Core.ProjectionRequest Request =>
        Core.Evidence.request(Core.ProjectionRunRequestedFreshness.Consistent);

    internal static IReadOnlyList<StreamId> Streams(IEnumerable<Core.ProjectionSourceRef> sources) =>
        [.. sources.Where(source => source.IsEntity).Select(source => StreamId.Create(source.entity!)).Distinct()];

    /// <summary>Runs a projection over a journal: what the core answers.</summary>
    internal static FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError> Over<TState>(
        ILocalJournal journal, long? asOf, Core.Projection<TState> projection, Core.ProjectionRequest request) =>
        Ran(journal, asOf, Streams(projection.Sources), reader => Core.ProjectionRun.over(projection, request, reader));

    /// <summary>Runs a projection of a registry.</summary>
    internal static RegisteredResult Run(Core.IRegisteredProjection found, ILocalJournal journal, long? asOf) => Result(
        OutcomeOf(Ran(journal, asOf, Streams(found.Sources), reader => found.Run(Request, reader))), null);

    /// <summary>The same by options.</summary>
    internal static async ValueTask<RegisteredResult> RunAsync(
        Core.IRegisteredProjection found, ILocalJournal journal, ProjectionOptions options, CancellationToken cancellationToken)
    {
        var (ran, fault) = await OverAsync(
            journal, ProjectionCache.KeyOf(found.Id, found.SchemaVersion, found.QueryHash), Streams(found.Sources), found.Run, options,
            cancellationToken).ConfigureAwait(false);
        return Result(OutcomeOf(ran), fault);
    }

    private static RegisteredResult Result(Core.ProjectionOutcome<object?> outcome, string? fault)
    {
        var report = new ProjectionReport(outcome.Report);
        return new RegisteredResult(
            outcome.State?.Value, outcome.Encoded is { Value: var encoded } ? encoded.Payload.Memory : (ReadOnlyMemory<byte>?)null,
            fault is null ? report : report.With(fault));
    }

    private static FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError> Ran<TState>(
        ILocalJournal journal,
        long? asOf,
        IReadOnlyList<StreamId> streams,
        Func<Core.EvidenceReader, FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError>> run)
    {
        ArgumentNullException.ThrowIfNull(journal);
        for (var tries = 1; ; tries++)
        {
            var head = HeadAt(journal, asOf);
            var gone = GoneEntries.UpTo(journal, head.Position);
            var result = run(new ProjectionReading(journal, head, streams, gone).ToCore());
            // What was deleted while it was read may have been left out: it is read again.
            if (gone.Equals(GoneEntries.UpTo(journal, head.Position))) return result;
            if (tries == MostTries)
                throw new JournalException("busy", "Entries were deleted while they were read, each time; run it again.");
        }
    }

    private static Core.ProjectionOutcome<TState> OutcomeOf<TState>(
        FSharpResult<Core.ProjectionOutcome<TState>, Core.ProjectionRunReportError> result)
    {
        if (result.IsOk) return result.ResultValue;
        throw result.ErrorValue is { IsProjectionFailed: true } failed
            ? new ProjectionFailedException(failed.ToString() + ".", failed.source, new ProjectionReport(failed.report!))
            : new ReportEncodingException(result.ErrorValue.ToString() + ".");
    }

    private static Head HeadAt(ILocalJournal journal, long? asOf)
    {
        if (asOf is not { } position) return journal.Head;
        return journal.HeadAt(position)
            ?? throw new ArgumentOutOfRangeException(nameof(asOf), position, "No batch of the journal holds that position.");
    }
}
