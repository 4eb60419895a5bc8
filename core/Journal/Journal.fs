// The immutable in-memory journal: the specification that every store is tested against.
// Called by properties and scripts as it is, and by the facade's in-memory journal.
namespace Refold.Core

open System.Collections.Immutable
open Refold

/// What a journal knows of one stream.
[<NoComparison>]
type StreamSummary =
    {
        /// The stream.
        Stream: StreamId
        /// Entries up to and including this version were deleted; 0 for none.
        Floor: int64
        /// The highest version it ever had.
        Highest: int64
    }

// Versions from Floor + 1 on, without gaps.
[<NoEquality; NoComparison>]
type private StreamEntries =
    {
        Floor: int64
        Entries: ImmutableList<Entry>
    }

    member this.Highest = this.Floor + int64 this.Entries.Count

/// An immutable journal. What an operation answers is a new journal; the one it was given stays as it was.
[<NoEquality; NoComparison>]
type Journal =
    private
        {
            // Behind a beginning that was dropped.
            Begin: Head
            // In position order; what was deleted is not in it.
            Entries: ImmutableList<Entry>
            Streams: Map<StreamId, StreamEntries>
            // In position order. The last one's head is the journal's.
            Batches: ImmutableList<Receipt>
            // What the batches up to each of them come to, and those of the dropped beginning.
            Places: ImmutableList<TreePlace>
            BeginPlace: TreePlace
            Keys: Map<string, KnownKey>
            Index: JournalIndex
        }

/// Appending to and reading from an immutable journal. Every operation costs at most the logarithm of the journal's size for each
/// entry that it adds, removes or answers.
[<RequireQualifiedAccess>]
module Journal =

    /// A journal without entries.
    let empty: Journal =
        {
            Begin = Head.empty
            Entries = ImmutableList.Empty
            Streams = Map.empty
            Batches = ImmutableList.Empty
            Places = ImmutableList.Empty
            BeginPlace = TreePlace.none
            Keys = Map.empty
            Index = JournalIndex.empty
        }

    /// The last position and the head hash.
    let head (journal: Journal) : Head = if journal.Batches.IsEmpty then journal.Begin else journal.Batches[journal.Batches.Count - 1].Head

    /// The head behind a beginning that was dropped; `Head.empty` of a journal that is whole.
    let beginning (journal: Journal) : Head = journal.Begin

    /// The head after the batch that holds the position, found in one look-up. Position 0, or the last of a dropped beginning, gives the
    /// head there; a position beyond the head, below that, or before the first restored batch after it, gives `None`.
    let headAt (position: int64) (journal: Journal) : Head option =
        if position = journal.Begin.Position then
            Some journal.Begin
        else
            match Ascending.indexAt _.Head.Position position journal.Batches with
            | index when index < journal.Batches.Count && journal.Batches[index].FirstPosition <= position ->
                Some journal.Batches[index].Head
            | _ -> None

    let private lastPlace (journal: Journal) =
        if journal.Places.IsEmpty then journal.BeginPlace else journal.Places[journal.Places.Count - 1]

    /// What the batches come to at a place where one ends: their tree, and the latest time of their entries, deleted ones among them.
    /// `None` where none ends.
    let internal placeAt (position: int64) (journal: Journal) : TreePlace option =
        if position = journal.Begin.Position then
            Some journal.BeginPlace
        else
            match Ascending.indexAt _.Head.Position position journal.Batches with
            | index when index < journal.Batches.Count && journal.Batches[index].Head.Position = position -> Some journal.Places[index]
            | _ -> None

    /// The receipts of the batches behind a dropped beginning, in order.
    let internal receipts (journal: Journal) : ImmutableList<Receipt> = journal.Batches

    /// Whether a place that somebody kept belongs to this journal: `ForeignHistory` where `headAt` its position has another hash or none.
    let checkPlace (place: Head) (journal: Journal) : Result<unit, ReadError> =
        match headAt place.Position journal with
        | Some head when head.Hash = place.Hash -> Ok()
        | _ -> Error(ReadError.ForeignHistory place.Position)

    /// The highest version the stream ever had, deleted or not; 0 for none.
    let highestVersion (stream: StreamId) (journal: Journal) : int64 =
        match Map.tryFind stream journal.Streams with
        | Some found -> found.Highest
        | None -> 0L

    /// The version up to which the stream's entries were deleted; 0 for none.
    let floor (stream: StreamId) (journal: Journal) : int64 =
        match Map.tryFind stream journal.Streams with
        | Some found -> found.Floor
        | None -> 0L

    /// Every stream that ever had an entry, in UTF-8 order of the names.
    let streams (journal: Journal) : StreamSummary list =
        [
            for KeyValue(stream, found) in journal.Streams -> { Stream = stream; Floor = found.Floor; Highest = found.Highest }
        ]

    let private positionOf (entry: Entry) = entry.Position

    let private slice (start: int) (count: int64) (entries: ImmutableList<Entry>) : Entry list =
        let count = int (min count (int64 (entries.Count - start)))
        if count <= 0 then [] else List.ofSeq (entries.GetRange(start, count))

    /// The stream's entries from one version to another, both included, at most `maxCount`, in version order. A `fromVersion` below 1 is
    /// read as 1. Above the highest version, and in an unknown stream, there is nothing; reading from the floor or below it answers
    /// `Dropped`, also where the range is empty.
    let readStream
        (stream: StreamId)
        (fromVersion: int64)
        (toVersion: int64)
        (maxCount: int)
        (journal: Journal)
        : Result<Entry list, ReadError> =
        let fromVersion = max 1L fromVersion

        match Map.tryFind stream journal.Streams with
        | None -> Ok []
        | Some found when fromVersion <= found.Floor -> Error(ReadError.Dropped found.Floor)
        | Some found when fromVersion > found.Highest || toVersion < fromVersion -> Ok []
        | Some found ->
            let count = min (int64 maxCount) (min toVersion found.Highest - fromVersion + 1L)
            Ok(slice (int (fromVersion - found.Floor - 1L)) count found.Entries)

    /// Entries from a position on, at most `maxCount`, in position order. Positions whose entries were deleted are left out.
    let readAll (fromPosition: int64) (maxCount: int) (journal: Journal) : Entry list =
        slice (Ascending.indexAt positionOf fromPosition journal.Entries) (int64 maxCount) journal.Entries

    /// The entry at a position; `None` where it was deleted or never was.
    let tryEntry (position: int64) (journal: Journal) : Entry option =
        match Ascending.indexAt positionOf position journal.Entries with
        | index when index < journal.Entries.Count && journal.Entries[index].Position = position -> Some journal.Entries[index]
        | _ -> None

    /// The matches from a position on, at most `maxCount`, in position order, with the head position they were evaluated at.
    /// The cost follows the matches, not the journal.
    let query (query: Query) (fromPosition: int64) (maxCount: int) (journal: Journal) : QueryAnswer =
        {
            AsOf = (head journal).Position
            Entries =
                JournalIndex.find query fromPosition maxCount journal.Index
                |> List.choose (fun position -> tryEntry position journal)
        }

    // Positions are dense as assigned, so the first one without an entry is where the count falls behind.
    let private firstHoleAfter (after: int64) (journal: Journal) : int64 =
        let entries = journal.Entries
        let start = Ascending.indexAt positionOf (after + 1L) entries
        let dense index = after + 1L + int64 (index - start)

        let hole =
            dense (Ascending.lowest start entries.Count (fun index -> entries[index].Position > dense index))

        if hole > (head journal).Position then 0L else hole

    /// The journal as the rule of appending sees it. An entry that was deleted, or that a restored batch came without, cannot be asked for
    /// its tags any more: it counts as a match of every condition with an `AsOf` before it.
    let internal index (journal: Journal) : IAppendIndex =
        { new IAppendIndex with
            member _.Head = head journal
            member _.HighestVersion stream = highestVersion stream journal
            member _.Covers position = position >= journal.Begin.Position
            member _.TryFindKey key = Map.tryFind key journal.Keys

            member _.FirstMatchAfter(query, after) =
                match JournalIndex.find query (after + 1L) 1 journal.Index, firstHoleAfter after journal with
                | [], hole -> hole
                | matched :: _, 0L -> matched
                | matched :: _, hole -> min matched hole
        }

    let private commit (batch: AcceptedBatch) (journal: Journal) : Journal =
        let entries: Entry[] =
            batch.Entries
            |> Array.mapi (fun place data ->
                {
                    Position = batch.Positions[place]
                    Version = batch.Versions[place]
                    Batch = batch.FirstPosition
                    Data = data
                })

        let addToStream streams (entry: Entry) =
            streams
            |> Map.change entry.Data.Stream (fun found ->
                let found = defaultArg found { Floor = entry.Version - 1L; Entries = ImmutableList.Empty }
                Some { found with Entries = found.Entries.Add entry })

        let before = lastPlace journal
        let struct (peaks, _) = (TreePlace.peaks before).Add(batch.TreeLeaf())

        { journal with
            Entries = journal.Entries.AddRange entries
            Streams = Array.fold addToStream journal.Streams entries
            Batches = journal.Batches.Add batch.Receipt
            Places = journal.Places.Add(TreePlace.ofPeaks peaks (Array.fold TreePlace.later before.Latest batch.Entries))
            Keys =
                match batch.KnownKey with
                | Some known -> Map.add known.Key known journal.Keys
                | None -> journal.Keys
            Index = entries |> Array.fold (fun index entry -> JournalIndex.add entry.Position entry.Data index) journal.Index
        }

    /// Appends an encoded batch: all of it or, with an error, nothing. See `Append.accept` for the order of judgement. A repeated key with
    /// the same content gives the first receipt and the same journal.
    let append (batch: EncodedBatch) (journal: Journal) : Result<Receipt * Journal, AppendError> =
        match Append.accept (index journal) batch with
        | Error error -> Error error
        | Ok(Acceptance.Repeated receipt) -> Ok(receipt, journal)
        | Ok(Acceptance.Fresh accepted) -> Ok(accepted.Receipt, commit accepted journal)

    /// Encodes and appends what a request hands over.
    let appendRequest (request: AppendRequest) (journal: Journal) : Result<Receipt * Journal, AppendError> =
        Append.encode request |> Result.bind (fun batch -> append batch journal)

    /// Puts one exported batch back where it was, as import and copy do: see `Append.restore` for the rule. The floor of a stream that
    /// starts above version 1 is the version before its first.
    let restore (entries: Entry list) (journal: Journal) : Result<Receipt * Journal, AppendError> =
        Append.restore (index journal) entries
        |> Result.map (fun accepted -> accepted.Receipt, commit accepted journal)

    /// The journal without entries that were found in it.
    let private without (entries: Entry list) (journal: Journal) : Journal =
        { journal with
            Entries =
                entries
                |> List.fold (fun left entry -> left.RemoveAt(Ascending.indexAt positionOf entry.Position left)) journal.Entries
            Index = entries |> List.fold (fun index entry -> JournalIndex.remove entry.Position entry.Data index) journal.Index
        }

    /// Deletes the stream's entries up to and including a version; beyond the highest version, all of them (of an outbox, all but the last:
    /// see `Append.deletedTo`). Hides at once. The highest version, keys and the head survive, and a floor is never lowered; an unknown
    /// stream changes nothing.
    let deleteTo (stream: StreamId) (version: int64) (journal: Journal) : Journal =
        match Map.tryFind stream journal.Streams with
        | Some found when Append.deletedTo stream version found.Highest > found.Floor ->
            let floor = Append.deletedTo stream version found.Highest
            let deleted = slice 0 (floor - found.Floor) found.Entries

            let left = { Floor = floor; Entries = found.Entries.RemoveRange(0, deleted.Length) }
            { without deleted journal with Streams = Map.add stream left journal.Streams }
        | _ -> journal

    /// Drops the journal's beginning, as a compaction does: batches that end at a position or before. The last batch stays in any case.
    /// Floors of streams rise to their highest version there. The highest versions, keys and the head survive.
    let dropTo (position: int64) (journal: Journal) : Journal =
        let dropped =
            min (journal.Batches.Count - 1) (Ascending.indexAt _.Head.Position (position + 1L) journal.Batches)

        if dropped <= 0 then
            journal
        else
            let head = journal.Batches[dropped - 1].Head

            let entries =
                slice 0 (int64 (Ascending.indexAt positionOf (head.Position + 1L) journal.Entries)) journal.Entries

            let raiseFloor (streams: Map<StreamId, StreamEntries>) (entry: Entry) =
                let found = streams[entry.Data.Stream]
                Map.add entry.Data.Stream { Floor = entry.Version; Entries = found.Entries.RemoveAt 0 } streams

            { without entries journal with
                Begin = head
                BeginPlace = journal.Places[dropped - 1]
                Batches = journal.Batches.RemoveRange(0, dropped)
                Places = journal.Places.RemoveRange(0, dropped)
                Streams = List.fold raiseFloor journal.Streams entries
            }

    /// Forgets the idempotency keys of batches that begin before a position: from now on they are unknown.
    let forgetKeysBefore (position: int64) (journal: Journal) : Journal =
        { journal with
            Keys = journal.Keys |> Map.filter (fun _ known -> known.Receipt.FirstPosition >= position)
        }
