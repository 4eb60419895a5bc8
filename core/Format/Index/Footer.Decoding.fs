// Pages back to all index rows of a segment, every page and every reference checked. FORMAT.md, "Footer".
// Called by stores that keep the rows in memory, by verification, and by Segment.Scan.fs for the last segment.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Reading whole footers.
[<RequireQualifiedAccess>]
module internal FooterDecoding =

    let private source (header: SegmentHeader) offset pages framesEnd read : PageSource =
        {
            Owner = { Seed = Checksum.seed header.JournalId; FirstFrame = header.FirstFrame }
            Offset = offset
            Pages = pages
            FramesEnd = framesEnd
            Read = read
        }

    /// The pages of a sealed segment's footer. `read` gives so many bytes of its file at an offset.
    let sourceOf (header: SegmentHeader) (trailer: SegmentTrailer) (read: int64 -> int -> ReadOnlyMemory<byte>) =
        source header trailer.FooterOffset trailer.Pages trailer.FramesEnd read

    /// The pages of a checkpoint whose watermark lies in a segment with this header. `read` gives bytes of the checkpoint's file.
    let sourceOfCheckpoint (header: SegmentHeader) (root: CheckpointRoot) (read: int64 -> int -> ReadOnlyMemory<byte>) =
        source header (int64 Checkpoint.rootBytes) root.Pages root.Offset read

    // In a loop: there are many.
    let private entriesFit (framesEnd: int64) (rows: SegmentRows) : bool =
        let entries = rows.Entries
        let mutable fits = true
        let mutable index = 0

        while fits && index < entries.Length do
            let row = &entries[index]

            fits <-
                RowRules.ofEntry framesEnd rows.Streams.Length rows.Words.Length rows.Batches.Length row
                && (index = 0 || entries[index - 1].Position < row.Position)

            index <- index + 1

        fits

    // None of them is negative.
    let private below (count: int) (postings: int[]) : bool =
        let mutable highest = -1

        for entry in postings do
            highest <- max highest entry

        highest < count

    /// Whether no row speaks of a row that is not there, and everything that has an order is in it.
    let private fits (framesEnd: int64) (rows: SegmentRows) : bool =
        let entries = rows.Entries.Length
        let inRange count length first = RowRules.inRange count length first

        let rising (fits: int -> bool) (compare: 'Row -> 'Row -> int) (items: 'Row[]) =
            let mutable place = 1

            while place < items.Length && fits (compare items[place - 1] items[place]) do
                place <- place + 1

            place >= items.Length

        let ascending compare items = rising (fun order -> order < 0) compare items

        entriesFit framesEnd rows
        && rows.Batches
           |> Seq.mapi (fun index row -> RowRules.ofBatch entries row (RowKeys.behind rows.Batches entries index))
           |> Seq.forall id
        && rows.Streams |> Array.forall (fun row -> inRange row.Count rows.Postings.Length row.First)
        && rows.Words |> Array.forall (fun row -> inRange row.Count rows.Postings.Length row.First)
        && below entries rows.Postings
        && rows.Keys |> Array.forall (fun row -> row.Batch < rows.Batches.Length)
        && rows.Deletions |> Array.forall (fun row -> row.Stream < rows.Streams.Length)
        && rows.Kept
           |> rising (fun order -> order <= 0) (fun (left: KeptRow) right -> Text.compareUtf8 left.Key right.Key)
        && rows.Ids |> Array.forall (fun row -> row.Entry < entries)
        && rows.Causes |> Array.forall (fun row -> row.Entry < entries)
        && ascending RowOrder.ids rows.Ids
        && ascending RowOrder.ids rows.Causes
        && ascending (fun (left: NodeRow) right -> compare (struct (left.Last, left.Height)) (struct (right.Last, right.Height))) rows.Nodes
        && rows.Before.Batches + int64 rows.Batches.Length = rows.Behind.Batches
        && ascending (fun (left: BatchRow) right -> compare left.FirstPosition right.FirstPosition) rows.Batches
        && ascending (fun (left: StreamRow) right -> Text.compareUtf8 left.Stream.Value right.Stream.Value) rows.Streams
        && ascending (fun (left: KeyRow) right -> Text.compareUtf8 left.Key right.Key) rows.Keys
        && rows.Words
           |> ascending (fun left right -> RowOrder.words (struct (left.Kind, left.Text)) (struct (right.Kind, right.Text)))

    /// What the batches before a sealed segment come to, as its footer says. `bytes` are those of its file.
    let readBefore (header: SegmentHeader) (bytes: ReadOnlyMemory<byte>) (trailer: SegmentTrailer) : Result<TreePlace, FrameError> =
        FooterTables.Open(sourceOf header trailer (fun offset count -> bytes.Slice(int offset, count)), None)
        |> Result.bind (fun tables -> tables.Tree.At 0)

    /// All rows, or what is wrong with the first page that is not what was written. Never throws, whatever the bytes are.
    let read (source: PageSource) : Result<SegmentRows, FrameError> =
        match FooterTables.Open(source, None) with
        | Error error -> Error error
        | Ok tables ->
            let mutable failure: FrameError option = None

            let all (table: FooterTable<'Row>) : 'Row[] =
                match (if failure.IsNone then table.All() else Ok [||]) with
                | Ok rows -> rows
                | Error error ->
                    failure <- Some error
                    [||]

            let tree = all tables.Tree

            let rows =
                {
                    Entries = all tables.Entries
                    Batches = all tables.Batches
                    Streams = all tables.Streams
                    Words = all tables.Words
                    Postings = all tables.Postings
                    Keys = all tables.Keys
                    Deletions = all tables.Deletions
                    Kept = all tables.Kept
                    Base = if tables.Has FooterLayout.baseStreams then Some(all tables.BaseStreams) else None
                    Before = if tree.Length = 2 then tree[0] else TreePlace.none
                    Behind = if tree.Length = 2 then tree[1] else TreePlace.none
                    Nodes = all tables.Nodes
                    HasIds = tables.Has FooterLayout.ids
                    Ids = all tables.Ids
                    Causes = all tables.Causes
                }

            match failure with
            | Some error -> Error error
            | None when tree.Length = 2 && fits source.FramesEnd rows -> Ok rows
            | None -> Error tables.Misfit

    /// All rows of a checkpoint whose watermark lies in a segment with this header, if they are as many as its root says and lie before the
    /// watermark. `bytesOf` gives so many bytes of its file at an offset. Never throws, whatever the bytes are.
    let readCheckpoint (header: SegmentHeader) (root: CheckpointRoot) bytesOf : Result<SegmentRows, FrameError> =
        let source = sourceOfCheckpoint header root bytesOf

        // They are in order.
        let areBefore (rows: EntryRow[]) = rows.Length = 0 || rows[rows.Length - 1].Position <= root.Head.Position

        let belong () =
            root.PagesChecksum = 0u
            || (source.Pages <= System.Int32.MaxValue / Page.bytes
                && root.PagesChecksum = Checksum.plain (source.Read source.Offset (source.Pages * Page.bytes)).Span)

        match read source with
        | Error error -> Error error
        | Ok _ when not (belong ()) -> Error(FrameError.Corrupt(source.Offset, "the pages of a checkpoint", "those of its root", "others"))
        | Ok rows when rows.Entries.Length <> root.Entries || rows.HasIds <> header.HasIds || not (areBefore rows.Entries) ->
            Error(FooterPages.layoutError source.Offset)
        | Ok rows -> Ok rows
