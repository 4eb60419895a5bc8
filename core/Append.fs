// Appending: preparing a batch on the caller's thread, and the one rule that decides in commit order whether it is committed.
// Journal.fs and every store of the facade accept appends through this file, over their own index.
namespace Refold.Core

open System
open System.Collections.Generic

/// What one append call hands over: an atomic batch over any number of streams.
[<NoComparison>]
type AppendRequest =
    {
        /// 1 to 65,536 entries, at most 64 MiB of canonical bytes.
        Entries: EntryData list
        /// Expected versions before the batch; a stream that is not named may have any.
        Expected: (StreamId * ExpectedVersion) list
        /// Fails the append if anything committed after its `AsOf` matches.
        Condition: AppendCondition option
        /// The idempotency key: a retry with the same key and content gets the first receipt.
        Key: string option
    }

/// The versions a batch got in one stream.
[<NoComparison>]
type StreamVersions =
    {
        /// The stream.
        Stream: StreamId
        /// The version of the batch's first entry in it.
        First: int64
        /// The version of the batch's last entry in it.
        Last: int64
    }

/// What a committed append is answered with. It names no file and no offset, so it stays valid whatever the store does.
[<NoComparison>]
type Receipt =
    {
        /// The batch's first position, which is also its id.
        FirstPosition: int64
        /// How many positions it takes.
        Count: int
        /// The versions it got, streams in order of appearance.
        Versions: StreamVersions list
        /// The head after the batch.
        Head: Head
    }

/// A batch made ready on the caller's thread: validated, encoded, leaves hashed.
[<NoEquality; NoComparison>]
type PreparedBatch =
    {
        /// What was asked for, in normal form and with the key in every entry.
        Request: AppendRequest
        /// The entries of the request.
        Entries: EntryData[]
        /// The canonical bytes of each entry.
        Canonical: ReadOnlyMemory<byte>[]
        /// Index of the first entry, number of entries and hash of each leaf.
        Leaves: struct (int * int * Hash) list
        /// What a retry must repeat: SHA-256 over streams, roles, types, schema versions, payloads and tags, in order.
        Content: Hash
        /// The limit the batch breaks, judged after key, condition and expected versions.
        Violation: AppendError option
    }

/// A batch with its place: what a store writes.
[<NoEquality; NoComparison>]
type AcceptedBatch =
    {
        /// The batch's first position, which is its id.
        FirstPosition: int64
        /// The entries that are there.
        Entries: EntryData[]
        /// The canonical bytes of each entry.
        Canonical: ReadOnlyMemory<byte>[]
        /// The position of each entry.
        Positions: int64[]
        /// The version of each entry.
        Versions: int64[]
        /// The leaves, holes included, whose counts add up to the positions the batch takes.
        Leaves: Leaf list
        /// The idempotency key, with the content it stands for.
        Key: (string * Hash) option
        /// What the caller is answered.
        Receipt: Receipt
    }

/// How an append was decided.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type Acceptance =
    /// The batch is to be written.
    | Fresh of batch: AcceptedBatch
    /// The key was seen with the same content: this is the first receipt; nothing is written.
    | Repeated of receipt: Receipt

/// What deciding an append must know of a journal: everything committed, and what was accepted before in the same group.
type IAppendIndex =
    /// The last position and head hash.
    abstract Head: Head
    /// The highest version the stream ever had; 0 for none.
    abstract HighestVersion: stream: StreamId -> int64
    /// Whether an `AsOf` of this position can be judged: not below what was dropped.
    abstract Covers: position: int64 -> bool
    /// The content hash and receipt of an idempotency key.
    abstract TryFindKey: key: string -> (Hash * Receipt) option
    /// The first position after `after` whose entry matches the query; 0 for none. A dropped entry counts as a match.
    abstract FirstMatchAfter: query: Query * after: int64 -> int64

/// Preparing and accepting.
[<RequireQualifiedAccess>]
module Append =

    /// An append of these entries that expects nothing.
    let request (entries: EntryData list) : AppendRequest =
        { Entries = entries; Expected = []; Condition = None; Key = None }

    let private contentHash (entries: EntryData[]) =
        Hash.ofParts "refold.append-content" (fun writer ->
            for data in entries do
                writer.Text data.Stream.Value
                writer.Byte(Role.toByte data.Role)
                writer.Text data.Type
                writer.Int32 data.SchemaVersion
                writer.Prefixed data.Payload.Span
                writer.Int32 data.Tags.Length

                for tag in data.Tags do
                    writer.Text tag.Value)

    let private violation (canonical: ReadOnlyMemory<byte>[]) =
        let largest = canonical |> Array.fold (fun most bytes -> max most bytes.Length) 0
        let total = canonical |> Array.sumBy (fun bytes -> int64 bytes.Length)

        if largest > Limits.entryBytes then
            Some(AppendError.LimitExceeded("bytes of an entry", int64 largest, int64 Limits.entryBytes))
        elif total > int64 Limits.batchBytes then
            Some(AppendError.LimitExceeded("bytes of the batch", total, int64 Limits.batchBytes))
        elif canonical.Length > Limits.batchEntries then
            Some(AppendError.LimitExceeded("entries of the batch", int64 canonical.Length, int64 Limits.batchEntries))
        else
            None

    let private normal (key: string option) (data: EntryData) =
        match data.Key, key with
        | Some own, Some key when own <> key -> Error(ValueError.Contradictory("idempotency keys", own + " and " + key))
        | Some own, None ->
            Error(ValueError.Contradictory("idempotency keys", own + " of an entry, none of the append"))
        | _ -> EntryData.validate { data with Key = key }

    let private hashLeaves (canonical: ReadOnlyMemory<byte>[]) (follows: int -> bool) =
        Leaf.cut (canonical |> Array.map _.Length) follows
        |> List.map (fun (struct (start, count)) ->
            struct (start, count, Leaf.hash canonical[start .. start + count - 1]))

    /// Validates, encodes and hashes what an append hands over. The only errors here are `Invalid`.
    let prepare (request: AppendRequest) : Result<PreparedBatch, AppendError> =
        let folder made data =
            match made with
            | Error _ -> made
            | Ok made -> normal request.Key data |> Result.map (fun valid -> valid :: made)

        let badExpectation =
            request.Expected
            |> List.tryPick (fun (_, expected) ->
                match expected with
                | ExpectedVersion.Exactly version when version < 1L ->
                    Some(
                        ValueError.OutOfRange(
                            "expected version",
                            version.ToString Globalization.CultureInfo.InvariantCulture,
                            "1 or more"
                        )
                    )
                | _ -> None)

        match badExpectation, List.fold folder (Ok []) request.Entries with
        | Some error, _ -> Error(AppendError.Invalid error)
        | None, Error error -> Error(AppendError.Invalid error)
        | None, Ok [] -> Error(AppendError.Invalid(ValueError.Empty "the batch"))
        | None, Ok reversed ->
            let entries = Array.ofList (List.rev reversed)
            let canonical = entries |> Array.map (fun data -> (CanonicalBytes.ofData data).Memory)

            Ok
                {
                    Request = { request with Entries = List.ofArray entries }
                    Entries = entries
                    Canonical = canonical
                    Leaves = hashLeaves canonical (fun index -> entries[index].Stream = entries[index - 1].Stream)
                    Content = contentHash entries
                    Violation = violation canonical
                }

    let private versionsOf (entries: EntryData[]) (versions: int64[]) : StreamVersions list =
        let order = ResizeArray<StreamId>()
        let found = Dictionary<StreamId, struct (int64 * int64)>()

        for index in 0 .. entries.Length - 1 do
            let stream = entries[index].Stream

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

    let private assignVersions (index: IAppendIndex) (entries: EntryData[]) =
        let highest = Dictionary<StreamId, int64>()

        entries
        |> Array.map (fun data ->
            let version =
                match highest.TryGetValue data.Stream with
                | true, version -> version + 1L
                | false, _ -> index.HighestVersion data.Stream + 1L

            highest[data.Stream] <- version
            version)

    let private conflict (index: IAppendIndex) (request: AppendRequest) =
        request.Expected
        |> List.tryPick (fun (stream, expected) ->
            let actual = index.HighestVersion stream

            if ExpectedVersion.isMetBy actual expected then
                None
            else
                Some(AppendError.Conflict(stream.Value, expected, actual)))

    let private failedCondition (index: IAppendIndex) (request: AppendRequest) =
        match request.Condition with
        | None -> None
        | Some condition when
            condition.AsOf < 0L || condition.AsOf > index.Head.Position || not (index.Covers condition.AsOf)
            ->
            Some(AppendError.ConditionFailed 0L)
        | Some condition ->
            match index.FirstMatchAfter(condition.Query, condition.AsOf) with
            | 0L -> None
            | position -> Some(AppendError.ConditionFailed position)

    let private place (index: IAppendIndex) (batch: PreparedBatch) =
        let first = index.Head.Position + 1L
        let versions = assignVersions index batch.Entries

        let leaves =
            batch.Leaves
            |> List.map (fun (struct (start, count, hash)) ->
                { Count = count; FirstVersion = versions[start]; Hash = hash })

        {
            FirstPosition = first
            Entries = batch.Entries
            Canonical = batch.Canonical
            Positions = Array.init batch.Entries.Length (fun index -> first + int64 index)
            Versions = versions
            Leaves = leaves
            Key = batch.Request.Key |> Option.map (fun key -> key, batch.Content)
            Receipt =
                {
                    FirstPosition = first
                    Count = batch.Entries.Length
                    Versions = versionsOf batch.Entries versions
                    Head = Head.next index.Head.Hash first leaves
                }
        }

    /// Decides an append, in commit order: key, then condition, then expected versions, then limits.
    let accept (index: IAppendIndex) (batch: PreparedBatch) : Result<Acceptance, AppendError> =
        let known =
            batch.Request.Key
            |> Option.bind (fun key -> index.TryFindKey key |> Option.map (fun found -> key, found))

        match known with
        | Some(_, (content, receipt)) when content = batch.Content -> Ok(Acceptance.Repeated receipt)
        | Some(key, (_, receipt)) -> Error(AppendError.KeyReused(key, receipt.FirstPosition))
        | None ->
            match failedCondition index batch.Request, conflict index batch.Request, batch.Violation with
            | Some error, _, _
            | None, Some error, _
            | None, None, Some error -> Error error
            | None, None, None -> Ok(Acceptance.Fresh(place index batch))
