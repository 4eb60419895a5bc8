// Finding rows in a footer or checkpoint without reading all of it: a handful of pages for each question. FORMAT.md, "Footer".
// Called by stores for what they do not keep in memory.
namespace Refold.Core

open System

/// Finds rows by halving: the cost is the logarithm of the number of pages. Every page is checked before anything in it is used.
/// Safe for use by many threads, as far as the source is.
[<Sealed>]
type FooterReader private (source: PageSource, places: TablePlace[]) =

    let wrong (number: int) : Result<'Value, FrameError> =
        Error(FooterPages.layoutError (FooterPages.offsetOf source number))

    /// The rows of the last page whose first row passes the test, with the number of its first row; `None` where no page does. The test
    /// must hold up to some page and not behind it; it is given the number of the page's first row, and that row.
    let lastPage (place: TablePlace) (readRow: ByteReader -> 'Row) (test: int -> 'Row -> bool) =
        let mutable low = place.FirstPage
        let mutable high = place.FirstPage + place.Pages
        let mutable result = Ok None

        while low < high && Result.isOk result do
            let middle = low + (high - low) / 2

            // Of the pages that only show the way, one row is read.
            match FooterPages.read source place.Table middle with
            | Error error -> result <- Error error
            | Ok page ->
                let reader = ByteReader page.Content
                let row = readRow reader

                if page.Rows = 0 || reader.Failed then
                    result <- wrong middle
                elif test page.FirstRow row then
                    result <- Ok(Some middle)
                    low <- middle + 1
                else
                    high <- middle

        match result with
        | Error error -> Error error
        | Ok None -> Ok None
        | Ok(Some number) -> FooterPages.readRows source place.Table number readRow |> Result.map Some

    /// The row with this number.
    let rowAt (place: TablePlace) readRow (index: int) : Result<'Row, FrameError> =
        match lastPage place readRow (fun firstRow _ -> firstRow <= index) with
        | Error error -> Error error
        | Ok(Some(struct (firstRow, rows))) when index - firstRow < rows.Length -> Ok rows[index - firstRow]
        | Ok _ -> wrong place.FirstPage

    /// The last row that is not above what is looked for. `order` tells where a row stands relative to that: below 0, at 0, above 0.
    let floor (place: TablePlace) readRow (order: 'Row -> int) : Result<'Row option, FrameError> =
        match lastPage place readRow (fun _ row -> order row <= 0) with
        | Error error -> Error error
        | Ok None -> Ok None
        | Ok(Some(struct (_, rows))) -> Ok(rows |> Array.tryFindBack (fun row -> order row <= 0))

    let exact place readRow (order: 'Row -> int) : Result<'Row option, FrameError> =
        floor place readRow order |> Result.map (Option.filter (fun row -> order row = 0))

    let order (left: int64) (right: int64) = compare left right

    /// Reads the root. `Error` where it is not what was written.
    static member Open(source: PageSource) : Result<FooterReader, FrameError> =
        FooterPages.directory source |> Result.map (fun places -> FooterReader(source, places))

    /// How many entries the segment has.
    member _.Entries: int = places[0].Rows

    /// The row of an entry, by its index from 0.
    member _.Entry(index: int) : Result<EntryRow, FrameError> = rowAt places[0] FooterLayout.readEntry index

    /// The entry at a position; `None` where the segment has none there.
    member _.EntryAt(position: int64) : Result<EntryRow option, FrameError> =
        exact places[0] FooterLayout.readEntry (fun (row: EntryRow) -> order row.Position position)

    /// The batch that takes a position; `None` where none does.
    member _.BatchAt(position: int64) : Result<BatchRow option, FrameError> =
        floor places[1] FooterLayout.readBatch (fun (row: BatchRow) -> order row.FirstPosition position)
        |> Result.map (Option.filter (fun row -> position < row.FirstPosition + int64 row.Count))

    /// The batch with this index from 0, as rows of entries and keys name it.
    member _.Batch(index: int) : Result<BatchRow, FrameError> = rowAt places[1] FooterLayout.readBatch index

    /// What the segment has of a stream; `None` for nothing.
    member _.Stream(stream: Refold.StreamId) : Result<StreamRow option, FrameError> =
        exact places[2] FooterLayout.readStream (fun (row: StreamRow) -> Text.compareUtf8 row.Stream.Value stream.Value)

    /// The stream with this index from 0, as rows of entries and deletions name it.
    member _.StreamAt(index: int) : Result<StreamRow, FrameError> = rowAt places[2] FooterLayout.readStream index

    /// The entries of a type or with an outward tag; `None` for none.
    member _.Word(kind: WordKind, text: string) : Result<WordRow option, FrameError> =
        exact places[3] FooterLayout.readWord (fun (row: WordRow) ->
            IndexRows.compareWords (struct (row.Kind, row.Text)) (struct (kind, text)))

    /// The index of an entry: the one at this place in the postings.
    member _.Posting(place: int) : Result<int, FrameError> = rowAt places[4] FooterLayout.readPosting place

    /// The idempotency key, if it was first used here.
    member _.Key(key: string) : Result<KeyRow option, FrameError> =
        exact places[5] FooterLayout.readKey (fun (row: KeyRow) -> Text.compareUtf8 row.Key key)

    /// What a base frame says of a stream; `None` where there is no base, or nothing of the stream in it.
    member _.BaseStream(stream: Refold.StreamId) : Result<BaseStream option, FrameError> =
        exact
            (FooterPages.placeOf places FooterLayout.baseStreams)
            FooterLayout.readBaseStream
            (fun (row: BaseStream) -> Text.compareUtf8 row.Stream.Value stream.Value)

    /// The entry of a stream with this version; `None` where the segment has none. `row` is the stream's.
    member this.EntryOf(row: StreamRow, version: int64) : Result<EntryRow option, FrameError> =
        let mutable low = 0
        let mutable high = row.Count
        let mutable result = Ok None

        while low < high do
            let middle = low + (high - low) / 2

            match this.Posting(row.First + middle) |> Result.bind this.Entry with
            | Error error ->
                result <- Error error
                high <- low
            | Ok entry when entry.Version = version ->
                result <- Ok(Some entry)
                high <- low
            | Ok entry when entry.Version < version -> low <- middle + 1
            | Ok _ -> high <- middle

        result
