// A table of a footer, read page by page: as far as a question needs it, or whole. FORMAT.md, "Pages".
// Called by Footer.Decoding.fs, which reads all of them, and Footer.Reader.fs, which reads few pages.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// A table. `rowBytes`: the bytes of each of its rows, or 0 where they differ.
[<Sealed>]
type internal FooterTable<'Row>
    (
        source: PageSource,
        cache: IPageCache option,
        place: TablePlace,
        rowBytes: int,
        readRow: ByteReader -> 'Row,
        readRows: PageRows<'Row> | null
    ) =

    /// What is wrong at a page.
    let wrong (number: int) : FrameError = FooterPages.layoutError (FooterPages.offsetOf source number)

    /// The row of a page at an index in it, from an offset in it.
    let rowOf (number: int) (page: Page) (offset: int) : Result<'Row, FrameError> =
        let reader = ByteReader(page.Content.Slice offset)
        let row = readRow reader
        if reader.Failed then Error(wrong number) else Ok row

    let pageThrough (cache: IPageCache option) (number: int) : Result<Page, FrameError> =
        match FooterPages.read source cache place.Table number with
        | Ok page when page.Rows = 0 || (rowBytes > 0 && page.Rows > Page.fixedRows rowBytes) -> Error(wrong number)
        | result -> result

    let readPage = pageThrough cache

    let rowsThrough (cache: IPageCache option) (number: int) : Result<struct (int * 'Row[]), FrameError> =
        pageThrough cache number
        |> Result.bind (fun page ->
            FooterPages.rowsOf readRow (FooterPages.offsetOf source number) page
            |> Result.map (fun rows -> struct (page.FirstRow, rows)))

    let rowsWith = rowsThrough cache

    /// Puts the rows of a page behind those that were found; how many there are then. What is not as it should be is said row by row.
    let fill (rows: 'Row[]) (filled: int) (number: int) : Result<int, FrameError> =
        let slowly () =
            match rowsThrough None number with
            | Error error -> Error error
            | Ok(struct (first, found)) when first = filled && found.Length <= rows.Length - filled ->
                found.CopyTo(rows, filled)
                Ok(filled + found.Length)
            | Ok _ -> Error(wrong number)

        let atOnce (readRows: PageRows<'Row>) (page: Page) =
            let content = page.Content.Span
            let used = page.Rows * rowBytes

            page.FirstRow = filled
            && page.Rows <= rows.Length - filled
            && used <= content.Length
            && Block.isZero (content.Slice used)
            && readRows.Invoke(content, Span(rows, filled, page.Rows))

        match readRows with
        | null -> slowly ()
        | readRows ->
            match pageThrough None number with
            | Ok page when atOnce readRows page -> Ok(filled + page.Rows)
            | _ -> slowly ()

    /// See `PageSearch.last`; the test is given the page and its number.
    let lastPage (test: int -> Page -> Result<bool, FrameError>) : Result<int option, FrameError> =
        PageSearch.last place.FirstPage place.Pages (fun number -> readPage number |> Result.bind (test number))

    /// See `PageSearch.near`.
    let pageNear sought most (whereIs: Page -> PagePlace) : Result<int option, FrameError> =
        PageSearch.near place.FirstPage place.Pages sought most (readPage >> Result.map whereIs)

    /// The number of the page that has a row.
    let pageOf (index: int) : Result<int, FrameError> =
        if rowBytes > 0 then
            Ok(place.FirstPage + index / Page.fixedRows rowBytes)
        else
            pageNear (float index) (float place.Rows) (PagePlace.ofIndex index)
            |> Result.bind (function
                | Some number -> Ok number
                | None -> Error(wrong place.FirstPage))

    /// How many rows there are.
    member _.Rows: int = place.Rows

    /// The rows of the page that has the row with this index, and the index of the first of them.
    member _.PageWith(index: int) : Result<struct (int * 'Row[]), FrameError> =
        match
            (if index < 0 || index >= place.Rows then Error(wrong place.FirstPage) else pageOf index)
            |> Result.bind rowsWith
        with
        | Ok(struct (first, rows)) when index < first || index - first >= rows.Length -> Error(wrong place.FirstPage)
        | result -> result

    /// The page of the row with this index, of a table whose rows have one size: one behind the other, all of them in the page.
    member _.Page(index: int) : Result<Page, FrameError> =
        if rowBytes > 0 && index >= 0 && index < place.Rows then
            let number = place.FirstPage + index / Page.fixedRows rowBytes

            match readPage number with
            | Ok page when page.FirstRow <= index && index - page.FirstRow < page.Rows -> Ok page
            | Ok _ -> Error(wrong number)
            | Error error -> Error error
        else
            Error(wrong place.FirstPage)

    /// The row with this index.
    member this.At(index: int) : Result<'Row, FrameError> =
        if rowBytes > 0 && index >= 0 && index < place.Rows then
            this.Page index
            |> Result.bind (fun page -> rowOf (place.FirstPage + index / Page.fixedRows rowBytes) page ((index - page.FirstRow) * rowBytes))
        else
            this.PageWith index |> Result.map (fun (struct (first, rows)) -> rows[index - first])

    /// The last row that is not above what is looked for, with its index. `order` tells where a row stands relative to that: below 0, at 0,
    /// above 0.
    member _.Floor(order: 'Row -> int) : Result<struct (int * 'Row) option, FrameError> =
        let isNotAbove number (page: Page) = rowOf number page 0 |> Result.map (fun row -> order row <= 0)

        match lastPage isNotAbove with
        | Error error -> Error error
        | Ok None -> Ok None
        | Ok(Some number) ->
            rowsWith number
            |> Result.map (fun (struct (first, rows)) ->
                let place = Array.FindLastIndex(rows, (fun row -> order row <= 0))
                Some(struct (first + place, rows[place])))

    /// The row that stands where it is looked for, with its index.
    member this.Exact(order: 'Row -> int) : Result<struct (int * 'Row) option, FrameError> =
        this.Floor order |> Result.map (Option.filter (fun (struct (_, row)) -> order row = 0))

    /// The row of a text, in a table whose rows are in the order of their texts; `None` where there is none.
    member _.Named(named: NamedRows) : Result<'Row option, FrameError> =
        let isNotAbove number (page: Page) =
            if NamedRows.size named page.Content.Span 0 < 0 then
                Error(wrong number)
            else
                Ok(NamedRows.order named page.Content.Span 0 <= 0)

        match lastPage isNotAbove with
        | Error error -> Error error
        | Ok None -> Ok None
        | Ok(Some number) ->
            readPage number
            |> Result.bind (fun page ->
                let mutable offset = 0
                let mutable row = 0
                let mutable order = -1
                let mutable found = Ok None

                while row < page.Rows && order < 0 && Result.isOk found do
                    let size = NamedRows.size named page.Content.Span offset

                    if size < 0 then
                        found <- Error(wrong number)
                    else
                        order <- NamedRows.order named page.Content.Span offset

                        if order = 0 then
                            found <- rowOf number page offset |> Result.map Some

                        offset <- offset + size
                        row <- row + 1

                found)

    /// The place of the first row whose text is not below that of another one; behind the last row where there is none.
    member _.PlaceOf(named: NamedRows) : Result<NamedPlace, FrameError> =
        let isBelow number (page: Page) =
            if NamedRows.size named page.Content.Span 0 < 0 then
                Error(wrong number)
            else
                Ok(NamedRows.order named page.Content.Span 0 < 0)

        match lastPage isBelow with
        | Error error -> Error error
        | Ok None -> Ok { Page = place.FirstPage; Row = 0; Offset = 0 }
        | Ok(Some number) ->
            readPage number
            |> Result.bind (fun page ->
                let mutable found = { Page = number; Row = 0; Offset = 0 }
                let mutable isBelow = true
                let mutable failed = false

                while isBelow && not failed && found.Row < page.Rows do
                    let size = NamedRows.size named page.Content.Span found.Offset
                    failed <- size < 0
                    isBelow <- not failed && NamedRows.order named page.Content.Span found.Offset < 0

                    if isBelow then
                        found <- { found with Row = found.Row + 1; Offset = found.Offset + size }

                if failed then Error(wrong number) else Ok found)

    /// The row at a place, and the place behind it; `ValueNone` behind the last row. `named` tells what lies behind the texts.
    member this.RowAt(named: NamedRows, at: NamedPlace) : Result<struct ('Row * NamedPlace) voption, FrameError> =
        if at.Page >= place.FirstPage + place.Pages then
            Ok ValueNone
        else
            match readPage at.Page with
            | Error error -> Error error
            | Ok page when at.Row >= page.Rows -> this.RowAt(named, { Page = at.Page + 1; Row = 0; Offset = 0 })
            | Ok page ->
                match NamedRows.size named page.Content.Span at.Offset with
                | size when size < 0 -> Error(wrong at.Page)
                | size ->
                    let next = { at with Row = at.Row + 1; Offset = at.Offset + size }

                    rowOf at.Page page at.Offset |> Result.map (fun row -> ValueSome(struct (row, next)))

    /// The lowest index of a row that does not begin below some bytes, in a table whose rows have one size and stand in the order of their
    /// bytes; the number of rows where there is none.
    member _.LowestWith(bytes: byte[]) : Result<int, FrameError> =
        match pageNear (PagePlace.keyOf (ReadOnlySpan bytes)) (float UInt64.MaxValue) (PagePlace.ofBytes bytes rowBytes) with
        | Error error -> Error error
        | Ok None -> Ok 0
        | Ok(Some number) -> readPage number |> Result.map (PagePlace.lowest bytes rowBytes)

    /// A page by its number; `ValueNone` behind the last one.
    member _.PageAt(number: int) : Result<Page voption, FrameError> =
        if number >= place.FirstPage + place.Pages then
            Ok ValueNone
        else
            readPage number |> Result.map ValueSome

    /// What is wrong at a page.
    member _.Wrong(number: int) : FrameError = wrong number

    /// The row with this index, in a table whose rows begin with a text: only that one is decoded.
    member this.NamedAt(named: NamedRows, index: int) : Result<'Row, FrameError> =
        match
            (if index < 0 || index >= place.Rows then Error(wrong place.FirstPage) else pageOf index)
            |> Result.bind (fun number -> readPage number |> Result.map (fun page -> struct (number, page)))
        with
        | Error error -> Error error
        | Ok(struct (number, page)) when index < page.FirstRow || index - page.FirstRow >= page.Rows -> Error(wrong number)
        | Ok(struct (number, page)) ->
            let mutable offset = 0
            let mutable row = page.FirstRow

            while row < index && offset >= 0 do
                let size = NamedRows.size named page.Content.Span offset
                offset <- if size < 0 then -1 else offset + size
                row <- row + 1

            if offset < 0 || NamedRows.size named page.Content.Span offset < 0 then
                Error(wrong number)
            else
                rowOf number page offset

    /// The lowest index in `first .. last` from which on the test holds for all up to `last`; `last` where it holds for none before.
    member this.Lowest(first: int, last: int, test: int -> 'Row -> bool) : Result<int, FrameError> =
        let mutable low = first
        let mutable high = last
        let mutable failure = None

        while low < high && failure.IsNone do
            let middle = low + (high - low) / 2

            match this.At middle with
            | Error error -> failure <- Some error
            | Ok row when test middle row -> high <- middle
            | Ok _ -> low <- middle + 1

        match failure with
        | Some error -> Error error
        | None -> Ok low

    /// Every row, in order. The pages are not kept: the rows are. What is set aside for them is bounded by the pages there are, not by what
    /// the root says.
    member _.All() : Result<'Row[], FrameError> =
        if int64 place.Rows > int64 place.Pages * int64 (Page.fixedRows (FooterLayout.leastBytes place.Table)) then
            Error(FooterPages.layoutError source.Offset)
        else
            let rows = Array.zeroCreate place.Rows
            let mutable failure = None
            let mutable filled = 0
            let mutable number = place.FirstPage

            while failure.IsNone && number < place.FirstPage + place.Pages do
                match fill rows filled number with
                | Error error -> failure <- Some error
                | Ok count -> filled <- count

                number <- number + 1

            match failure with
            | Some error -> Error error
            | None when filled < rows.Length -> Error(FooterPages.layoutError source.Offset)
            | None -> Ok rows
