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

    let private namesOf (rows: SegmentRows) : (FilteredKind * string) array =
        let ofBase = rows.Base |> Option.defaultValue { Streams = []; Keys = []; KeysBefore = 0L }

        [|
            for row in rows.Streams -> FilteredKind.Stream, row.Stream.Value
            for row in ofBase.Streams -> FilteredKind.Stream, row.Stream.Value
            for row in rows.Words -> FilteredKind.ofWord row.Kind, row.Text
            for row in rows.Keys -> FilteredKind.Key, row.Key
            for row in ofBase.Keys -> FilteredKind.Key, row.Key
        |]

    /// The pages of the rows: the root, then each table. The same rows give the same bytes. `hasFilter`: with a filter, if they are worth
    /// one.
    let pagesWith (hasFilter: bool) (owner: PageOwner) (rows: SegmentRows) : ReadOnlyMemory<byte> =
        let content = ByteWriter(4 * Page.bytes)
        let places = ResizeArray<TablePlace>()
        let mutable next = 1

        let table code (items: 'Row seq) write =
            let pages = Page.writeTable owner content next code items write

            places.Add { Table = code; FirstPage = next; Pages = pages; Rows = Seq.length items }
            next <- next + pages

        table FooterLayout.entries rows.Entries FooterLayout.writeEntry
        table FooterLayout.batches rows.Batches FooterLayout.writeBatch
        table FooterLayout.streams rows.Streams FooterLayout.writeStream
        table FooterLayout.words rows.Words FooterLayout.writeWord
        table FooterLayout.postings rows.Postings FooterLayout.writePosting
        table FooterLayout.keys rows.Keys FooterLayout.writeKey
        table FooterLayout.deletions rows.Deletions FooterLayout.writeDeletion

        match rows.Base with
        | None -> ()
        | Some content ->
            let versions = content.Keys |> List.collect _.Receipt.Versions
            table FooterLayout.baseStreams content.Streams FooterLayout.writeBaseStream
            table FooterLayout.baseKeys content.Keys FooterLayout.writeBaseKey
            table FooterLayout.baseVersions versions FooterLayout.writeBaseVersions

        if rows.Kept.Length > 0 then
            table FooterLayout.kept rows.Kept FooterLayout.writeKept

        match (if hasFilter then FooterFilter.make (namesOf rows) else [||]) with
        | [||] -> ()
        | blocks -> table FooterLayout.filter blocks (fun writer block -> writer.Raw(ReadOnlySpan block))

        let footer = ByteWriter(content.Length + Page.bytes)
        Page.writeTable owner footer 0 FooterLayout.root places FooterLayout.writePlace |> ignore<int>
        footer.Raw content.Written
        footer.WrittenMemory

    /// The pages that are written.
    let pages (owner: PageOwner) (rows: SegmentRows) : ReadOnlyMemory<byte> = pagesWith true owner rows

    let private aligned (offset: int64) =
        let size = int64 Page.bytes
        (offset + size - 1L) / size * size

    /// What seals a segment with this header in a file of this length, whose frames have these rows. `keysBefore` is the
    /// highest position before which they forget keys, `framesEnd` the offset behind the last of them; `lastFrame`,
    /// `head` and `epoch` are what they lead to.
    let sealRows
        (header: SegmentHeader)
        (fileLength: int64)
        (rows: SegmentRows)
        (keysBefore: int64)
        (framesEnd: int64)
        (lastFrame: int64)
        (head: Head)
        (epoch: uint32)
        : SegmentSeal =
        let seed = Checksum.seed header.JournalId
        let footer = pages { Seed = seed; FirstFrame = header.FirstFrame } rows
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
                Entries = rows.Entries.Length
                HasBase = rows.Base.IsSome
                KeysBefore = keysBefore
            }

        {
            FooterOffset = offset
            Footer = footer
            TrailerOffset = SegmentTrailer.offset fileLength offset count
            Trailer = SegmentTrailer.encode seed trailer
        }

    /// What seals a segment whose frames, scanned, gave these items; see `sealRows`.
    let seal header fileLength (items: SegmentItem list) framesEnd lastFrame head epoch : SegmentSeal =
        let keysBefore = items |> List.fold IndexRows.keysBefore 0L
        sealRows header fileLength (IndexRows.ofItems items) keysBefore framesEnd lastFrame head epoch
