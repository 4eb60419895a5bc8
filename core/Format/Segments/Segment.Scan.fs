// Recovery by scan: what the bytes of segment files hold, and how they end. FORMAT.md, "Recovery".
// Called by stores when they open and verify; the facade hands over one file after the other.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Scans the segments of one journal in order: by first position, then by generation. Not thread-safe.
[<Sealed>]
type internal SegmentScanner(start: ScanStart) =
    let sequence = FrameSequence start
    let mutable seed = 0u

    let isZeroFrom (offset: int) (memory: ReadOnlyMemory<byte>) =
        memory.Length <= offset || memory.Span.Slice(offset).IndexOfAnyExcept 0uy < 0

    /// Whether this frame is known to be flushed, or a whole frame at the offset or behind it says so; and whether there is any such frame.
    let isFlushed (frameNumber: int64) (memory: ReadOnlyMemory<byte>) (offset: int) : struct (bool * bool) =
        let mutable said = start.IsClosed || start.Flushed >= frameNumber
        let mutable isAny = false

        for offset in offset .. FrameLayout.alignment .. memory.Length - FrameLayout.shortest do
            if FrameDecoding.hasHeader seed memory offset then
                match FrameDecoding.read seed memory offset with
                | Ok found ->
                    isAny <- true
                    sequence.See found.Frame
                    said <- said || found.Frame.Flushed >= frameNumber
                | Error _ -> ()

        struct (said, isAny)

    let unfinished (offset: int) : (int * FrameError) option =
        match sequence.Unfinished with
        | ValueNone -> None
        | ValueSome(struct (covered, count)) ->
            let progress = Numbers.text (int64 covered) + " of " + Numbers.text (int64 count)
            Some(offset, FrameError.Torn(int64 offset, "the batch ends after " + progress + " positions"))

    /// The frames from an offset on: what was taken, up to where, and what stopped it.
    let takeAll (memory: ReadOnlyMemory<byte>) (from: int) : struct (SegmentItem list * int * (int * FrameError) option) =
        let items = ResizeArray()
        let mutable offset = from
        let mutable start = from
        let mutable takenTo = from
        let mutable stop = None
        let mutable ended = false

        while stop.IsNone && not ended do
            let prefix = memory.Slice(offset, min FrameLayout.alignment (memory.Length - offset))

            if isZeroFrom 0 prefix && isZeroFrom offset memory then
                ended <- true
                stop <- unfinished offset
            else
                if offset = takenTo then
                    offset <- FrameDecoding.behindGap seed memory offset
                    start <- offset

                match FrameDecoding.read seed memory offset with
                | Error error -> stop <- Some(offset, error)
                | Ok found ->
                    match sequence.Take found with
                    | Error misfit -> stop <- Some(offset, Misfit.corrupt (int64 offset) misfit)
                    | Ok completed ->
                        offset <- offset + found.Size

                        match completed with
                        | None -> ()
                        | Some content ->
                            items.Add
                                {
                                    Content = content
                                    Start = start
                                    End = offset
                                    LastFrame = found.Frame.Number
                                }

                            takenTo <- offset

        struct (List.ofSeq items, takenTo, stop)

    /// How a segment ends in which something did not fit. Where only the end of a sealed segment is damaged, that is named.
    let judge (memory: ReadOnlyMemory<byte>) isLast (seal: SealState) (offset: int) (error: FrameError) : SegmentEnd =
        let struct (said, isAny) = isFlushed sequence.NextFrame memory offset

        let corrupt =
            not isLast
            || sequence.BaseExpected
            || said
            || (sequence.Unfinished = ValueNone && FrameDecoding.beginsNextBlock seed memory offset sequence.NextFrame)

        match error, seal with
        | _, SealState.Damaged(FrameError.Corrupt _ as damage) when not isLast && not isAny -> SegmentEnd.Refused damage
        | FrameError.Torn(_, reason), _ when corrupt ->
            SegmentEnd.Refused(FrameError.Corrupt(int64 offset, "what was flushed", "whole", reason))
        | FrameError.Torn(at, reason), _ -> SegmentEnd.Torn(at, reason)
        | FrameError.Corrupt(at, what, expected, found), _ when not corrupt ->
            SegmentEnd.Torn(at, what + " is " + found + ", expected " + expected)
        | _ -> SegmentEnd.Refused error

    /// How a segment ends in which everything fitted.
    let judgeLength (memory: ReadOnlyMemory<byte>) (isLast: bool) (header: SegmentHeader) (takenTo: int) : SegmentEnd =
        let length = int64 memory.Length
        let refused offset what expected found = SegmentEnd.Refused(FrameError.Corrupt(offset, what, expected, found))

        if sequence.BaseExpected then
            let found = "position " + Numbers.text header.FirstPosition
            refused 0L "the beginning of the journal" "position 1 or a base" found
        elif isLast && sequence.TakenFrame < start.Flushed then
            refused (int64 takenTo) "what was flushed" ("frame " + Numbers.text start.Flushed) "nothing"
        elif length >= header.FileBytes then
            SegmentEnd.Whole
        else
            let progress = Numbers.text length + " of " + Numbers.text header.FileBytes + " bytes"

            if isLast && not start.IsClosed then
                SegmentEnd.Torn(length, "the file has " + progress)
            else
                refused length "a segment file" "whole" progress

    /// Whether a trailer fits what the frames before it lead to.
    let checkTrailer (takenTo: int) (trailer: SegmentTrailer) : FrameError option =
        Misfit.first
            [
                Misfit.number "the end of the frames" (int64 takenTo) trailer.FramesEnd
                Misfit.number "the last frame in a trailer" sequence.TakenFrame trailer.LastFrame
                Misfit.number "the position in a trailer" sequence.Head.Position trailer.Head.Position
                Misfit.hash "the head in a trailer" sequence.Head.Hash trailer.Head.Hash
            ]
        |> Option.map (Misfit.corrupt (int64 takenTo))

    /// A header that cannot be read is torn only in the last segment, and only if nothing lies behind it.
    let judgeHeader (memory: ReadOnlyMemory<byte>) (isLast: bool) (error: FrameError) : SegmentEnd =
        let begun = SegmentHeader.beginsLikeOne memory && not (error.IsFutureVersion || error.IsPastVersion)

        let mayBeTorn = isLast && not start.IsClosed && sequence.TakenFrame >= start.Flushed

        match error with
        | _ when mayBeTorn && begun && isZeroFrom SegmentHeader.bytes memory -> SegmentEnd.Torn(0L, "the segment header is not whole")
        | FrameError.Torn(_, reason) when begun -> SegmentEnd.Refused(FrameError.Corrupt(0L, "the segment header", "whole", reason))
        // Zeros, or the beginning of the magic, under the name that this journal's next segment would have.
        | FrameError.Foreign reason when begun && sequence.JournalId.IsSome ->
            SegmentEnd.Refused(FrameError.Corrupt(0L, "the segment header", "whole", reason))
        | FrameError.Torn(_, reason) -> SegmentEnd.Refused(FrameError.Foreign reason)
        | _ -> SegmentEnd.Refused error

    let scanFrames (memory: ReadOnlyMemory<byte>) (isLast: bool) (from: int) (header: SegmentHeader) =
        let seal = SealState.ofBytes header memory

        let frames =
            match seal with
            | SealState.Sealed trailer -> memory.Slice(0, int trailer.FramesEnd)
            | SealState.Unsealed
            | SealState.Damaged _ -> memory

        let struct (items, takenTo, stop) = takeAll frames (min from frames.Length)

        let trailer =
            match seal with
            | SealState.Sealed trailer -> Some trailer
            | _ -> None

        let ending =
            match stop, trailer |> Option.bind (checkTrailer takenTo) with
            | Some(offset, error), _ -> judge memory isLast seal offset error
            | None, Some error -> judge memory isLast seal takenTo error
            | None, None -> judgeLength memory isLast header takenTo

        struct (items, takenTo, trailer, ending)

    /// The head behind what was taken.
    member _.Head: Head = sequence.Head

    /// The journal's id, once a header was read.
    member _.JournalId: Guid option = sequence.JournalId

    /// The number of the last frame of what was taken.
    member _.LastFrame: int64 = sequence.TakenFrame

    /// The epoch of that frame; 0 for none.
    member _.LastEpoch: uint32 = sequence.TakenEpoch

    /// The highest epoch of any valid frame, taken or not; 0 for none.
    member _.Epoch: uint32 = sequence.Epoch

    /// The known flushed end: the highest frame number that any valid frame says was flushed.
    member _.FlushedEnd: int64 = sequence.Flushed

    /// A scan from the beginning of a journal of which nothing else is known.
    new() = SegmentScanner ScanStart.Beginning

    /// Scans the bytes of the next segment. `isLast`: no segment comes after it. Once a segment does not end whole, no further one
    /// can be scanned. Never throws, whatever the bytes are.
    member this.Scan(memory: ReadOnlyMemory<byte>, isLast: bool) : SegmentScan = this.Scan(memory, isLast, SegmentHeader.bytes)

    /// Scans the bytes of the next segment from an offset on: the first segment of a tail, whose frames before it are known. What lies
    /// between its header and the offset is not looked at.
    member _.Scan(memory: ReadOnlyMemory<byte>, isLast: bool, from: int) : SegmentScan =
        let writtenTo =
            let looked = min from memory.Length
            let behind = memory.Span.Slice(looked).LastIndexOfAnyExcept 0uy

            if behind >= 0 then
                looked + behind + 1
            else
                memory.Span.Slice(0, min looked SegmentHeader.bytes).LastIndexOfAnyExcept 0uy + 1

        let scan header items takenTo trailer ending =
            {
                Header = header
                Items = items
                TakenTo = takenTo
                WrittenTo = writtenTo
                Trailer = trailer
                End = ending
            }

        let fitting header = if from > SegmentHeader.bytes then sequence.Resume header else sequence.Continue header

        match SegmentHeader.decode memory with
        | Error error -> scan None [] 0 None (judgeHeader memory isLast error)
        | Ok header when sequence.JournalId.IsSome && sequence.JournalId <> Some header.JournalId ->
            scan (Some header) [] 0 None (SegmentEnd.Refused(FrameError.Foreign "it belongs to another journal"))
        | Ok header ->
            seed <- Checksum.seed header.JournalId

            match fitting header with
            | Some misfit -> scan (Some header) [] 0 None (SegmentEnd.Refused(Misfit.corrupt 0L misfit))
            | None ->
                let struct (items, takenTo, trailer, ending) = scanFrames memory isLast from header
                scan (Some header) items takenTo trailer ending

    /// Goes on behind the place that the scan starts from, or behind what was taken since, without judging how the bytes end: whole batches
    /// of a window of a segment, which begins at `origin` in its file, a multiple of a block, and in which the
    /// next frame lies at `from` in the file.
    member _.Follow(window: ReadOnlyMemory<byte>, origin: int, from: int) : Result<SegmentItem list, FrameError> =
        sequence.JournalId |> Option.iter (fun id -> seed <- Checksum.seed id)
        let struct (items, _, stop) = takeAll window (min (from - origin) window.Length)

        match stop with
        | Some(_, error) -> Error error
        | None -> Ok(List.map (SegmentItem.moved origin) items)

    /// Goes on in the next segment: why its header does not continue what was taken, if it does not.
    member _.Enter(header: SegmentHeader) : FrameError option =
        if sequence.JournalId <> Some header.JournalId then
            Some(FrameError.Foreign "it belongs to another journal")
        else
            sequence.Continue header |> Option.map (Misfit.corrupt 0L)
