// A checkpoint: index rows of the active segment up to a watermark, and the segments before it that
// they follow on. FORMAT.md, "Checkpoint".
// Stores write one at close and now and then; Opening.fs judges those it finds.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// The first page of a checkpoint. The pages behind it are those of a footer over the frames it covers.
[<NoComparison>]
type internal CheckpointRoot =
    {
        /// The journal it belongs to.
        JournalId: Guid
        /// The set generation it was written in.
        SetGeneration: int64
        /// How many segments the journal had.
        Segments: int
        /// `Checkpoint.setHash` of their names.
        SetHash: Hash
        /// The segment of the watermark: the last one.
        Watermark: SegmentName
        /// The first offset in it that is not covered; the tail starts with a frame at exactly that offset.
        Offset: int64
        /// The number of the last frame that is covered.
        LastFrame: int64
        /// The head behind that frame.
        Head: Head
        /// The epoch of the last frame that is covered.
        Epoch: uint32
        /// Entries of the watermark's segment that its pages have rows of.
        Entries: int
        /// Pages behind the root, from 1.
        Pages: int
        /// The highest position before which the frames that are covered forget keys, a base included; 0 for none.
        KeysBefore: int64
        /// CRC32C of the pages, so that none of another checkpoint passes for one of these; 0 where it is not said.
        PagesChecksum: uint32
    }

/// What has to be known to write a checkpoint.
[<NoComparison; NoEquality>]
type internal CheckpointPlace =
    {
        /// The set generation.
        SetGeneration: int64
        /// All segments, in order; the last one is that of the watermark.
        Segments: SegmentName list
        /// The header of the last one.
        Header: SegmentHeader
        /// The offset behind the last flushed frame in it.
        Offset: int64
        /// The number of that frame.
        LastFrame: int64
        /// The head behind it.
        Head: Head
        /// Its epoch.
        Epoch: uint32
    }

/// A file to be written.
[<NoComparison; NoEquality>]
type internal CheckpointFile =
    {
        /// Its name.
        Name: string
        /// Its first page.
        Root: ReadOnlyMemory<byte>
        /// What lies behind that.
        Pages: ReadOnlyMemory<byte>
    }

/// Why a checkpoint is not used although nothing is wrong with the journal.
[<RequireQualifiedAccess; NoComparison>]
type internal StaleCheckpoint =
    /// Another journal's.
    | OtherJournal of found: Guid
    /// Written by another format version.
    | OtherVersion of found: int
    /// The segments are not those it was written over.
    | OtherSet
    /// Its first page is not what was written.
    | BadRoot of error: FrameError

    /// A few words without a full stop.
    override this.ToString() =
        match this with
        | OtherJournal found -> "it belongs to the journal " + found.ToString()
        | OtherVersion found -> "it has format version " + Numbers.text (int64 found)
        | OtherSet -> "it was written over other segments"
        | BadRoot error -> error.ToString()

/// Writing, reading and judging checkpoints.
[<RequireQualifiedAccess>]
module internal Checkpoint =

    /// Bytes of the root.
    let rootBytes = Page.bytes

    let private magic = "REFOLDIX"B

    /// What a set of segments is known by: SHA-256 over their names, in order.
    let setHash (segments: SegmentName list) : Hash =
        Hash.ofParts "refold.segment-set" (fun writer ->
            for segment in segments do
                writer.Int64 segment.FirstPosition
                writer.Int32 segment.Generation)

    /// The bytes of the root.
    let encode (root: CheckpointRoot) : ReadOnlyMemory<byte> =
        let hash (writer: ByteWriter) (value: Hash) = Hash.write writer value

        Block.encode magic rootBytes Block.unseeded (fun writer ->
            writer.Int32 root.Pages
            writer.Guid root.JournalId
            writer.Int64 root.SetGeneration
            writer.Int32 root.Segments
            writer.Int32 root.Watermark.Generation
            hash writer root.SetHash
            writer.Int64 root.Watermark.FirstPosition
            writer.Int64 root.Offset
            writer.Int64 root.LastFrame
            writer.Int64 root.Head.Position
            hash writer root.Head.Hash
            writer.UInt32 root.Epoch
            writer.Int32 root.Entries
            writer.Int64 root.KeysBefore
            writer.UInt32 root.PagesChecksum)

    let private ownerOf (header: SegmentHeader) : PageOwner = { Seed = Checksum.seed header.JournalId; FirstFrame = header.FirstFrame }

    /// What lies behind the root, for frames with these rows of a segment with this header.
    let pages (header: SegmentHeader) (rows: SegmentRows) : ReadOnlyMemory<byte> = FooterEncoding.pages (ownerOf header) rows

    /// The file of a checkpoint over the frames of the last segment that have these rows and forget keys before this position. Its pages
    /// are written to an empty writer.
    let makeInto (writer: ByteWriter) (place: CheckpointPlace) (rows: FooterRows) (keysBefore: int64) : CheckpointFile =
        let header = place.Header
        let pages = FooterEncoding.pagesInto writer (ownerOf header) rows

        let root =
            {
                JournalId = header.JournalId
                SetGeneration = place.SetGeneration
                Segments = place.Segments.Length
                SetHash = setHash place.Segments
                Watermark = { FirstPosition = header.FirstPosition; Generation = header.Generation }
                Offset = place.Offset
                LastFrame = place.LastFrame
                Head = place.Head
                Epoch = place.Epoch
                Entries = rows.Entries.Count
                Pages = pages.Length / Page.bytes
                KeysBefore = keysBefore
                PagesChecksum = Checksum.plain pages.Span
            }

        {
            Name = FileName.checkpoint root.SetGeneration root.LastFrame
            Root = encode root
            Pages = pages
        }

    /// See `makeInto`.
    let make (place: CheckpointPlace) (rows: SegmentRows) (keysBefore: int64) : CheckpointFile =
        makeInto (ByteWriter(5 * Page.bytes)) place (FooterRows.ofSegment rows) keysBefore

    let private readFields (reader: ByteReader) : CheckpointRoot =
        let pages = Block.count reader
        let journalId = reader.Guid()
        let setGeneration = Block.atLeast 0L reader
        let segments = Block.count reader
        let generation = Block.count reader
        let setHash = Block.hash reader
        let firstPosition = Block.atLeast 1L reader
        let offset = Block.atLeast (int64 SegmentHeader.bytes) reader
        let lastFrame = Block.atLeast 0L reader
        let position = Block.atLeast 0L reader
        let head = Block.hash reader
        let epoch = reader.UInt32()
        let entries = Block.count reader
        let keysBefore = Block.atLeast 0L reader
        let pagesChecksum = reader.UInt32()

        if pages = 0 || segments = 0 || offset % int64 FrameLayout.alignment <> 0L then
            reader.Fail()

        {
            JournalId = journalId
            SetGeneration = setGeneration
            Segments = segments
            SetHash = setHash
            Watermark = { FirstPosition = firstPosition; Generation = generation }
            Offset = offset
            LastFrame = lastFrame
            Head = { Position = position; Hash = head }
            Epoch = epoch
            Entries = entries
            Pages = pages
            KeysBefore = keysBefore
            PagesChecksum = pagesChecksum
        }

    /// Reads the root from the first 4,096 bytes of the file.
    let decode (memory: ReadOnlyMemory<byte>) : Result<CheckpointRoot, FrameError> =
        if memory.Length < rootBytes then
            Error(FrameError.Torn(0L, "the file ends inside the root of the checkpoint"))
        else
            Block.decode "the root of the checkpoint" magic Block.unseeded 0L (memory.Slice(0, rootBytes)) readFields

    /// Bytes of the whole file.
    let fileBytes (root: CheckpointRoot) : int64 = int64 rootBytes + int64 root.Pages * int64 Page.bytes

    /// Whether a checkpoint was written over these segments of this journal. `name` and `length` are those of its file.
    let judge
        (journalId: Guid)
        (segments: SegmentName list)
        (name: string)
        (length: int64)
        (root: Result<CheckpointRoot, FrameError>)
        : Result<CheckpointRoot, StaleCheckpoint> =
        match root with
        | Error(FrameError.FutureVersion(found, _) | FrameError.PastVersion found) -> Error(StaleCheckpoint.OtherVersion found)
        | Error error -> Error(StaleCheckpoint.BadRoot error)
        | Ok root when root.JournalId <> journalId -> Error(StaleCheckpoint.OtherJournal root.JournalId)
        | Ok root ->
            let ownName = FileName.checkpoint root.SetGeneration root.LastFrame

            let isOverThese =
                root.Segments = segments.Length
                && List.tryLast segments = Some root.Watermark
                && root.SetHash = setHash segments

            let whole =
                Misfit.first
                    [
                        Misfit.rule "the name of the checkpoint" (name = ownName) ownName name
                        Misfit.number "the length of the checkpoint" (fileBytes root) length
                    ]

            match whole with
            | Some misfit -> Error(StaleCheckpoint.BadRoot(Misfit.corrupt 0L misfit))
            | None when not isOverThese -> Error StaleCheckpoint.OtherSet
            | None -> Ok root
