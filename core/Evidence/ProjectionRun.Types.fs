// The report of one run of a projection: seed 001's types, in its order, and what version 2 of the body adds.
// Made by ProjectionRun.fs; written and read by Evidence.fs.
namespace Refold.Core

/// Where the reading of a run ended.
[<RequireQualifiedAccess>]
type ProjectionRunReplayMode =
    /// At the journal's head of the moment.
    | Current

/// A checkpoint that the run began from.
[<RequireQualifiedAccess>]
type ProjectionRunCheckpointRef =
    /// Runs begin from none.
    | NotApplicable

/// The hash of the state.
[<Struct; RequireQualifiedAccess; NoComparison>]
type ProjectionRunOutputHash =
    /// SHA-256 of the bytes that the state codec gives.
    | Known of hash: Hash
    /// There is no state.
    | NotApplicable
    /// The run failed, or the state has no encoded form: `state_encoding_failed`.
    | Unavailable of reason: string

/// The place that the state is as of.
[<Struct; RequireQualifiedAccess>]
type ProjectionRunInputFrontier =
    /// The last position that was looked at, and the greatest recorded time up to there in whole milliseconds of Unix time, 0 where none
    /// was recorded. Together they never go back. No head vouches for the time of entries that were dropped.
    | Visible of wallMs: int64 * globalSequence: int64

/// What is worth knowing of a run, in the order in which findings are listed.
[<RequireQualifiedAccess>]
type ProjectionRunFinding =
    /// How fresh the state is could not be found.
    | ObservedFreshnessUnavailable
    /// There is no place that the state is as of.
    | InputFrontierUnknown
    /// The state has no hash.
    | OutputHashUnavailable
    /// The cache could not be asked.
    | CacheStatusUnavailable
    /// The state is folded whole or not at all: always there.
    | PartialVisibilityNotApplicable
    /// The run failed.
    | ProjectionFailed
    /// The state is as of a place before the head, as was allowed.
    | StaleUsed

/// What one run of a projection read, folded and found. The same wherever the run is made, for equal observations of the cache.
[<NoComparison>]
type ProjectionRunReportBody =
    {
        /// 1: the members of seed 001, up to the findings. 2: all members.
        SchemaVersion: int
        /// The projection's id.
        ProjectionId: string
        /// What it reads, sorted by case, then by bytes.
        SourceRefs: ProjectionSourceRef list
        /// Where the reading ended.
        ReplayMode: ProjectionRunReplayMode
        /// How fresh the state had to be.
        RequestedFreshness: ProjectionRunRequestedFreshness
        /// How fresh it is.
        ObservedFreshness: ProjectionRunFreshnessStatus
        /// The place that it is as of; `None` where nothing matched, and where the run failed.
        InputFrontier: ProjectionRunInputFrontier option
        /// The hash of the state.
        OutputHash: ProjectionRunOutputHash
        /// What was found in the cache.
        CacheStatus: ProjectionRunCacheStatus
        /// The checkpoint that it began from.
        CheckpointRef: ProjectionRunCheckpointRef
        /// What is worth knowing, in the order of the cases.
        Findings: ProjectionRunFinding list
        /// Version 2: the query for types and tags. Streams and ranges are among the sources.
        Query: Query option
        /// Version 2: the head at the frontier; where nothing matched, the head up to which nothing did. `None` where the run failed.
        Head: Head option
        /// Version 2: how many batches there are up to that head.
        TreeSize: int64 option
        /// Version 2: the root of the batch tree there.
        Root: Hash option
        /// Version 2: the hash of the entries that were folded: `h(n) = SHA-256(h(n-1) | SHA-256(export line))`, `h(0)` 32 zero bytes. It
        /// shows which entries were folded; that none was left out shows only running the query again.
        EntriesHash: Hash option
    }

/// The report of one run of a projection.
type ProjectionRunEvidenceReport = EvidenceReport<ProjectionRunReportBody>

/// Why a run of a projection gives no state.
[<Struct; RequireQualifiedAccess; NoEquality; NoComparison>]
type ProjectionRunReportError =
    /// The body has no canonical form.
    | BodyEncoding of message: string
    /// The run failed: why, and its report. The source is what reading or `apply` threw, or says what could not be decoded or is gone.
    | ProjectionFailed of source: exn * report: ProjectionRunEvidenceReport

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | BodyEncoding message -> "projection run report body encoding failed: " + message
        | ProjectionFailed(source, _) -> "projection run failed: " + source.Message

/// The rules of findings.
[<RequireQualifiedAccess>]
module internal ProjectionRunFindings =

    /// The findings of what was observed, sorted.
    let ofRun
        (freshness: ProjectionRunFreshnessStatus)
        (frontier: ProjectionRunInputFrontier option)
        (output: ProjectionRunOutputHash)
        (cache: ProjectionRunCacheStatus)
        (isFailed: bool)
        : ProjectionRunFinding list =
        [
            if freshness.IsUnavailable then
                ProjectionRunFinding.ObservedFreshnessUnavailable

            if freshness.IsStaleAllowed then
                ProjectionRunFinding.StaleUsed

            if frontier.IsNone && not freshness.IsNotApplicable then
                ProjectionRunFinding.InputFrontierUnknown

            if output.IsUnavailable then
                ProjectionRunFinding.OutputHashUnavailable

            if cache.IsUnavailable then
                ProjectionRunFinding.CacheStatusUnavailable

            ProjectionRunFinding.PartialVisibilityNotApplicable

            if isFailed then
                ProjectionRunFinding.ProjectionFailed
        ]
        |> List.sort
