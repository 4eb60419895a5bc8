// Making an encoded batch, on the caller's thread: checking, encoding, hashing. Nothing here needs to know the journal.
// Called by Append.Rule.fs for new batches and for restored ones.
namespace Refold.Core

open System
open System.Collections.Generic
open System.Security.Cryptography
open Refold

/// A batch on its way to a journal.
type EncodedBatch = Refold.EncodedBatch

/// What a retry with the same key must repeat.
[<Sealed>]
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

    /// Streams, each once in order of appearance, and the number of each entry's.
    let private numbered (count: int) (streamOf: int -> StreamId) : struct (StreamId[] * int[]) =
        let streams = ResizeArray<StreamId>()
        let numbers = Dictionary<StreamId, int>()

        let numbered =
            Array.init count (fun index ->
                let stream = streamOf index

                match numbers.TryGetValue stream with
                | true, number -> number
                | false, _ ->
                    numbers[stream] <- streams.Count
                    streams.Add stream
                    streams.Count - 1)

        struct (streams.ToArray(), numbered)

    let private violation (count: int) (largest: int) (total: int64) =
        if largest > Limits.entryBytes then
            Some(AppendError.LimitExceeded("bytes of an entry", int64 largest, int64 Limits.entryBytes))
        elif total > int64 Limits.batchBytes then
            Some(AppendError.LimitExceeded("bytes of the batch", total, int64 Limits.batchBytes))
        elif count > Limits.batchEntries then
            Some(AppendError.LimitExceeded("entries of the batch", int64 count, int64 Limits.batchEntries))
        else
            None

    let private leavesOf (buffer: ReadOnlyMemory<byte>) (ends: int[]) (follows: int -> bool) =
        let startOf index = if index = 0 then 0 else ends[index - 1]

        Leaf.cut (ends |> Array.mapi (fun index until -> until - startOf index)) follows
        |> List.map (fun (struct (first, count)) ->
            let start = startOf first
            struct (first, count, Leaf.hashOf (buffer.Span.Slice(start, ends[first + count - 1] - start))))

    // Above the limit of bytes nothing is kept: the batch is judged by its size and its content, which may pass 2 GiB.
    let private write (adjacent: int -> bool) (request: AppendRequest) (entries: EntryData[]) : EncodedBatch =
        let writer =
            ByteWriter(entries |> Array.fold (fun size data -> size + 256L + int64 data.Payload.Length) 0L |> min 65_536L |> int)

        let ends = Array.zeroCreate<int> entries.Length
        use content = new ContentHash()
        let mutable largest = 0
        let mutable total = 0L

        entries
        |> Array.iteri (fun index data ->
            if total > int64 Limits.batchBytes then
                writer.Clear()

            let start = writer.Length
            CanonicalBytes.writeContent writer data

            if request.Key.IsSome then
                content.Add(writer.Written.Slice start)

            CanonicalBytes.writeRest writer data
            ends[index] <- writer.Length
            largest <- max largest (writer.Length - start)
            total <- total + int64 (writer.Length - start))

        let isKept = total <= int64 Limits.batchBytes
        let buffer = if isKept then writer.WrittenMemory else ReadOnlyMemory.Empty
        let struct (streams, numbers) = numbered entries.Length (fun index -> entries[index].Stream)
        let follows index = adjacent index && numbers[index] = numbers[index - 1]

        EncodedBatch(
            entries,
            request,
            buffer,
            (if isKept then ends else [||]),
            streams,
            numbers,
            (if isKept then leavesOf buffer ends follows else []),
            (if request.Key.IsSome then content.Finish() else Hash.Zero),
            violation entries.Length largest total
        )

    /// Validates, encodes and hashes. `adjacent index` says whether the entry at `index` takes the position after the one before it.
    /// Of more entries than a batch may have no more are looked at, and counted, than show that.
    let batch (adjacent: int -> bool) (request: AppendRequest) : Result<EncodedBatch, AppendError> =
        let normal (data: EntryData) =
            match data.Key, request.Key with
            | Some own, Some key when own <> key -> Error(ValueError.Contradictory("idempotency keys", own + " and " + key))
            | Some own, None -> Error(ValueError.Contradictory("idempotency keys", own + " of an entry, none of the append"))
            | _ -> EntryData.validate (if data.Key = request.Key then data else { data with Key = request.Key })

        let entries = ResizeArray<EntryData>()

        let rec next (rest: EntryData list) =
            match rest with
            | [] -> None
            | data :: rest ->
                match normal data with
                | Error error -> Some error
                | Ok valid ->
                    entries.Add valid
                    next rest

        match next (List.truncate (Limits.batchEntries + 1) request.Entries) with
        | Some error -> Error(AppendError.Invalid error)
        | None when entries.Count = 0 -> Error(AppendError.Invalid(ValueError.Empty "the batch"))
        | None -> Ok(write adjacent request (entries.ToArray()))
