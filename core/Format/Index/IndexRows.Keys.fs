// What rows are made with: their order, what is gathered of a name, and keys with their receipts, whole and kept. FORMAT.md, "Footer".
// Called by IndexRows.Building.fs, Footer.Decoding.fs and Footer.Reader.fs, and by stores that take the rows of a checkpoint.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What was gathered of one stream or word.
[<Sealed>]
type internal Gathered() =
    /// Indexes of its entries.
    member val Entries = ResizeArray<int>()
    /// Its index in its table.
    member val Index = 0 with get, set
    /// Where its postings begin.
    member val First = 0 with get, set
    /// The version of the last entry of a stream.
    member val Highest = 0L with get, set
    /// The highest version of a stream that was deleted.
    member val DeletedTo = 0L with get, set

/// In which order rows stand.
[<RequireQualifiedAccess>]
module internal RowOrder =

    let private place (kind: WordKind) =
        match kind with
        | WordKind.Type -> 1
        | WordKind.Tag -> 2
        | WordKind.Run -> 3

    /// Types before tags before runs, each by UTF-8 bytes.
    let words (struct (kind: WordKind, text: string)) (struct (otherKind: WordKind, otherText: string)) =
        if kind = otherKind then Text.compareUtf8 text otherText else compare (place kind) (place otherKind)

    /// By the 16 bytes of the id, then by entry.
    let ids (left: IdRow) (right: IdRow) : int =
        match left.Id.CompareTo right.Id with
        | 0 -> compare left.Entry right.Entry
        | order -> order

/// What the keys of rows stand for.
[<RequireQualifiedAccess>]
module internal RowKeys =

    /// The keys that rows keep, with their receipts.
    let kept (rows: KeptRow seq) : KnownKey seq =
        rows
        |> Seq.groupBy _.Key
        |> Seq.map (fun (key, ofKey) ->
            let first = Seq.head ofKey
            let last = first.FirstPosition + int64 first.Count - 1L

            {
                KnownKey.Key = key
                Content = first.Content
                Receipt =
                    {
                        FirstPosition = first.FirstPosition
                        Count = first.Count
                        Versions = [ for row in ofKey -> row.Versions ]
                        Head = { Position = last; Hash = first.Head }
                    }
            })

    /// The rows that keep a key.
    let rowsOf (key: KnownKey) : KeptRow seq =
        key.Receipt.Versions
        |> Seq.map (fun versions ->
            {
                Key = key.Key
                Content = key.Content
                FirstPosition = key.Receipt.FirstPosition
                Count = key.Receipt.Count
                Head = key.Receipt.Head.Hash
                Versions = versions
            })

    /// The receipt of a batch that is whole, as it was answered when the batch was appended.
    let receipt (batch: BatchRow) (entries: EntryRow seq) (nameOf: int -> StreamId) : Receipt =
        let versions =
            entries
            |> Seq.groupBy _.Stream
            |> Seq.map (fun (stream, rows) ->
                {
                    Stream = nameOf stream
                    First = (Seq.head rows).Version
                    Last = (Seq.last rows).Version
                })
            |> List.ofSeq

        {
            FirstPosition = batch.FirstPosition
            Count = batch.Count
            Versions = versions
            Head = { Position = batch.FirstPosition + int64 batch.Count - 1L; Hash = batch.Head }
        }

    /// The first entry behind a batch.
    let behind (batches: BatchRow[]) (entries: int) (batch: int) : int =
        if batch = batches.Length - 1 then entries else batches[batch + 1].FirstEntry

    /// What the keys of these rows stand for.
    let known (rows: SegmentRows) : KnownKey seq =
        let whole =
            rows.Keys
            |> Seq.map (fun row ->
                let batch = rows.Batches[row.Batch]
                let behind = behind rows.Batches rows.Entries.Length row.Batch
                let entries = ArraySegment(rows.Entries, batch.FirstEntry, max 0 (behind - batch.FirstEntry))

                {
                    Key = row.Key
                    Content = row.Content
                    Receipt = receipt batch entries (fun stream -> rows.Streams[stream].Stream)
                })

        Seq.append whole (kept rows.Kept)
