// The rows of a segment that grows, from its columns. FORMAT.md, "Footer".
// Called when a segment is sealed and when a checkpoint is written, on another thread too.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary
open System.Collections.Generic
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// Making rows of columns.
[<RequireQualifiedAccess>]
module internal ColumnRows =

    let private byId = Comparer.Create(Comparison RowOrder.ids)

    // By the first half of each id, and by `RowOrder.ids` where that is the same.
    let private sorted (count: int) (rows: IdRow[]) : RowsOf<IdRow> =
        let keys = LargeArrays<uint64>.Rent count
        let mutable room = Vector128<byte>.Zero
        let bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(&room, 1))

        for place in 0 .. count - 1 do
            rows[place].Id.TryWriteBytes(bytes, true) |> ignore<bool * int>
            keys[place] <- BinaryPrimitives.ReadUInt64BigEndian(Span.op_Implicit bytes)

        Array.Sort(keys, rows, 0, count)
        let mutable first = 0

        for place in 1..count do
            if place = count || keys[place] <> keys[first] then
                if place - first > 1 then
                    Array.Sort(rows, first, place - first, byId)

                first <- place

        LargeArrays<uint64>.Return keys
        RowsOf.first count rows

    // Numbers in an order, and the place of each in it.
    let private ordered (count: int) (compare: int -> int -> int) : struct (int[] * int[]) =
        let order = Array.init count id
        Array.Sort(order, Comparison compare)
        let places = Array.zeroCreate<int> count

        for place in 0 .. count - 1 do
            places[order[place]] <- place

        struct (order, places)

    // Where the postings of each name begin, behind some; the last is where they end.
    let private begins (first: int) (order: int[]) (count: int -> int) : int[] =
        let begins = Array.zeroCreate<int>(order.Length + 1)
        begins[0] <- first

        for place in 0 .. order.Length - 1 do
            begins[place + 1] <- begins[place] + count order[place]

        begins

    // The number of the last use of each key, in the order of the keys.
    let private lastUses (cut: ColumnCut) (columns: IndexColumns) : int[] =
        let uses = Dictionary<string, int>(StringComparer.Ordinal)

        for number in 0 .. cut.Keys - 1 do
            uses[columns.KeyAt(number).Key] <- number

        let last = Array.ofSeq uses.Values
        Array.Sort(last, Comparison(fun left right -> Text.compareUtf8 (columns.KeyAt(left).Key) (columns.KeyAt(right).Key)))
        last

    let private deletionRows (cut: ColumnCut) (columns: IndexColumns) (streamAt: int[]) (deletedTo: int64[]) : DeletionRow[] =
        let rows = ResizeArray<DeletionRow>()

        for number in 0 .. cut.Deletions - 1 do
            let deletion = columns.DeletionAt number
            deletedTo[deletion.Stream] <- max deletion.Version deletedTo[deletion.Stream]

            if deletion.LastFrame > 0L then
                rows.Add
                    {
                        Stream = streamAt[deletion.Stream]
                        Version = deletion.Version
                        Position = deletion.Position
                        LastFrame = deletion.LastFrame
                    }

        rows.ToArray()

    // The batch of an entry: the last one that begins at it or before. They are asked for in order.
    let private batchOf (cut: ColumnCut) (columns: IndexColumns) : int -> int =
        let batch = ref 0
        let beginOf number = if number < cut.Batches then (columns.Batch number).FirstEntry else cut.Entries
        let until = ref (beginOf 1)

        fun index ->
            while index >= until.Value do
                batch.Value <- batch.Value + 1
                until.Value <- beginOf (batch.Value + 1)

            batch.Value

    /// The rows up to a cut, the same as `IndexRows.ofItems` makes of what was added till then: those of entries and batches are made while
    /// they are written. Only names and ids are sorted. To be released.
    let tables (cut: ColumnCut) (columns: IndexColumns) : FooterRows =
        let nameAt number = columns.Names.StreamAt(number).Stream.Value

        let struct (streams, streamAt) =
            ordered cut.Streams (fun left right -> Text.compareUtf8 (nameAt left) (nameAt right))

        let wordOf number = struct (columns.Names.WordAt(number).Kind, columns.Names.WordAt(number).Text)

        let struct (words, wordAt) =
            ordered cut.Words (fun left right -> RowOrder.words (wordOf left) (wordOf right))

        let deletedTo = Array.zeroCreate<int64> cut.Streams
        let deletions = deletionRows cut columns streamAt deletedTo
        let ofStream number = columns.Names.StreamAt(number).Entries
        let ofWord number = columns.Names.WordAt(number).Entries
        let streamBegins = begins 0 streams (fun number -> (ofStream number).CountBelow cut.Entries)

        let wordBegins =
            begins streamBegins[streams.Length] words (fun number -> (ofWord number).CountBelow cut.Entries)

        let postings = LargeArrays<int>.Rent wordBegins[words.Length]

        for place in 0 .. streams.Length - 1 do
            (ofStream streams[place]).CopyTo(Span(postings, streamBegins[place], streamBegins[place + 1] - streamBegins[place]))

        for place in 0 .. words.Length - 1 do
            (ofWord words[place]).CopyTo(Span(postings, wordBegins[place], wordBegins[place + 1] - wordBegins[place]))

        let streamRow place : StreamRow =
            let number, behind = streams[place], streamBegins[place + 1]

            {
                Stream = columns.Names.StreamAt(number).Stream
                Highest = if behind = streamBegins[place] then 0L else columns.Entry(postings[behind - 1]).Version
                DeletedTo = deletedTo[number]
                First = streamBegins[place]
                Count = behind - streamBegins[place]
            }

        let wordRow place : WordRow =
            let word = columns.Names.WordAt words[place]

            {
                Kind = word.Kind
                Text = word.Text
                First = wordBegins[place]
                Count = wordBegins[place + 1] - wordBegins[place]
            }

        let keys = lastUses cut columns |> Array.map columns.KeyAt
        let batchOf = batchOf cut columns
        let streamPlace number = streamAt[number]
        let wordPlace number = wordAt[number]

        let ids = if columns.HasIds then LargeArrays<IdRow>.Rent cut.Entries else Array.Empty<IdRow>()

        if columns.HasIds then
            columns.IdsOf(cut, ids)

        let causes = if columns.HasIds then Array.init cut.Causes columns.CauseAt else Array.Empty<IdRow>()

        let release () =
            LargeArrays<int>.Return postings

            if columns.HasIds then
                LargeArrays<IdRow>.Return ids

        {
            Entries =
                {
                    Count = cut.Entries
                    At = fun index -> ColumnEntry.row streamPlace wordPlace (batchOf index) (columns.Entry index)
                }
            Batches =
                {
                    Count = cut.Batches
                    At = fun number -> ColumnBatch.row (columns.TreeLeaf number) (columns.Batch number)
                }
            Streams = { Count = streams.Length; At = streamRow }
            Words = { Count = words.Length; At = wordRow }
            Postings = RowsOf.first wordBegins[words.Length] postings
            Keys =
                RowsOf.array
                    [|
                        for key in keys do
                            if key.Kept.IsNone then
                                { Key = key.Key; Content = key.Content; Batch = key.Batch }
                    |]
            Deletions = RowsOf.array deletions
            Kept =
                RowsOf.array
                    [|
                        for key in keys do
                            match key.Kept with
                            | ValueSome kept -> yield! RowKeys.rowsOf kept
                            | ValueNone -> ()
                    |]
            Base = cut.Base
            Before = cut.Before
            Behind = cut.Behind
            Nodes = { Count = cut.Nodes; At = columns.NodeAt }
            HasIds = columns.HasIds
            Ids = sorted (if columns.HasIds then cut.Entries else 0) ids
            Causes = sorted causes.Length causes
            Release = Action release
        }

    /// The same rows, all of them there.
    let upTo (cut: ColumnCut) (columns: IndexColumns) : SegmentRows =
        let rows = tables cut columns
        let made = FooterRows.toSegment rows
        rows.Release.Invoke()
        made
