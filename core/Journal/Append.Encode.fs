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

/// Numbers of streams, lent by the thread while one batch is made.
[<Sealed; AbstractClass>]
type internal ScratchNumbers private () =

    // A larger one is not kept.
    static let mostKept = 4096

    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: Dictionary<StreamId, int> | null

    /// An empty one.
    static member Take() : Dictionary<StreamId, int> =
        match ScratchNumbers.kept with
        | null -> Dictionary<StreamId, int>()
        | numbers ->
            ScratchNumbers.kept <- null
            numbers

    /// Takes it back.
    static member GiveBack(numbers: Dictionary<StreamId, int>) : unit =
        if numbers.Count <= mostKept then
            numbers.Clear()
            ScratchNumbers.kept <- numbers

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

    // Beyond that, streams are looked up and not compared one by one.
    let private fewStreams = 8

    /// Streams, each once in order of appearance, and the number of each entry's.
    let private numbered (count: int) (streamOf: int -> StreamId) : struct (StreamId[] * int[]) =
        let streams = ResizeArray<StreamId> 1
        let numbers = Array.zeroCreate<int> count
        let mutable known: Dictionary<StreamId, int> | null = null

        let numberOf (stream: StreamId) =
            match known with
            | null -> streams.IndexOf stream
            | known ->
                match known.TryGetValue stream with
                | true, number -> number
                | false, _ -> -1

        for index in 0 .. count - 1 do
            let stream = streamOf index
            let before = if index = 0 then -1 else numbers[index - 1]

            numbers[index] <-
                if before >= 0 && streams[before].Equals stream then
                    before
                else
                    match numberOf stream with
                    | -1 ->
                        streams.Add stream

                        match known with
                        | null when streams.Count > fewStreams ->
                            let all = ScratchNumbers.Take()

                            for number in 0 .. streams.Count - 1 do
                                all.Add(streams[number], number)

                            known <- all
                        | null -> ()
                        | known -> known.Add(stream, streams.Count - 1)

                        streams.Count - 1
                    | number -> number

        match known with
        | null -> ()
        | known -> ScratchNumbers.GiveBack known

        struct (streams.ToArray(), numbers)

    let private violation (count: int) (largest: int) (total: int64) =
        if largest > Limits.entryBytes then
            Some(AppendError.LimitExceeded("bytes of an entry", int64 largest, int64 Limits.entryBytes))
        elif total > int64 Limits.batchBytes then
            Some(AppendError.LimitExceeded("bytes of the batch", total, int64 Limits.batchBytes))
        elif count > Limits.batchEntries then
            Some(AppendError.LimitExceeded("entries of the batch", int64 count, int64 Limits.batchEntries))
        else
            None

    // The canonical bytes lie behind one byte, which is there for the first leaf; each other leaf borrows the last of the one before it.
    let private leavesOf (buffer: Span<byte>) (ends: int[]) (follows: int -> bool) =
        let startOf index = if index = 0 then 0 else ends[index - 1]
        let cuts = Leaf.cut (Array.init ends.Length (fun index -> ends[index] - startOf index)) follows
        let leaves = Array.zeroCreate<struct (int * int * Hash)> cuts.Length

        for place in 0 .. leaves.Length - 1 do
            let struct (first, count) = cuts[place]
            let start = startOf first
            leaves[place] <- struct (first, count, Leaf.hashBehind (buffer.Slice(start, ends[first + count - 1] - start + 1)))

        leaves

    // Above the limit of bytes nothing is kept: the batch is judged by its size and its content, which may pass 2 GiB.
    let private write (adjacent: int -> bool) (request: AppendRequest) (entries: EntryData[]) : EncodedBatch =
        let mutable size = 1L

        for data in entries do
            size <- size + CanonicalBytes.size.Invoke data

        let writer = ByteWriter(int (min size (int64 Limits.batchBytes + 1L)))
        let ends = Array.zeroCreate<int> entries.Length
        use content = if request.Key.IsSome then new ContentHash() else null
        let mutable largest = 0
        let mutable total = 0L
        writer.Byte 0uy

        for index in 0 .. entries.Length - 1 do
            if total > int64 Limits.batchBytes then
                writer.Clear()
                writer.Byte 0uy

            let data = entries[index]
            let start = writer.Length
            CanonicalBytes.writeContent writer data

            match content with
            | null -> ()
            | content -> content.Add(writer.Written.Slice start)

            CanonicalBytes.writeRest writer data
            ends[index] <- writer.Length - 1
            largest <- max largest (writer.Length - start)
            total <- total + int64 (writer.Length - start)

        let isKept = total <= int64 Limits.batchBytes
        let struct (streams, numbers) = numbered entries.Length (fun index -> entries[index].Stream)
        let follows index = adjacent index && numbers[index] = numbers[index - 1]

        EncodedBatch(
            entries,
            request,
            (if isKept then writer.WrittenMemory.Slice 1 else ReadOnlyMemory.Empty),
            (if isKept then ends else [||]),
            streams,
            numbers,
            (if isKept then leavesOf writer.WrittenSpan ends follows else [||]),
            (match content with
             | null -> Hash.Zero
             | content -> content.Finish()),
            violation entries.Length largest total
        )

    /// Validates, encodes and hashes. `adjacent index` says whether the entry at `index` takes the position after the one before it; none,
    /// that the batch is compared and never appended: it is only validated, and has neither bytes nor leaves.
    /// Of more entries than a batch may have no more are looked at, and counted, than show that.
    let batch (adjacent: (int -> bool) voption) (request: AppendRequest) : Result<EncodedBatch, AppendError> =
        let isOfAppend (data: EntryData) =
            match data.Key, request.Key with
            | None, None -> true
            | Some own, Some key -> String.Equals(own, key, StringComparison.Ordinal)
            | _ -> false

        let normal (data: EntryData) =
            if isOfAppend data then
                EntryData.validate data
            else
                match data.Key, request.Key with
                | Some own, Some key -> Error(ValueError.Contradictory("idempotency keys", own + " and " + key))
                | Some own, None -> Error(ValueError.Contradictory("idempotency keys", own + " of an entry, none of the append"))
                | None, _ -> EntryData.validate { data with Key = request.Key }

        // Of more entries than a batch may have, one more.
        let rec counted (rest: EntryData list) count =
            if rest.IsEmpty || count > Limits.batchEntries then count else counted rest.Tail (count + 1)

        let entries = Array.zeroCreate<EntryData>(counted request.Entries 0)

        let rec next (rest: EntryData list) index =
            if index = entries.Length then
                None
            else
                match normal rest.Head with
                | Error error -> Some error
                | Ok valid ->
                    entries[index] <- valid
                    next rest.Tail (index + 1)

        match next request.Entries 0 with
        | Some error -> Error(AppendError.Invalid error)
        | None when entries.Length = 0 -> Error(AppendError.Invalid(ValueError.Empty "the batch"))
        | None ->
            match adjacent with
            | ValueSome adjacent -> Ok(write adjacent request entries)
            | ValueNone ->
                let struct (streams, numbers) = numbered entries.Length (fun index -> entries[index].Stream)
                Ok(EncodedBatch(entries, request, ReadOnlyMemory.Empty, [||], streams, numbers, [||], Hash.Zero, None))
