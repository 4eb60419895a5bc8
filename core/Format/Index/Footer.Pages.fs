// The pages of one footer or checkpoint, read one by one when they are asked for. FORMAT.md, "Pages".
// Called by Footer.Decoding.fs, which reads all of them, and Footer.Reader.fs, which reads few.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Where the pages of a footer or checkpoint are.
[<NoEquality; NoComparison>]
type internal PageSource =
    {
        /// The segment they belong to.
        Owner: PageOwner
        /// The offset of the first page in its file.
        Offset: int64
        /// How many pages there are.
        Pages: int
        /// Reads so many bytes of the file at an offset; fewer where it ends before.
        Read: int64 -> int -> ReadOnlyMemory<byte>
    }

/// Reading tables page by page. Every page is checked before anything in it is used.
[<RequireQualifiedAccess>]
module internal FooterPages =

    let offsetOf (source: PageSource) (number: int) : int64 = source.Offset + int64 number * int64 Page.bytes

    let layoutError (offset: int64) : FrameError =
        FrameError.Corrupt(offset, "the layout of an index page", "that of format version 1", "another")

    /// The page with this number, if it is one of the table.
    let read (source: PageSource) (table: byte) (number: int) : Result<Page, FrameError> =
        let offset = offsetOf source number

        match Page.read source.Owner number offset (source.Read offset Page.bytes) with
        | Ok page when page.Table <> table -> Error(layoutError offset)
        | result -> result

    /// Reads the rows of a page into an array that has room for them from an index on.
    let private fill (offset: int64) (page: Page) (readRow: ByteReader -> 'Row) (rows: 'Row[]) (start: int) =
        let reader = ByteReader page.Content
        let mutable next = 0

        while next < page.Rows && not reader.Failed do
            rows[start + next] <- readRow reader
            next <- next + 1

        let rest = reader.Raw(page.Content.Length - reader.Position)

        if reader.Failed || not (Block.isZero rest.Span) then Some(layoutError offset) else None

    /// The rows of the page with this number, and the number of the first.
    let readRows (source: PageSource) (table: byte) (number: int) readRow : Result<struct (int * 'Row[]), FrameError> =
        read source table number
        |> Result.bind (fun page ->
            // No row is shorter than a posting.
            let rows = Array.zeroCreate (min page.Rows (Page.fixedRows FooterLayout.postingBytes))

            match page.Rows > rows.Length, fill (offsetOf source number) { page with Rows = rows.Length } readRow rows 0 with
            | false, None -> Ok(struct (page.FirstRow, rows))
            | _ -> Error(layoutError (offsetOf source number)))

    /// Where the tables are: each behind the one before, together all pages.
    let directory (source: PageSource) : Result<TablePlace[], FrameError> =
        match readRows source FooterLayout.root 0 FooterLayout.readPlace with
        | Error error -> Error error
        | Ok(struct (_, places)) ->
            let mutable next = 1L
            let mutable table = 0uy
            let mutable fits = true

            for place in places do
                let pages = int64 place.Pages
                let enough = (place.Rows = 0 && place.Pages = 0) || (place.Rows >= place.Pages && place.Pages > 0)
                fits <- fits && enough && place.Table > table && int64 place.FirstPage = next
                table <- place.Table
                next <- next + pages

            let tables = places |> Array.map _.Table
            let always = FooterLayout.always.Length

            let complete =
                Array.truncate always tables = FooterLayout.always
                && Array.contains (Array.skip (min always tables.Length) tables) FooterLayout.sometimes

            if fits && complete && next = int64 source.Pages then
                Ok places
            else
                Error(layoutError source.Offset)

    /// Where a table is that not every footer has; empty where this one has not.
    let placeOf (places: TablePlace[]) (table: byte) : TablePlace =
        match places |> Array.tryFind (fun place -> place.Table = table) with
        | Some place -> place
        | None -> { Table = table; FirstPage = 0; Pages = 0; Rows = 0 }

    /// Every row of a table. What is set aside for them is bounded by the pages there are, not by what the root says.
    let table (source: PageSource) (place: TablePlace) (readRow: ByteReader -> 'Row) : Result<'Row[], FrameError> =
        let most = int64 place.Pages * int64 (Page.fixedRows (FooterLayout.leastBytes place.Table))

        if int64 place.Rows > most then
            Error(layoutError source.Offset)
        else
            let rows = Array.zeroCreate place.Rows
            let mutable failure = None
            let mutable filled = 0
            let mutable number = place.FirstPage

            while failure.IsNone && number < place.FirstPage + place.Pages do
                let offset = offsetOf source number

                match read source place.Table number with
                | Error error -> failure <- Some error
                | Ok page when page.FirstRow = filled && page.Rows > 0 && page.Rows <= rows.Length - filled ->
                    failure <- fill offset page readRow rows filled
                    filled <- filled + page.Rows
                | Ok _ -> failure <- Some(layoutError offset)

                number <- number + 1

            match failure with
            | Some error -> Error error
            | None when filled < rows.Length -> Error(layoutError source.Offset)
            | None -> Ok rows
