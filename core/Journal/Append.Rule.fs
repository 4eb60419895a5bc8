// The one rule that decides, in commit order, whether a batch is committed and which place it gets.
// Journal.fs and every store of the facade accept appends, and restore exported batches, through this file.
namespace Refold.Core

open System.Collections.Generic
open Refold

/// Preparing and accepting.
[<RequireQualifiedAccess>]
module Append =

    /// The highest position and version that an entry may have, 2^62.
    let highestPlace: int64 = 1L <<< 62

    /// The version up to which a deletion goes in a stream of this highest version. The last entry of an outbox stays: an export has no
    /// other trace of the numbers that were given, and they must not be given again.
    let internal deletedTo (stream: StreamId) (version: int64) (highest: int64) : int64 =
        min version (if StreamId.isOutbox stream then highest - 1L else highest)

    /// An append of these entries that expects nothing.
    let request (entries: EntryData list) : AppendRequest = { Entries = entries; Expected = []; Condition = None; Key = None }

    /// Encodes what Refold itself appends, or imports: streams that begin with `$` may be among it.
    let internal encodeOwn (request: AppendRequest) : Result<EncodedBatch, AppendError> = Encoding.batch EncodingWay.Dense request

    /// Validates, encodes and hashes what an append hands over, once and for every journal. The only errors here are `Invalid`; a stream
    /// that begins with `$` is one: it is Refold's own, and what is appended to it by others would be taken for what a run recorded.
    let encode (request: AppendRequest) : Result<EncodedBatch, AppendError> =
        match request.Entries |> List.tryFind _.Stream.IsSystem with
        | Some data -> Error(AppendError.Invalid(ValueError.Reserved("stream", data.Stream.Value)))
        | None -> encodeOwn request

    /// Encodes entries that lie elsewhere, as `encode` does, or as `encodeOwn` does. `mayLend`: see `Encoding.batchOf`.
    let internal encodeFrom
        (request: AppendRequest)
        (source: AppendedEntries)
        (allowsOwn: bool)
        (mayLend: bool)
        : Result<EncodedBatch, AppendError> =
        let mutable own = 0

        if not allowsOwn then
            while own < source.Count && not (source.Stream own).IsSystem do
                own <- own + 1

        if not allowsOwn && own < source.Count then
            Error(AppendError.Invalid(ValueError.Reserved("stream", (source.Stream own).Value)))
        else
            Encoding.batchOf (AppendDemands.Requested request) source mayLend

    let private versionsOf (streamOf: int -> StreamId) (versions: int64[]) : StreamVersions list =
        let order = ResizeArray<StreamId>()
        let found = Dictionary<StreamId, struct (int64 * int64)>()

        for index in 0 .. versions.Length - 1 do
            let stream = streamOf index

            match found.TryGetValue stream with
            | true, struct (first, _) -> found[stream] <- struct (first, versions[index])
            | false, _ ->
                order.Add stream
                found[stream] <- struct (versions[index], versions[index])

        [
            for stream in order ->
                let struct (first, last) = found[stream]
                { Stream = stream; First = first; Last = last }
        ]

    /// The same of a batch whose streams are known.
    let private versionsIn (streams: StreamId[]) (numbers: int[]) (versions: int64[]) : StreamVersions list =
        let first = Array.zeroCreate<int64> streams.Length
        let last = Array.zeroCreate<int64> streams.Length

        for place in 0 .. versions.Length - 1 do
            let number = numbers[place]

            if first[number] = 0L then
                first[number] <- versions[place]

            last[number] <- versions[place]

        let mutable made = []

        for number in streams.Length - 1 .. -1 .. 0 do
            made <- { Stream = streams[number]; First = first[number]; Last = last[number] } :: made

        made

    /// The highest version of a stream before each entry of a batch that comes with versions.
    let private versionsBefore (index: IAppendIndex) (batch: EncodedBatch) (versions: int64[]) : int64[] =
        let highest = Array.create batch.StreamArray.Length -1L

        Array.init batch.Count (fun place ->
            let number = batch.StreamNumbers[place]

            let before =
                if highest[number] >= 0L then highest[number] else index.HighestVersion batch.StreamArray[number]

            highest[number] <- versions[place]
            before)

    let rec private firstConflict (index: IAppendIndex) (expected: (StreamId * ExpectedVersion) list) =
        match expected with
        | [] -> None
        | (stream, expected) :: rest ->
            let actual = index.HighestVersion stream

            if expected.IsMetBy actual then
                firstConflict index rest
            else
                Some(AppendError.Conflict(stream.Value, expected, actual))

    let private conflictOf (index: IAppendIndex) (stream: StreamId) (version: int64) =
        let actual = index.HighestVersion stream

        if actual = version then
            None
        else
            Some(AppendError.Conflict(stream.Value, ExpectedVersion.after version, actual))

    let private conflict (index: IAppendIndex) (demands: AppendDemands) =
        match demands with
        | AppendDemands.Requested request -> firstConflict index request.Expected
        | AppendDemands.OfStep step ->
            match step.Run with
            | null -> conflictOf index step.Target step.Version
            | run ->
                match conflictOf index run step.RunVersion with
                | None -> conflictOf index step.Target step.Version
                | conflict -> conflict

    let private failedCondition (index: IAppendIndex) (demands: AppendDemands) =
        match demands.Condition with
        | None -> None
        | Some condition when condition.AsOf < 0L || condition.AsOf > index.Head.Position || not (index.Covers condition.AsOf) ->
            Some(AppendError.ConditionFailed 0L)
        | Some condition ->
            match index.FirstMatchAfter(condition.Query, condition.AsOf) with
            | 0L -> None
            | position -> Some(AppendError.ConditionFailed position)

    /// Leaves in position order; positions between them that nothing is known about become leaves of their own.
    let private placeLeaves (found: struct (int * int * Hash)[]) (first: int64) (positions: int64[]) (versions: int64[]) =
        let mutable leaves: Leaf list = []

        // From the last one on, so that the list is made once.
        for place in found.Length - 1 .. -1 .. 0 do
            let struct (start, count, hash) = found[place]

            let next =
                if place = 0 then
                    first
                else
                    let struct (before, length, _) = found[place - 1]
                    positions[before] + int64 length

            let gap = int (positions[start] - next)
            leaves <- { Count = count; FirstVersion = versions[start]; Hash = hash } :: leaves

            if gap > 0 then
                leaves <- { Count = gap; FirstVersion = 0L; Hash = Hash.Zero } :: leaves

        leaves

    let private assemble first entries canonical positions versions leaves key head streams : AcceptedBatch =
        let count = leaves |> List.sumBy (fun (leaf: Leaf) -> leaf.Count)
        let receipt = { FirstPosition = first; Count = count; Versions = streams; Head = head }
        AcceptedBatch.Found(first, entries, canonical, positions, versions, leaves, key, receipt)

    /// A batch that comes with its places.
    let private placeAt (index: IAppendIndex) (batch: EncodedBatch) first positions versions : AcceptedBatch =
        let leaves = placeLeaves batch.Leaves first positions versions
        let head = Head.next index.Head.Hash first leaves
        let streams = versionsIn batch.StreamArray batch.StreamNumbers versions
        assemble first batch.Entries (Array.init batch.Count batch.CanonicalBytes) positions versions leaves batch.Content head streams

    /// A batch behind the head.
    let private place (index: IAppendIndex) (batch: EncodedBatch) first versions firsts lasts : AcceptedBatch =
        let leaves, leafCount = batch.LeafArray, batch.LeafCount

        let writer = Head.beginning index.Head.Hash
        AcceptedBatch.WriteRecordOf(writer, first, batch.Count, leaves, leafCount, versions)
        let head = Head.ended writer first batch.Count

        let receipt = PlacedReceipt(first, batch.Count, head, batch.StreamArray, firsts, lasts)
        AcceptedBatch(first, batch, versions, batch.Content, receipt)

    /// A batch as a store finds it in its own bytes, with the head it leads to. Nothing is judged here: the store has checked it.
    let internal ofStored first (entries: EntryData[]) canonical positions versions (leaves: Leaf list) (head: Head) : AcceptedBatch =
        let keyOfEntry (data: EntryData) = data.Key |> Option.map (fun key -> key, Encoding.contentHash entries)
        let streams = versionsOf (fun index -> entries[index].Stream) versions
        assemble first entries canonical positions versions leaves (entries |> Array.tryHead |> Option.bind keyOfEntry) head streams

    /// Decides an append, in commit order: key, then gates, then condition, then expected versions, then limits.
    let internal accept (index: IAppendIndex) (batch: EncodedBatch) : Result<Acceptance, AppendError> =
        let known =
            match batch.Content with
            | Some(key, _) -> index.TryFindKey key
            | None -> None

        match known with
        | Some known when batch.Content.IsSome && known.Content = snd batch.Content.Value -> Ok(Acceptance.Repeated known.Receipt)
        | Some known -> Error(AppendError.KeyReused(known.Key, known.Receipt.FirstPosition))
        | None when batch.Refusal.IsSome -> Error batch.Refusal.Value
        | None ->
            match failedCondition index batch.Demands, conflict index batch.Demands, batch.Violation with
            | Some error, _, _
            | None, Some error, _
            | None, None, Some error -> Error error
            | None, None, None ->
                let first = index.Head.Position + 1L

                let struct (versions, firsts, lasts, version) =
                    BatchColumns.versions index batch.StreamArray batch.StreamNumbers batch.Count batch.IsLent

                let position = first + int64 batch.Count - 1L

                if position > highestPlace then Error(AppendError.LimitExceeded("position", position, highestPlace))
                elif version > highestPlace then Error(AppendError.LimitExceeded("version", version, highestPlace))
                else Ok(Acceptance.Fresh(place index batch first versions firsts lasts))

    let private outOfRange what (value: int64) (range: string) =
        Some(AppendError.Invalid(ValueError.OutOfRange(what, Numbers.text value, range)))

    /// What is wrong with the places that restored entries come with.
    let private misplaced (index: IAppendIndex) (entries: Entry list) =
        let first = entries.Head
        let above (position: int64) = "above " + Numbers.text position

        let pairs = entries |> List.pairwise

        if first.Batch <= index.Head.Position then
            outOfRange "batch" first.Batch (above index.Head.Position)
        elif first.Batch > first.Position then
            outOfRange "batch" first.Batch "at most the position of the batch's first entry"
        else
            pairs
            |> List.tryPick (fun (before, entry) ->
                if entry.Batch <> first.Batch then
                    outOfRange "batch" entry.Batch "the same in all entries of a batch"
                elif entry.Position <= before.Position then
                    outOfRange "position" entry.Position (above before.Position)
                elif entry.Data.Key <> first.Data.Key then
                    Some(AppendError.Invalid(ValueError.Contradictory("idempotency keys", "entries of one batch differ")))
                else
                    None)
            |> Option.orElseWith (fun () ->
                entries
                |> List.tryPick (fun entry ->
                    if entry.Position > highestPlace then
                        outOfRange "position" entry.Position "at most 2^62"
                    elif entry.Version < 1L || entry.Version > highestPlace then
                        outOfRange "version" entry.Version "1 to 2^62"
                    elif entry.Position - first.Batch >= int64 Limits.batchEntries then
                        let span = entry.Position - first.Batch + 1L
                        Some(AppendError.LimitExceeded("positions of the batch", span, int64 Limits.batchEntries))
                    else
                        None))

    /// A stream goes on after its highest version; one without an entry may start anywhere, as after a deletion.
    let private versionGap (index: IAppendIndex) (batch: EncodedBatch) (versions: int64[]) =
        let before = versionsBefore index batch versions

        Seq.zip3 batch.Entries versions before
        |> Seq.tryPick (fun (data, version, before) ->
            if before = 0L || version = before + 1L then
                None
            else
                Some(AppendError.Conflict(data.Stream.Value, ExpectedVersion.after (version - 1L), before)))

    /// Places one exported batch where it was: with its batch id, positions and versions. Positions between the batch id and its
    /// last entry that have no entry become holes that the head binds, so a batch restored whole gives the head it gave first.
    /// A key that the journal has goes over to this batch: where it comes from the key had been forgotten before it was used again.
    /// Errors: `Invalid` (an entry, its place, differing keys), `Conflict` (versions of a known stream do not go on after its highest),
    /// `LimitExceeded`.
    let internal restore (index: IAppendIndex) (entries: Entry list) : Result<AcceptedBatch, AppendError> =
        let positions = entries |> Seq.map _.Position |> Array.ofSeq
        let versions = entries |> Seq.map _.Version |> Array.ofSeq
        let adjacent place = positions[place] = positions[place - 1] + 1L
        let key = entries |> List.tryHead |> Option.bind _.Data.Key

        Encoding.batch (EncodingWay.Placed adjacent) { request (entries |> List.map _.Data) with Key = key }
        |> Result.bind (fun batch ->
            match misplaced index entries, versionGap index batch versions, batch.Violation with
            | Some error, _, _
            | None, Some error, _
            | None, None, Some error -> Error error
            | None, None, None -> Ok(placeAt index batch entries.Head.Batch positions versions))
