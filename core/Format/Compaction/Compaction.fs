// Compaction without files: what goes, which sealed segments are replaced by which, and the bytes of each new one. FORMAT.md, "Compaction".
// Called by stores: first `decide`, then a planner and a builder, which take one segment at a time; over
// segments in memory, `plan` and `target`.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Deciding what a compaction does.
[<RequireQualifiedAccess>]
module internal Compaction =

    // A target is made in memory, in one array.
    let private highestMergeBytes = 1L <<< 30

    let private nothing: CompactionRule =
        { Before = 1L; Floors = Map.empty; KeysBefore = 1L; Provable = Set.empty }

    /// The rule for what was asked, rounded down to what is sealed, and the deletions that have to come before.
    let private ruleOf (drop: CompactionDrop list) (view: CompactionView) (lastSealed: int64) =
        let folder (rule: CompactionRule, deletions) drop =
            match drop with
            | CompactionDrop.Before position -> { rule with Before = max rule.Before (min position lastSealed) }, deletions
            | CompactionDrop.Provable size -> { rule with Provable = Set.add size rule.Provable }, deletions
            | CompactionDrop.KeysBefore position -> { rule with KeysBefore = max rule.KeysBefore position }, deletions
            | CompactionDrop.Deleted ->
                let floors =
                    view.Floors |> Map.fold (fun floors stream floor -> CompactionBase.raiseTo stream floor floors) rule.Floors

                { rule with Floors = floors }, deletions
            | CompactionDrop.Stream stream ->
                match Append.deletedTo stream Int64.MaxValue (view.HighestVersion stream) with
                | upTo when upTo <= CompactionBase.versionOf stream rule.Floors -> rule, deletions
                | upTo ->
                    let rule = { rule with Floors = Map.add stream upTo rule.Floors }

                    let isKnown =
                        CompactionBase.versionOf stream view.Floors >= upTo || List.contains (stream, upTo) deletions

                    rule, (if isKnown then deletions else deletions @ [ stream, upTo ])

        List.fold folder ({ nothing with KeysBefore = max 1L view.KeysBefore }, []) drop

    /// What is wrong with the positions of a request.
    let private refusal (drop: CompactionDrop list) (active: SegmentHeader) : CompactionRefusal option =
        drop
        |> List.tryPick (fun drop ->
            match drop with
            | CompactionDrop.Before position
            | CompactionDrop.KeysBefore position when position < 1L -> Some(CompactionRefusal.OutOfRange position)
            | CompactionDrop.Before position when position > active.FirstPosition ->
                Some(CompactionRefusal.BeyondSealed(position, active.FirstPosition - 1L))
            | _ -> None)

    /// Decides what goes, before a frame is read. The beginning is rounded down to what is sealed; the last sealed batch stays.
    let decide (request: CompactionRequest) (view: CompactionView) : Result<CompactionDecision, CompactionRefusal> =
        match List.tryLast view.Segments with
        | None -> Error CompactionRefusal.NothingToDo
        | Some active ->
            match refusal request.Drop active with
            | Some refusal -> Error refusal
            | None ->
                let rule, deletions = ruleOf request.Drop view (max 1L (active.FirstPosition - 1L))

                Ok
                    {
                        Rule = rule
                        Deletions = deletions
                        MergeBytes = min request.MergeBytes highestMergeBytes
                    }

    /// Whether a rule takes anything from a segment: frames that would go or be others, were it sealed.
    let touches (rule: CompactionRule) (source: CompactionSource) : bool =
        let mutable isTouched = false
        let pass = CompactionPass(rule, ValueNone, (fun _ _ -> ()), (fun _ -> isTouched <- true))
        pass.Add source
        pass.Finish()
        isTouched

    /// Scans a sealed segment by itself, and compares its footer. `isFirst`: the journal begins with it, at position 1 or with a base.
    /// `before` tells what the batches before it come to: it is asked where the segment has no footer that says it.
    let source (isFirst: bool) (before: unit -> TreePlace) (bytes: ReadOnlyMemory<byte>) : Result<CompactionSource, FrameError> =
        SegmentAlone.scan isFirst bytes
        |> Result.bind (fun (struct (scanner, scan)) ->
            let compared =
                scan.Trailer |> Option.bind (FooterChecking.compare None scan.Header.Value bytes scan.Items scanner.Epoch)

            let before =
                scan.Trailer
                |> Option.map (FooterDecoding.readBefore scan.Header.Value bytes)
                |> Option.defaultWith (fun () -> Ok(if isFirst then TreePlace.none else before ()))

            match compared, before with
            | Some error, _
            | None, Error error -> Error error
            | None, Ok before -> Ok { Header = scan.Header.Value; Bytes = bytes; Items = scan.Items; Tree = before })

    let private viewOf (segments: CompactionSource list) : CompactionView =
        let fold folder = segments |> List.collect _.Items |> List.fold folder Map.empty

        let highest = fold CompactionBase.highest

        {
            Segments = segments |> List.map _.Header
            HighestVersion = fun stream -> CompactionBase.versionOf stream highest
            KeysBefore = segments |> List.collect _.Items |> List.fold IndexRows.keysBefore 0L
            Floors = fold (fun known item -> CompactionBase.deleted (CompactionBase.dropped known item) item)
        }

    let private named (segments: CompactionSource list) (names: SegmentName list) : CompactionSource list =
        names
        |> List.map (fun name ->
            match segments |> List.tryFind (fun source -> source.Name = name) with
            | Some source -> source
            | None -> invalidArg (nameof segments) (name.ToString() + " is not among them"))

    /// Plans a compaction of a journal that is in memory. `segments` are all of it, whole and in order; the last one is written to and
    /// never touched. What goes is rounded down: the beginning to batches, streams to leaves.
    let plan (request: CompactionRequest) (segments: CompactionSource list) : Result<CompactionPlan, CompactionRefusal> =
        decide request (viewOf segments)
        |> Result.bind (fun decision ->
            let planner = CompactionPlanner(decision, segments |> List.map _.Header)
            named segments planner.Sources |> List.iter planner.Add

            match planner.Steps with
            | [] -> Error CompactionRefusal.NothingToDo
            | steps -> Ok { Deletions = decision.Deletions; Steps = steps })

    /// The bytes of a step's target without its footer: header, and what is left frame by frame. Throws `ArgumentException` where the
    /// segments are not those the step was planned over.
    let target (step: CompactionStep) (segments: CompactionSource list) : ReadOnlyMemory<byte> =
        let builder = CompactionBuilder step
        named segments step.Sources |> List.iter builder.Add
        builder.Finish().Bytes
