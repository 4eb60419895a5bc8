// The index of a segment that grows, in columns: all that is kept of an entry once it is committed. FORMAT.md, "Footer".
// Made and filled by the part of a store's index that has no footer to ask; ColumnRows.fs makes rows of it for checkpoints and the footer.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Collections.Generic

/// The columns of one segment. One thread adds and looks up, or others look up while none adds; rows of a cut are made by any thread
/// meanwhile. `before` is what the batches before the segment come to; where it is not said, nothing can be made of the columns.
[<Sealed>]
type internal IndexColumns(hasIds: bool, before: TreePlace voption, isKept: bool) =
    let entries = Chunks<ColumnEntry>()
    let batches = Chunks<ColumnBatch>()
    let names = ColumnNames()
    let keys = ColumnKeys()
    let deletions = Chunks<ColumnDeletion>()
    let ids = ColumnIds names
    let mutable position = 0L
    let mutable dropped: BaseStream[] option = None
    let mutable before = ValueOption.defaultValue TreePlace.none before
    let tree = ColumnTree(TreePlace.peaks before)
    let mutable latest = before.Latest
    let mutable keysBefore = 0L

    let drop (stream: StreamId) (version: int64) (frame: int64) =
        let column = names.Stream stream
        column.DeletedTo <- max version column.DeletedTo

        deletions.Add
            {
                Stream = column.Number
                Version = version
                Position = position
                LastFrame = frame
            }

    let addEntry (batch: AcceptedBatch) (place: int) (offset: int) =
        let role = batch.Role place
        let position = batch.Position place
        let version = batch.Version place
        let stream = names.Stream(batch.Stream place)
        let typeWord = names.Word(WordKind.Type, batch.Type place)
        let index = entries.Count
        let whole = batch.Whole place

        match whole with
        | null -> ()
        | data ->
            for tag in data.Tags do
                names.Word(WordKind.Tag, tag.Value).Entries.Add index

        match Role.kind role with
        | Some kind -> names.Word(WordKind.Tag, EntryKind.tag kind).Entries.Add index
        | None -> ()

        stream.Entries.Add index
        typeWord.Entries.Add index
        stream.Highest <- version

        match whole with
        | null -> ()
        | data ->
            if hasIds && isKept then
                ids.Add(index, data)

        entries.Add
            {
                Position = position
                Version = version
                Offset = offset
                Length = FrameLayout.size (batch.CanonicalBytes place).Length (position = batch.Head.Position)
                Stream = stream.Number
                TypeAndRole = (typeWord.Number <<< 3) ||| int (Role.toByte role)
            }

    /// Columns of which rows are made where it is said what comes before.
    new(hasIds: bool, before: TreePlace voption) = IndexColumns(hasIds, before, before.IsSome)

    /// How many entries there are, numbered from 0 in position order.
    member _.Entries: int = entries.Count

    /// An entry.
    member _.Entry(number: int) : ColumnEntry = entries[number]

    /// How many batches there are.
    member _.Batches: int = batches.Count

    /// A batch.
    member _.Batch(number: int) : ColumnBatch = batches[number]

    /// Its streams, types, tags and runs.
    member _.Names: ColumnNames = names

    /// Whether a key is kept without its batch that begins before a position.
    member _.KeepsKeyBefore(position: int64) : bool = keys.KeepsBefore position

    /// What a key stands for that was first used here, or that the base kept; null for any other.
    member _.Key(key: string) : KnownKey | null =
        match keys.Find key with
        | ValueNone -> null
        | ValueSome found ->
            match found.Kept with
            | ValueSome kept -> kept
            | ValueNone ->
                let first = batches[found.Batch].FirstEntry

                let behind =
                    if found.Batch = batches.Count - 1 then entries.Count else batches[found.Batch + 1].FirstEntry

                let rows =
                    Seq.init (behind - first) (fun place -> ColumnEntry.row id id found.Batch entries[first + place])

                {
                    Key = key
                    Content = found.Content
                    Receipt =
                        RowKeys.receipt (ColumnBatch.row Hash.Zero batches[found.Batch]) rows (fun number -> names.StreamAt(number).Stream)
                }

    /// Adds a batch. `lastFrame` is the number of its last frame.
    member _.Add(stored: StoredBatch, lastFrame: int64) : unit =
        let batch = stored.Batch
        let firstEntry = entries.Count

        for leaf in stored.Dropped do
            drop leaf.Versions.Stream leaf.Versions.Last 0L

        for place in 0 .. batch.Count - 1 do
            addEntry batch place stored.Offsets[place]

        match batch.Key with
        // A key that was forgotten may be here again: the later one counts.
        | Some(key, content) when stored.Dropped.IsEmpty -> keys.Keep(key, content, batches.Count, ValueNone)
        | Some(key, content) -> keys.Keep(key, content, -1, (ValueSome { Key = key; Content = content; Receipt = batch.Receipt }))
        | None -> ()

        latest <- StoredBatch.latest latest stored

        batches.Add
            {
                FirstPosition = batch.FirstPosition
                Count = batch.Placed.Count
                FirstEntry = firstEntry
                LastFrame = lastFrame
                Latest = latest
                Head = batch.Head.Hash
            }

        tree.Add batch

        position <- batch.Head.Position

    /// Adds a deletion of a stream's entries up to a version.
    member _.AddDeletion(stream: StreamId, version: int64, lastFrame: int64) : unit = drop stream version lastFrame

    /// Adds what a dropped beginning left.
    member _.AddBase(content: BaseContent, head: Head) : unit =
        dropped <- Some(content.Streams |> List.sortBy _.Stream |> Array.ofList)

        for key in content.Keys do
            keys.Keep(key.Key, key.Content, -1, (ValueSome key))

        before <- content.Tree
        tree.Begin(TreePlace.peaks before)
        latest <- before.Latest
        position <- head.Position
        keysBefore <- max keysBefore content.KeysBefore

    /// Keys of batches that begin before a position are forgotten.
    member _.ForgetKeys(before: int64) : unit = keysBefore <- max keysBefore before

    /// Makes what the tree needs of the batches: nothing of them is kept from then on. No look-up needs it.
    member _.Settle() : unit = tree.Settle()

    /// How many batches are kept because nothing was made of them yet.
    member _.Waiting: int = tree.Waiting

    /// What the batches before the segment come to.
    member _.Before: TreePlace = before

    /// What the batches up to the last one come to.
    member _.Behind: TreePlace =
        tree.Settle()
        TreePlace.ofPeaks tree.Peaks latest

    /// Takes the rows of the segment's first frames, behind which the head has a position; the columns are empty before.
    member _.Restore(known: SegmentRows, head: int64, forgottenBefore: int64) : unit =
        before <- known.Before
        tree.Restore(TreePlace.peaks known.Behind, known.Batches, known.Nodes)
        latest <- known.Behind.Latest
        dropped <- known.Base
        keysBefore <- forgottenBefore
        position <- if known.Batches.Length = 0 && known.Base.IsNone then 0L else head

        for row in known.Streams do
            let stream = names.Stream row.Stream
            stream.Highest <- row.Highest
            stream.Entries.AddRange(ReadOnlySpan(known.Postings, row.First, row.Count))

            if row.DeletedTo > 0L then
                drop row.Stream row.DeletedTo 0L

        for row in known.Words do
            let word = names.Word(row.Kind, row.Text)
            word.Entries.AddRange(ReadOnlySpan(known.Postings, row.First, row.Count))

        for index in 0 .. known.Entries.Length - 1 do
            let row = known.Entries[index]

            entries.Add
                {
                    Position = row.Position
                    Version = row.Version
                    Offset = int row.Offset
                    Length = row.Length
                    Stream = row.Stream
                    TypeAndRole = (row.Type <<< 3) ||| int (Role.toByte row.Role)
                }

        for row in known.Batches do
            batches.Add(ColumnBatch.ofRow row)

        for row in known.Deletions do
            deletions.Add
                {
                    Stream = row.Stream
                    Version = row.Version
                    Position = row.Position
                    LastFrame = row.LastFrame
                }

        for row in known.Keys do
            keys.Keep(row.Key, row.Content, row.Batch, ValueNone)

        for key in RowKeys.kept known.Kept do
            keys.Keep(key.Key, key.Content, -1, (ValueSome key))

        if hasIds && isKept then
            ids.Restore(known.Ids, known.Causes, known.Entries.Length)

    /// How far the columns go now; for the thread that adds.
    member this.Cut() : ColumnCut =
        let behind = this.Behind

        {
            Entries = entries.Count
            Batches = batches.Count
            Streams = names.Streams
            Words = names.Words
            Keys = keys.Count
            Deletions = deletions.Count
            Given = ids.Given
            Causes = ids.Causes
            Nodes = tree.Nodes
            Runs = ids.Runs
            Base = dropped
            Before = before
            Behind = behind
            KeysBefore = keysBefore
        }

    /// Whether there are rows of ids and runs.
    member _.HasIds: bool = hasIds

    /// A use of a key, in order.
    member _.KeyAt(number: int) : ColumnKey = keys.At number

    /// A deletion, or the versions of a dropped leaf, in order.
    member _.DeletionAt(number: int) : ColumnDeletion = deletions[number]

    /// The leaf of a batch in the tree.
    member _.TreeLeaf(number: int) : Hash = tree.Leaf number

    /// A subtree, in order.
    member _.NodeAt(number: int) : NodeRow = tree.Node number

    /// How many subtrees there are.
    member _.Nodes: int = tree.Nodes

    /// The id of what brought an entry about, in order.
    member _.CauseAt(number: int) : IdRow = ids.CauseAt number

    /// Fills in the ids of the entries up to a cut, in their order.
    member _.IdsOf(cut: ColumnCut, rows: IdRow[]) : unit =
        let identity index =
            let entry = entries[index]
            struct (names.StreamAt(entry.Stream).Stream, entry.Version)

        ids.Upto(cut.Entries, cut.Given, cut.Runs, identity, rows)
