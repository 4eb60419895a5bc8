// The report of one run of a projection: canonical, hashed, the same on every machine. Seed 001's, with head, tree and entries.
// Answered by RunWithEvidence; read back by whoever checks it.
using Refold.Interop;

namespace Refold;

/// <summary>What is worth knowing of a run, in the order in which reports list it.</summary>
public enum ProjectionFinding
{
    /// <summary>How fresh the state is could not be found.</summary>
    ObservedFreshnessUnavailable,

    /// <summary>There is no place that the state is as of.</summary>
    InputFrontierUnknown,

    /// <summary>The state has no hash.</summary>
    OutputHashUnavailable,

    /// <summary>The cache could not be asked.</summary>
    CacheStatusUnavailable,

    /// <summary>The state is folded whole or not at all: always there.</summary>
    PartialVisibilityNotApplicable,

    /// <summary>The run failed.</summary>
    ProjectionFailed,

    /// <summary>The state is as of a place before the head, as was allowed.</summary>
    StaleUsed,
}

/// <summary>The report of a run: the body that is hashed, and what is said beside it. The same entries give the same body, byte for byte,
/// on every machine, for equal observations of the cache.</summary>
public sealed class ProjectionReport
{
    internal ProjectionReport(Core.EvidenceReport<Core.ProjectionRunReportBody> value) => Value = value;

    internal Core.EvidenceReport<Core.ProjectionRunReportBody> Value { get; }

    /// <summary>SHA-256 of the body's canonical JSON (RFC 8785).</summary>
    public Hash BodyHash => Value.BodyHash;

    /// <summary>The schema version of the body: 1 has the members of seed 001, 2 also query, head, tree and entries.</summary>
    public int SchemaVersion => Value.Body.SchemaVersion;

    /// <summary>The projection's id.</summary>
    public string ProjectionId => Value.Body.ProjectionId;

    /// <summary>The place that the state is as of; null where nothing matched, and where the run failed.</summary>
    public HybridTime? Frontier => Value.Body.InputFrontier is { } frontier
        ? new HybridTime(frontier.Value.wallMs, frontier.Value.globalSequence)
        : null;

    /// <summary>How fresh the state is: <c>Fresh</c>, <c>StaleAllowed</c>, <c>NotApplicable</c>, or <c>Unavailable</c>.</summary>
    public string Freshness => Value.Body.ObservedFreshness switch
    {
        { IsFresh: true } => "Fresh",
        { IsStaleAllowed: true } => "StaleAllowed",
        { IsNotApplicable: true } => "NotApplicable",
        _ => "Unavailable",
    };

    // Whether a state as of the place was asked for, and none that may be older.
    internal bool IsConsistent => Value.Body.RequestedFreshness.IsConsistent;

    /// <summary>What was found in the cache: <c>Hit</c>, <c>Miss</c>, <c>Bypassed</c>, or <c>Unavailable</c>.</summary>
    public string CacheStatus => Value.Body.CacheStatus switch
    {
        { IsHit: true } => "Hit",
        { IsMiss: true } => "Miss",
        { IsBypassed: true } => "Bypassed",
        _ => "Unavailable",
    };

    /// <summary>SHA-256 of the encoded state; null where there is none, or no hash of it.</summary>
    public Hash? OutputHash => Value.Body.OutputHash.IsKnown ? Value.Body.OutputHash.hash : (Hash?)null;

    /// <summary>The head at the frontier; where nothing matched, the head up to which nothing did. Null where the run failed.</summary>
    public Head? Head => Value.Body.Head is { } head ? head.Value : (Head?)null;

    /// <summary>The batch tree up to that head; null where the run failed, and in version 1.</summary>
    public TreeHead? Tree => Value.Body is { TreeSize: { } size, Root: { } root } ? new TreeHead(size.Value, root.Value) : null;

    /// <summary>The hash of the entries that were folded, in order: each is SHA-256 over the one before and SHA-256 of the entry's export
    /// line. It shows which entries were folded; that none was left out shows only running the query again.</summary>
    public Hash? EntriesHash => Value.Body.EntriesHash is { } hash ? hash.Value : (Hash?)null;

    /// <summary>What is worth knowing, in the order of the cases.</summary>
    public IReadOnlyList<ProjectionFinding> Findings => [.. Value.Body.Findings.Select(finding => (ProjectionFinding)finding.Tag)];

    /// <summary>When it was made; null where that was not said. Outside the hash.</summary>
    public DateTimeOffset? GeneratedAt => Value.GeneratedAt();

    /// <summary>What may help a reader, such as the text of an error. Outside the hash.</summary>
    public IReadOnlyList<string> Diagnostics => [.. Value.Diagnostics];

    /// <summary>The body in canonical JSON: what <see cref="BodyHash"/> is of.</summary>
    /// <returns>The text.</returns>
    public string BodyToJson() => ReportEnvelope.Text(Core.Evidence.bodyJson(Value.Body).ResultValue);

    /// <summary>The whole report in canonical JSON.</summary>
    /// <returns>The text: one object with <c>body</c>, <c>body_hash</c>, <c>diagnostics</c>, <c>generated_at_unix_ms</c>,
    /// <c>refold_version</c>.</returns>
    public string ToJson() => ReportEnvelope.Text(Core.Evidence.toJson(Value).ResultValue);

    /// <summary>The same report with the time it was made, and the version of Refold. Neither is hashed.</summary>
    /// <param name="at">The time.</param>
    /// <returns>The report.</returns>
    public ProjectionReport MadeAt(DateTimeOffset at) => new(Value.MadeAt(at));

    /// <summary>The same report with the members of seed 001 only.</summary>
    internal ProjectionReport AsVersion1() => new(Core.Evidence.ofBody(Core.Evidence.version1(Value.Body)).ResultValue);

    internal ProjectionReport With(string diagnostic) => new(Value.With(diagnostic));

    /// <summary>Reads a report. Its hash is checked against its body; whether the body is true shows running the projection
    /// again.</summary>
    /// <param name="json">What <see cref="ToJson"/> writes.</param>
    /// <returns>The report.</returns>
    /// <exception cref="FormatException">It is no report, or its hash is not that of its body.</exception>
    public static ProjectionReport Parse(string json) => new(ReportEnvelope.Read(json, text => Core.Evidence.ofJson(text)));

    /// <summary>The id, the frontier and the hash of the body.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => FormattableString.Invariant($"{ProjectionId} at {Frontier?.Position}: {BodyHash}");
}

/// <summary>What a run gave.</summary>
/// <param name="HasState">Whether anything matched: without it there is no state.</param>
/// <param name="State">The state; the default where there is none.</param>
/// <param name="Report">The report.</param>
/// <typeparam name="TState">The state.</typeparam>
public sealed record ProjectionResult<TState>(bool HasState, TState? State, ProjectionReport Report)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(ProjectionResult<TState>), PrintMembers);
}

/// <summary>A run of a projection failed. Its report says so too.</summary>
public sealed class ProjectionFailedException : JournalException
{
    internal ProjectionFailedException(string message, Exception cause, ProjectionReport report)
        : base("projection-failed", message, cause) => Report = report;

    /// <summary>The report of the run that failed.</summary>
    public ProjectionReport Report { get; }
}
