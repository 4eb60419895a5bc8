// One report of each kind, with every member filled or absent once: what the golden files hold.
// Used by the tests of evidence and, linked, by its properties.
module internal Refold.Support.Reports

open System
open System.Collections.Generic
open Refold
open Refold.Core

let private hashOf (text: string) = Hash.Compute (Bytes.OfText text).Span

let private head (position: int64) : Head = { Position = position; Hash = hashOf ("head " + string position) }

let private pin =
    RunPin("model", "provider", "1.4.0", 18446744073709551615UL, [ KeyValuePair("choices", "2"); KeyValuePair("€", "ä") ])

let private stream = StreamId.Create "order/1"

let private root = RngState.FromSeed 42UL

let private later: RngState = root.Seek(UInt128.Parse "295147905179352825855")

let run: RunReportBody =
    {
        Run = RunId.Create "2026/1"
        Pin = pin
        Root = root
        FirstRandom = Some(root.Named "order/1")
        LastRandom = Some later
        External = 3L
        Derived = 9007199254740993L
        Head = head 12L
    }

let runWithoutDraws: RunReportBody =
    { run with
        Pin = RunPin("", "", "", 0UL)
        FirstRandom = None
        LastRandom = None
    }

let matched: ReplayReportBody =
    {
        Report =
            {
                Run = RunId.Create "2026/1"
                Verdict = ReplayVerdict.Matched
                Entries = 4L
                External = 1L
                Decided = 1L
                Derived = 3L
                StateHash = Some(hashOf "state")
                Streams = [ { Stream = stream; Version = 3L; StateHash = Some(hashOf "order") } ]
                Divergence = None
                Findings = []
            }
        Head = head 5L
    }

let private divergence: Divergence =
    {
        Position = 4L
        Stream = stream
        Version = 2L
        Path = "/data/faces"
        ByteOffset = Some 17
        Expected = "6"
        Actual = "\"1\u0007\""
        ExpectedDraws = Some 1UL
        ActualDraws = Some UInt64.MaxValue
        Cause = DivergenceCause.Payload
        Command = Some "position 3, type 'roll'"
        StateBefore = None
    }

let diverged: ReplayReportBody =
    { matched with
        Report =
            { matched.Report with
                Verdict = ReplayVerdict.Diverged
                StateHash = None
                Streams = [ { Stream = stream; Version = 1L; StateHash = None } ]
                Divergence = Some divergence
                Findings =
                    [
                        ReplayFinding.PinIgnored [ "seed"; "settings/€" ]
                        ReplayFinding.FromSnapshot(stream, 1L, 2L)
                        ReplayFinding.SnapshotNotUsed "its checksum does not hold"
                        ReplayFinding.NoStateHash(stream, 0L)
                        ReplayFinding.AtEntry(4L, "a sentence")
                        ReplayFinding.OperationsNotReplayed(2L, 6L)
                        ReplayFinding.NotCompared("tags", 3L, [ 1L, 2L; 4L, 4L ])
                    ]
            }
    }

let otherPin: ReplayReportBody =
    let cause = DivergenceCause.PinMismatch [ "version" ]

    { diverged with
        Report =
            { diverged.Report with
                Divergence =
                    Some
                        { divergence with
                            Cause = cause
                            ByteOffset = None
                            ExpectedDraws = None
                            ActualDraws = None
                        }
                Findings = []
            }
    }

let opening: OpeningReportBody =
    {
        Path = OpeningReportPath.Checkpoint
        Restored = 1000L
        Tail = 3L
        Ignored = 1
        Interrupted = Some true
        Head = head 1000L
    }

let openingOfNothing: OpeningReportBody =
    {
        Path = OpeningReportPath.Empty
        Restored = 0L
        Tail = 0L
        Ignored = 0
        Interrupted = None
        Head = Head.empty
    }

let compaction: CompactionReportBody =
    {
        Order = CompactionOrder.RetainFrom 7L
        Gone = [ { Stream = stream; First = 1L; Last = 4L } ]
        KeysBefore = 0L
        Beginning = head 6L
        BeginningTreeSize = 2L
        BeginningRoot = hashOf "beginning"
        Head = head 12L
        TreeSize = 5L
        Root = hashOf "root"
    }

let compactionOf (order: CompactionOrder) : CompactionReportBody = { compaction with Order = order; Gone = [] }

let snapshot: SnapshotReportBody =
    let encoded: Encoded =
        {
            Type = "total"
            SchemaVersion = 2
            Payload = Bytes.OfText """{"Count":"2","Sum":"12"}"""
        }

    SnapshotReportBody.Of(Snapshot.make stream 3L (head 4L) (Some(RunId.Create "2026/1", pin, root)) encoded)

let snapshotOutsideRuns: SnapshotReportBody = { snapshot with Run = None; Pin = None }

let import: ImportReportBody =
    {
        Entries = 100L
        AlreadyThere = 5L
        IsRenumbered = true
        TimesTruncated = false
        EntriesHash = hashOf "entries"
        Before = Head.empty
        Head = head 100L
        TreeSize = 10L
        Root = hashOf "root"
    }

let private evaluations (outcome: GateOutcome) (denial: GateDenial | null) : GateEvaluation[] =
    [|
        GateEvaluation("positive", GateOutcome.Permit, null)
        GateEvaluation("stock", outcome, denial)
    |]

let gates: GatesReportBody =
    {
        Trace = GateTrace("orders", [| "placed"; "priced" |], hashOf "content", evaluations GateOutcome.Permit null)
        Head = Some(head 12L)
    }

let gatesDenied: GatesReportBody =
    let denial = GateDenial("stock", "TOO_MANY", "there are five").With("there", "5 €")

    {
        Trace = GateTrace("orders", [||], hashOf "content", evaluations GateOutcome.Deny denial)
        Head = None
    }

/// A report with everything beside its body.
let dressed (form: JsonForm<'Body>) (body: 'Body) : EvidenceReport<'Body> =
    { Examples.ok (Report.create form [ "first"; "second \u00e4" ] body) with
        GeneratedAtUnixMs = Some 1767323045678L
        RefoldVersion = Some "0.1.0"
    }

/// A report, what writes it, and whether a text read is the same report.
[<NoEquality; NoComparison>]
type Sample =
    {
        Name: string
        /// The report in JSON, its hash, and the report of a text in JSON again.
        Json: unit -> string
        Hash: unit -> Hash
        Again: string -> Result<string, ValueError>
    }

let private sample name (form: JsonForm<'Body>) (dress: JsonForm<'Body> -> 'Body -> EvidenceReport<'Body>) (body: 'Body) : Sample =
    let json report = Report.write form report |> Result.map _.ToText()

    {
        Name = name
        Json = fun () -> Examples.ok (json (dress form body))
        Hash = fun () -> Examples.ok (Report.bodyHash form body)
        Again = fun text -> Report.read form (Bytes.OfText text).Memory |> Result.bind json
    }

let private bare form body = Examples.ok (Report.create form [] body)

let private projection name projection freshness answer journal : Sample =
    let body =
        match Ledger.withCache freshness answer projection journal with
        | Ok outcome -> outcome.Report.Body
        | Error(ProjectionRunReportError.ProjectionFailed(_, report)) -> report.Body
        | Error error -> failwith (string error)

    sample name ProjectionRunForms.form bare body

let private sources =
    [
        Ledger.relevant
        ProjectionSourceRef.Tag "eu"
        ProjectionSourceRef.Tag "kind:derived"
        ProjectionSourceRef.Entity "order/2"
        ProjectionSourceRef.Range(1L, 9223372036854775807L)
    ]

let private seedBody name freshness answer journal : Sample =
    let body = (Examples.ok (Ledger.withCache freshness answer Ledger.totals journal)).Report.Body
    sample name ProjectionRunForms.form bare (Evidence.version1 body)

/// One of each kind and version.
let all: Sample list =
    let stale = ProjectionRunRequestedFreshness.MaybeStale 60000UL
    let kept () = CacheAnswer.Found(Ledger.rowOf Ledger.totals Ledger.journal, 1L, CachePlace.Kept)
    let broken = Examples.append [ Ledger.entry "order/1" "placed" "x" ] Ledger.journal

    [
        seedBody "projection-1" Ledger.consistent CacheAnswer.Bypassed Ledger.journal
        seedBody "projection-1-stale" stale (kept ()) Ledger.longer
        projection "projection-2" Ledger.totals Ledger.consistent CacheAnswer.Bypassed Ledger.journal
        projection "projection-2-sources" (Ledger.over sources) stale CacheAnswer.Failed Ledger.longer
        projection "projection-2-stale" Ledger.totals stale (kept ()) Ledger.longer
        projection "projection-2-nothing" (Ledger.over [ sources[1]; sources[3] ]) Ledger.consistent CacheAnswer.Absent Journal.empty
        projection "projection-2-failed" Ledger.totals stale CacheAnswer.Absent broken
        sample "run" ReportForms.run dressed run
        sample "run-without-draws" ReportForms.run bare runWithoutDraws
        sample "replay" ReportForms.replay dressed matched
        sample "replay-diverged" ReportForms.replay bare diverged
        sample "replay-other-pin" ReportForms.replay bare otherPin
        sample "opening" ReportForms.opening dressed opening
        sample "opening-nothing" ReportForms.opening bare openingOfNothing
        sample "compaction" ReportForms.compaction dressed compaction
        sample "snapshot" ReportForms.snapshot dressed snapshot
        sample "snapshot-outside-runs" ReportForms.snapshot bare snapshotOutsideRuns
        sample "import" ReportForms.import dressed import
        sample "gates" AnyReport.gates dressed gates
        sample "gates-denied" AnyReport.gates bare gatesDenied
    ]
