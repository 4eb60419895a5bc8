// The pages of one footer or checkpoint, read one by one when they are asked for. FORMAT.md, "Pages".
// Called by Footer.Table.fs only.
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
        /// The offset behind the last frame that has a row, in the segment.
        FramesEnd: int64
        /// Reads so many bytes of the file at an offset; fewer where it ends before.
        Read: int64 -> int -> ReadOnlyMemory<byte>
    }

/// Keeps pages that were read and checked, so that they need not be again. Safe for use by many threads.
type internal IPageCache =
    /// The page with this number; `ValueNone` where it is not kept.
    abstract Find: number: int -> Page voption

    /// May keep a page.
    abstract Keep: number: int * page: Page -> unit

/// Reading pages and their rows. Every page is checked before anything in it is used.
[<RequireQualifiedAccess>]
module internal FooterPages =

    let offsetOf (source: PageSource) (number: int) : int64 = source.Offset + int64 number * int64 Page.bytes

    let layoutError (offset: int64) : FrameError =
        FrameError.Corrupt(offset, "the layout of an index page", ("that of format version " + Numbers.text Block.formatVersion), "another")

    /// The page with this number, if it is one of the table; from the cache, where it is kept there.
    let read (source: PageSource) (cache: IPageCache option) (table: byte) (number: int) : Result<Page, FrameError> =
        let offset = offsetOf source number

        let kept =
            match cache with
            | Some cache -> cache.Find number
            | None -> ValueNone

        match kept with
        | ValueSome page -> if page.Table = table then Ok page else Error(layoutError offset)
        | _ ->
            match Page.read source.Owner number offset (source.Read offset Page.bytes), cache with
            | Ok page, _ when page.Table <> table -> Error(layoutError offset)
            | Ok page, Some cache ->
                cache.Keep(number, page)
                Ok page
            | result, _ -> result

    /// Every row of a page, which lies at an offset; behind them are zeros.
    let rowsOf (readRow: ByteReader -> 'Row) (offset: int64) (page: Page) : Result<'Row[], FrameError> =
        // No row is shorter than a posting.
        let rows = Array.zeroCreate (min page.Rows (Page.fixedRows FooterLayout.postingBytes))
        let reader = ByteReader page.Content
        let mutable next = 0

        while next < rows.Length && not reader.Failed do
            rows[next] <- readRow reader
            next <- next + 1

        let rest = reader.Raw(page.Content.Length - reader.Position)

        if rows.Length < page.Rows || reader.Failed || not (Block.isZero rest.Span) then
            Error(layoutError offset)
        else
            Ok rows

    /// Where the tables are: each behind the one before, together all pages.
    let directory (source: PageSource) : Result<TablePlace[], FrameError> =
        match read source None FooterLayout.root 0 |> Result.bind (rowsOf FooterLayout.readPlace source.Offset) with
        | Error error -> Error error
        | Ok places ->
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

            // Behind those that every footer has, any of the others, in order.
            let complete = Array.truncate always tables = FooterLayout.always

            if fits && complete && next = int64 source.Pages then
                Ok places
            else
                Error(layoutError source.Offset)

    /// Where a table is that not every footer has; empty where this one has not.
    let placeOf (places: TablePlace[]) (table: byte) : TablePlace =
        match places |> Array.tryFind (fun place -> place.Table = table) with
        | Some place -> place
        | None -> { Table = table; FirstPage = 0; Pages = 0; Rows = 0 }
