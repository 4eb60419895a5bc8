// All tables of a footer or checkpoint, with the form of their rows. FORMAT.md, "Footer".
// Opened by Footer.Decoding.fs and Footer.Reader.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Every table of a footer or checkpoint.
[<Sealed>]
type internal FooterTables private (source: PageSource, places: TablePlace[], cache: IPageCache option) =

    let tableAtOnce rowBytes code readRow readRows =
        FooterTable(source, cache, FooterPages.placeOf places code, rowBytes, readRow, readRows)

    let table rowBytes code readRow = tableAtOnce rowBytes code readRow null

    let fixedTable code readRow = table (FooterLayout.leastBytes code) code readRow

    /// Reads the root, and keeps all other pages in the cache, if there is one. `Error` where it is not what was written.
    static member Open(source: PageSource, cache: IPageCache option) : Result<FooterTables, FrameError> =
        FooterPages.directory source |> Result.map (fun places -> FooterTables(source, places, cache))

    /// The offset behind the last frame that has a row.
    member _.FramesEnd: int64 = source.FramesEnd

    /// What is wrong where rows do not fit each other.
    member _.Misfit: FrameError = FooterPages.layoutError source.Offset

    /// Whether there is a table of this code.
    member _.Has(table: byte) : bool = places |> Array.exists (fun place -> place.Table = table)

    member val Entries =
        tableAtOnce
            (FooterLayout.leastBytes FooterLayout.entries)
            FooterLayout.entries
            FooterLayout.readEntry
            (PageRows(fun content rows -> PageRows.ofEntries content rows))

    member val Batches = fixedTable FooterLayout.batches FooterLayout.readBatch
    member val Streams = table 0 FooterLayout.streams FooterLayout.readStream
    member val Words = table 0 FooterLayout.words FooterLayout.readWord

    member val Postings =
        tableAtOnce
            FooterLayout.postingBytes
            FooterLayout.postings
            FooterLayout.readPosting
            (PageRows(fun content rows -> PageRows.ofPostings content rows))

    member val Keys = table 0 FooterLayout.keys FooterLayout.readKey
    member val Deletions = fixedTable FooterLayout.deletions FooterLayout.readDeletion
    member val Tree = table 0 FooterLayout.tree FrameBodies.readTreePlace
    member val Nodes = fixedTable FooterLayout.nodes FooterLayout.readNode
    member val Kept = table 0 FooterLayout.kept FooterLayout.readKept
    member val BaseStreams = table 0 FooterLayout.baseStreams FooterLayout.readBaseStream
    member val Ids = fixedTable FooterLayout.ids FooterLayout.readId
    member val Causes = fixedTable FooterLayout.causes FooterLayout.readId
    member val Filter = fixedTable FooterLayout.filter (fun reader -> reader.Raw Page.capacity)

/// The names of a footer.
[<RequireQualifiedAccess>]
module internal FooterNames =

    /// What is left of a result when each of some rows is asked for more.
    let traverse (read: 'Row -> Result<'Value, FrameError>) (rows: 'Row seq) : Result<'Value list, FrameError> =
        let folder (row: 'Row) (rest: Result<'Value list, FrameError>) =
            match rest, read row with
            | Error error, _
            | Ok _, Error error -> Error error
            | Ok rest, Ok value -> Ok(value :: rest)

        Seq.foldBack folder rows (Ok [])


    let private few (tables: FooterTables) : Result<FilteredName list, FrameError> =
        let named kind (table: FooterTable<'Row>) (textOf: 'Row -> string) =
            table.All() |> Result.map (Seq.map (fun row -> FilteredName.Text(kind row, textOf row)) >> List.ofSeq)

        let ids kind (table: FooterTable<IdRow>) =
            table.All() |> Result.map (Seq.map (fun row -> FilteredName.Id(kind, row.Id)) >> List.ofSeq)

        [
            named (fun (_: StreamRow) -> FilteredKind.Stream) tables.Streams _.Stream.Value
            named (fun (_: BaseStream) -> FilteredKind.Stream) tables.BaseStreams _.Stream.Value
            named (fun (row: WordRow) -> FilteredKind.ofWord row.Kind) tables.Words _.Text
            named (fun (_: KeyRow) -> FilteredKind.Key) tables.Keys _.Key
            named (fun (_: KeptRow) -> FilteredKind.Key) tables.Kept _.Key
            ids FilteredKind.Id tables.Ids
            ids FilteredKind.Cause tables.Causes
        ]
        |> traverse id
        |> Result.map List.concat

    /// The block of a filter over the names of a footer that has none because they are few; `None` where they are not.
    let blockOfFew (tables: FooterTables) : Result<ReadOnlyMemory<byte> option, FrameError> =
        let rows =
            [
                tables.Streams.Rows
                tables.BaseStreams.Rows
                tables.Words.Rows
                tables.Keys.Rows
                tables.Kept.Rows
                tables.Ids.Rows
                tables.Causes.Rows
            ]

        if List.sum rows >= FooterFilter.leastNames then
            Ok None
        else
            few tables |> Result.map (fun names -> Some(ReadOnlyMemory(FooterFilter.ofFew names)))
