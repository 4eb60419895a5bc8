// Finding rows in a footer or checkpoint without reading all of it: a handful of pages for each question. FORMAT.md, "Footer".
// Called by stores for what they do not keep in memory.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Finds rows by halving: the cost is the logarithm of the number of pages. Every page is checked before anything in it is used.
/// Safe for use by many threads, as far as the source and the cache are.
[<Sealed>]
type internal FooterReader private (tables: FooterTables, asksFilter: bool) =

    let entries, batches, streams, words = tables.Entries, tables.Batches, tables.Streams, tables.Words
    let postings, keys, kept, filter = tables.Postings, tables.Keys, tables.Kept, tables.Filter

    let order (left: int64) (right: int64) = compare left right

    let row (found: struct (int * 'Row) option) = found |> Option.map (fun (struct (_, row)) -> row)

    let traverse read rows = FooterNames.traverse read rows

    /// Whether there may be something by this name; if not, there surely is nothing. The cost is one page.
    let mayHave (name: FilteredName) : Result<bool, FrameError> =
        if filter.Rows = 0 || not asksFilter then
            Ok true
        else
            let hash = FooterFilter.hash name
            filter.At(hash.Block filter.Rows) |> Result.map (fun block -> hash.Allows block.Span)

    let ifThere kind name (find: unit -> Result<'Value option, FrameError>) : Result<'Value option, FrameError> =
        match mayHave (FilteredName.Text(kind, name)) with
        | Ok true -> find ()
        | Ok false -> Ok None
        | Error error -> Error error

    /// The row, where it speaks of what is there: it is about to be followed.
    let following (isRight: 'Row -> bool) (row: Result<'Row, FrameError>) : Result<'Row, FrameError> =
        row |> Result.bind (fun row -> if isRight row then Ok row else Error tables.Misfit)

    let entryFits = RowRules.ofEntry tables.FramesEnd streams.Rows words.Rows batches.Rows

    let entryAt index = entries.At index |> following entryFits

    let streamFits (row: StreamRow) = RowRules.inRange row.Count postings.Rows row.First && row.Highest >= int64 row.Count

    let ofPostings isRight (found: Result<'Row option, FrameError>) = found |> following (Option.forall isRight)

    let postingAt place = postings.At place |> following (fun entry -> entry < entries.Rows)

    let word (kind: WordKind) (text: string) =
        ifThere (FilteredKind.ofWord kind) text (fun () ->
            words.Named(FooterLayout.namedWord kind text)
            |> following (Option.forall (fun row -> RowRules.inRange row.Count postings.Rows row.First)))

    /// The key that was kept without its batch.
    let keptKey (key: string) : Result<KnownKey option, FrameError> =
        let order (row: KeptRow) = Text.compareUtf8 row.Key key

        kept.Lowest(0, kept.Rows, (fun _ row -> order row >= 0))
        |> Result.bind (fun first ->
            kept.Lowest(first, kept.Rows, (fun _ row -> order row > 0))
            |> following (fun last -> last - first <= Limits.batchEntries)
            |> Result.bind (fun last -> traverse kept.At [ first .. last - 1 ])
            |> Result.map (Seq.ofList >> RowKeys.kept >> Seq.tryHead))

    /// The entries with an id, in order.
    let entriesOf (kind: FilteredKind) (table: FooterTable<IdRow>) (id: Guid) : Result<int list, FrameError> =
        match mayHave (FilteredName.Id(kind, id)) with
        | Error error -> Error error
        | Ok false -> Ok []
        | Ok true ->
            table.LowestWith(id.ToByteArray true)
            |> Result.bind (fun first ->
                let rec from index (found: IdRow list) =
                    match (if index = table.Rows then Ok None else table.At index |> Result.map Some) with
                    | Error error -> Error error
                    | Ok(Some row) when row.Id = id -> from (index + 1) (row :: found)
                    | Ok _ -> Ok(List.rev found)

                from first [])
            |> following (List.forall (fun row -> row.Entry < entries.Rows))
            |> Result.map (List.map _.Entry)

    /// Reads the root. `Error` where it is not what was written.
    static member Open(source: PageSource) : Result<FooterReader, FrameError> =
        FooterTables.Open(source, None) |> Result.map (fun tables -> FooterReader(tables, true))

    /// Reads the root, and keeps all other pages in the cache. `Error` where it is not what was written.
    static member Open(source: PageSource, cache: IPageCache) : Result<FooterReader, FrameError> =
        FooterTables.Open(source, Some cache) |> Result.map (fun tables -> FooterReader(tables, true))

    /// The same footer for names that its filter was asked for already: it is not asked again.
    member _.WithoutFilter: FooterReader = FooterReader(tables, false)

    /// How many blocks the filter has; 0 where there is none.
    member _.FilterBlocks: int = filter.Rows

    /// A block of the filter.
    member _.FilterBlock(number: int) : Result<ReadOnlyMemory<byte>, FrameError> = filter.At number

    /// The block of a filter over the names of a footer that has none because they are few; `None` where they are not.
    member _.BlockOfFew() : Result<ReadOnlyMemory<byte> option, FrameError> = FooterNames.blockOfFew tables

    /// How many entries the segment has.
    member _.Entries: int = entries.Rows

    /// How many streams it has rows of.
    member _.Streams: int = streams.Rows

    /// What reads rows of entries one by one, for one thread.
    member _.Cursor() : FooterCursor = FooterCursor tables

    /// The row of an entry, by its index from 0.
    member _.Entry(index: int) : Result<EntryRow, FrameError> = entryAt index

    /// The index of the first entry at or behind a position; their number where there is none.
    member _.IndexAt(position: int64) : Result<int, FrameError> = entries.Lowest(0, entries.Rows, (fun _ row -> row.Position >= position))

    /// The entry at a position; `None` where the segment has none there.
    member _.EntryAt(position: int64) : Result<EntryRow option, FrameError> =
        entries.Exact(fun row -> order row.Position position) |> Result.map row |> ofPostings entryFits

    /// The first position behind `after` that has no entry, where that is not above the last entry's; one above that otherwise.
    member this.FirstHoleAfter(after: int64) : Result<int64, FrameError> =
        this.IndexAt(after + 1L)
        |> Result.bind (fun start ->
            // Positions are dense as assigned, so the first one without an entry is where the count falls behind.
            let dense index = after + 1L + int64 (index - start)

            entries.Lowest(start, entries.Rows, (fun index row -> row.Position > dense index)) |> Result.map dense)

    /// The index of the batch that takes a position; `None` where none does.
    member _.BatchIndexAt(position: int64) : Result<int option, FrameError> =
        batches.Floor(fun row -> order row.FirstPosition position)
        |> Result.map (
            Option.filter (fun (struct (_, row)) -> position < row.FirstPosition + int64 row.Count)
            >> Option.map (fun (struct (index, _)) -> index)
        )

    /// As `BatchIndexAt`, of a position that has the entry with this index.
    member _.BatchIndexOf(entry: int, position: int64) : Result<int, FrameError> =
        entryAt entry
        |> following (fun row -> row.Position = position)
        |> Result.bind (fun row ->
            batches.At row.Batch
            |> following (fun batch -> batch.FirstPosition <= position && position < batch.FirstPosition + int64 batch.Count)
            |> Result.map (fun _ -> row.Batch))

    /// How many batches there are.
    member _.Batches: int = batches.Rows

    /// The batch with this index from 0, as rows of entries and keys name it.
    member _.Batch(index: int) : Result<BatchRow, FrameError> = batches.At index

    /// What the segment has of a stream; `None` for nothing.
    member _.Stream(stream: Refold.StreamId) : Result<StreamRow option, FrameError> =
        ifThere FilteredKind.Stream stream.Value (fun () -> streams.Named(FooterLayout.namedStream stream.Value) |> ofPostings streamFits)

    /// The stream with this index from 0, as rows of entries and deletions name it.
    member _.StreamAt(index: int) : Result<StreamRow, FrameError> =
        streams.NamedAt(FooterLayout.namedStream "", index) |> following streamFits

    /// What finds entries among `count` postings from `first` on, one after the other, for one thread.
    member _.Postings(first: int, count: int) : PostingCursor = PostingCursor(tables, first, count)

    /// The rows of the page that has this stream, and the index of the first of them.
    member _.StreamsWith(index: int) : Result<struct (int * StreamRow[]), FrameError> =
        streams.PageWith index |> following (fun (struct (_, rows)) -> Array.forall streamFits rows)

    /// The entries of a type; `None` for none.
    member _.Type(text: string) : Result<WordRow option, FrameError> = word WordKind.Type text

    /// The entries with an outward tag; `None` for none.
    member _.Tag(text: string) : Result<WordRow option, FrameError> = word WordKind.Tag text

    /// The entries that name a run; `None` for none, or where runs have no rows.
    member _.Run(text: string) : Result<WordRow option, FrameError> = word WordKind.Run text

    /// Whether ids, causes and runs have rows.
    member _.HasIds: bool = tables.Has FooterLayout.ids

    /// The indexes of the entries with an id, ascending.
    member _.ById(id: Guid) : Result<int list, FrameError> = entriesOf FilteredKind.Id tables.Ids id

    /// The indexes of the entries that what has this id brought about, ascending.
    member _.ByCause(id: Guid) : Result<int list, FrameError> = entriesOf FilteredKind.Cause tables.Causes id

    /// What the batches before the segment come to.
    member _.Before() : Result<TreePlace, FrameError> = tables.Tree.At 0

    /// What the batches come to with those of the segment.
    member _.Behind() : Result<TreePlace, FrameError> = tables.Tree.At 1

    /// The hash of a subtree that ends with a batch of the segment; `None` for one of less than 16 batches. `before`: how many batches come
    /// before the segment, so that the place of the subtree is known.
    member _.Node(before: int64, last: int64, height: int) : Result<Hash option, FrameError> =
        let isIt (row: NodeRow) = row.Last = last && row.Height = height

        let place =
            IndexRows.subtreesIn last - IndexRows.subtreesIn before + int64 (height - IndexRows.leastHeight)

        let isThere = place >= 0L && place < int64 tables.Nodes.Rows

        match (if isThere then tables.Nodes.At(int place) |> Result.map Some else Ok None) with
        | Error error -> Error error
        | Ok(Some row) when isIt row -> Ok(Some row.Hash)
        | Ok _ ->
            tables.Nodes.Exact(fun row -> compare (struct (row.Last, row.Height)) (struct (last, height)))
            |> Result.map (row >> Option.map _.Hash)

    /// The index of an entry: the one at this place in the postings.
    member _.Posting(place: int) : Result<int, FrameError> = postingAt place

    /// The lowest index of an entry, from an index on, among `count` postings from `first` on; -1 for none.
    member _.NextPosting(first: int, count: int, from: int) : Result<int, FrameError> =
        postings.Lowest(first, first + count, (fun _ entry -> entry >= from))
        |> Result.bind (fun place -> if place = first + count then Ok -1 else postingAt place)

    /// Whether the idempotency key may have been first used here, or in the beginning that was dropped before; if not, it surely was not.
    member _.MayHaveKey(key: string) : Result<bool, FrameError> = mayHave (FilteredName.Text(FilteredKind.Key, key))

    /// What an idempotency key stands for that was first used here; `None` for any other key.
    member _.Key(key: string) : Result<KnownKey option, FrameError> =
        let receiptOf (row: KeyRow) =
            let last = batches.Rows - 1

            let next =
                if row.Batch = last then Ok entries.Rows else batches.At(row.Batch + 1) |> Result.map _.FirstEntry

            let batch =
                next
                |> Result.bind (fun next -> batches.At row.Batch |> following (fun batch -> RowRules.ofBatch entries.Rows batch next))

            match batch, next with
            | Error error, _
            | _, Error error -> Error error
            | Ok batch, Ok next ->
                traverse entryAt [ batch.FirstEntry .. next - 1 ]
                |> Result.bind (fun rows ->
                    traverse streams.At (rows |> List.map _.Stream |> List.distinct)
                    |> Result.map (fun named ->
                        let names = Map.ofSeq (Seq.zip (rows |> List.map _.Stream |> List.distinct) named)
                        let receipt = RowKeys.receipt batch rows (fun stream -> names[stream].Stream)
                        Some { KnownKey.Key = key; Content = row.Content; Receipt = receipt }))

        ifThere FilteredKind.Key key (fun () ->
            match keys.Named(FooterLayout.named 36 key) with
            | Error error -> Error error
            | Ok None -> keptKey key
            | Ok(Some row) -> receiptOf row)

    /// Whether a key is kept without its batch that begins before a position.
    member _.KeepsKeyBefore(position: int64) : Result<bool, FrameError> =
        if kept.Rows = 0 then
            Ok false
        else
            kept.All() |> Result.map (Array.exists (fun row -> row.FirstPosition < position))

    /// The deletions, in order: stream, last version, and the head position they were made at.
    member _.Deletions() : Result<struct (Refold.StreamId * int64 * int64) list, FrameError> =
        tables.Deletions.All()
        |> Result.bind (
            traverse (fun row -> streams.At row.Stream |> Result.map (fun stream -> struct (stream.Stream, row.Version, row.Position)))
        )

    /// What a base frame says of a stream; `None` where there is no base, or nothing of the stream in it.
    member _.BaseStream(stream: Refold.StreamId) : Result<BaseStream option, FrameError> =
        ifThere FilteredKind.Stream stream.Value (fun () -> tables.BaseStreams.Named(FooterLayout.namedBaseStream stream.Value))

    /// What goes through rows of streams in the order of their names, from a text on.
    member _.StreamsFrom(text: string) : StreamCursor = StreamCursor(tables, FooterLayout.namedStream text)

    /// What reads the streams of a base frame in the order of their names, from a text on, one by one.
    member _.BaseStreamsFrom(text: string) : NamedWalk<BaseStream> = NamedWalk(tables.BaseStreams, FooterLayout.namedBaseStream text)

    /// The entry of a stream with this version; `None` where the segment has none. `row` is the stream's.
    member _.EntryOf(row: StreamRow, version: int64) : Result<EntryRow option, FrameError> =
        // A segment has the versions of a stream without gaps.
        let place = version - (row.Highest - int64 row.Count + 1L)

        if place < 0L || place >= int64 row.Count then
            Ok None
        else
            postings.At(row.First + int place)
            |> Result.bind entryAt
            |> Result.bind (fun entry -> if entry.Version = version then Ok(Some entry) else Error tables.Misfit)
