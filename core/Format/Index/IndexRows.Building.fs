// A scan to index rows. FORMAT.md, "Footer".
// Called when a segment is sealed, a checkpoint written, or a footer compared with its frames.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Collections.Generic

/// Making rows.
[<RequireQualifiedAccess>]
module internal IndexRows =

    /// Subtrees below this height are made of leaves again.
    let leastHeight = 4

    /// How many subtrees of that height and above end with one of the first so many batches.
    let subtreesIn (batches: int64) : int64 =
        Seq.initInfinite (fun above -> batches >>> (leastHeight + above)) |> Seq.takeWhile ((<>) 0L) |> Seq.sum

    // Sorted, so that nothing depends on hash codes.
    let private sortedBy (compare: 'Key -> 'Key -> int) = SortedDictionary<'Key, Gathered>(Comparer.Create(Comparison compare))

    let private gathered (key: 'Key) (found: SortedDictionary<'Key, Gathered>) : Gathered =
        match found.TryGetValue key with
        | true, gathered -> gathered
        | false, _ ->
            let gathered = Gathered()
            found[key] <- gathered
            gathered

    /// Gives each its index in its table, and where its postings begin; the answer is where the next ones begin.
    let private number (start: int) (found: SortedDictionary<'Key, Gathered>) : int =
        let mutable index = 0
        let mutable next = start

        for item in found.Values do
            item.Index <- index
            item.First <- next
            index <- index + 1
            next <- next + item.Entries.Count

        next

    /// The position before which keys are forgotten, on top of what is known already; 0 for none.
    let keysBefore (known: int64) (item: SegmentItem) : int64 =
        match item.Content with
        | SegmentContent.KeysForgotten before -> max known before
        | SegmentContent.Base(content, _) -> max known content.KeysBefore
        | SegmentContent.Batch _
        | SegmentContent.Deletion _ -> known

    let private sortedIds (rows: IdRow[]) : IdRow[] =
        Array.Sort(rows, Comparison RowOrder.ids)
        rows

    /// The rows of a segment whose beginning is known by its rows: with what a scan took behind that. `position` is the head position
    /// behind the beginning. The same rows as those of all items together.
    let extend (known: SegmentRows) (position: int64) (items: SegmentItem list) : SegmentRows =
        let streams =
            sortedBy (fun (left: StreamId) (right: StreamId) -> Text.compareUtf8 left.Value right.Value)

        let words = sortedBy RowOrder.words

        // Of a batch that is whole its row, of another one what is kept.
        let keys =
            SortedDictionary<string, struct (KeyRow * KnownKey option)>(Comparer.Create(Comparison Text.compareUtf8))

        let keep (key: KnownKey) = keys[key.Key] <- struct ({ Key = key.Key; Content = key.Content; Batch = 0 }, Some key)

        let postings first count : int seq = ArraySegment(known.Postings, first, count)

        for row in known.Streams do
            let gathered = gathered row.Stream streams
            gathered.Highest <- row.Highest
            gathered.DeletedTo <- row.DeletedTo
            gathered.Entries.AddRange(postings row.First row.Count)

        for row in known.Words do
            (gathered (struct (row.Kind, row.Text)) words).Entries.AddRange(postings row.First row.Count)

        for row in known.Keys do
            keys[row.Key] <- struct (row, None)

        Seq.iter keep (RowKeys.kept known.Kept)

        let streamAt = Array.ofSeq streams.Values
        let wordAt = Array.ofSeq words.Values
        let entries = ResizeArray<struct (EntryRow * Gathered * Gathered)>()
        let batches = ResizeArray<BatchRow> known.Batches
        let deletions = ResizeArray<struct (DeletionRow * Gathered)>()

        for row in known.Entries do
            entries.Add(struct (row, streamAt[row.Stream], wordAt[row.Type]))

        for row in known.Deletions do
            deletions.Add(struct (row, streamAt[row.Stream]))

        // Before its first batch a segment knows no position, unless it begins with a base.
        let isNone = known.Batches.Length = 0 && known.Base.IsNone
        let mutable position = if isNone then 0L else position
        let mutable dropped = known.Base
        let mutable before = known.Before
        let mutable peaks = TreePlace.peaks known.Behind
        let mutable latest = known.Behind.Latest
        let nodes = ResizeArray<NodeRow> known.Nodes
        let ids = ResizeArray<IdRow> known.Ids
        let causes = ResizeArray<IdRow> known.Causes

        let addIds (index: int) (data: EntryData) (version: int64) =
            let id =
                match data.Id with
                | Some id -> id
                | None -> Entry.derivedId data.Run data.Stream version

            ids.Add { Id = id; Entry = index }

            match data.CausationId with
            | Some cause -> causes.Add { Id = cause; Entry = index }
            | None -> ()

            match data.Run with
            | Some run -> (gathered (struct (WordKind.Run, run.Value)) words).Entries.Add index
            | None -> ()

        let addToTree (leaf: Hash) =
            let last = peaks.Size
            let struct (after, made) = peaks.Add leaf
            peaks <- after

            for node, hash in made do
                if node.Height >= leastHeight then
                    nodes.Add { Last = last; Height = node.Height; Hash = hash }

        let addEntry (stored: StoredBatch) place =
            let batch = stored.Batch
            let data = batch.Entries[place]
            let stream = gathered data.Stream streams
            let typeWord = gathered (struct (WordKind.Type, data.Type)) words
            let index = entries.Count

            for tag in Tags.toOutward data.Role data.Tags do
                (gathered (struct (WordKind.Tag, tag)) words).Entries.Add index

            stream.Entries.Add index
            typeWord.Entries.Add index

            if known.HasIds then
                addIds index data batch.Versions[place]

            stream.Highest <- batch.Versions[place]
            let isLast = (batch.Positions[place] = batch.Receipt.Head.Position)

            let row =
                {
                    Position = batch.Positions[place]
                    Version = batch.Versions[place]
                    Offset = int64 stored.Offsets[place]
                    Length = FrameLayout.size batch.Canonical[place].Length isLast
                    Stream = 0
                    Type = 0
                    Batch = batches.Count
                    Role = data.Role
                }

            entries.Add(struct (row, stream, typeWord))

        for item in items do
            match item.Content with
            | SegmentContent.Base(content, head) ->
                dropped <- Some(content.Streams |> List.sortBy _.Stream |> Array.ofList)
                List.iter keep content.Keys
                before <- content.Tree
                peaks <- TreePlace.peaks before
                latest <- before.Latest
                position <- head.Position
            | SegmentContent.KeysForgotten _ -> ()
            | SegmentContent.Deletion(stream, version) ->
                let gathered = gathered stream streams
                gathered.DeletedTo <- max version gathered.DeletedTo

                let row: DeletionRow =
                    {
                        Stream = 0
                        Version = version
                        Position = position
                        LastFrame = item.LastFrame
                    }

                deletions.Add(struct (row, gathered))
            | SegmentContent.Batch stored ->
                let receipt = stored.Batch.Receipt
                let firstEntry = entries.Count

                for leaf in stored.Dropped do
                    let gathered = gathered leaf.Versions.Stream streams
                    gathered.DeletedTo <- max leaf.Versions.Last gathered.DeletedTo

                for place in 0 .. stored.Batch.Entries.Length - 1 do
                    addEntry stored place

                match stored.Batch.KnownKey with
                // A key that was forgotten may be here again: the later one counts.
                | Some key when not stored.Dropped.IsEmpty -> keep key
                | Some key -> keys[key.Key] <- struct ({ Key = key.Key; Content = key.Content; Batch = batches.Count }, None)
                | None -> ()

                let leaf = StoredBatch.treeLeaf stored
                addToTree leaf
                latest <- StoredBatch.latest latest stored

                batches.Add
                    {
                        FirstPosition = receipt.FirstPosition
                        Count = receipt.Count
                        FirstEntry = firstEntry
                        Head = receipt.Head.Hash
                        LastFrame = item.LastFrame
                        Latest = latest
                        TreeLeaf = leaf
                    }

                position <- receipt.Head.Position

        let afterStreams = number 0 streams
        number afterStreams words |> ignore<int>

        {
            Entries =
                [|
                    for struct (row, stream, typeWord) in entries -> { row with Stream = stream.Index; Type = typeWord.Index }
                |]
            Batches = batches.ToArray()
            Streams =
                [|
                    for KeyValue(stream, item) in streams ->
                        {
                            Stream = stream
                            Highest = item.Highest
                            DeletedTo = item.DeletedTo
                            First = item.First
                            Count = item.Entries.Count
                        }
                |]
            Words =
                [|
                    for KeyValue(struct (kind, text), item) in words ->
                        { Kind = kind; Text = text; First = item.First; Count = item.Entries.Count }
                |]
            Postings =
                [|
                    for item in Seq.append streams.Values words.Values do
                        yield! item.Entries
                |]
            Keys =
                [|
                    for struct (key, kept) in keys.Values do
                        if kept.IsNone then
                            key
                |]
            Deletions =
                [|
                    for struct (row, stream) in deletions -> { row with Stream = stream.Index }
                |]
            Kept =
                [|
                    for struct (_, kept) in keys.Values do
                        yield! kept |> Option.map RowKeys.rowsOf |> Option.defaultValue Seq.empty
                |]
            Base = dropped
            Before = before
            Behind = TreePlace.ofPeaks peaks latest
            Nodes = nodes.ToArray()
            HasIds = known.HasIds
            Ids = ids.ToArray() |> sortedIds
            Causes = causes.ToArray() |> sortedIds
        }

    /// The rows of what a scan took from one segment, before which batches come to this.
    let ofItems (hasIds: bool) (before: TreePlace) (items: SegmentItem list) : SegmentRows =
        extend (SegmentRows.Empty(hasIds, before)) 0L items

    /// What batches come to behind these items.
    let placeBehind (before: TreePlace) (items: SegmentItem list) : TreePlace =
        let mutable peaks = TreePlace.peaks before
        let mutable latest = before.Latest

        for item in items do
            match item.Content with
            | SegmentContent.Base(content, _) ->
                peaks <- TreePlace.peaks content.Tree
                latest <- content.Tree.Latest
            | SegmentContent.Batch stored ->
                let struct (after, _) = peaks.Add(StoredBatch.treeLeaf stored)
                peaks <- after
                latest <- StoredBatch.latest latest stored
            | SegmentContent.Deletion _
            | SegmentContent.KeysForgotten _ -> ()

        TreePlace.ofPeaks peaks latest
