// The evidence of runs: expected bodies, findings, errors, the hash of entries, what is gone (seed 001).
// Run by `dotnet test`.
module Refold.Core.Tests.EvidenceTests

open System
open System.Security.Cryptography
open Expecto
open Refold
open Refold.Core
open Refold.Support
open Refold.Support.Ledger

let private run projection journal = Evidence.runWithEvidence consistent projection journal

let private body projection journal = (reportOf (run projection journal)).Body

let private partial = ProjectionRunFinding.PartialVisibilityNotApplicable

let private bodyJson (body: ProjectionRunReportBody) =
    match Evidence.bodyJson body with
    | Ok bytes -> bytes.ToText()
    | Error error -> failtest (error.ToString())

/// SHA-256 of the concatenation, without the core's own helpers.
let private sha (parts: byte[] list) = SHA256.HashData(Array.concat parts)

let private lines (journal: Journal) = Examples.all journal |> List.map (fun entry -> (Ndjson.write entry).Memory.ToArray())

/// h(n) as the page says it, over the lines of an export.
let private chain (lines: byte[] list) =
    lines
    |> List.fold (fun before line -> sha [ before; sha [ line ] ]) (Array.zeroCreate 32)
    |> Convert.ToHexStringLower

let private textOf (hash: Hash option) = hash |> Option.map string

let private failure result =
    match result with
    | Error(ProjectionRunReportError.ProjectionFailed(source, report)) -> source, report
    | Error error -> failtest (error.ToString())
    | Ok _ -> failtest "the run was to fail"

let private expectedFailure = [
    ProjectionRunFinding.ObservedFreshnessUnavailable
    ProjectionRunFinding.InputFrontierUnknown
    ProjectionRunFinding.OutputHashUnavailable
    ProjectionRunFinding.CacheStatusUnavailable
    partial
    ProjectionRunFinding.ProjectionFailed
]

let private isFailed (word: string) projection journal =
    let source, report = failure (run projection journal)
    let unavailable = ProjectionRun.failed
    equal expectedFailure report.Body.Findings
    equal (ProjectionRunFreshnessStatus.Unavailable unavailable) report.Body.ObservedFreshness
    equal (ProjectionRunCacheStatus.Unavailable unavailable) report.Body.CacheStatus
    equal (ProjectionRunOutputHash.Unavailable unavailable) report.Body.OutputHash
    equal None report.Body.InputFrontier
    equal (ProjectionSource.sort (Projection.sources projection)) report.Body.SourceRefs
    equal consistent report.Body.RequestedFreshness
    equal [ source.Message ] report.Diagnostics
    equal word (source :?> ProjectionException).Code
    source

[<Tests>]
let tests =
    testList "Evidence / runs" [
        testCase "a run that succeeds finds that partial visibility does not apply, and nothing else" (fun () ->
            let body = body totals journal
            equal [ partial ] body.Findings
            equal ProjectionRunFreshnessStatus.Fresh body.ObservedFreshness
            equal ProjectionRunCacheStatus.Bypassed body.CacheStatus
            equal ProjectionRunReplayMode.Current body.ReplayMode
            equal ProjectionRunCheckpointRef.NotApplicable body.CheckpointRef
            let json = """{"Count":"2","Sum":"12"}"""
            equal (ProjectionRunOutputHash.Known(Hash.Compute (Bytes.OfText json).Span)) body.OutputHash)

        testCase "the frontier is the head, with the greatest recorded time up to there" (fun () ->
            // 2026-01-02T03:04:05.678Z; the last entry has no time, the one before it an earlier one.
            equal (Some(ProjectionRunInputFrontier.Visible(1767323045678L, 4L))) (body totals journal).InputFrontier)

        testCase "without recorded times the frontier's time is 0" (fun () ->
            let journal = Journal.empty |> Examples.append [ entry "order/1" "placed" "5" ]
            equal (Some(ProjectionRunInputFrontier.Visible(0L, 1L))) (body totals journal).InputFrontier)

        testCase "a time before 1970 counts as 0, so that the frontier's time never goes back" (fun () ->
            let early = entry "order/1" "placed" "5" |> at "1969-12-31T23:59:59.9995Z"
            let journal = Journal.empty |> Examples.append [ early ]
            equal (Some(ProjectionRunInputFrontier.Visible(0L, 1L))) (body totals journal).InputFrontier)

        testCase "the time stays when the entry that had it is deleted" (fun () ->
            let later = journal |> Examples.append [ entry "z" "other" "1" |> at "2027-01-01T00:00:00Z" ]
            let deleted = Journal.deleteTo (Examples.stream "z") 1L later
            let frontier journal = (body (over [ ProjectionSourceRef.Entity "order/2" ]) journal).InputFrontier
            equal (frontier later) (frontier deleted)
            equal (Some(ProjectionRunInputFrontier.Visible(1798761600000L, 5L))) (frontier deleted))

        testCase "head, tree size and root are those of the frontier" (fun () ->
            let body = body totals journal
            equal (Some(Journal.head journal)) body.Head
            equal (Some 3L) body.TreeSize

            let proof = Journal.placeAt 4L journal |> Option.map (fun place -> (TreePlace.peaks place).Root)

            equal proof body.Root)

        testCase "the hash of the entries is that of the export's lines, without line feeds" (fun () ->
            equal (Some(chain (lines journal))) (textOf (body (counting []) journal).EntriesHash)

            let placed = [ (lines journal)[0]; (lines journal)[2] ]
            equal (Some(chain placed)) (textOf (body totals journal).EntriesHash))

        testCase "a stale state adds that it was used, as of the place that it is as of" (fun () ->
            let answer = CacheAnswer.Found(rowOf totals journal, 1L, CachePlace.Kept)

            let outcome =
                withCache (ProjectionRunRequestedFreshness.MaybeStale 5UL) answer totals longer |> Examples.ok

            let body = outcome.Report.Body
            equal [ partial; ProjectionRunFinding.StaleUsed ] body.Findings
            equal (Some(Journal.head journal)) body.Head
            equal (Some 3L) body.TreeSize
            equal (Some(ProjectionRunInputFrontier.Visible(1767323045678L, 4L))) body.InputFrontier)

        testCase "where nothing matched there is no state, no frontier and no hash, and the head says up to where" (fun () ->
            let state, report = run (over [ ProjectionSourceRef.Entity "nobody" ]) journal |> Examples.ok
            equal None state
            let body = report.Body
            equal [ partial ] body.Findings
            equal ProjectionRunFreshnessStatus.NotApplicable body.ObservedFreshness
            equal ProjectionRunCacheStatus.Bypassed body.CacheStatus
            equal ProjectionRunOutputHash.NotApplicable body.OutputHash
            equal None body.InputFrontier
            equal (Some(Journal.head journal)) body.Head
            equal (Some Hash.Zero) body.EntriesHash)

        testCase "of an empty journal nothing matched" (fun () ->
            let body = body totals Journal.empty
            equal [ partial ] body.Findings
            equal (Some 0L) body.TreeSize
            equal (Some BatchTree.emptyRoot) body.Root)

        testCase "entries that give nothing: the hash does not apply, the run is fresh, and the frontier known" (fun () ->
            let nothing = Projection.ofEvents "totals" 1 [ relevant ] placed (fun (_: Total option) _ -> None)
            let state, report = run nothing journal |> Examples.ok
            equal None state
            equal ProjectionRunOutputHash.NotApplicable report.Body.OutputHash
            equal ProjectionRunFreshnessStatus.Fresh report.Body.ObservedFreshness
            isTrue report.Body.InputFrontier.IsSome
            equal [ partial ] report.Body.Findings)

        testCase "a state without encoded form has no hash, and the run succeeds" (fun () ->
            let without = Projection.ofEvents "totals" 1 [ relevant ] placed add
            let refusing = { state with Encode = fun _ -> Error(CodecError.Unencodable("total", "no")) }
            let throwing = { state with Encode = fun _ -> invalidOp "no" }

            for projection in
                [
                    without
                    Projection.withState refusing without
                    Projection.withState throwing without
                ] do
                let state, report = run projection journal |> Examples.ok
                equal (Some { Count = 2L; Sum = 12L }) state
                equal (ProjectionRunOutputHash.Unavailable "state_encoding_failed") report.Body.OutputHash
                equal [ ProjectionRunFinding.OutputHashUnavailable; partial ] report.Body.Findings)

        testCase "an apply that throws makes the run fail, with its report" (fun () ->
            let projection =
                Projection.ofEvents "totals" 1 [ relevant ] placed (fun (_: Total option) _ -> failwith "boom")

            let source = isFailed "threw" projection journal
            containsText "the entry at position 1 (stream 'order/1' version 1): apply threw Exception: boom" source.Message
            equal "boom" (nonNull source.InnerException).Message)

        testCase "an entry that cannot be decoded makes the run fail, with its report" (fun () ->
            let broken = journal |> Examples.append [ entry "order/1" "placed" "x" ]
            let source = isFailed "undecodable" totals broken
            containsText "the entry at position 5 (stream 'order/1' version 3): 'placed' cannot be decoded" source.Message)

        testCase "what reading throws makes the run fail, and a cancellation passes" (fun () ->
            let reader = JournalEvidence.reader journal
            let failing (error: exn) = { reader with Read = fun _ _ _ -> raise error }
            let over reader = ProjectionRun.over totals (Evidence.request consistent) reader
            let source, report = failure (over (failing (IO.IOException "torn")))
            equal expectedFailure report.Body.Findings
            equal "reading threw IOException: torn" source.Message

            throws<OperationCanceledException>(fun () -> over (failing (OperationCanceledException())) |> ignore)
            |> ignore)

        testCase "a reader that hands entries over out of order, or twice, makes the run fail" (fun () ->
            let reader = JournalEvidence.reader journal

            for change in [ List.rev; List.collect (fun entry -> [ entry; entry ]) ] do
                let disordered = { reader with Read = fun _ _ _ -> change (Examples.all journal) |> Seq.ofList }
                let source, _ = failure (ProjectionRun.over totals (Evidence.request consistent) disordered)
                equal "reading-failed" (source :?> ProjectionException).Code)

        testCase "a reader may hand over more than matches" (fun () ->
            let reader = JournalEvidence.reader journal
            let generous = { reader with Read = fun _ _ _ -> Examples.all longer |> Seq.ofList }
            let outcome = ProjectionRun.over totals (Evidence.request consistent) generous |> Examples.ok
            equal (reportOf (run totals journal)) outcome.Report)

        testCase "errors say which of the two they are" (fun () ->
            let projection =
                Projection.ofEvents "totals" 1 [ relevant ] placed (fun (_: Total option) _ -> failwith "boom")

            startsWith "projection run failed: the entry at position 1" (run projection journal |> Examples.error |> string)

            let unencodable = { body totals journal with ProjectionId = "a" + String(char 0xD800, 1) }

            match Evidence.ofBody unencodable with
            | Error error -> startsWith "projection run report body encoding failed: " (error.ToString())
            | Ok _ -> failtest "a lone surrogate has no canonical form")

        testCase "a body without canonical form is an error of its own, also of a run that failed" (fun () ->
            let request = { Evidence.request consistent with BodyVersion = 3 }

            let failing =
                Projection.ofEvents "totals" 1 [ relevant ] placed (fun (_: Total option) _ -> failwith "boom")

            for projection in [ totals; failing ] do
                match ProjectionRun.over projection request (JournalEvidence.reader journal) with
                | Error(ProjectionRunReportError.BodyEncoding message) -> containsText "schema version 3" message
                | _ -> failtest "there is no version 3")

        testCase "a run appends nothing" (fun () ->
            let before = Examples.answers journal
            run totals journal |> ignore
            equal before (Examples.answers journal))

        testCase "version 1 of the body has the seed's members, version 2 more" (fun () ->
            let second = body totals journal
            let first = Evidence.version1 second
            equal 2 second.SchemaVersion
            isFalse ((bodyJson first).Contains("entries_hash", StringComparison.Ordinal))
            notEqual (bodyJson first) (bodyJson second)
            let request = { Evidence.request consistent with BodyVersion = 1 }
            let outcome = ProjectionRun.over totals request (JournalEvidence.reader journal) |> Examples.ok
            equal first outcome.Report.Body)
    ]
