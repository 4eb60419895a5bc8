// The thread that runs through all frames of a journal: number, epoch, head, beginning. FORMAT.md, "Recovery".
// Called by Segment.Scan.fs with one header and one frame after the other.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What was found in a segment, in order.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal SegmentContent =
    /// A whole batch.
    | Batch of batch: StoredBatch
    /// The stream's entries up to the version are deleted.
    | Deletion of stream: StreamId * version: int64
    /// The journal begins behind this head; its beginning was dropped.
    | Base of content: BaseContent * head: Head
    /// Keys of batches that begin before the position are forgotten.
    | KeysForgotten of before: int64

/// A place behind a frame, from which a scan goes on.
[<NoEquality; NoComparison>]
type internal ScanPlace =
    {
        /// The journal.
        JournalId: Guid
        /// The head behind the frame.
        Head: Head
        /// The number of the frame; 0 for none.
        LastFrame: int64
        /// The highest epoch so far.
        Epoch: uint32
        /// The highest version of a stream up to there, as far as it is known; 0 for none.
        HighestVersion: StreamId -> int64
        /// Whether the journal has an index of ids.
        HasIds: bool
    }

/// What is known before a scan.
[<NoEquality; NoComparison>]
type internal ScanStart =
    {
        /// Where it begins; `None` for the beginning of the journal.
        From: ScanPlace option
        /// The number of a frame that is known to be flushed, from COMMIT, a checkpoint or a later segment; 0 for none.
        Flushed: int64
        /// Whether the journal was closed: nothing in it can be torn.
        IsClosed: bool
        /// The number of a frame, and the head that has to lie behind it.
        Landmark: (int64 * Head) option
    }

    /// From the beginning of a journal of which nothing is known.
    static member Beginning: ScanStart = { From = None; Flushed = 0L; IsClosed = false; Landmark = None }

/// What a segment has to be to come behind others.
[<RequireQualifiedAccess>]
module internal SegmentOrder =

    /// Whether a header goes on behind a head, before a frame, in a journal with an index of ids or without.
    let continues (head: Head) (nextFrame: int64) (hasIds: bool) (header: SegmentHeader) : Misfit option =
        let shown has = if has then "one" else "none"

        Misfit.first
            [
                Misfit.number "the first position of a segment" (head.Position + 1L) header.FirstPosition
                Misfit.number "the first frame number of a segment" nextFrame header.FirstFrame
                Misfit.hash "the head before a segment" head.Hash header.HeadBefore
                Misfit.rule "the index of ids of a segment" (header.HasIds = hasIds) (shown hasIds) (shown header.HasIds)
            ]

/// What the frames so far lead to, and whether the next one fits.
[<Sealed>]
type internal FrameSequence(start: ScanStart) =
    let from = start.From
    let assembly = BatchAssembly(from |> Option.map _.HighestVersion)
    let mutable journalId: Guid option = from |> Option.map _.JournalId
    let mutable head = from |> Option.map _.Head |> Option.defaultValue Head.empty
    let mutable takenFrame = from |> Option.map _.LastFrame |> Option.defaultValue 0L
    let mutable nextFrame = takenFrame + 1L
    let mutable epoch = from |> Option.map _.Epoch |> Option.defaultValue 0u
    let mutable takenEpoch = epoch
    let mutable flushed = start.Flushed
    let mutable baseExpected = false
    let mutable hasIds = from |> Option.exists _.HasIds

    let begin' (header: SegmentHeader) =
        journalId <- Some header.JournalId
        hasIds <- header.HasIds
        baseExpected <- header.FirstPosition > 1L || header.FirstFrame > 1L || not header.HeadBefore.IsZero
        head <- { Position = header.FirstPosition - 1L; Hash = header.HeadBefore }
        nextFrame <- header.FirstFrame
        takenFrame <- header.FirstFrame - 1L

    let checkOrder (frame: Frame) : Misfit option =
        let flushedBefore = frame.Flushed >= 0L && frame.Flushed < frame.Number

        // Nearly always; what it is where not is found rule by rule.
        let fits =
            frame.Number = nextFrame + FrameLayout.numbersBefore frame.Body
            && frame.Epoch >= max 1u epoch
            && flushedBefore
            && frame.Body.IsBase = baseExpected

        let rules () =
            Misfit.first
                [
                    Misfit.number "the frame number" (nextFrame + FrameLayout.numbersBefore frame.Body) frame.Number
                    Misfit.atLeast "the epoch of a frame" (int64 (max 1u epoch)) (int64 frame.Epoch)
                    Misfit.rule "the flushed end" flushedBefore "below the frame number" (Numbers.text frame.Flushed)
                    Misfit.rule
                        "the beginning of the journal"
                        (frame.Body.IsBase = baseExpected)
                        (if baseExpected then "position 1 or a base" else "no second base")
                        (if baseExpected then "position " + Numbers.text (head.Position + 1L) else "one")
                ]

        if fits then None else rules ()

    let checkAlone (frame: Frame) : Misfit option =
        Misfit.first
            [
                Misfit.rule "a frame inside a batch" (not assembly.IsOpen) "of the batch" "of no batch"
                Misfit.number "the position of a frame outside a batch" head.Position frame.Position
            ]

    let takeBase (frame: Frame) (content: BaseContent) : Result<SegmentContent option, Misfit> =
        let ofStreams =
            content.Streams |> List.forall (fun stream -> stream.Highest >= 1L && stream.Floor = stream.Highest)

        let namesOnce = (content.Streams |> List.distinctBy _.Stream).Length = content.Streams.Length

        let ofKeys = content.Keys |> List.forall (fun key -> key.Receipt.Head.Position <= head.Position)

        let checks =
            [
                checkAlone frame
                Misfit.hash "the head of a base" head.Hash (ValueOption.defaultValue Hash.Zero frame.Head)
                Misfit.rule "the streams of a base" (ofStreams && namesOnce) "each once, and all of it gone" "others"
                Misfit.rule "the keys of a base" ofKeys "of batches that it stands for" "of others"
                Misfit.rule
                    "the sizes that a base proves"
                    (content.Provable |> List.forall (fun size -> size.Size >= 1L && size.Size < content.Tree.Batches))
                    "below its own"
                    "others"
            ]

        match Misfit.first checks with
        | Some misfit -> Error misfit
        | None ->
            List.iter assembly.Know content.Streams
            Ok(Some(SegmentContent.Base(content, head)))

    let takeDeletion (frame: Frame) (stream: StreamId) (version: int64) : Result<SegmentContent option, Misfit> =
        let struct (highest, isSure) = assembly.HighestVersion stream
        let fits = version >= 1L && (version <= highest || not isSure)

        let checks =
            [
                checkAlone frame
                Misfit.rule "the version of a deletion" fits "one of the stream" (Numbers.text version)
                Misfit.rule "the head of a deletion" frame.Head.IsNone "none" "one"
            ]

        match Misfit.first checks with
        | Some misfit -> Error misfit
        | None -> Ok(Some(SegmentContent.Deletion(stream, version)))

    let takeForgetting (frame: Frame) (before: int64) : Result<SegmentContent option, Misfit> =
        let fits = before >= 1L && before <= head.Position + 1L

        let checks =
            [
                checkAlone frame
                Misfit.rule "the position of forgotten keys" fits "one of the journal" (Numbers.text before)
                Misfit.rule "the head of forgotten keys" frame.Head.IsNone "none" "one"
            ]

        match Misfit.first checks with
        | Some misfit -> Error misfit
        | None -> Ok(Some(SegmentContent.KeysForgotten before))

    let takeOfBatch (found: ReadFrame) (place: BatchPlace) : Result<SegmentContent option, Misfit> =
        match assembly.Add(head, found, place) with
        | Some misfit -> Error misfit
        | None when not assembly.IsComplete -> Ok None
        | None ->
            assembly.Complete head
            |> Result.map (fun stored ->
                head <- stored.Batch.Receipt.Head
                Some(SegmentContent.Batch stored))

    /// The head behind what was taken.
    member _.Head = head

    /// The journal's id, once a header was read.
    member _.JournalId = journalId

    /// The number the next frame must have, also inside a batch.
    member _.NextFrame = nextFrame

    /// The number of the last frame of what was taken.
    member _.TakenFrame = takenFrame

    /// The epoch of that frame; the next epoch is above `Epoch`, as a batch that was not finished may be of a later one.
    member _.TakenEpoch = takenEpoch

    /// The highest epoch of any valid frame.
    member _.Epoch = epoch

    /// The highest frame number that any valid frame says was flushed.
    member _.Flushed = flushed

    /// Whether a base has to come, because the journal does not begin at position 1.
    member _.BaseExpected = baseExpected

    /// Positions that an unfinished batch has so far, and that it takes.
    member _.Unfinished: struct (int * int) voption =
        if assembly.IsOpen then ValueSome assembly.Progress else ValueNone

    /// A valid frame that was seen but not taken.
    member _.See(frame: Frame) : unit =
        epoch <- max epoch frame.Epoch
        flushed <- max flushed frame.Flushed

    /// Whether the header goes on where the segments before it ended; the first one begins a journal.
    member _.Continue(header: SegmentHeader) : Misfit option =
        if journalId.IsNone then
            begin' header
            None
        else
            SegmentOrder.continues head nextFrame hasIds header

    /// Whether the header is that of the segment in which the scan goes on behind frames it does not read.
    member _.Resume(header: SegmentHeader) : Misfit option =
        let follows = header.FirstFrame <= nextFrame && header.FirstPosition <= head.Position + 1L
        let place = "frame " + Numbers.text nextFrame
        Misfit.rule "the segment of the tail" follows ("one that holds " + place) "one that begins behind it"

    /// Takes one frame: what it completes, if anything, or why it does not fit.
    member _.Take(found: ReadFrame) : Result<SegmentContent option, Misfit> =
        let frame = found.Frame

        let content =
            match checkOrder frame, frame.Body with
            | Some misfit, _ -> Error misfit
            | None, FrameBody.Base content -> takeBase frame content
            | None, FrameBody.DeleteTo(stream, version) -> takeDeletion frame stream version
            | None, FrameBody.ForgetKeys before -> takeForgetting frame before
            | None, (FrameBody.Entry(place, _) | FrameBody.Stub(place, _)) -> takeOfBatch found place

        let landmark =
            match content, start.Landmark with
            | Ok(Some _), Some(number, expected) when number = frame.Number ->
                Misfit.first
                    [
                        Misfit.number "the position that was committed" expected.Position head.Position
                        Misfit.hash "the head that was committed" expected.Hash head.Hash
                    ]
            | _ -> None

        let content =
            match landmark with
            | Some misfit -> Error misfit
            | None -> content

        match content with
        | Error _ -> ()
        | Ok completed ->
            baseExpected <- false
            nextFrame <- frame.Number + 1L
            epoch <- frame.Epoch
            flushed <- max flushed frame.Flushed

            if completed.IsSome then
                takenFrame <- frame.Number
                takenEpoch <- frame.Epoch

        content
