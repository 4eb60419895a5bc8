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

    /// Whether no row speaks of a row that is not there, and everything that has an order is in it.
    let private fits (framesEnd: int64) (rows: SegmentRows) : bool =
        let entries = rows.Entries.Length
        let inRange count length first = RowRules.inRange count length first

        let ascending (compare: 'Row -> 'Row -> int) (items: 'Row[]) =
            items |> Seq.pairwise |> Seq.forall (fun (left, right) -> compare left right < 0)

        rows.Entries
        |> Array.forall (RowRules.ofEntry framesEnd rows.Streams.Length rows.Words.Length rows.Batches.Length)
        && rows.Batches
           |> Seq.mapi (fun index row -> RowRules.ofBatch entries row (IndexRows.behind rows.Batches entries index))
           |> Seq.forall id
        && rows.Streams |> Array.forall (fun row -> inRange row.Count rows.Postings.Length row.First)
        && rows.Words |> Array.forall (fun row -> inRange row.Count rows.Postings.Length row.First)
        && rows.Postings |> Array.forall (fun entry -> entry < entries)
        && rows.Keys |> Array.forall (fun row -> row.Batch < rows.Batches.Length)
        && rows.Deletions |> Array.forall (fun row -> row.Stream < rows.Streams.Length)
        && rows.Kept |> Array.forall (fun row -> row.Key < rows.Keys.Length)
        && rows.Kept |> Seq.pairwise |> Seq.forall (fun (left, right) -> left.Key <= right.Key)
        && ascending (fun (left: EntryRow) right -> compare left.Position right.Position) rows.Entries
        && ascending (fun (left: BatchRow) right -> compare left.FirstPosition right.FirstPosition) rows.Batches
        && ascending (fun (left: StreamRow) right -> Text.compareUtf8 left.Stream.Value right.Stream.Value) rows.Streams
        && ascending (fun (left: KeyRow) right -> Text.compareUtf8 left.Key right.Key) rows.Keys
        && rows.Words
           |> ascending (fun left right -> IndexRows.compareWords (struct (left.Kind, left.Text)) (struct (right.Kind, right.Text)))

    /// Gives each key its share of the versions; `None` where there are more or fewer.
    let private joinBase (streams: BaseStream[]) (keys: struct (KnownKey * int)[]) (versions: StreamVersions[]) : BaseContent option =
        let total = keys |> Array.sumBy (fun (struct (_, count)) -> int64 count)

        if total <> int64 versions.Length then
            None
        else
            let starts = keys |> Array.scan (fun start (struct (_, count)) -> start + count) 0

            let joined =
                keys
                |> Seq.mapi (fun place (struct (key, count)) ->
                    let mine = List.ofSeq (ArraySegment(versions, starts[place], count))
                    { key with Receipt = { key.Receipt with Versions = mine } })
                |> List.ofSeq

            Some { Streams = List.ofArray streams; Keys = joined; KeysBefore = 0L }

    let internal readBase (tables: FooterTables) : Result<BaseContent option, FrameError> =
        if not tables.HasBase then
            Ok None
        else
            match tables.BaseStreams.All(), tables.BaseKeys.All(), tables.BaseVersions.All() with
            | Error error, _, _
            | _, Error error, _
            | _, _, Error error -> Error error
            | Ok streams, Ok keys, Ok versions ->
                match joinBase streams keys versions with
                | Some content -> Ok(Some content)
                | None -> Error tables.Misfit

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
                    Base = None
                }

            match failure, readBase tables with
            | Some error, _
            | None, Error error -> Error error
            | None, Ok content when fits source.FramesEnd rows -> Ok { rows with Base = content }
            | None, Ok _ -> Error tables.Misfit

    /// All rows of a checkpoint whose watermark lies in a segment with this header, if they are as many as its root says and lie before the
    /// watermark. `bytesOf` gives so many bytes of its file at an offset. Never throws, whatever the bytes are.
    let readCheckpoint (header: SegmentHeader) (root: CheckpointRoot) bytesOf : Result<SegmentRows, FrameError> =
        let source = sourceOfCheckpoint header root bytesOf

        let isBefore (row: EntryRow) = row.Position <= root.Head.Position

        let belong () =
            root.PagesChecksum = 0u
            || (source.Pages <= System.Int32.MaxValue / Page.bytes
                && root.PagesChecksum = Checksum.plain (source.Read source.Offset (source.Pages * Page.bytes)).Span)

        match read source with
        | Error error -> Error error
        | Ok _ when not (belong ()) -> Error(FrameError.Corrupt(source.Offset, "the pages of a checkpoint", "those of its root", "others"))
        | Ok rows when rows.Entries.Length <> root.Entries || not (Array.forall isBefore rows.Entries) ->
            Error(FooterPages.layoutError source.Offset)
        | Ok rows -> Ok rows
