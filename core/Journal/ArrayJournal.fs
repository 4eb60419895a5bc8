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
    let batches = Column<struct (int64 * Head)>()
    let mutable start = Head.empty
    let mutable head = Head.empty

    // In position order. Behind a deletion those that were deleted are left out when they are next asked for.
    let mutable entries = Column<Entry>()
    let mutable isStale = false

    // The index of queries, made when something is asked: of the first so many entries.
    let mutable indexed = 0
    let mutable all = Column<int64>()
    let tagged = Dictionary<string, Column<int64>> StringComparer.Ordinal
    let typed = Dictionary<string, Column<int64>> StringComparer.Ordinal

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
            indexed <- 0
            all <- Column<int64>()
            tagged.Clear()
            typed.Clear()

        entries.Items

    let add (found: Dictionary<string, Column<int64>>) (word: string) (position: int64) =
        match found.TryGetValue word with
        | true, positions -> positions.Add position
        | false, _ ->
            let positions = Column<int64>()
            positions.Add position
            found.Add(word, positions)

    let lookIn (found: Dictionary<string, Column<int64>>) (word: string) : IReadOnlyList<int64> =
        match found.TryGetValue word with
        | true, positions -> positions.Items
        | false, _ -> Array.Empty<int64>()

    let ask (query: Query) : AskedQuery =
        let entries = current ()

        while indexed < entries.Count do
            let entry = entries[indexed]
            all.Add entry.Position
            add typed entry.Data.Type entry.Position

            for tag in Tags.toOutward entry.Data.Role entry.Data.Tags do
                add tagged tag entry.Position

            indexed <- indexed + 1

        let lookup: PositionLookup = { Every = all.Items; OfTag = lookIn tagged; OfType = lookIn typed }

        {
            AsOf = head.Position
            Demands = JournalIndex.demands query lookup
            Entries = entries
        }

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

    let commit (batch: AcceptedBatch) =
        for place in 0 .. batch.Count - 1 do
            let entry: Entry =
                {
                    Position = batch.Position place
                    Version = batch.Version place
                    Batch = batch.FirstPosition
                    Data = batch.Entry place
                }

            entries.Add entry
            (columnOf entry).Entries.Add entry

        head <- batch.Head
        batches.Add(struct (batch.FirstPosition, head))

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
    member _.HeadAt(position: int64) : Head voption =
        if position = start.Position then
            ValueSome start
        else
            match Ascending.indexAt (fun (struct (_, head: Head)) -> head.Position) position batches.Items with
            | index when index < batches.Count ->
                let struct (first, head) = batches[index]
                if first <= position then ValueSome head else ValueNone
            | _ -> ValueNone

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

        let isBehind (column: StreamColumn) =
            Text.compareUtf8 column.Stream.Value prefix >= 0
            && (match after with
                | null -> true
                | after -> Text.compareUtf8 column.Stream.Value after.Value > 0)

        let mutable place = Ascending.lowest 0 columns.Length (fun index -> isBehind columns[index])
        let found = ResizeArray<StreamSummary>()

        while found.Count < maxCount
              && place < columns.Length
              && columns[place].Stream.Value.StartsWith(prefix, StringComparison.Ordinal) do
            let column = columns[place]

            found.Add { Stream = column.Stream; Floor = column.Floor; Highest = column.Highest }

            place <- place + 1

        found

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
                found.DropTo floor
                isStale <- true
        | false, _ -> ()

    /// As `Journal.dropTo`.
    member _.DropTo(position: int64) : unit =
        let headOf (struct (_, head: Head)) = head.Position
        let dropped = min (batches.Count - 1) (Ascending.indexAt headOf (position + 1L) batches.Items)

        if dropped > 0 then
            let struct (_, last) = batches[dropped - 1]

            let floors = Dictionary<StreamId, int64>()

            let entries = current ()

            for index in 0 .. entries.Count - 1 do
                let entry = entries[index]

                if entry.Position <= last.Position then
                    floors[entry.Data.Stream] <- entry.Version

            for KeyValue(stream, floor) in floors do
                streams[stream].DropTo floor

            batches.Drop dropped
            start <- last
            isStale <- true

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
