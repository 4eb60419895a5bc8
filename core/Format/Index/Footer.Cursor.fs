// Rows of entries read where they lie in their pages: one row, and no object for it. FORMAT.md, "Footer".
// Called by stores for each entry of a stream, and for entries one behind the other.
namespace Refold.Format

open Refold.Core
open System
open System.Buffers.Binary

/// Where an entry lies.
[<Struct; NoComparison; NoEquality>]
type internal EntryPlace =
    {
        /// Its position.
        Position: int64
        /// Its version.
        Version: int64
        /// The offset of its frame.
        Offset: int64
        /// The size of its frame in bytes.
        Length: int
        /// Its stream, as an index into the rows of streams.
        Stream: int
    }

/// Reads rows of one footer and keeps the last page of each table. Used by one thread.
[<Sealed>]
type internal FooterCursor(tables: FooterTables) =

    let entryBytes = FooterLayout.leastBytes FooterLayout.entries

    let framesEnd, streams, words, batches =
        tables.FramesEnd, tables.Streams.Rows, tables.Words.Rows, tables.Batches.Rows

    let nothing: Page = { Table = 0uy; Rows = 0; FirstRow = 0; Content = ReadOnlyMemory.Empty }

    let mutable entries = nothing
    let mutable postings = nothing

    /// The page that has a row: the one that was read last, or another of the table.
    let pageOf (last: Page) (table: FooterTable<'Row>) (index: int) : Result<Page, FrameError> =
        if index >= last.FirstRow && index - last.FirstRow < last.Rows then Ok last else table.Page index

    /// The bytes of a row in its page.
    let rowIn (page: Page) (index: int) (size: int) : ReadOnlySpan<byte> = page.Content.Span.Slice((index - page.FirstRow) * size, size)

    let placeIn (row: ReadOnlySpan<byte>) : EntryPlace =
        {
            Position = BinaryPrimitives.ReadInt64LittleEndian row
            Version = BinaryPrimitives.ReadInt64LittleEndian(row.Slice 8)
            Offset = BinaryPrimitives.ReadInt64LittleEndian(row.Slice 16)
            Length = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 24)
            Stream = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 28)
        }

    let isRight (row: ReadOnlySpan<byte>) (place: EntryPlace) =
        let typeIndex = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 32)
        let batch = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 36)

        place.Position >= 1L
        && place.Version >= 1L
        && place.Offset >= int64 SegmentHeader.bytes
        && place.Length >= 0
        && place.Offset <= framesEnd - int64 place.Length
        && uint32 place.Stream < uint32 streams
        && uint32 typeIndex < uint32 words
        && uint32 batch < uint32 batches
        && int row[40] < Role.count
        && Block.isZero (row.Slice(41, 7))

    /// The row of an entry, by its index from 0.
    member _.Entry(index: int) : Result<EntryPlace, FrameError> =
        match pageOf entries tables.Entries index with
        | Error error -> Error error
        | Ok page ->
            entries <- page
            let row = rowIn page index entryBytes
            let place = placeIn row
            if isRight row place then Ok place else Error tables.Misfit

    /// The index of an entry: the one at this place in the postings.
    member _.Posting(place: int) : Result<int, FrameError> =
        match pageOf postings tables.Postings place with
        | Error error -> Error error
        | Ok page ->
            postings <- page
            let entry = BinaryPrimitives.ReadInt32LittleEndian(rowIn page place FooterLayout.postingBytes)
            if entry >= 0 && entry < tables.Entries.Rows then Ok entry else Error tables.Misfit

    /// The rows of the entries at a place in the postings and at those behind it, in one go: no row waits for the memory of the one before.
    /// Returns how many there are: fewer than there is room for where one is not right, `Error` where the first is not.
    member this.Entries(place: int, rows: Span<EntryPlace>) : Result<int, FrameError> =
        let mutable count = 0
        let mutable failure: FrameError voption = ValueNone

        while count < rows.Length && failure.IsNone do
            match this.Posting(place + count) with
            | Error error -> failure <- ValueSome error
            | Ok entry ->
                match this.Entry entry with
                | Error error -> failure <- ValueSome error
                | Ok found ->
                    rows[count] <- found
                    count <- count + 1

        match failure with
        | ValueSome error when count = 0 -> Error error
        | _ -> Ok count

/// Finds entries in one list of postings, one after the other: what lies near to what was found before is found at once, at however long
/// a list. Used by one thread.
[<Sealed>]
type internal PostingCursor(tables: FooterTables, first: int, count: int) =
    let behind = first + count
    let mutable page: Page = { Table = 0uy; Rows = 0; FirstRow = 0; Content = ReadOnlyMemory.Empty }
    let mutable failure: FrameError voption = ValueNone
    // Every posting before this place is below what was asked for last.
    let mutable place = first
    let mutable asked = -1

    let at (index: int) : int =
        if index < page.FirstRow || index - page.FirstRow >= page.Rows then
            match tables.Postings.Page index with
            | Ok found -> page <- found
            | Error error -> failure <- ValueSome error

        if failure.IsSome then
            Int32.MaxValue
        else
            BinaryPrimitives.ReadInt32LittleEndian(page.Content.Span.Slice((index - page.FirstRow) * FooterLayout.postingBytes))

    /// The lowest index of an entry at or above another one; -1 for none.
    member _.NextFrom(from: int) : Result<int, FrameError> =
        if from < asked then
            place <- first

        asked <- from
        // In steps that double up to one that is not below, then by halving between the last two.
        let mutable step = 1
        let mutable low = place
        let mutable high = place

        while high < behind && at high < from && failure.IsNone do
            low <- high + 1
            high <- min behind (high + step)
            step <- 2 * step

        while low < high && failure.IsNone do
            let middle = low + (high - low) / 2

            if at middle < from then low <- middle + 1 else high <- middle

        match failure with
        | ValueSome error ->
            failure <- ValueNone
            Error error
        | ValueNone ->
            place <- low

            if low = behind then
                Ok -1
            else
                let entry = at low

                match failure with
                | ValueSome error ->
                    failure <- ValueNone
                    Error error
                | ValueNone when entry >= 0 && entry < tables.Entries.Rows -> Ok entry
                | ValueNone -> Error tables.Misfit

/// Reads rows that begin with a text in the order of their texts, one by one. Used by one thread.
[<Sealed>]
type internal NamedWalk<'Row>(table: FooterTable<'Row>, from: NamedRows) =
    let mutable place: NamedPlace voption = ValueNone

    /// The next row; `ValueNone` behind the last one.
    member _.Next() : Result<'Row voption, FrameError> =
        match (if place.IsNone then table.PlaceOf from else Ok place.Value) with
        | Error error -> Error error
        | Ok at ->
            match table.RowAt(from, at) with
            | Error error -> Error error
            | Ok ValueNone -> Ok ValueNone
            | Ok(ValueSome(struct (row, next))) ->
                place <- ValueSome next
                Ok(ValueSome row)

/// Rows of streams in the order of their names, each looked at where it lies: no object is made of it. Used by one thread.
[<Sealed>]
type internal StreamCursor(tables: FooterTables, from: NamedRows) =
    let mutable isBegun = false
    let mutable next: NamedPlace = { Page = 0; Row = 0; Offset = 0 }
    let mutable page: Page = { Table = 0uy; Rows = 0; FirstRow = 0; Content = ReadOnlyMemory.Empty }
    let mutable isRead = false
    let mutable start = 0
    let mutable behind = 0

    let field (offset: int) : ReadOnlySpan<byte> = page.Content.Span.Slice(behind + offset)

    let rec advance () : Result<bool, FrameError> =
        match (if isRead then Ok(ValueSome page) else tables.Streams.PageAt next.Page) with
        | Error error -> Error error
        | Ok ValueNone -> Ok false
        | Ok(ValueSome read) when next.Row >= read.Rows ->
            next <- { Page = next.Page + 1; Row = 0; Offset = 0 }
            isRead <- false
            advance ()
        | Ok(ValueSome read) ->
            page <- read
            isRead <- true

            match NamedRows.size from page.Content.Span next.Offset with
            | size when size < 0 -> Error(tables.Streams.Wrong next.Page)
            | size ->
                start <- next.Offset + 4
                behind <- next.Offset + size - 24

                next <- { Page = next.Page; Row = next.Row + 1; Offset = next.Offset + size }

                Ok true

    /// The name of the stream, in UTF-8.
    member _.Name: ReadOnlySpan<byte> = page.Content.Span.Slice(start, behind - start)

    /// The version of its last entry; 0 where it has none.
    member _.Highest: int64 = BinaryPrimitives.ReadInt64LittleEndian(field 0)

    /// The highest version that a deletion names or a dropped leaf had; 0 for none.
    member _.DeletedTo: int64 = BinaryPrimitives.ReadInt64LittleEndian(field 8)

    /// Where its postings begin.
    member _.First: int = BinaryPrimitives.ReadInt32LittleEndian(field 16)

    /// How many entries it has.
    member _.Count: int = BinaryPrimitives.ReadInt32LittleEndian(field 20)

    /// What is wrong where a row is none of a stream.
    member _.Misfit: FrameError = tables.Misfit

    /// Goes to the next stream, at first to the first one; false behind the last one.
    member this.MoveNext() : Result<bool, FrameError> =
        let begun =
            if isBegun then
                Ok()
            else
                isBegun <- true
                tables.Streams.PlaceOf from |> Result.map (fun place -> next <- place)

        match begun |> Result.bind advance with
        | Ok true when
            this.Highest < 0L
            || this.DeletedTo < 0L
            || this.Highest < int64 this.Count
            || not (RowRules.inRange this.Count tables.Postings.Rows this.First)
            ->
            Error tables.Misfit
        | result -> result
