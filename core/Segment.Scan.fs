// Recovery by scan: what the bytes of segment files hold, and how they end. FORMAT.md, "Recovery".
// Called by stores when they open and verify; the facade hands over one file after the other.
namespace Refold.Core

open System

/// A batch, deletion or base, and the bytes it takes.
[<NoEquality; NoComparison>]
type SegmentItem =
    {
        /// What it is.
        Content: SegmentContent
        /// The offset of its first frame.
        Start: int
        /// The offset behind its last frame.
        End: int
        /// The number of its last frame.
        LastFrame: int64
    }

/// How a segment ends.
[<RequireQualifiedAccess; NoComparison>]
type SegmentEnd =
    /// Nothing but zeros behind the last whole batch.
    | Whole
    /// An interrupted write, from this offset on; only the last segment can end so.
    | Torn of offset: int64 * reason: string
    /// The bytes are not what was written, or no segment of this journal, or of a newer format.
    | Refused of error: FrameError

/// What a segment holds.
[<NoEquality; NoComparison>]
type SegmentScan =
    {
        /// Its header, where it is readable.
        Header: SegmentHeader option
        /// What was taken, in order.
        Items: SegmentItem list
        /// The offset behind what was taken; 0 where not even the header is whole.
        TakenTo: int
        /// The offset behind the last byte that is not zero.
        WrittenTo: int
        /// How it ends.
        End: SegmentEnd
    }

/// Scans the segments of one journal in order: by first position, then by generation. Not thread-safe.
[<Sealed>]
type SegmentScanner() =
    let sequence = FrameSequence()
    let mutable seed = 0u

    let isZeroFrom (offset: int) (memory: ReadOnlyMemory<byte>) =
        memory.Length <= offset || memory.Span.Slice(offset).IndexOfAnyExcept 0uy < 0

    /// Whether a whole frame at the offset or behind it says that this frame was flushed.
    let isFlushed (frameNumber: int64) (memory: ReadOnlyMemory<byte>) (offset: int) =
        let mutable said = false

        for offset in offset .. FrameLayout.alignment .. memory.Length - FrameLayout.shortest do
            if FrameDecoding.hasLength seed memory offset then
                match FrameDecoding.read seed memory offset with
                | Ok found ->
                    sequence.See found.Frame
                    said <- said || found.Frame.Flushed >= frameNumber
                | Error _ -> ()

        said

    let refusal (offset: int) (misfit: Misfit) =
        FrameError.Corrupt(int64 offset, misfit.What, misfit.Expected, misfit.Found)

    let unfinished (offset: int) : (int * FrameError) option =
        match sequence.Unfinished with
        | ValueNone -> None
        | ValueSome(struct (covered, count)) ->
            let progress = Fitting.text (int64 covered) + " of " + Fitting.text (int64 count)
            Some(offset, FrameError.Torn(int64 offset, "the batch ends after " + progress + " positions"))

    /// The frames from behind the header on: what was taken, up to where, and what stopped it.
    let takeAll (memory: ReadOnlyMemory<byte>) : struct (SegmentItem list * int * (int * FrameError) option) =
        let items = ResizeArray()
        let mutable offset = SegmentHeader.bytes
        let mutable takenTo = offset
        let mutable stop = None
        let mutable ended = false

        while stop.IsNone && not ended do
            let prefix = memory.Slice(offset, min FrameLayout.prefixBytes (memory.Length - offset))

            if isZeroFrom 0 prefix && isZeroFrom offset memory then
                ended <- true
                stop <- unfinished offset
            else
                match FrameDecoding.read seed memory offset with
                | Error error -> stop <- Some(offset, error)
                | Ok found ->
                    match sequence.Take found with
                    | Error misfit -> stop <- Some(offset, refusal offset misfit)
                    | Ok completed ->
                        offset <- offset + found.Size

                        match completed with
                        | None -> ()
                        | Some content ->
                            items.Add
                                {
                                    Content = content
                                    Start = takenTo
                                    End = offset
                                    LastFrame = found.Frame.Number
                                }

                            takenTo <- offset

        struct (List.ofSeq items, takenTo, stop)

    /// How a segment ends in which something did not fit.
    let judge (memory: ReadOnlyMemory<byte>) (isLast: bool) (offset: int) (error: FrameError) : SegmentEnd =
        let corrupt = not isLast || sequence.BaseExpected || isFlushed sequence.NextFrame memory offset

        match error with
        | FrameError.Torn(_, reason) when corrupt ->
            SegmentEnd.Refused(FrameError.Corrupt(int64 offset, "what was flushed", "whole", reason))
        | FrameError.Torn(at, reason) -> SegmentEnd.Torn(at, reason)
        | FrameError.Corrupt(at, what, expected, found) when not corrupt ->
            SegmentEnd.Torn(at, what + " is " + found + ", expected " + expected)
        | _ -> SegmentEnd.Refused error

    /// How a segment ends in which everything fitted.
    let judgeLength (memory: ReadOnlyMemory<byte>) (isLast: bool) (header: SegmentHeader) : SegmentEnd =
        let length = int64 memory.Length

        if sequence.BaseExpected then
            let found = "position " + Fitting.text header.FirstPosition
            let what = "the beginning of the journal"
            SegmentEnd.Refused(FrameError.Corrupt(0L, what, "position 1 or a base", found))
        elif length >= header.FileBytes then
            SegmentEnd.Whole
        else
            let progress = Fitting.text length + " of " + Fitting.text header.FileBytes + " bytes"

            if isLast then
                SegmentEnd.Torn(length, "the file has " + progress)
            else
                SegmentEnd.Refused(FrameError.Corrupt(length, "a segment file", "whole", progress))

    /// A header that cannot be read is torn only in the last segment, and only if nothing lies behind it.
    let judgeHeader (memory: ReadOnlyMemory<byte>) (isLast: bool) (error: FrameError) : SegmentEnd =
        let begun = SegmentHeader.beginsLikeOne memory && not error.IsFutureVersion

        match error with
        | _ when isLast && begun && isZeroFrom SegmentHeader.bytes memory ->
            SegmentEnd.Torn(0L, "the segment header is not whole")
        | FrameError.Torn(_, reason) when begun ->
            SegmentEnd.Refused(FrameError.Corrupt(0L, "the segment header", "whole", reason))
        | FrameError.Torn(_, reason) -> SegmentEnd.Refused(FrameError.Foreign reason)
        | _ -> SegmentEnd.Refused error

    /// The head behind what was taken.
    member _.Head: Head = sequence.Head

    /// The journal's id, once a header was read.
    member _.JournalId: Guid option = sequence.JournalId

    /// The number of the last frame of what was taken.
    member _.LastFrame: int64 = sequence.TakenFrame

    /// The highest epoch of any valid frame; 0 for none.
    member _.Epoch: uint32 = sequence.Epoch

    /// The known flushed end: the highest frame number that any valid frame says was flushed.
    member _.FlushedEnd: int64 = sequence.Flushed

    /// Scans the bytes of the next segment. `isLast`: no segment comes after it. Once a segment does not end whole, no further one
    /// can be scanned. Never throws, whatever the bytes are.
    member _.Scan(memory: ReadOnlyMemory<byte>, isLast: bool) : SegmentScan =
        let scan header items takenTo ending =
            {
                Header = header
                Items = items
                TakenTo = takenTo
                WrittenTo = memory.Span.LastIndexOfAnyExcept 0uy + 1
                End = ending
            }

        match SegmentHeader.decode memory with
        | Error error -> scan None [] 0 (judgeHeader memory isLast error)
        | Ok header when sequence.JournalId.IsSome && sequence.JournalId <> Some header.JournalId ->
            scan (Some header) [] 0 (SegmentEnd.Refused(FrameError.Foreign "it belongs to another journal"))
        | Ok header ->
            seed <- Checksum.seed header.JournalId

            match sequence.Continue header with
            | Some misfit -> scan (Some header) [] 0 (SegmentEnd.Refused(refusal 0 misfit))
            | None ->
                let struct (items, takenTo, stop) = takeAll memory

                match stop with
                | None -> judgeLength memory isLast header
                | Some(offset, error) -> judge memory isLast offset error
                |> scan (Some header) items takenTo
