// Opening decided: what was found on disk becomes a plan, or a refusal that names the place. FORMAT.md, "Opening".
// Called by stores before they read a single frame. Pure and total: the same files give the same plan, whatever is in them.
namespace Refold.Format

open Refold.Core
open Refold

/// Deciding how to open.
[<RequireQualifiedAccess>]
module internal Opening =

    /// What was read of the directory, all of one journal.
    [<NoComparison>]
    type private Directory =
        {
            Segments: PlannedSegment list
            JournalId: System.Guid option
            Commit: CommitReading
            Checkpoints: (string * int64 * Result<CheckpointRoot, FrameError>) list
            Marker: (CompactionMarker * ResolvedMarker) option
            Steps: HealStep list
        }

    let private readDirectory (found: FoundFiles) : Result<Directory, Refusal> =
        let lengths = Map.ofList found.Files
        let present = found.Files |> List.map fst

        let resolve (marker: CompactionMarker option) : Result<(CompactionMarker * ResolvedMarker) option, Refusal> =
            match marker with
            | None -> Ok None
            | Some marker -> Marker.resolve marker present |> Result.map (fun resolved -> Some(marker, resolved))

        let names (marker: (CompactionMarker * ResolvedMarker) option) =
            match marker with
            | Some(_, resolved) -> resolved.Segments
            | None -> present |> List.choose FileName.trySegment |> List.sort

        match OpeningReading.marker found lengths |> Result.bind resolve, OpeningReading.commit found lengths with
        | Error refusal, _
        | _, Error refusal -> Error refusal
        | Ok marker, Ok commit ->
            OpeningReading.segments found lengths (names marker)
            |> Result.bind (fun segments ->
                let claims =
                    [
                        for segment in segments do
                            match segment.Header with
                            | Some header -> segment.Name.ToString(), header.JournalId
                            | None -> ()
                        match commit.Slot with
                        | Some slot -> FileName.commit, slot.JournalId
                        | None -> ()
                        match marker with
                        | Some(marker, _) -> FileName.pending, marker.JournalId
                        | None -> ()
                    ]

                OpeningReading.journal claims
                |> Result.map (fun journalId ->
                    {
                        Segments = segments
                        JournalId = journalId
                        Commit = commit
                        Checkpoints = OpeningReading.checkpoints found
                        Marker = marker
                        Steps =
                            match marker with
                            | Some(_, resolved) -> resolved.Steps
                            | None -> Marker.clear present
                    }))

    /// The readable roots of this journal, also stale ones: each was written over flushed frames, so what it says of them holds.
    let private ownRoots (directory: Directory) : (string * CheckpointRoot) list =
        directory.Checkpoints
        |> List.choose (fun (name, _, root) ->
            match root with
            | Ok root when directory.JournalId.IsNone || directory.JournalId = Some root.JournalId -> Some(name, root)
            | _ -> None)

    /// What COMMIT and checkpoints say was flushed: file, segment, last frame.
    let private flushedClaims (directory: Directory) : (string * SegmentName * int64) list =
        [
            match directory.Commit.Slot with
            | Some slot -> FileName.commit, slot.Segment, slot.LastFrame
            | None -> ()
            for name, root in ownRoots directory do
                name, root.Watermark, root.LastFrame
        ]

    /// The last frame before the last segment whose header is readable: all of them were flushed before it got its name.
    let private lastBefore (directory: Directory) =
        directory.Segments
        |> List.choose _.Header
        |> List.tryLast
        |> Option.map (fun header -> header.FirstFrame - 1L)
        |> Option.defaultValue 0L

    /// A claim about a segment that is not there, of frames that no other segment covers: what was acknowledged is missing.
    let private checkAhead (directory: Directory) : Result<int64, Refusal> =
        let before = lastBefore directory
        let claims = flushedClaims directory

        let present = directory.Segments |> List.map _.Name

        // A later generation of the same first position goes on behind that segment, or has replaced it.
        let holds (claimed: SegmentName) (name: SegmentName) =
            name.FirstPosition = claimed.FirstPosition && name.Generation >= claimed.Generation

        // Whoever names a segment does so after its header and its name were flushed.
        let isAhead (_, claimed, frame) =
            not (present |> List.exists (holds claimed))
            && (frame > before || present |> List.forall (fun name -> name < claimed))

        let isNamed (segment: PlannedSegment) = claims |> List.exists (fun (_, claimed, _) -> claimed = segment.Name)

        match List.tryFind isAhead claims, List.tryLast directory.Segments with
        | None, Some({ Header = None } as last) when isNamed last ->
            OpeningReading.corrupt (last.Name.ToString()) 0L "the segment header" "whole" "another"
        | Some(file, name, frame), _ ->
            let expected = name.ToString() + " with frame " + Numbers.text frame
            OpeningReading.corrupt file 0L "what was flushed" expected ("frames up to " + Numbers.text before)
        | None, _ -> Ok(claims |> List.fold (fun most (_, _, frame) -> max most frame) before)

    /// The checkpoint that may be used, if any, and why each other one is not.
    let private chooseCheckpoint (ways: OpeningWays) (covered: Covered) (directory: Directory) =
        let names = directory.Segments |> List.map _.Name
        let journalId = directory.JournalId |> Option.defaultValue System.Guid.Empty

        let usable (root: CheckpointRoot) =
            match List.tryLast directory.Segments with
            | Some { Header = Some _; Length = length } ->
                Misfit.first
                    [
                        Misfit.number "segments with a footer" (int64 names.Length - 1L) (int64 covered.Count)
                        Misfit.atLeast "the last frame it covers" covered.LastFrame root.LastFrame
                        Misfit.atLeast "the position it covers" covered.Head.Position root.Head.Position
                        Misfit.atLeast "the length of its segment" root.Offset length
                    ]
                |> Option.map (fun misfit -> misfit.What + " are " + misfit.Found + ", expected " + misfit.Expected)
            | _ -> Some "its segment has no header"

        let judge chosen (name, length, root) =
            let ignored reason = { File = name; Reason = reason }

            match chosen, Checkpoint.judge journalId names name length root with
            | (None, others), Ok root when ways.Checkpoint ->
                match usable root with
                | None -> Some(name, root), others
                | Some reason -> None, ignored reason :: others
            | (chosen, others), Ok _ when ways.Checkpoint -> chosen, ignored "there is a later one" :: others
            | (chosen, others), Ok _ -> chosen, ignored "checkpoints are switched off" :: others
            | (chosen, others), Error stale -> chosen, ignored (stale.ToString()) :: others

        let chosen, others = List.fold judge (None, []) directory.Checkpoints
        struct (chosen, List.rev others)

    let private damagedSlots (directory: Directory) =
        directory.Commit.Damaged |> List.map (fun error -> { File = FileName.commit; Reason = error.ToString() })

    let private withTrailers (covered: Covered) (segments: PlannedSegment list) : PlannedSegment list =
        let trailers = List.rev covered.Trailers
        let put (segment: PlannedSegment) trailer = { segment with PlannedSegment.Trailer = Some trailer }
        List.map2 put (List.truncate covered.Count segments) trailers @ List.skip covered.Count segments

    let private planOf
        (directory: Directory)
        (flushed: int64)
        path
        (covered: Covered)
        (checkpoint: (string * CheckpointRoot) option)
        ignored
        : OpeningPlan =
        let slot = directory.Commit.Slot
        let root = checkpoint |> Option.map snd
        let ownEpochs = ownRoots directory |> List.map (fun (_, root) -> root.Epoch)

        let setGenerations =
            [
                match slot with
                | Some slot -> slot.SetGeneration
                | None -> ()
                for _, root in ownRoots directory do
                    root.SetGeneration
                match directory.Marker with
                | Some(marker, resolved) when resolved.IsSwitched -> marker.SetGeneration
                | _ -> ()
            ]

        let tail =
            match root, directory.Segments with
            | _, [] -> None
            | Some root, _ -> Some { Segment = covered.Count; Offset = root.Offset }
            | None, _ -> Some { Segment = covered.Count; Offset = int64 SegmentHeader.bytes }

        {
            Path = path
            JournalId = directory.JournalId
            Segments = withTrailers covered directory.Segments
            Checkpoint = checkpoint
            Tail = tail
            Restored = covered.Entries + (root |> Option.map (fun root -> int64 root.Entries) |> Option.defaultValue 0L)
            Head = root |> Option.map _.Head |> Option.defaultValue covered.Head
            LastFrame = root |> Option.map _.LastFrame |> Option.defaultValue covered.LastFrame
            Epoch = (slot |> Option.map _.Epoch |> Option.defaultValue 0u) :: covered.Epoch :: ownEpochs |> List.max
            Flushed = flushed
            // A slot that lags behind what else is known says nothing about the end.
            IsClosed = slot |> Option.exists (fun slot -> slot.IsClosed && slot.LastFrame = flushed)
            Commit = slot
            SetGeneration = List.fold max 0L setGenerations
            KeysBefore =
                covered.Trailers
                |> List.fold (fun most trailer -> max most trailer.KeysBefore) (root |> Option.map _.KeysBefore |> Option.defaultValue 0L)
            Steps = directory.Steps
            Interrupted = directory.Marker |> Option.map (fun (marker, resolved) -> marker, resolved.IsSwitched)
            Ignored = damagedSlots directory @ ignored
        }

    /// The head that COMMIT names has to be the head there, where the tail begins with exactly that frame.
    let private checkHead (plan: OpeningPlan) : Result<OpeningPlan, Refusal> =
        match plan.Commit with
        | Some slot when slot.LastFrame = plan.LastFrame && slot.LastFrame > 0L ->
            match Misfit.hash "the head" plan.Head.Hash slot.Head.Hash with
            | Some misfit -> OpeningReading.refuse FileName.commit (Misfit.corrupt (Commit.slotOffset slot.Sequence) misfit)
            | None -> Ok plan
        | _ -> Ok plan

    let private choose (found: FoundFiles) (directory: Directory) (flushed: int64) : Result<OpeningPlan, Refusal> =
        let ways = found.Ways
        let nothing = OpeningReading.nothing directory.Segments
        let plan = planOf directory flushed

        let scan ignored =
            if ways.Scan then
                Ok(plan OpeningPath.Scan nothing None ignored)
            else
                Error(Refusal.SwitchedOff "the frames have to be scanned, and scanning is switched off")

        match directory.Marker with
        | _ when directory.Segments.IsEmpty -> Ok(plan OpeningPath.Empty nothing None [])
        | Some _ -> scan []
        | None when not ways.Checkpoint && not ways.Footers -> scan []
        | None ->
            OpeningReading.cover found directory.Segments
            |> Result.bind (fun covered ->
                let struct (checkpoint, others) = chooseCheckpoint ways covered directory
                let ignored = Option.toList covered.Stopped @ others
                // The one active segment of a young journal is a tail whatever the way is called.
                let isYoung = directory.Segments.Length = 1 && not ways.Scan

                match checkpoint with
                | Some _ -> Ok(plan OpeningPath.Checkpoint covered checkpoint others)
                | None when ways.Footers && (covered.Count > 0 || isYoung) -> Ok(plan OpeningPath.Footers covered None ignored)
                | None -> scan ignored)

    /// Decides how to open what was found. Steps of the plan are for a writer only; a reader opens the same segments and changes nothing.
    /// Refused: files that are missing, damaged, of another journal or of a newer format version, and whatever speaks of frames that no
    /// segment covers. Never throws, but for what `FoundFiles.Read` throws.
    let plan (found: FoundFiles) : Result<OpeningPlan, Refusal> =
        match readDirectory found with
        | Error refusal -> Error refusal
        | Ok directory -> checkAhead directory |> Result.bind (choose found directory) |> Result.bind checkHead

    /// What the scan of the tail starts from. `highestVersion` gives the highest version of a stream in the rows before the tail.
    let scanStart (plan: OpeningPlan) (highestVersion: Refold.StreamId -> int64) : ScanStart =
        // Of the frames before the tail, not of COMMIT, which may have been written by an opening that wrote no frame yet.
        let epoch =
            match plan.Checkpoint with
            | Some(_, root) -> root.Epoch
            | None -> plan.Segments |> List.choose _.Trailer |> List.fold (fun most trailer -> max most trailer.Epoch) 0u

        let place =
            match plan.JournalId, plan.Tail with
            | Some id, Some tail when tail.Segment > 0 || tail.Offset > int64 SegmentHeader.bytes ->
                Some
                    {
                        JournalId = id
                        Head = plan.Head
                        LastFrame = plan.LastFrame
                        Epoch = epoch
                        HighestVersion = highestVersion
                        HasIds = plan.Segments |> List.tryPick _.Header |> Option.exists _.HasIds
                    }
            | _ -> None

        {
            From = place
            Flushed = plan.Flushed
            IsClosed = plan.IsClosed
            Landmark =
                plan.Commit
                |> Option.filter (fun slot -> slot.LastFrame > plan.LastFrame)
                |> Option.map (fun slot -> slot.LastFrame, slot.Head)
        }
