// What can still be read of a damaged journal: every frame that checks, wherever it lies. FORMAT.md, "Salvage".
// Called by stores that keep segments, with one file after the other; Salvage.Report.fs puts the parts together.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What a frame that checks holds.
[<RequireQualifiedAccess; NoComparison>]
type internal SalvagedContent =
    /// An entry of the stream.
    | Entry of stream: StreamId
    /// Positions whose entries are known to be gone, of the stream's beginning where that is known.
    | Stub of count: int * stream: StreamId option
    /// The stream's entries up to the version are deleted.
    | Deletion of stream: StreamId * version: int64
    /// The journal's beginning was dropped, with what is remembered of its streams.
    | Base of streams: BaseStream list
    /// The keys of batches that begin before a position are forgotten.
    | KeysForgotten

/// A frame that checks, without its payload.
[<NoComparison>]
type internal SalvagedFrame =
    {
        /// The number of the file, as the caller counts.
        File: int
        /// Its offset in the file.
        Offset: int
        /// Its size in bytes.
        Size: int
        /// Which opening for writing wrote it.
        Epoch: uint32
        /// Its number, dense over the whole journal.
        Number: int64
        /// Its position, as in `Frame`.
        Position: int64
        /// Its version, as in `Frame`.
        Version: int64
        /// Where it stands in its batch; zeros outside a batch.
        Place: BatchPlace
        /// What it holds.
        Content: SalvagedContent
    }

/// Bytes that hold no frame that checks, and are not the zeros behind the last one.
[<NoComparison>]
type internal SkippedBytes =
    {
        /// The number of the file, as the caller counts.
        File: int
        /// The offset of the first byte.
        From: int64
        /// The offset behind the last byte.
        To: int64
        /// What is wrong at the first byte.
        Reason: string
    }

/// What one file gave.
[<NoComparison; NoEquality>]
type internal SalvagedFile =
    {
        /// Its header, where it can be read.
        Header: SegmentHeader option
        /// Its frames in the order of their offsets.
        Frames: SalvagedFrame list
        /// What lies between them.
        Skipped: SkippedBytes list
    }

/// Looking for frames. Total: nothing here throws, whatever the bytes are, and the time is bounded by a multiple of their number.
[<RequireQualifiedAccess>]
module internal Salvage =

    // Frames whose header is vouched for and whose bytes are not may cost this many times the file's bytes in all.
    let private budgetPerByte = 64L

    /// The checksum seeds that any frame of a file was made with: one, unless frames of several journals lie in it. For files without a
    /// readable header; where there is one, the seed is that of its journal id.
    let seeds (memory: ReadOnlyMemory<byte>) : uint32 list = SalvageSeed.find memory

    let private outsideBatch: BatchPlace = { First = 0L; Index = 0; Count = 0 }

    let private contentOf (body: FrameBody) : struct (BatchPlace * SalvagedContent) option =
        match body with
        | FrameBody.Entry(place, canonical) ->
            CanonicalBytes.tryRead canonical |> Option.map (fun data -> struct (place, SalvagedContent.Entry data.Stream))
        | FrameBody.Stub(place, leaf) -> Some(struct (place, SalvagedContent.Stub(leaf.Count, leaf.Stream)))
        | FrameBody.DeleteTo(stream, version) -> Some(struct (outsideBatch, SalvagedContent.Deletion(stream, version)))
        | FrameBody.Base content -> Some(struct (outsideBatch, SalvagedContent.Base content.Streams))
        | FrameBody.ForgetKeys _ -> Some(struct (outsideBatch, SalvagedContent.KeysForgotten))

    let private describe (error: FrameError) : string =
        match error with
        | FrameError.Corrupt(_, what, expected, found) -> what + " is " + found + ", expected " + expected
        | FrameError.Torn(_, reason) -> reason
        | other -> other.ToString()

    /// The frame at the offset, or what is wrong with it.
    let private tryTake (seed: uint32) (file: int) (memory: ReadOnlyMemory<byte>) (offset: int) =
        match FrameDecoding.read seed memory offset with
        | Error error -> Error(describe error)
        | Ok found ->
            let frame = found.Frame

            match contentOf frame.Body with
            | None -> Error "the canonical bytes of an entry are not in their one valid form"
            | Some(struct (place, content)) ->
                Ok
                    {
                        File = file
                        Offset = offset
                        Size = found.Size
                        Epoch = frame.Epoch
                        Number = frame.Number
                        Position = frame.Position
                        Version = frame.Version
                        Place = place
                        Content = content
                    }

    let private lengthAt (memory: ReadOnlyMemory<byte>) (offset: int) =
        Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(memory.Span.Slice(offset, 4))

    /// The bytes up to the footer of a sealed segment, where footer and trailer check.
    let private withoutFooter (header: Result<SegmentHeader, FrameError>) (memory: ReadOnlyMemory<byte>) =
        match header |> Result.map (fun header -> SealState.ofBytes header memory) with
        | Ok(SealState.Sealed trailer) -> memory.Slice(0, int trailer.FramesEnd)
        | _ -> memory

    /// Every frame of a file that checks. Behind one that does not, the search goes on at its end, where its header is vouched for and
    /// leads to a frame, otherwise in steps of 8 bytes. `file` is repeated in what is found.
    let scan (seed: uint32) (file: int) (memory: ReadOnlyMemory<byte>) : SalvagedFile =
        let header = SegmentHeader.decode memory
        let memory = withoutFooter header memory
        let writtenTo = memory.Span.LastIndexOfAnyExcept 0uy + 1
        let frames = ResizeArray<SalvagedFrame>()
        let skipped = ResizeArray<SkippedBytes>()
        let mutable budget = budgetPerByte * int64 memory.Length
        let mutable offset = if header.IsOk then SegmentHeader.bytes else 0
        let mutable lost: struct (int * string) voption = ValueNone

        let lose reason =
            if lost.IsNone then
                lost <- ValueSome(struct (offset, reason))

        let endLost upTo =
            match lost with
            | ValueSome(struct (from, reason)) ->
                skipped.Add { File = file; From = int64 from; To = int64 upTo; Reason = reason }
                lost <- ValueNone
            | ValueNone -> ()

        /// How far to go on behind a frame that does not check although a header stands there.
        let stepOver () =
            let size = lengthAt memory offset
            let fits = size % FrameLayout.alignment = 0 && size <= memory.Length - offset
            budget <- budget - int64 size

            if not fits then
                FrameLayout.alignment
            elif offset + size >= writtenTo then
                size
            elif FrameDecoding.hasHeader seed memory (offset + size) then
                budget <- budget - int64 (lengthAt memory (offset + size))
                let next = FrameDecoding.read seed memory (offset + size)
                if next.IsOk then size else FrameLayout.alignment
            else
                FrameLayout.alignment

        while offset < writtenTo do
            if lost.IsNone && header.IsOk then
                offset <- FrameDecoding.behindGap seed memory offset

            if budget < 0L then
                lose "too many headers that lead to no frame"
                offset <- writtenTo
            elif FrameDecoding.hasHeader seed memory offset then
                match tryTake seed file memory offset with
                | Ok frame ->
                    endLost offset
                    frames.Add frame
                    offset <- offset + frame.Size
                | Error reason ->
                    lose reason
                    offset <- offset + stepOver ()
            else
                if lost.IsNone then
                    match header with
                    | Error error when offset = 0 -> lose (describe error)
                    | _ -> lose "no frame's header with its checksum"

                offset <- offset + FrameLayout.alignment

        endLost (min offset writtenTo)

        {
            Header = Result.toOption header
            Frames = List.ofSeq frames
            Skipped = List.ofSeq skipped
        }
