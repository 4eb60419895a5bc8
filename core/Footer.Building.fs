// A scan to index rows. FORMAT.md, "Footer".
// Called when a segment is sealed, a checkpoint written, or a footer compared with its frames.
namespace Refold.Core

open System
open System.Collections.Generic

/// Making rows.
[<RequireQualifiedAccess>]
module IndexRows =

    let internal compareWords (struct (kind: WordKind, text: string)) (struct (otherKind: WordKind, otherText: string)) =
        if kind = otherKind then Text.compareUtf8 text otherText
        elif kind = WordKind.Type then -1
        else 1

    // Sorted, so that nothing depends on hash codes; the value of each key is filled with indexes of entries.
    let private sortedBy (compare: 'Key -> 'Key -> int) =
        SortedDictionary<'Key, ResizeArray<int>>(Comparer.Create(Comparison compare))

    let private listOf (key: 'Key) (found: SortedDictionary<'Key, ResizeArray<int>>) =
        match found.TryGetValue key with
        | true, list -> list
        | false, _ ->
            let list = ResizeArray()
            found[key] <- list
            list

    let private orZero (list: ResizeArray<int>) (found: Dictionary<ResizeArray<int>, int64>) =
        match found.TryGetValue list with
        | true, value -> value
        | false, _ -> 0L

    let private sortBase (content: BaseContent) : BaseContent =
        {
            Streams = content.Streams |> List.sortBy _.Stream
            Keys = content.Keys |> List.sortWith (fun left right -> Text.compareUtf8 left.Key right.Key)
        }

    /// The index of each key, and where its postings begin.
    let private places (start: int) (found: SortedDictionary<'Key, ResizeArray<int>>) =
        let mutable next = start
        let ordered = Dictionary<ResizeArray<int>, int>(HashIdentity.Reference)

        let rows =
            [|
                for KeyValue(key, list) in found do
                    ordered[list] <- ordered.Count
                    struct (key, next, list.Count)
                    next <- next + list.Count
            |]

        struct (rows, ordered, next)

    /// The rows of what a scan took from one segment.
    let ofItems (items: SegmentItem list) : SegmentRows =
        let streams = sortedBy (fun (left: StreamId) (right: StreamId) -> Text.compareUtf8 left.Value right.Value)
        let words = sortedBy compareWords
        let keys = SortedDictionary<string, KeyRow>(Comparer.Create(Comparison Text.compareUtf8))
        let entries = ResizeArray<struct (EntryRow * ResizeArray<int> * ResizeArray<int>)>()
        let batches = ResizeArray<BatchRow>()
        let deletions = ResizeArray<struct (DeletionRow * ResizeArray<int>)>()
        let highest = Dictionary<ResizeArray<int>, int64>(HashIdentity.Reference)
        let deletedTo = Dictionary<ResizeArray<int>, int64>(HashIdentity.Reference)
        let mutable position = 0L
        let mutable dropped = None

        let addEntry (stored: StoredBatch) place =
            let batch = stored.Batch
            let data = batch.Entries[place]
            let stream = listOf data.Stream streams
            let typeWord = listOf (struct (WordKind.Type, data.Type)) words
            let index = entries.Count

            for tag in Tags.toOutward data.Role data.Tags do
                (listOf (struct (WordKind.Tag, tag)) words).Add index

            stream.Add index
            typeWord.Add index
            highest[stream] <- batch.Versions[place]
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
                dropped <- Some(sortBase content)
                position <- head.Position
            | SegmentContent.Deletion(stream, version) ->
                let list = listOf stream streams
                deletedTo[list] <- max version (orZero list deletedTo)

                deletions.Add(
                    struct ({
                                Stream = 0
                                Version = version
                                Position = position
                                LastFrame = item.LastFrame
                            },
                            list)
                )
            | SegmentContent.Batch stored ->
                let receipt = stored.Batch.Receipt
                let firstEntry = entries.Count
                
                for place in 0 .. stored.Batch.Entries.Length - 1 do
                    addEntry stored place


                match stored.Batch.Key with
                | Some(key, content) when not (keys.ContainsKey key) ->
                    keys[key] <- { Key = key; Content = content; Batch = batches.Count }
                | _ -> ()

                batches.Add
                    {
                        FirstPosition = receipt.FirstPosition
                        Count = receipt.Count
                        FirstEntry = firstEntry
                        Head = receipt.Head.Hash
                        LastFrame = item.LastFrame
                    }

                position <- receipt.Head.Position

        let struct (streamPlaces, streamIndexes, next) = places 0 streams
        let struct (wordPlaces, wordIndexes, _) = places next words

        {
            Entries =
                [|
                    for struct (row, stream, typeWord) in entries ->
                        { row with Stream = streamIndexes[stream]; Type = wordIndexes[typeWord] }
                |]
            Batches = batches.ToArray()
            Streams =
                [|
                    for struct (stream, first, count) in streamPlaces ->
                        {
                            Stream = stream
                            Highest = orZero streams[stream] highest
                            DeletedTo = orZero streams[stream] deletedTo
                            First = first
                            Count = count
                        }
                |]
            Words =
                [|
                    for struct (struct (kind, text), first, count) in wordPlaces ->
                        { Kind = kind; Text = text; First = first; Count = count }
                |]
            Postings = [| yield! Seq.concat streams.Values; yield! Seq.concat words.Values |]
            Keys = Array.ofSeq keys.Values
            Deletions = [| for struct (row, stream) in deletions -> { row with Stream = streamIndexes[stream] } |]
            Base = dropped
        }

    /// The receipt of a batch, as it was answered when the batch was appended.
    let receipt (batch: BatchRow) (entries: EntryRow seq) (nameOf: int -> StreamId) : Receipt =
        let versions =
            entries
            |> Seq.groupBy _.Stream
            |> Seq.map (fun (stream, rows) ->
                {
                    Stream = nameOf stream
                    First = (Seq.head rows).Version
                    Last = (Seq.last rows).Version
                })
            |> List.ofSeq

        {
            FirstPosition = batch.FirstPosition
            Count = batch.Count
            Versions = versions
            Head = { Position = batch.FirstPosition + int64 batch.Count - 1L; Hash = batch.Head }
        }
