// Columns of a segment that grows, beside the rows that all of its items give together: the slow form is the oracle.
// Used by FooterProperties.fs.
module Refold.Properties.ColumnSamples

open Refold.Core
open Refold.Format
open Refold

/// Adds to columns what a scan found.
let internal addTo (columns: IndexColumns) (item: SegmentItem) : unit =
    match item.Content with
    | SegmentContent.Batch stored -> columns.Add(stored, item.LastFrame)
    | SegmentContent.Deletion(stream, version) -> columns.AddDeletion(stream, version, item.LastFrame)
    | SegmentContent.Base(content, head) -> columns.AddBase(content, head)
    | SegmentContent.KeysForgotten before -> columns.ForgetKeys before

/// Whether columns give at every cut the rows that all items before it give together, made once all are there; and each key what rows say.
let internal columnsEverywhere (header: SegmentHeader) (before: TreePlace) (items: SegmentItem list) : bool =
    let columns = IndexColumns(header.HasIds, ValueSome before)

    let cuts =
        [
            yield columns.Cut()

            for item in items do
                addTo columns item
                yield columns.Cut()
        ]

    let rows = IndexRows.ofItems header.HasIds before

    let areAlike (count, cut: ColumnCut) =
        let first = List.truncate count items

        ColumnRows.upTo cut columns = rows first && cut.KeysBefore = List.fold IndexRows.keysBefore 0L first

    let isKnown (key: Refold.Core.KnownKey) =
        match columns.Key key.Key with
        | null -> false
        | found -> found = key

    // The later ones first, as ids are made once.
    cuts |> List.indexed |> List.rev |> List.forall areAlike && RowKeys.known (rows items) |> Seq.forall isKnown

let private ok result =
    match result with
    | Ok value -> value
    | Error error -> invalidOp $"{error}"

/// Rows read where they lie, in any order, are those that are decoded.
let internal readInPlace (reader: FooterReader) (rows: SegmentRows) : bool =
    let cursor = reader.Cursor()

    let isRow index =
        let place, row = cursor.Entry index |> ok, rows.Entries[index]

        place.Position = row.Position
        && place.Version = row.Version
        && place.Offset = row.Offset
        && place.Length = row.Length
        && place.Stream = row.Stream

    Seq.append [ 0 .. rows.Entries.Length - 1 ] [ rows.Entries.Length - 1 .. -7 .. 0 ] |> Seq.forall isRow
    && rows.Postings |> Array.indexed |> Array.forall (fun (place, entry) -> cursor.Posting place |> ok = entry)
    && Result.isError (cursor.Entry rows.Entries.Length)
    && Result.isError (cursor.Entry -1)
    && Result.isError (cursor.Posting rows.Postings.Length)
