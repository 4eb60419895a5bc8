// One table of a footer, read page by page as far as a question needs it. FORMAT.md, "Pages".
// Called by Footer.Reader.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Keeps pages that were read and checked, so that they need not be again. Safe for use by many threads.
type internal IPageCache =
    /// The page with this number; `ValueNone` where it is not kept.
    abstract Find: number: int -> Page voption

    /// May keep a page.
    abstract Keep: number: int * page: Page -> unit

/// Reads pages through a cache.
[<Sealed>]
type internal CachedPages(source: PageSource, cache: IPageCache option) =

    /// What is wrong at a page.
    member _.Wrong(number: int) : FrameError = FooterPages.layoutError (FooterPages.offsetOf source number)

    /// The page with this number, if it is one of the table.
    member this.Read(table: byte, number: int) : Result<Page, FrameError> =
        match cache |> Option.map (fun cache -> cache.Find number) with
        | Some(ValueSome page) when page.Table = table -> Ok page
        | Some(ValueSome _) -> Error(this.Wrong number)
        | _ ->
            let page = FooterPages.read source table number

            match cache, page with
            | Some cache, Ok page -> cache.Keep(number, page)
            | _ -> ()

            page

/// A table. `rowBytes`: the bytes of each of its rows, or 0 where they differ.
[<Sealed>]
type internal FooterTable<'Row>(pages: CachedPages, place: TablePlace, rowBytes: int, readRow: ByteReader -> 'Row) =

    /// The row of a page at an index in it, from an offset in it.
    let rowOf (number: int) (page: Page) (offset: int) : Result<'Row, FrameError> =
        let reader = ByteReader(page.Content.Slice offset)
        let row = readRow reader
        if reader.Failed then Error(pages.Wrong number) else Ok row

    /// All rows of a page.
    let rowsOf (number: int) (page: Page) : Result<'Row[], FrameError> =
        // No row is shorter than a posting.
        if page.Rows > Page.fixedRows FooterLayout.postingBytes then
            Error(pages.Wrong number)
        else
            let reader = ByteReader page.Content
            let rows = Array.init page.Rows (fun _ -> readRow reader)
            if reader.Failed then Error(pages.Wrong number) else Ok rows

    let readPage (number: int) : Result<Page, FrameError> =
        match pages.Read(place.Table, number) with
        | Ok page when page.Rows = 0 -> Error(pages.Wrong number)
        | result -> result

    /// The number of the last page whose first row passes the test; `None` where no page does. The test must hold up to some page and not
    /// behind it; it is given the page and its number.
    let lastPage (test: int -> Page -> Result<bool, FrameError>) : Result<int option, FrameError> =
        let mutable low = place.FirstPage
        let mutable high = place.FirstPage + place.Pages
        let mutable result = Ok None

        while low < high && Result.isOk result do
            let middle = low + (high - low) / 2

            match readPage middle |> Result.bind (test middle) with
            | Error error -> result <- Error error
            | Ok true ->
                result <- Ok(Some middle)
                low <- middle + 1
            | Ok false -> high <- middle

        result

    let rowsWith (number: int) : Result<struct (int * 'Row[]), FrameError> =
        readPage number
        |> Result.bind (fun page -> rowsOf number page |> Result.map (fun rows -> struct (page.FirstRow, rows)))

    /// The number of the page that has a row.
    let pageOf (index: int) : Result<int, FrameError> =
        if rowBytes > 0 then
            Ok(place.FirstPage + index / Page.fixedRows rowBytes)
        else
            match lastPage (fun _ page -> Ok(page.FirstRow <= index)) with
            | Ok(Some number) -> Ok number
            | Ok None -> Error(pages.Wrong place.FirstPage)
            | Error error -> Error error

    /// How many rows there are.
    member _.Rows: int = place.Rows

    /// The rows of the page that has the row with this index, and the index of the first of them.
    member _.PageWith(index: int) : Result<struct (int * 'Row[]), FrameError> =
        match pageOf index |> Result.bind rowsWith with
        | Ok(struct (first, rows)) when index < first || index - first >= rows.Length -> Error(pages.Wrong place.FirstPage)
        | result -> result

    /// The row with this index.
    member this.At(index: int) : Result<'Row, FrameError> =
        if rowBytes > 0 && index >= 0 && index < place.Rows then
            let number = place.FirstPage + index / Page.fixedRows rowBytes

            match readPage number with
            | Ok page when page.FirstRow <= index && index - page.FirstRow < page.Rows ->
                rowOf number page ((index - page.FirstRow) * rowBytes)
            | Ok _ -> Error(pages.Wrong number)
            | Error error -> Error error
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

    /// Every row, in order.
    member this.All() : Result<'Row[], FrameError> =
        let rows = ResizeArray<'Row>()
        let mutable failure = None

        while rows.Count < place.Rows && failure.IsNone do
            match this.PageWith rows.Count with
            | Error error -> failure <- Some error
            | Ok(struct (first, found)) -> rows.AddRange(ArraySegment(found, rows.Count - first, found.Length - rows.Count + first))

        match failure with
        | Some error -> Error error
        | None -> Ok(rows.ToArray())
