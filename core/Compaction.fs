// Compaction without files: which sealed segments are replaced by which, and the bytes of each new one. FORMAT.md, "Compaction".
// Called by stores, which flush what it makes, switch under a marker (Marker.fs) and unlink what it replaces.
namespace Refold.Core

open System

/// Planning a compaction and making its targets.
[<RequireQualifiedAccess>]
module Compaction =

    // A target is made in memory, in one array.
    let private highestMergeBytes = 1L <<< 30

    let private nothing: CompactionRule = { Before = 1L; Floors = Map.empty; KeysBefore = 1L }

    let private itemsOf (sources: CompactionSource list) =
        sources |> List.collect (fun source -> source.Items |> List.map (fun item -> source, item))

    /// Bytes of the frames that are left of some segments, and whether any frame is another one than before.
    let private measure (rule: CompactionRule) (sources: CompactionSource list) : struct (int64 * bool) =
        let beginning, left = CompactionBase.split rule (itemsOf sources)
        let writer = ByteWriter 1024
        let mutable bytes = 0L
        let mutable isChanged = false

        let replace seed frame =
            writer.Clear()
            FrameEncoding.write seed writer frame
            bytes <- bytes + int64 writer.Length
            isChanged <- true

        if not beginning.IsEmpty then
            let struct (frame, _) = CompactionBase.make rule beginning
            replace 0u frame

        for source, item in left do
            CompactionLeaves.edit rule source item (fun found -> bytes <- bytes + int64 found.Size) (replace 0u)

        struct (bytes, isChanged)

    /// Segments of one first position stay together: of those, only the last holds positions.
    let private units (sealedOnes: CompactionSource list) : CompactionSource list list =
        let folder (source: CompactionSource) (units: CompactionSource list list) =
            match units with
            | (next :: _ as unit') :: rest when next.Header.FirstPosition = source.Header.FirstPosition ->
                (source :: unit') :: rest
            | _ -> [ source ] :: units

        List.foldBack folder sealedOnes []

    /// The units of a dropped beginning and the one in which the journal then begins become one.
    let private joinBeginning (before: int64) (units: CompactionSource list list) : CompactionSource list list =
        let holdsSurvivor (unit': CompactionSource list) =
            itemsOf unit' |> List.exists (fun (_, item) -> CompactionBase.lastPosition item >= before)

        match List.tryFindIndex holdsSurvivor units with
        | Some index when before > 1L -> List.concat (List.take (index + 1) units) :: List.skip (index + 1) units
        | _ -> units

    /// Which segments become one, in order, and whether that is worth a step.
    let private groups rule (mergeBytes: int64) (units: CompactionSource list list) =
        let folder groups (unit': CompactionSource list) =
            let struct (bytes, isChanged) = measure rule unit'
            let isMerged = List.length unit' > 1 && bytes <= mergeBytes

            match groups with
            | (sources, before, _) :: rest when before + bytes <= mergeBytes ->
                (sources @ unit', before + bytes, true) :: rest
            | _ -> (unit', bytes, isChanged || isMerged) :: groups

        units
        |> List.fold folder []
        |> List.rev
        |> List.choose (fun (sources, _, isWorth) -> if isWorth then Some sources else None)

    /// The rule for what was asked, rounded down to what is sealed, and the deletions that have to come before.
    let private decide (drop: CompactionDrop list) (segments: CompactionSource list) (lastSealed: int64) =
        let items = itemsOf segments |> List.map snd
        let highest = CompactionBase.highest items
        let deleted = items |> List.fold CompactionBase.deleted Map.empty
        let gone = items |> List.fold CompactionBase.dropped deleted

        let folder (rule, deletions) drop =
            match drop with
            | CompactionDrop.Before position ->
                { rule with Before = max rule.Before (min position lastSealed) }, deletions
            | CompactionDrop.KeysBefore position -> { rule with KeysBefore = max rule.KeysBefore position }, deletions
            | CompactionDrop.Deleted ->
                let floors =
                    deleted
                    |> Map.fold (fun floors stream floor -> CompactionBase.raiseTo stream floor floors) rule.Floors

                { rule with Floors = floors }, deletions
            | CompactionDrop.Stream stream when CompactionBase.versionOf stream highest = 0L -> rule, deletions
            | CompactionDrop.Stream stream ->
                let upTo = CompactionBase.versionOf stream highest
                let rule = { rule with Floors = Map.add stream upTo rule.Floors }
                let isKnown = CompactionBase.versionOf stream gone >= upTo || List.contains (stream, upTo) deletions
                rule, (if isKnown then deletions else deletions @ [ stream, upTo ])

        List.fold folder (nothing, []) drop

    /// What is wrong with the positions of a request.
    let private refusal (drop: CompactionDrop list) (active: CompactionSource) : CompactionRefusal option =
        drop
        |> List.tryPick (fun drop ->
            match drop with
            | CompactionDrop.Before position
            | CompactionDrop.KeysBefore position when position < 1L -> Some(CompactionRefusal.OutOfRange position)
            | CompactionDrop.Before position when position > active.Header.FirstPosition ->
                Some(CompactionRefusal.BeyondSealed(position, active.Header.FirstPosition - 1L))
            | _ -> None)

    /// Plans a compaction. `segments` are all of the journal, whole and in order; the last one is written to and never touched.
    /// What goes is rounded down: the beginning to batches, streams to leaves. Every target has a generation above all that are there.
    let plan
        (request: CompactionRequest)
        (segments: CompactionSource list)
        : Result<CompactionPlan, CompactionRefusal> =
        match List.rev segments with
        | [] -> Error CompactionRefusal.NothingToDo
        | active :: earlier ->
            // A target must come before the segment that is written to, so what shares its first position stays: it holds deletions only.
            let sealedOnes =
                List.rev earlier
                |> List.filter (fun source -> source.Header.FirstPosition < active.Header.FirstPosition)

            let lastSealed =
                itemsOf sealedOnes |> List.fold (fun last (_, item) -> max last (CompactionBase.lastPosition item)) 1L

            let rule, deletions = decide request.Drop segments lastSealed
            let generation = 1 + (segments |> List.map _.Header.Generation |> List.max)

            let step (sources: CompactionSource list) : CompactionStep =
                let beginning, _ = CompactionBase.split rule (itemsOf sources)

                let first =
                    if beginning.IsEmpty then
                        sources.Head.Header.FirstPosition
                    else
                        let struct (frame, _) = CompactionBase.make rule beginning
                        frame.Position + 1L

                {
                    Sources = sources |> List.map _.Name
                    Target = { FirstPosition = first; Generation = generation }
                    Rule = rule
                }

            match refusal request.Drop active with
            | Some refusal -> Error refusal
            | None ->
                match
                    units sealedOnes
                    |> joinBeginning rule.Before
                    |> groups rule (min request.MergeBytes highestMergeBytes)
                with
                | [] -> Error CompactionRefusal.NothingToDo
                | groups -> Ok { Deletions = deletions; Steps = List.map step groups }

    /// The bytes of a step's target: header, and what is left frame by frame. Throws `ArgumentException` where the
    /// segments are not those the step was planned over.
    let target (step: CompactionStep) (segments: CompactionSource list) : ReadOnlyMemory<byte> =
        let sources =
            step.Sources
            |> List.map (fun name ->
                match segments |> List.tryFind (fun source -> source.Name = name) with
                | Some source -> source
                | None -> invalidArg (nameof segments) (name.ToString() + " is not among them"))

        let header = sources.Head.Header
        let seed = Checksum.seed header.JournalId
        let beginning, left = CompactionBase.split step.Rule (itemsOf sources)
        let writer = ByteWriter(64 * 1024)
        writer.Zeros SegmentHeader.bytes

        let header =
            if beginning.IsEmpty then
                header
            else
                let struct (frame, head) = CompactionBase.make step.Rule beginning
                FrameEncoding.write seed writer frame
                { header with FirstFrame = frame.Number; HeadBefore = head.Hash }

        for source, item in left do
            let keep (found: ReadFrame) = writer.Raw (source.Bytes.Slice(found.Offset, found.Size)).Span
            CompactionLeaves.edit step.Rule source item keep (FrameEncoding.write seed writer)

        let bytes = writer.Written.ToArray()

        (SegmentHeader.encode
            { header with
                FirstPosition = step.Target.FirstPosition
                Generation = step.Target.Generation
                FileBytes = int64 bytes.Length
            })
            .CopyTo(Memory bytes)

        ReadOnlyMemory bytes
