// Projections with evidence over any local journal, from F#: the core's projections, reports and errors as they are.
// Called by programs and scripts; over the immutable journal there is Refold.Core's Evidence.
namespace Refold.FSharp

open System
open System.Threading.Tasks
open Refold
open Refold.Core

/// The state, where something matched and the fold gave one, and the report; or why there is no state. A run that fails gives its report in
/// the error.
type EvidenceResult<'State> = Result<'State option * ProjectionRunEvidenceReport, ProjectionRunReportError>

/// Runs of projections over journals in segment files, in LiteDB and in memory. Nothing is appended. The bodies of their reports are
/// those of C#, and of `Refold.Core.Evidence.runWithEvidence` over the same entries.
[<RequireQualifiedAccess>]
module Evidence =

    /// Runs a projection up to the head of a journal; no cache is asked.
    ///
    ///     match Evidence.run totals journal with
    ///     | Ok(state, report) -> printfn "%A %O" state report.BodyHash
    ///     | Error error -> printfn "%O" error
    let run (projection: Projection<'State>) (journal: ILocalJournal) : EvidenceResult<'State> =
        Interop.ProjectionRuns.Over(projection, journal, Nullable())

    /// The same as of a position; the batch that holds it counts whole. Throws `ArgumentOutOfRangeException` where no batch does.
    let runAt (position: int64) (projection: Projection<'State>) (journal: ILocalJournal) : EvidenceResult<'State> =
        Interop.ProjectionRuns.Over(projection, journal, Nullable position)

    /// The same as of a time: up to the last batch before which, and in which, no entry has a later time (`ILocalJournal.HeadAsOf`).
    let runAsOf (time: DateTimeOffset) (projection: Projection<'State>) (journal: ILocalJournal) : EvidenceResult<'State> =
        runAt (journal.HeadAsOf time).Position projection journal

    /// The same with options: as of a position or a time, over a state that a cache kept, stale up to an age. A projection without a
    /// codec of its state is never kept. Throws as C#'s `RunWithEvidenceAsync`, but for runs that fail.
    let runWith (options: ProjectionOptions) (projection: Projection<'State>) (journal: ILocalJournal) : Task<EvidenceResult<'State>> =
        task { return! Interop.ProjectionRuns.OverAsync(projection, journal, options) }
