// The pages of one footer or checkpoint, read one by one when they are asked for. FORMAT.md, "Pages".
// Called by Footer.Decoding.fs, which reads all of them, and Footer.Reader.fs, which reads few.
namespace Refold.Core

open System

/// Where the pages of a footer or checkpoint are.
[<NoEquality; NoComparison>]
type PageSource =
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

    let offsetOf (source: PageSource) (number: int) : int64 =
        source.Offset + int64 number * int64 Page.bytes

    let layoutError (offset: int64) : FrameError =
        FrameError.Corrupt(offset, "the layout of an index page", "that of format version 1", "another")

    /// The page with this number, if it is one of the table.
    let read (source: PageSource) (table: byte) (number: int) : Result<Page, FrameError> =
        let offset = offsetOf source number

        match Page.read source.Owner number offset (source.Read offset Page.bytes) with
        | Ok page when page.Table <> table -> Error(layoutError offset)
        | result -> result

    /// The rows of a page.
    let rows (offset: int64) (page: Page) (readRow: ByteReader -> 'Row) : Result<'Row[], FrameError> =
        let reader = ByteReader page.Content
        let rows = ResizeArray<'Row>()

        // A row has at least four bytes, so a page that claims more rows than it has room for ends at once.
        while rows.Count < page.Rows && not reader.Failed do
            rows.Add(readRow reader)

        let rest = reader.Raw(page.Content.Length - reader.Position)

        if reader.Failed || not (Block.isZero rest.Span) then
            Error(layoutError offset)
        else
            Ok(rows.ToArray())

    /// The rows of the page with this number, and the number of the first.
    let readRows (source: PageSource) (table: byte) (number: int) readRow : Result<struct (int * 'Row[]), FrameError> =
        read source table number
        |> Result.bind (fun page ->
            rows (offsetOf source number) page readRow
            |> Result.map (fun rows -> struct (page.FirstRow, rows)))

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

            let complete =
                places |> Array.truncate 7 |> Array.map _.Table = [| 1uy .. 7uy |]
                && (places.Length = 7 || places.Length = 10)

            if fits && complete && next = int64 source.Pages then
                Ok places
            else
                Error(layoutError source.Offset)

    /// Every row of a table.
    let table (source: PageSource) (place: TablePlace) (readRow: ByteReader -> 'Row) : Result<'Row[], FrameError> =
        let all = ResizeArray<'Row>()
        let mutable failure = None
        let mutable number = place.FirstPage

        while failure.IsNone && number < place.FirstPage + place.Pages do
            match readRows source place.Table number readRow with
            | Error error -> failure <- Some error
            | Ok(struct (firstRow, rows)) when firstRow = all.Count && rows.Length > 0 -> all.AddRange rows
            | Ok _ -> failure <- Some(layoutError (offsetOf source number))

            number <- number + 1

        match failure with
        | Some error -> Error error
        | None when all.Count <> place.Rows -> Error(layoutError source.Offset)
        | None -> Ok(all.ToArray())
