// Laws of evidence: what the hash covers, what a cached state is worth, what is never left out in silence.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.EvidenceProperties

open System
open System.Text
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.Properties.EvidenceGenerators
open Refold.Support

let private forAll generator property = Prop.forAll (Arb.fromGen generator) property

let private ok = Examples.ok

let private bytesOf (body: ProjectionRunReportBody) = ok (Evidence.bodyJson body)

/// Everything that was folded, in order: position and payload.
let private tracing (sources: ProjectionSourceRef list) : Projection<string list> =
    Projection.ofEntries "tracing" 1 sources (fun trace entry ->
        Some((string entry.Position + ":" + string (Hash.Compute entry.Data.Payload.Span)) :: defaultArg trace []))
    |> Projection.withState (Codec.json<string list> "trace")

let private over answer sources journal =
    ProjectionRun.over
        (tracing sources)
        {
            Evidence.request ProjectionRunRequestedFreshness.Consistent with
                Cache = answer
        }
        (JournalEvidence.reader journal)

let private isDropped result =
    match result with
    | Error(ProjectionRunReportError.ProjectionFailed(source, _)) -> (source :?> ProjectionException).Code = "history-dropped"
    | _ -> false

/// The body without what was observed of the cache.
let private apart (body: ProjectionRunReportBody) = { body with CacheStatus = ProjectionRunCacheStatus.Bypassed }

/// The journal after each action, and every entry there ever was.
let private histories (actions: JournalGenerators.Action list) : Journal list * Entry list =
    let folder (journals, ever) action =
        let before: Journal = List.head journals
        let after = JournalGenerators.apply before action
        after :: journals, ever @ Journal.readAll ((Journal.head before).Position + 1L) Int32.MaxValue after

    let journals, ever = actions |> List.fold folder ([ Journal.empty ], [])
    List.rev journals, ever

/// The journal as it is, with a beginning dropped, and restored from what is left of it.
let private variants (cut: int64) (journal: Journal) : Journal list =
    let restored =
        Examples.all journal
        |> List.groupBy _.Batch
        |> List.fold (fun restored (_, entries) -> restored |> Result.bind (Journal.restore entries >> Result.map snd)) (Ok Journal.empty)

    [
        journal
        Journal.dropTo cut journal
        match restored with
        | Ok restored -> restored
        | Error _ -> ()
    ]

let private entriesHash selection upTo ever =
    ever
    |> List.filter (fun (entry: Entry) -> entry.Position <= upTo && Selection.matches selection entry)
    |> List.fold EntriesHash.next EntriesHash.zero

/// What a root is, over leaves made from the list of each batch's hashes.
let private rootOf (leaves: Hash list) =
    BatchTree.root
        (fun node ->
            let first = int (node.Index <<< node.Height)

            let rec mth hashes =
                match hashes with
                | [ leaf ] -> leaf
                | _ ->
                    let left, right = List.splitAt (List.length hashes / 2) hashes
                    BatchTree.join (mth left) (mth right)

            mth (List.take (1 <<< node.Height) (List.skip first leaves)))
        (int64 leaves.Length)

let private cultures = [ "tr-TR"; "sv-SE"; "ar-SA" ]

[<Tests>]
let tests =
    properties "Evidence / reports of projections" [
        testProperty
            "the hash of a body changes with every member, and with nothing else"
            (forAll changed (fun (left, right) ->
                let hash body = (ok (Evidence.ofBody body)).BodyHash
                (left = right) = (hash left = hash right)))

        testProperty
            "the hash ignores what stands beside the body, and the whole report is read back"
            (forAll (Gen.zip body envelope) (fun (body, (at, version, diagnostics)) ->
                let bare = ok (Evidence.ofBody body)

                let dressed = {
                    bare with
                        GeneratedAtUnixMs = at
                        RefoldVersion = version
                        Diagnostics = diagnostics
                }

                let json = ok (Evidence.toJson dressed)
                Evidence.ofJson json.Memory = Ok dressed && Canonical.ofJson json.Memory = Ok json))

        testProperty
            "a body of version 1 is that of version 2 without what version 2 adds, and is read back"
            (forAll body (fun body ->
                let first = Evidence.version1 body
                let report = ok (Evidence.ofBody first)

                Evidence.ofJson (ok (Evidence.toJson report)).Memory = Ok report
                && Hash.Compute (bytesOf first).Span = report.BodyHash))

        testProperty
            "bodies have the same bytes under every culture"
            (forAll body (fun body ->
                cultures |> List.forall (fun culture -> Culture.under culture (fun () -> bytesOf body) = bytesOf body)))

        testProperty
            "a report with one byte changed is the same report, or refused"
            (forAll (Gen.zip body (Gen.zip (Gen.choose (0, 100_000)) (Gen.choose (0, 255)))) (fun (body, (place, replacement)) ->
                let report = ok (Evidence.ofBody body)
                let json = (ok (Evidence.toJson report)).Memory.ToArray()
                json[place % json.Length] <- byte replacement

                match Evidence.ofJson (ReadOnlyMemory json) with
                | Ok read -> read.BodyHash = report.BodyHash && read.Body = report.Body
                | Error _ -> true))

        testProperty
            "findings are sorted, and say what was observed"
            (forAll (Gen.zip (Gen.zip freshness frontier) (Gen.zip output cache)) (fun ((freshness, frontier), (output, cache)) failed ->
                let findings = ProjectionRunFindings.ofRun freshness frontier output cache failed
                let has finding = List.contains finding findings

                findings = List.sort (List.distinct findings)
                && has ProjectionRunFinding.ObservedFreshnessUnavailable = freshness.IsUnavailable
                && has ProjectionRunFinding.StaleUsed = freshness.IsStaleAllowed
                && has ProjectionRunFinding.InputFrontierUnknown = (frontier.IsNone && not freshness.IsNotApplicable)
                && has ProjectionRunFinding.OutputHashUnavailable = output.IsUnavailable
                && has ProjectionRunFinding.CacheStatusUnavailable = cache.IsUnavailable
                && has ProjectionRunFinding.PartialVisibilityNotApplicable
                && has ProjectionRunFinding.ProjectionFailed = failed))

        testProperty
            "a run folds every entry that matches, in order, and appends nothing"
            (forAll (Gen.zip JournalGenerators.appends journalSources) (fun (actions, sources) ->
                let journal = JournalGenerators.journalOf actions
                let before = Examples.answers journal
                let selection = Selection.ofProjection (tracing sources)
                let all = Examples.all journal
                let outcome = ok (over CacheAnswer.Bypassed sources journal)
                let body = outcome.Report.Body
                let matching = all |> List.filter (Selection.matches selection)

                (defaultArg outcome.State []).Length = matching.Length
                && body.EntriesHash = Some(entriesHash selection Int64.MaxValue all)
                && body.InputFrontier.IsSome = not matching.IsEmpty
                && body.Head = Some(Journal.head journal)
                && Examples.answers journal = before))

        testProperty
            "going on from a cached state gives what reading everything gives"
            (forAll (Gen.zip3 JournalGenerators.appends journalSources (Gen.choose (0, 20))) (fun (actions, sources, cut) ->
                let journals, _ = histories actions
                let earlier, journal = journals[min cut (journals.Length - 1)], List.last journals
                let whole = ok (over CacheAnswer.Bypassed sources journal)

                match (ok (over CacheAnswer.Absent sources earlier)).Keep with
                | None -> true
                | Some row ->
                    let from = ok (over (CacheAnswer.Found(row, 0L, CachePlace.Kept)) sources journal)

                    from.Report.Body.CacheStatus = ProjectionRunCacheStatus.Hit
                    && from.State = whole.State
                    && bytesOf (apart from.Report.Body) = bytesOf (apart whole.Report.Body)))

        testProperty
            "a run over a journal of which something is gone folds all that ever matched, or says so"
            (forAll (Gen.zip3 JournalGenerators.actions journalSources (Gen.choose (0, 20))) (fun (actions, sources, cut) ->
                let journals, ever = histories actions
                let earlier, journal = journals[min cut (journals.Length - 1)], List.last journals
                let selection = Selection.ofProjection (tracing sources)

                let expected (journal: Journal) = Some(entriesHash selection (Journal.head journal).Position ever)

                let honest answer left =
                    match over answer sources left with
                    | Ok outcome -> outcome.Report.Body.EntriesHash = expected left
                    | failed -> isDropped failed && ever.Length > (Examples.all left).Length

                let row =
                    match over CacheAnswer.Absent sources earlier with
                    | Ok outcome -> outcome.Keep
                    | Error _ -> None

                let answers =
                    row |> Option.map (fun row -> CacheAnswer.Found(row, 0L, CachePlace.Kept)) |> Option.toList

                variants (int64 cut) journal
                |> List.forall (fun left -> List.forall (fun answer -> honest answer left) (CacheAnswer.Bypassed :: answers))))

        testProperty
            "streams that lost nothing can be folded, whatever others lost"
            (forAll (Gen.zip JournalGenerators.actions (Gen.choose (0, 20))) (fun (actions, cut) ->
                let journal = JournalGenerators.journalOf actions

                let folds (journal: Journal) =
                    Journal.streams journal
                    |> List.filter (fun stream -> stream.Floor = 0L)
                    |> List.forall (fun stream ->
                        let source = ProjectionSourceRef.Entity stream.Stream.Value
                        Result.isOk (over CacheAnswer.Bypassed [ source ] journal))

                folds journal && folds (Journal.dropTo (int64 cut) journal)))

        testProperty
            "size, root and time of a place follow from the batches up to there"
            (forAll JournalGenerators.appends (fun actions ->
                let folder (journal, leaves, latest) action =
                    match action with
                    | JournalGenerators.Append request ->
                        match Append.encode request |> Result.bind (Append.accept (Journal.index journal)) with
                        | Ok(Acceptance.Fresh batch) ->
                            let leaf = TreePlace.leafOf batch.FirstPosition batch.Leaves
                            JournalGenerators.apply journal action, leaves @ [ leaf ], Seq.fold TreePlace.later latest batch.Entries
                        | _ -> journal, leaves, latest
                    | _ -> journal, leaves, latest

                let journal, leaves, latest = List.fold folder (Journal.empty, [], TreePlace.noTime) actions

                match Journal.placeAt (Journal.head journal).Position journal with
                | Some place ->
                    place.Batches = int64 leaves.Length && place.Latest = latest && (TreePlace.peaks place).Root = rootOf leaves
                | None -> false))
    ]
