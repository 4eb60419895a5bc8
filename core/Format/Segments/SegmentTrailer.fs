// The last 128 bytes of a sealed segment: where its footer lies and what its frames lead to. FORMAT.md, "Trailer".
// Written when a segment is sealed; read by Opening.*.fs at every opening and by Segment.Scan.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What a sealed segment says about itself at its end. With the next segment's header it tells, without
/// reading frames, that none is missing.
[<NoComparison>]
type internal SegmentTrailer =
    {
        /// The segment's name.
        Name: SegmentName
        /// The offset of its footer, a multiple of 4,096.
        FooterOffset: int64
        /// Pages of the footer, from 1.
        Pages: int
        /// The offset behind its last frame.
        FramesEnd: int64
        /// The number of the last frame up to its end; one less than its first where it has no frames.
        LastFrame: int64
        /// The head behind its last frame.
        Head: Head
        /// The epoch of its last frame; 0 where it has none and none lies before it.
        Epoch: uint32
        /// How many entries it holds.
        Entries: int
        /// Whether its first frame is a base.
        HasBase: bool
        /// Frames here say that keys of batches that begin before this position are forgotten; 0 for none.
        KeysBefore: int64
        /// How many batches the journal has up to its end.
        Batches: int64
    }

/// Writing and reading trailers.
[<RequireQualifiedAccess>]
module internal SegmentTrailer =

    /// Bytes of a trailer.
    let bytes = 128

    let private magic = "REFOLDTR"B

    let private footerEnd (footerOffset: int64) (pages: int) : int64 = footerOffset + int64 pages * int64 Page.bytes

    /// The offset of the trailer in a file of this length: its last bytes, or behind the footer where the file has to grow for it.
    let offset (fileLength: int64) (footerOffset: int64) (pages: int) : int64 =
        max (fileLength - int64 bytes) (footerEnd footerOffset pages)

    /// The 128 bytes. `seed` is `Checksum.seed` of the journal id.
    let encode (seed: uint32) (trailer: SegmentTrailer) : ReadOnlyMemory<byte> =
        Block.encode magic bytes seed (fun writer ->
            writer.Int32 trailer.Pages
            writer.Int64 trailer.FooterOffset
            writer.Int64 trailer.FramesEnd
            writer.Int64 trailer.Name.FirstPosition
            writer.Int32 trailer.Name.Generation
            writer.UInt32(if trailer.HasBase then 1u else 0u)
            writer.Int64 trailer.LastFrame
            writer.Int64 trailer.Head.Position
            Hash.write writer trailer.Head.Hash
            writer.UInt32 trailer.Epoch
            writer.Int32 trailer.Entries
            writer.Int64 trailer.KeysBefore
            writer.Int64 trailer.Batches)

    let private readFields (reader: ByteReader) : SegmentTrailer =
        let pages = Block.count reader
        let footerOffset = Block.atLeast (int64 SegmentHeader.bytes) reader
        let framesEnd = Block.atLeast (int64 SegmentHeader.bytes) reader
        let firstPosition = Block.atLeast 1L reader
        let generation = Block.count reader
        let flags = reader.UInt32()
        let lastFrame = Block.atLeast 0L reader
        let position = Block.atLeast 0L reader
        let hash = Block.hash reader
        let epoch = reader.UInt32()
        let entries = Block.count reader
        let keysBefore = Block.atLeast 0L reader
        let batches = Block.atLeast 0L reader

        if pages = 0 || flags > 1u || footerOffset % int64 Page.bytes <> 0L || framesEnd > footerOffset then
            reader.Fail()

        {
            Name = { FirstPosition = firstPosition; Generation = generation }
            FooterOffset = footerOffset
            Pages = pages
            FramesEnd = framesEnd
            LastFrame = lastFrame
            Head = { Position = position; Hash = hash }
            Epoch = epoch
            Entries = entries
            HasBase = (flags = 1u)
            KeysBefore = keysBefore
            Batches = batches
        }

    /// Whether the last 128 bytes begin with the magic of a trailer: only then are they taken for one that may be damaged.
    let beginsLikeOne (memory: ReadOnlyMemory<byte>) : bool = memory.Span.StartsWith(ReadOnlySpan magic)

    /// Reads the last 128 bytes of a segment file of this length: `None` where they are zeros, as in a segment that is not sealed.
    /// A trailer that does not fit the header, or a footer for which the file has no room, is corrupt.
    let decode (header: SegmentHeader) (fileLength: int64) (memory: ReadOnlyMemory<byte>) : Result<SegmentTrailer option, FrameError> =
        let at = fileLength - int64 bytes

        let misfits (trailer: SegmentTrailer) =
            let isInside = trailer.FooterOffset <= at && footerEnd trailer.FooterOffset trailer.Pages <= at

            Misfit.first
                [
                    Misfit.number "the first position in a trailer" header.FirstPosition trailer.Name.FirstPosition
                    Misfit.number "the generation in a trailer" (int64 header.Generation) (int64 trailer.Name.Generation)
                    Misfit.atLeast "the last frame in a trailer" (header.FirstFrame - 1L) trailer.LastFrame
                    Misfit.atLeast "the position in a trailer" (header.FirstPosition - 1L) trailer.Head.Position
                    Misfit.rule "the place of a footer" isInside "inside the file" "beyond its end"
                ]

        if Block.isZero memory.Span then
            Ok None
        elif memory.Length < bytes then
            Error(FrameError.Torn(at, "the file ends inside the trailer"))
        else
            let seed = Checksum.seed header.JournalId

            match Block.decode "the trailer" magic seed at (memory.Slice(memory.Length - bytes)) readFields with
            | Error error -> Error error
            | Ok trailer ->
                match misfits trailer with
                | Some misfit -> Error(Misfit.corrupt at misfit)
                | None -> Ok(Some trailer)

/// The end of a segment as it lies in its file.
[<RequireQualifiedAccess; NoComparison>]
type internal SealState =
    /// No trailer: frames or zeros reach up to the end.
    | Unsealed
    /// Trailer and footer are what was written.
    | Sealed of trailer: SegmentTrailer
    /// There is something, and it is not what was written.
    | Damaged of error: FrameError

/// Checking trailer and footer of a segment whose bytes are all there, without reading rows.
[<RequireQualifiedAccess>]
module internal SealState =

    let private zeros what (memory: ReadOnlyMemory<byte>) (start: int64) (finish: int64) : FrameError option =
        let index = memory.Span.Slice(int start, int (finish - start)).IndexOfAnyExcept 0uy

        if index < 0 then
            None
        else
            Some(FrameError.Corrupt(start + int64 index, what, "zeros", "other bytes"))

    /// What the last bytes of the segment say, and whether every page before them is right and all else is zero.
    let ofBytes (header: SegmentHeader) (memory: ReadOnlyMemory<byte>) : SealState =
        let length = memory.Length
        let tail = memory.Slice(length - min length SegmentTrailer.bytes)

        match SegmentTrailer.decode header (int64 length) tail with
        | Error error when SegmentTrailer.beginsLikeOne tail -> SealState.Damaged error
        | Error _
        | Ok None -> SealState.Unsealed
        | Ok(Some trailer) ->
            let owner = { Seed = Checksum.seed header.JournalId; FirstFrame = header.FirstFrame }
            let footerEnd = trailer.FooterOffset + int64 trailer.Pages * int64 Page.bytes

            let page number =
                let offset = int trailer.FooterOffset + number * Page.bytes

                match Page.read owner number (int64 offset) (memory.Slice(offset, Page.bytes)) with
                | Ok _ -> None
                | Error error -> Some error

            [
                fun () -> zeros "what lies before a footer" memory trailer.FramesEnd trailer.FooterOffset
                fun () -> Seq.tryPick page (seq { 0 .. trailer.Pages - 1 })
                fun () -> zeros "what lies behind a footer" memory footerEnd (int64 (length - SegmentTrailer.bytes))
            ]
            |> List.tryPick (fun check -> check ())
            |> function
                | Some error -> SealState.Damaged error
                | None -> SealState.Sealed trailer
