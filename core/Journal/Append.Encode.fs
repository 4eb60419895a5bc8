// Making an encoded batch, on the caller's thread: checking, encoding, hashing. Nothing here needs to know the journal.
// Called by Append.Rule.fs for new batches and for restored ones.
namespace Refold.Core

open System
open System.Buffers
open System.Collections.Generic
open System.Security.Cryptography
open Refold

/// A batch on its way to a journal.
type EncodedBatch = Refold.EncodedBatch

/// What a retry with the same key must repeat.
[<Sealed; AllowNullLiteral>]
type internal ContentHash() =
    let hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256

    do
        let writer = ByteWriter 32
        writer.Text "refold.append-content"
        hash.AppendData writer.Written

    /// The content of the next entry: the first part of its canonical bytes.
    member _.Add(content: ReadOnlySpan<byte>) : unit = hash.AppendData content

    /// The hash of everything that was added.
    member _.Finish() : Hash = Hash.OfSpan(ReadOnlySpan(hash.GetHashAndReset()))

    interface IDisposable with
        member _.Dispose() = hash.Dispose()

/// What a batch is encoded for.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal EncodingWay =
    /// To be appended: each entry takes the position after the one before it.
    | Dense
    /// To be restored: whether the entry at an index takes the position after the one before it.
    | Placed of adjacent: (int -> bool)

/// The part of an append that comes before its place.
[<RequireQualifiedAccess>]
module internal Encoding =

    /// The content hash of entries that were encoded long ago.
    let contentHash (entries: EntryData[]) : Hash =
        use hash = new ContentHash()
        let writer = ByteWriter 256

        for data in entries do
            writer.Clear()
            CanonicalBytes.writeContent writer data
            hash.Add writer.Written

        hash.Finish()

    // What is rented is given back at once or with the batch; a larger batch rents nothing.
    let private mostLent = 1024 * 1024

    let private violation (count: int) (largest: int) (total: int64) =
        if largest > Limits.entryBytes then
            Some(AppendError.LimitExceeded("bytes of an entry", int64 largest, int64 Limits.entryBytes))
        elif total > int64 Limits.batchBytes then
            Some(AppendError.LimitExceeded("bytes of the batch", total, int64 Limits.batchBytes))
        elif count > Limits.batchEntries then
            Some(AppendError.LimitExceeded("entries of the batch", int64 count, int64 Limits.batchEntries))
        else
            None

    let private sizeOf (source: AppendedEntries) (key: string option) : int64 =
        let mutable size = 1L

        for index in 0 .. source.Count - 1 do
            match source.Whole index with
            | null ->
                size <-
                    size
                    + CanonicalBytes.plainSize (source.Stream index).Value (source.Type index) (source.Payload index).Length key
            | data -> size <- size + CanonicalBytes.size.Invoke data

        size

    // Above the limit of bytes nothing is kept: the batch is judged by its size and its content, which may pass 2 GiB.
    let private write (adjacent: (int -> bool) voption) (demands: AppendDemands) (source: AppendedEntries) (mayLend: bool) : EncodedBatch =
        let count = source.Count
        let key = demands.Key
        let size = sizeOf source key
        let isLent = mayLend && size <= int64 mostLent
        let capacity = int (min size (int64 Limits.batchBytes + 1L))
        let writer = if isLent then LentWriter.Take capacity else ByteWriter capacity
        let ends = BatchColumns.rented<int> isLent count
        use content = if key.IsSome then new ContentHash() else null
        let mutable largest = 0
        let mutable total = 0L
        writer.Byte 0uy

        for index in 0 .. count - 1 do
            if total > int64 Limits.batchBytes then
                writer.Clear()
                writer.Byte 0uy

            let start = writer.Length
            let whole = source.Whole index

            match whole with
            | null ->
                CanonicalBytes.writePlainContent
                    writer
                    (source.Stream index)
                    (source.Role index)
                    (source.Type index)
                    (source.SchemaVersion index)
                    (source.Payload index).Span
            | data -> CanonicalBytes.writeContent writer data

            match content with
            | null -> ()
            | content -> content.Add(writer.Written.Slice start)

            match whole with
            | null -> CanonicalBytes.writePlainRest writer key
            | data -> CanonicalBytes.writeRest writer data

            ends[index] <- writer.Length - 1
            largest <- max largest (writer.Length - start)
            total <- total + int64 (writer.Length - start)

        let isKept = total <= int64 Limits.batchBytes
        let numbers = BatchColumns.rented<int> isLent count
        let streams = BatchColumns.numbered source numbers
        let hashed = ArrayPool<struct (int * int * Hash)>.Shared.Rent(if isKept then count else 1)

        let leafCount =
            if isKept then BatchColumns.hashLeaves writer.WrittenSpan count ends numbers adjacent hashed else 0

        let leaves =
            if isLent then
                hashed
            else
                let own = Array.sub hashed 0 leafCount
                ArrayPool<struct (int * int * Hash)>.Shared.Return hashed
                own

        let kept: ByteWriter | null = if isKept then writer else null

        EncodedBatch(
            source,
            demands.Kept,
            kept,
            ends,
            streams,
            numbers,
            leaves,
            leafCount,
            (match content, key with
             | null, _
             | _, None -> None
             | content, Some key -> Some(key, content.Finish())),
            violation count largest total,
            isLent
        )

    // Of entries that are not there whole: what they share was judged with the one before.
    let private faultOfPlain (source: AppendedEntries) (key: string option) (index: int) : ValueError option =
        let typeName = source.Type index

        let typeFault =
            if index > 0 && obj.ReferenceEquals(typeName, source.Type(index - 1)) then
                None
            else
                match Text.validate "type" Limits.typeBytes typeName with
                | Ok _ -> None
                | Error error -> Some error

        let keyFault =
            match typeFault, key with
            | None, Some key when index = 0 || not (isNull (source.Whole(index - 1))) ->
                match Text.validate "idempotency key" Limits.keyBytes key with
                | Ok _ -> None
                | Error error -> Some error
            | fault, _ -> fault

        match keyFault with
        | None when source.SchemaVersion index < 1 ->
            Some(ValueError.OutOfRange("schema version", Numbers.text (source.SchemaVersion index), "1 or more"))
        | fault -> fault

    let private normal (key: string option) (data: EntryData) : Result<EntryData, ValueError> =
        match data.Key, key with
        | None, None -> EntryData.validate data
        | Some own, Some key when String.Equals(own, key, StringComparison.Ordinal) -> EntryData.validate data
        | Some own, Some key -> Error(ValueError.Contradictory("idempotency keys", own + " and " + key))
        | Some own, None -> Error(ValueError.Contradictory("idempotency keys", own + " of an entry, none of the append"))
        | None, _ -> EntryData.validate { data with Key = key }

    /// Validates what a source has, and brings each entry into its normal form; the rule that is broken.
    let judge (key: string option) (source: AppendedEntries) : AppendError option =
        let rec next index =
            if index = source.Count then
                None
            else
                match source.Whole index with
                | null ->
                    match faultOfPlain source key index with
                    | None -> next (index + 1)
                    | fault -> fault
                | data ->
                    match normal key data with
                    | Error error -> Some error
                    | Ok valid ->
                        source.Put(index, valid)
                        next (index + 1)

        match next 0 with
        | Some error -> Some(AppendError.Invalid error)
        | None when source.Count = 0 -> Some(AppendError.Invalid(ValueError.Empty "the batch"))
        | None -> None

    /// Validates, encodes and hashes what a source has; see `batch`. The entries of a request are not looked at. `mayLend`: nobody but
    /// the library will hold the batch, so that it may rent what it is made of.
    let batchOf (demands: AppendDemands) (source: AppendedEntries) (mayLend: bool) : Result<EncodedBatch, AppendError> =
        match judge demands.Key source with
        | Some error -> Error error
        | None -> Ok(write ValueNone demands source mayLend)

    let private listed (request: AppendRequest) : AppendedEntries =
        // Of more entries than a batch may have, one more.
        let rec counted (rest: EntryData list) count =
            if rest.IsEmpty || count > Limits.batchEntries then count else counted rest.Tail (count + 1)

        let entries = Array.zeroCreate<EntryData>(counted request.Entries 0)
        let mutable rest = request.Entries

        for index in 0 .. entries.Length - 1 do
            entries[index] <- rest.Head
            rest <- rest.Tail

        ListedEntries entries

    /// Validates, encodes and hashes. Of more entries than a batch may have no more are looked at, and counted, than show that.
    let batch (way: EncodingWay) (request: AppendRequest) : Result<EncodedBatch, AppendError> =
        let source = listed request
        let demands = AppendDemands.Requested request

        match judge request.Key source, way with
        | Some error, _ -> Error error
        | None, EncodingWay.Dense -> Ok(write ValueNone demands source false)
        | None, EncodingWay.Placed adjacent -> Ok(write (ValueSome adjacent) demands source false)
