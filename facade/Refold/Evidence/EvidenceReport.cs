// A report of a run, a replay, an opening, a compaction, a snapshot, an import or gates: canonical, hashed, the same on every machine.
// Made by EvidenceExtensions and by what did the work; read back by whoever checks it. Those of projections are ProjectionReport.
using Refold.Interop;
using Refold.Segments;

namespace Refold;

/// <summary>What a report is of.</summary>
public enum EvidenceKind
{
    /// <summary>A recorded run.</summary>
    Run,

    /// <summary>Deciding a run again.</summary>
    Replay,

    /// <summary>Opening a journal in segment files.</summary>
    Opening,

    /// <summary>A compaction: what went, and what proves it.</summary>
    Compaction,

    /// <summary>A snapshot.</summary>
    Snapshot,

    /// <summary>An import.</summary>
    Import,

    /// <summary>What gates said of a proposed append.</summary>
    Gates,
}

/// <summary>A report: the body that is hashed, and what is said beside it. The same work over the same entries gives the same body, byte
/// for byte, on every machine.</summary>
public sealed class EvidenceReport
{
    internal EvidenceReport(Core.EvidenceReport<Core.ReportBody> value) => Value = value;

    internal Core.EvidenceReport<Core.ReportBody> Value { get; }

    /// <summary>What it is of.</summary>
    public EvidenceKind Kind => (EvidenceKind)Value.Body.Tag;

    /// <summary>The kind and the schema version of the body, as in <c>run/v1</c>: what a signature names.</summary>
    public string KindName => Value.Body.Kind + "/v1";

    /// <summary>SHA-256 of the body's canonical JSON (RFC 8785).</summary>
    public Hash BodyHash => Value.BodyHash;

    /// <summary>The head that it is as of; null where gates denied.</summary>
    public Head? Head => Value.Body.Head is { } head ? head.Value : (Head?)null;

    /// <summary>Of a compaction: the size in batches from which on proofs hold; 0 where nothing of the beginning is dropped. Null for
    /// every other kind.</summary>
    public long? ProvableFrom => Value.Body is Core.ReportBody.Compaction { body: var body } ? body.BeginningTreeSize : null;

    /// <summary>The run that it is of; null for kinds that are of none.</summary>
    public RunId? Run => Value.Body switch
    {
        Core.ReportBody.Run { body: var body } => body.Run,
        Core.ReportBody.Replay { body: var body } => body.Report.Run,
        Core.ReportBody.Snapshot { body: var body } => body.Run.ToReference(),
        _ => null,
    };

    /// <summary>Of a snapshot: the stream; null for every other kind.</summary>
    public StreamId? Stream => Value.Body is Core.ReportBody.Snapshot { body: var body } ? body.Stream : null;

    // Whether a replay was made without comparing pins: one that is made again has to be made so too.
    internal bool IgnoresPin =>
        Value.Body is Core.ReportBody.Replay { body: var body } && body.Report.Findings.Any(finding => finding.IsPinIgnored);

    // What was given to a replay, and is not in its report.
    internal bool StartsFromSnapshot =>
        Value.Body is Core.ReportBody.Replay { body: var body } && body.Report.Findings.Any(finding => finding.IsFromSnapshot);

    internal bool ComparesPins => Value.Body is Core.ReportBody.Replay { body: var body }
        && (IgnoresPin || body.Report.Divergence.ToReference() is { Cause.IsPinMismatch: true });

    /// <summary>When it was made; null where that was not said. Outside the hash.</summary>
    public DateTimeOffset? GeneratedAt => Value.GeneratedAt();

    /// <summary>What may help a reader: elapsed times, names of files, numbers of segments. Outside the hash.</summary>
    public IReadOnlyList<string> Diagnostics => [.. Value.Diagnostics];

    /// <summary>The body in canonical JSON: what <see cref="BodyHash"/> is of.</summary>
    /// <returns>The text.</returns>
    public string BodyToJson() => ReportEnvelope.Text(Core.AnyReport.bodyBytes(Value.Body).ResultValue);

    /// <summary>The whole report in canonical JSON.</summary>
    /// <returns>The text: one object with <c>body</c>, <c>body_hash</c>, <c>diagnostics</c>, <c>generated_at_unix_ms</c>,
    /// <c>refold_version</c>.</returns>
    public string ToJson() => ReportEnvelope.Text(Core.AnyReport.toJson(Value).ResultValue);

    /// <summary>Compares the bodies, as JSON.</summary>
    /// <param name="again">The report that was made again.</param>
    /// <returns>The first member that differs, by its JSON pointer, and what either says, in one line; null where the bodies are the same
    /// bytes.</returns>
    public string? DifferenceFrom(EvidenceReport again)
    {
        ArgumentNullException.ThrowIfNull(again);
        return ReportDifference.Of(BodyToJson(), again.BodyToJson());
    }

    /// <summary>The same report with the time it was made, and the version of Refold. Neither is hashed.</summary>
    /// <param name="at">The time.</param>
    /// <returns>The report.</returns>
    public EvidenceReport MadeAt(DateTimeOffset at) => new(Value.MadeAt(at));

    /// <summary>Reads a report of any of these kinds. Its hash is checked against its body; whether the body is true shows doing the work
    /// again.</summary>
    /// <param name="json">What <see cref="ToJson"/> writes.</param>
    /// <returns>The report.</returns>
    /// <exception cref="FormatException">It is no report, or its hash is not that of its body.</exception>
    public static EvidenceReport Parse(string json) => new(ReportEnvelope.Read(json, text => Core.AnyReport.ofJson(text)));

    /// <summary>The report of a replay.</summary>
    /// <param name="replay">What <c>VerifyAsync</c> or <c>ReplayAsync</c> answered.</param>
    /// <returns>The report: verdict, counts, states and the first difference.</returns>
    public static EvidenceReport Of(ReplayReport replay)
    {
        ArgumentNullException.ThrowIfNull(replay);
        return Of(Core.ReportBody.NewReplay(new Core.ReplayReportBody(replay.Value, replay.Head)));
    }

    /// <summary>The report of an opening.</summary>
    /// <param name="opening">How the journal was opened.</param>
    /// <returns>The report. The files that were not used are among its diagnostics, and how long each phase took.</returns>
    public static EvidenceReport Of(OpeningReport opening)
    {
        ArgumentNullException.ThrowIfNull(opening);
        var path = opening.Path switch
        {
            OpeningPath.Empty => Core.OpeningReportPath.Empty,
            OpeningPath.Footers => Core.OpeningReportPath.Footers,
            OpeningPath.Scan => Core.OpeningReportPath.Scan,
            _ => Core.OpeningReportPath.Checkpoint,
        };
        var switched = ((bool?)opening.Interrupted?.Switched).ToOption();
        var body = new Core.OpeningReportBody(
            path, opening.Restored, opening.Tail, opening.Ignored.Count, switched, opening.Head);
        string[] beside = opening.Interrupted is { } found ? [$"a compaction was interrupted while it made {found.Target}"] : [];
        return Of(
            Core.ReportBody.NewOpening(body),
            [
                .. opening.Ignored, .. beside,
                FormattableString.Invariant($"elapsed ms: {opening.Elapsed.Total.TotalMilliseconds:0.###}"),
            ]);
    }

    /// <summary>The report of a snapshot that was taken or used.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <returns>The report: what it is of, and the hash of the state; the state itself is not in it.</returns>
    public static EvidenceReport Of(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Of(Core.ReportBody.NewSnapshot(Core.SnapshotReportBody.Of(snapshot.Value)));
    }

    /// <summary>The report of what gates said of a proposed append.</summary>
    /// <param name="trace">What became of each gate.</param>
    /// <param name="receipt">Of what was appended: with the pass, around the gates by a bypass, or as the record of the denial. Null where
    /// nothing was appended.</param>
    /// <returns>The report.</returns>
    public static EvidenceReport Of(GateTrace trace, Receipt? receipt = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        return Of(Core.ReportBody.NewGates(new Core.GatesReportBody(trace, ((Head?)receipt?.Head).ToOption())));
    }

    internal static EvidenceReport Of(Core.ReportBody body, IEnumerable<string>? diagnostics = null)
    {
        var made = Core.AnyReport.create(diagnostics ?? [], body);
        return made.IsOk ? new(made.ResultValue) : throw new ReportEncodingException(made.ErrorValue.ToString() + ".");
    }

    /// <summary>The kind, the head and the hash of the body.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => FormattableString.Invariant($"{KindName} at {Head?.Position}: {BodyHash}");
}
