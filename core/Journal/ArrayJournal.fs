// The journal in memory that programs run on: growing arrays, which give the answers of the immutable journal, the model.
// Called by the facade's in-memory journal, under its lock; what is handed out is read outside the lock and never changes.
namespace Refold.Core

open System
open System.Collections.Generic
open Refold

/// A journal that changes. Not safe for use by many threads.
[<Sealed>]
type internal ArrayJournal() =

    let streams = Dictionary<StreamId, StreamColumn>()
    let keys = Dictionary<string, KnownKey> StringComparer.Ordinal
    let batches = Column<ArrayBatch>()
    let tree = ArrayTree()
    // How many batches were dropped, and the latest time of their entries.
    let mutable dropped = 0L
    let mutable latestDropped = TreePlace.noTime
    let mutable latest = TreePlace.noTime
    // Sizes before the beginning that stay provable.
    let mutable named: Set<int64> = Set.empty
    let mutable start = Head.empty
    let mutable head = Head.empty

    // In position order. Behind a deletion those that were deleted are left out when they are next asked for.
    let mutable entries = Column<Entry>()
    let mutable isStale = false

    let queries = ArrayQueries()

    // In the order of names, where no stream is new since.
    let mutable sorted: StreamColumn[] | null = null

    let current () =
        if isStale then
            let left = Column<Entry>()

            for index in 0 .. entries.Count - 1 do
                let entry = entries[index]

                if entry.Version > streams[entry.Data.Stream].Floor then
                    left.Add entry

            entries <- left
            isStale <- false
            queries.Clear()

        entries.Items

    let ask (query: Query) : AskedQuery = queries.Ask(query, current (), head.Position)

    // Positions are dense as assigned, so the first one without an entry is where the count falls behind.
    let firstHoleAfter (after: int64) : int64 =
        let entries = current ()
        let start = Ascending.indexAt (fun (entry: Entry) -> entry.Position) (after + 1L) entries
        let dense index = after + 1L + int64 (index - start)

        let hole =
            dense (Ascending.lowest start entries.Count (fun index -> entries[index].Position > dense index))

        if hole > head.Position then 0L else hole

    let columnOf (entry: Entry) =
        let stream = entry.Data.Stream

        match streams.TryGetValue stream with
        | true, column -> column
        | false, _ ->
            let column = StreamColumn(stream, entry.Version - 1L)
            streams.Add(stream, column)
            sorted <- null
            column

    let leavesOf (batch: ArrayBatch) : Leaf list =
        match tree.TryKept batch.First with
        | Some leaves -> leaves
        | None ->
            let entries = current ()
            let start = Ascending.indexAt (fun (entry: Entry) -> entry.Position) batch.First entries
            ArrayTree.LeavesOf(entries.Slice(start, int (batch.Head.Position - batch.First + 1L)))

    // All batches are in the tree from now on.
    let settle () =
        while tree.Size < dropped + int64 batches.Count do
            let batch = batches[int (tree.Size - dropped)]
            tree.Add(TreePlace.leafOf batch.First (leavesOf batch))

    // The number of the batch that holds a position, among those that are here; their number where none does.
    let batchAt (position: int64) : int =
        match Ascending.indexAt (fun (batch: ArrayBatch) -> batch.Head.Position) position batches.Items with
        | index when index < batches.Count && batches[index].First <= position -> index
        | _ -> batches.Count

    let commit (batch: AcceptedBatch) =
        for place in 0 .. batch.Count - 1 do
            let entry: Entry =
                {
                    Position = batch.Position place
                    Version = batch.Version place
                    Batch = batch.FirstPosition
                    Data = batch.Entry place
                }

            latest <- TreePlace.later latest entry.Data

            entries.Add entry
            (columnOf entry).Entries.Add entry

        head <- batch.Head
        batches.Add { First = batch.FirstPosition; Head = head; Latest = latest }

        if batch.Count < batch.Placed.Count then
            tree.Keep(batch.FirstPosition, batch.Leaves)

        if batch.Key.IsSome then
            match batch.KnownKey with
            | Some known -> keys[known.Key] <- known
            | None -> ()

        batch.Release()

    /// The last position and head hash.
    member _.Head: Head = head

    /// The head behind a beginning that was dropped.
    member _.Beginning: Head = start

    /// As `Journal.headAt`.
    member this.HeadAt(position: int64) : Head voption =
        if position = start.Position then
            ValueSome start
        else
            this.BatchAt position |> ValueOption.map (fun (struct (_, batch)) -> batch.Head)

    /// As `Journal.highestVersion`.
    member _.HighestVersion(stream: StreamId) : int64 =
        match streams.TryGetValue stream with
        | true, column -> column.Highest
        | false, _ -> 0L

    /// What an idempotency key stands for.
    member _.TryFindKey(key: string) : KnownKey option =
        match keys.TryGetValue key with
        | true, known -> Some known
        | false, _ -> None

    /// As `Journal.streams`: at most `maxCount` of those that begin with a prefix, behind a stream where one is named.
    member _.Streams(prefix: string, after: StreamId | null, maxCount: int) : ResizeArray<StreamSummary> =
        let columns =
            match sorted with
            | null ->
                let made = Seq.toArray streams.Values
                Array.sortInPlaceWith (fun (one: StreamColumn) (other: StreamColumn) -> compare one.Stream other.Stream) made
                sorted <- made
                made
            | made -> made

        StreamColumn.Page(columns, prefix, after, maxCount)

    /// As `Journal.readStream`.
    member _.ReadStream(stream: StreamId, fromVersion: int64, toVersion: int64, maxCount: int64) : Result<ColumnItems<Entry>, ReadError> =
        let fromVersion = max 1L fromVersion

        match streams.TryGetValue stream with
        | false, _ -> Ok ColumnItems.None
        | true, found when fromVersion <= found.Floor -> Error(ReadError.Dropped found.Floor)
        | true, found when fromVersion > found.Highest || toVersion < fromVersion || maxCount <= 0L -> Ok ColumnItems.None
        | true, found ->
            let count = min maxCount (min toVersion found.Highest - fromVersion + 1L)
            let items = found.Entries.Items
            Ok(items.Slice(int (fromVersion - found.Floor - 1L), int count))

    /// As `Journal.readAll`.
    member _.ReadAll(fromPosition: int64, maxCount: int64) : ColumnItems<Entry> =
        let entries = current ()
        let first = Ascending.indexAt (fun (entry: Entry) -> entry.Position) fromPosition entries
        let count = min maxCount (int64 (entries.Count - first))
        if count <= 0L then ColumnItems.None else entries.Slice(first, int count)

    /// A query as of now.
    member _.Ask(query: Query) : AskedQuery = ask query

    /// As `Journal.append`; true with a batch that was appended now, false with a receipt of before. A batch that is lent is given back.
    member this.Append(batch: EncodedBatch) : Result<struct (PlacedReceipt * bool), AppendError> =
        match Append.accept (this :> IAppendIndex) batch with
        | Error error -> Error error
        | Ok(Acceptance.Repeated receipt) -> Ok(struct (PlacedReceipt.Of receipt, false))
        | Ok(Acceptance.Fresh accepted) ->
            commit accepted
            Ok(struct (accepted.Placed, true))

    /// As `Journal.restore`.
    member this.Restore(restored: Entry list) : Result<struct (PlacedReceipt * bool), AppendError> =
        Append.restore (this :> IAppendIndex) restored
        |> Result.map (fun accepted ->
            commit accepted
            struct (accepted.Placed, true))

    /// As `Journal.deleteTo`.
    member _.DeleteTo(stream: StreamId, version: int64) : unit =
        match streams.TryGetValue stream with
        | true, found ->
            let floor = Append.deletedTo stream version found.Highest

            if floor > found.Floor then
                settle ()

                for index in 0 .. int (floor - found.Floor) - 1 do
                    match batchAt found.Entries[index].Position with
                    | number when number < batches.Count -> tree.Keep(batches[number].First, leavesOf batches[number])
                    | _ -> ()

                found.DropTo floor
                isStale <- true
        | false, _ -> ()

    /// As `Journal.dropTo`. Growth from the sizes that are named stays provable.
    member _.DropTo(position: int64, provable: int64 seq) : unit =
        let headOf (batch: ArrayBatch) = batch.Head.Position
        let first = min (batches.Count - 1) (Ascending.indexAt headOf (position + 1L) batches.Items)

        if first > 0 then
            settle ()
            let last = batches[first - 1].Head
            latestDropped <- batches[first - 1].Latest
            let before = dropped
            dropped <- dropped + int64 first
            let added = provable |> Seq.filter (fun size -> size >= before) |> Set.ofSeq
            named <- Set.union named added |> Set.filter (fun size -> size > 0L && size < dropped)

            let floors = Dictionary<StreamId, int64>()

            let entries = current ()

            for index in 0 .. entries.Count - 1 do
                let entry = entries[index]

                if entry.Position <= last.Position then
                    floors[entry.Data.Stream] <- entry.Version

            for KeyValue(stream, floor) in floors do
                streams[stream].DropTo floor

            batches.Drop first
            start <- last
            isStale <- true

    /// How many batches there are, those counted that were dropped: all are in the tree behind this call.
    member _.TreeSize: int64 =
        settle ()
        tree.Size

    /// What the batches of a beginning that was dropped come to.
    member _.Dropped: TreePlace =
        {
            Batches = dropped
            Peaks = BatchTree.cover 0L dropped |> List.map tree.Node
            Latest = latestDropped
        }

    /// Sizes before the beginning that stay provable, with the proofs to it.
    member _.Provable: ProvableSize list =
        let proof size = BatchTree.consistency tree.Node size dropped
        [ for size in named -> { ProvableSize.Size = size; Proof = proof size } ]

    /// A complete subtree, of batches that are in the tree.
    member _.TreeNode(node: TreeNode) : Hash = tree.Node node

    /// The batch that holds a position and how many batches come before it; none in a gap and behind the last one.
    member this.BatchAt(position: int64) : struct (int64 * ArrayBatch) voption =
        this.NextBatch position |> ValueOption.filter (fun (struct (_, batch)) -> batch.First <= position)

    /// The first batch that ends at a position or behind it, and how many batches come before it.
    member _.NextBatch(position: int64) : struct (int64 * ArrayBatch) voption =
        match Ascending.indexAt (fun (batch: ArrayBatch) -> batch.Head.Position) position batches.Items with
        | index when index = batches.Count -> ValueNone
        | index -> ValueSome(struct (dropped + int64 index, batches[index]))

    /// The leaves of a batch that is here.
    member _.LeavesOf(batch: ArrayBatch) : Leaf list = leavesOf batch

    /// As `Journal.forgetKeysBefore`.
    member _.ForgetKeysBefore(position: int64) : unit =
        for known in Seq.toArray keys.Values do
            if known.Receipt.FirstPosition < position then
                keys.Remove known.Key |> ignore<bool>

    interface IAppendIndex with
        member _.Head = head
        member this.HighestVersion stream = this.HighestVersion stream
        member _.Covers position = position >= start.Position
        member this.TryFindKey key = this.TryFindKey key

        member _.FirstMatchAfter(query, after) =
            match JournalIndex.findAmong (after + 1L) 1 (ask query).Demands, firstHoleAfter after with
            | [], hole -> hole
            | matched :: _, 0L -> matched
            | matched :: _, hole -> min matched hole
