// Index rows to pages, and the end of a sealed segment. FORMAT.md, "Footer".
// Called by stores when they seal a segment, write a checkpoint, or compact; the other direction is Footer.Decoding.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What is written behind the frames of a segment to seal it: first the footer, then, or in the same flush, the trailer.
[<NoComparison; NoEquality>]
type internal SegmentSeal =
    {
        /// The offset of the footer; all between the frames and it stays zero.
        FooterOffset: int64
        /// The pages.
        Footer: ReadOnlyMemory<byte>
        /// The offset of the trailer, behind which the file ends; all between the footer and it stays zero.
        TrailerOffset: int64
        /// The trailer.
        Trailer: ReadOnlyMemory<byte>
    }

/// Writing footers.
[<RequireQualifiedAccess>]
module internal FooterEncoding =

    // No more names than these.
    let private mostNames (rows: FooterRows) : int =
        let ofBase =
            match rows.Base with
            | Some streams -> streams.Length
            | None -> 0

        rows.Streams.Count
        + ofBase
        + rows.Words.Count
        + rows.Keys.Count
        + rows.Kept.Count
        + rows.Ids.Count
        + rows.Causes.Count

    // Ids are sorted, so that the same one follows itself.
    let private addIds (names: FilteredNames) (kind: FilteredKind) (rows: RowsOf<IdRow>) : unit =
        let mutable before = Guid.Empty

        for place in 0 .. rows.Count - 1 do
            let id = (rows.At place).Id

            if place = 0 || id <> before then
                names.Add(FilteredName.Id(kind, id))
                before <- id

    let private filterOf (rows: FooterRows) : byte[][] =
        let names = FilteredNames(mostNames rows)
        let add kind text = names.Add(FilteredName.Text(kind, text))

        for place in 0 .. rows.Streams.Count - 1 do
            add FilteredKind.Stream (rows.Streams.At place).Stream.Value

        for row in rows.Base |> Option.defaultValue [||] do
            add FilteredKind.Stream row.Stream.Value

        for place in 0 .. rows.Words.Count - 1 do
            let row = rows.Words.At place
            add (FilteredKind.ofWord row.Kind) row.Text

        for place in 0 .. rows.Keys.Count - 1 do
            add FilteredKind.Key (rows.Keys.At place).Key

        for key in Seq.init rows.Kept.Count rows.Kept.At |> Seq.map _.Key |> Seq.distinct do
            add FilteredKind.Key key

        addIds names FilteredKind.Id rows.Ids
        addIds names FilteredKind.Cause rows.Causes
        names.Blocks()

    /// The pages of the rows, written to an empty writer: the root, then each table. The same rows give the same bytes.
    let pagesInto (content: ByteWriter) (owner: PageOwner) (rows: FooterRows) : ReadOnlyMemory<byte> =
        // The root names the tables: its page is filled last.
        content.Zeros Page.bytes
        let places = ResizeArray<TablePlace>()
        let mutable next = 1

        let table code (items: RowsOf<'Row>) write =
            let pages = Page.writeRows owner content next code items.Count items.At write
            places.Add { Table = code; FirstPage = next; Pages = pages; Rows = items.Count }
            next <- next + pages

        table FooterLayout.entries rows.Entries FooterLayout.writeEntry
        table FooterLayout.batches rows.Batches FooterLayout.writeBatch
        table FooterLayout.streams rows.Streams FooterLayout.writeStream
        table FooterLayout.words rows.Words FooterLayout.writeWord
        table FooterLayout.postings rows.Postings FooterLayout.writePosting
        table FooterLayout.keys rows.Keys FooterLayout.writeKey
        table FooterLayout.deletions rows.Deletions FooterLayout.writeDeletion

        table FooterLayout.tree (RowsOf.array [| rows.Before; rows.Behind |]) FrameEncoding.writeTreePlace

        if rows.Nodes.Count > 0 then
            table FooterLayout.nodes rows.Nodes FooterLayout.writeNode

        if rows.Kept.Count > 0 then
            table FooterLayout.kept rows.Kept FooterLayout.writeKept

        match rows.Base with
        | Some streams -> table FooterLayout.baseStreams (RowsOf.array streams) FooterLayout.writeBaseStream
        | None -> ()

        if rows.HasIds then
            table FooterLayout.ids rows.Ids FooterLayout.writeId
            table FooterLayout.causes rows.Causes FooterLayout.writeId

        match filterOf rows with
        | [||] -> ()
        | blocks -> table FooterLayout.filter (RowsOf.array blocks) (fun writer block -> writer.Raw(ReadOnlySpan block))

        let root = ByteWriter Page.bytes
        Page.writeTable owner root 0 FooterLayout.root (places.ToArray()) FooterLayout.writePlace |> ignore<int>
        root.Written.CopyTo content.WrittenSpan
        content.WrittenMemory

    /// The pages of the rows.
    let pages (owner: PageOwner) (rows: SegmentRows) : ReadOnlyMemory<byte> =
        pagesInto (ByteWriter(5 * Page.bytes)) owner (FooterRows.ofSegment rows)

    let private aligned (offset: int64) =
        let size = int64 Page.bytes
        (offset + size - 1L) / size * size

    /// What seals a segment with this header in a file of this length, whose frames have these rows. `keysBefore` is the
    /// highest position before which they forget keys, `framesEnd` the offset behind the last of them; `lastFrame`,
    /// `head` and `epoch` are what they lead to. The pages are written to an empty writer.
    let sealRowsInto
        (writer: ByteWriter)
        (header: SegmentHeader)
        (fileLength: int64)
        (rows: FooterRows)
        (keysBefore: int64)
        (framesEnd: int64)
        (lastFrame: int64)
        (head: Head)
        (epoch: uint32)
        : SegmentSeal =
        let seed = Checksum.seed header.JournalId
        let footer = pagesInto writer { Seed = seed; FirstFrame = header.FirstFrame } rows
        let offset = aligned framesEnd
        let count = footer.Length / Page.bytes

        let trailer =
            {
                Name = { FirstPosition = header.FirstPosition; Generation = header.Generation }
                FooterOffset = offset
                Pages = count
                FramesEnd = framesEnd
                LastFrame = lastFrame
                Head = head
                Epoch = epoch
                Entries = rows.Entries.Count
                HasBase = rows.Base.IsSome
                KeysBefore = keysBefore
                Batches = rows.Behind.Batches
            }

        {
            FooterOffset = offset
            Footer = footer
            TrailerOffset = SegmentTrailer.offset fileLength offset count
            Trailer = SegmentTrailer.encode seed trailer
        }

    /// See `sealRowsInto`.
    let sealRows header fileLength rows keysBefore framesEnd lastFrame head epoch : SegmentSeal =
        sealRowsInto (ByteWriter(5 * Page.bytes)) header fileLength (FooterRows.ofSegment rows) keysBefore framesEnd lastFrame head epoch

    /// What seals a segment whose frames, scanned, gave these items; `before` is what the batches before it come to. See `sealRows`.
    let seal (header: SegmentHeader) fileLength before (items: SegmentItem list) framesEnd lastFrame head epoch : SegmentSeal =
        let keysBefore = items |> List.fold IndexRows.keysBefore 0L
        sealRows header fileLength (IndexRows.ofItems header.HasIds before items) keysBefore framesEnd lastFrame head epoch
