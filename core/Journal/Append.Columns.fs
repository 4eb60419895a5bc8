// The columns of a batch that is being encoded: the number of each entry's stream, and the leaves.
// Called by Append.Encode.fs.
namespace Refold.Core

open System
open System.Buffers
open System.Collections.Generic
open Refold

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

/// Making the columns of a batch.
[<RequireQualifiedAccess>]
module internal BatchColumns =

    // Beyond that, streams are looked up and not compared one by one.
    let private fewStreams = 8

    /// An array of at least so many items: rented where the batch is lent, else no longer than that.
    let rented<'Item> (isLent: bool) (count: int) : 'Item[] =
        if isLent then ArrayPool<'Item>.Shared.Rent count else Array.zeroCreate<'Item> count

    /// Streams, each once in order of appearance; fills in the number of each entry's.
    let numbered (source: AppendedEntries) (numbers: int[]) : StreamId[] =
        let count = source.Count
        // Most batches have one stream, or no more than a few: those of a step its run's and its own.
        let most =
            if count > 1 && not (obj.ReferenceEquals(source.Stream 0, source.Stream(count - 1))) then 2 else 1

        let mutable streams = Array.zeroCreate<StreamId>(min count most)
        let mutable found = 0
        let mutable isRented = false
        let mutable known: Dictionary<StreamId, int> | null = null

        for index in 0 .. count - 1 do
            let stream = source.Stream index
            let before = if index = 0 then -1 else numbers[index - 1]

            numbers[index] <-
                if before >= 0 && (obj.ReferenceEquals(streams[before], stream) || streams[before].Equals stream) then
                    before
                else
                    let number =
                        match known with
                        | null -> Array.IndexOf(streams, stream, 0, found)
                        | known ->
                            match known.TryGetValue stream with
                            | true, number -> number
                            | false, _ -> -1

                    if number >= 0 then
                        number
                    else
                        if found = streams.Length then
                            let larger = ArrayPool<StreamId>.Shared.Rent(max 16 (2 * found))
                            Array.blit streams 0 larger 0 found

                            if isRented then
                                ArrayPool<StreamId>.Shared.Return(streams, true)

                            streams <- larger
                            isRented <- true

                        streams[found] <- stream
                        found <- found + 1

                        match known with
                        | null when found > fewStreams ->
                            let all = ScratchNumbers.Take()

                            for number in 0 .. found - 1 do
                                all.Add(streams[number], number)

                            known <- all
                        | null -> ()
                        | known -> known.Add(stream, found - 1)

                        found - 1

        match known with
        | null -> ()
        | known -> ScratchNumbers.GiveBack known

        if isRented then
            let made = Array.sub streams 0 found
            ArrayPool<StreamId>.Shared.Return(streams, true)
            made
        elif found < streams.Length then
            Array.sub streams 0 found
        else
            streams

    /// The version of each entry behind the highest versions that the journal has, the first and the last version of each stream, and the
    /// highest of all. The versions are rented where the batch is lent.
    let versions
        (index: IAppendIndex)
        (streams: StreamId[])
        (numbers: int[])
        (count: int)
        (isLent: bool)
        : struct (int64[] * int64[] * int64[] * int64) =
        // One array tells first and last where no stream has two entries.
        let isOne = (count = streams.Length)

        let last =
            if isOne then
                ArrayPool<int64>.Shared.Rent streams.Length
            else
                Array.zeroCreate<int64> streams.Length

        let first = Array.zeroCreate<int64> streams.Length

        for number in 0 .. streams.Length - 1 do
            last[number] <- index.HighestVersion streams[number]
            first[number] <- last[number] + 1L

        let versions = rented<int64> isLent count
        let mutable highest = 0L

        for place in 0 .. count - 1 do
            let number = numbers[place]
            last[number] <- last[number] + 1L
            versions[place] <- last[number]
            highest <- max highest last[number]

        if isOne then
            ArrayPool<int64>.Shared.Return last

        struct (versions, first, (if isOne then first else last), highest)

    let private addShort (lanes: HashLanes) (number: int) (bytes: Span<byte>) : unit =
        let before = bytes[0]
        bytes[0] <- 0uy
        lanes.Add(number, Span.op_Implicit bytes)
        bytes[0] <- before

    let private takeShort (lanes: HashLanes) (leaves: struct (int * int * Hash)[]) : unit =
        for place in 0 .. lanes.Hash() - 1 do
            let number = lanes.Number place
            let struct (start, count, _) = leaves[number]
            leaves[number] <- struct (start, count, lanes.HashOf place)

    /// Hashes leaves, cut as `Leaf.cut` does, and answers how many there are. The canonical bytes lie behind one byte, which is there for
    /// the first leaf; each other leaf borrows the last of the one before it.
    let hashLeaves
        (buffer: Span<byte>)
        (count: int)
        (ends: int[])
        (numbers: int[])
        (adjacent: (int -> bool) voption)
        (leaves: struct (int * int * Hash)[])
        : int =
        let mutable made = 0
        let mutable start = 0
        let mutable from = 0
        // Short leaves wait for each other.
        let lanes = HashLanes.OfThread

        for index in 1..count do
            let isCut =
                index = count
                || numbers[index] <> numbers[index - 1]
                || ends[index] - from > Leaf.maxBytes
                || (match adjacent with
                    | ValueSome adjacent -> not (adjacent index)
                    | ValueNone -> false)

            if isCut then
                let until = ends[index - 1]
                let bytes = buffer.Slice(from, until - from + 1)

                if bytes.Length <= HashLanes.MostBytes then
                    leaves[made] <- struct (start, index - start, Hash.Zero)
                    addShort lanes made bytes

                    if lanes.IsFull then
                        takeShort lanes leaves
                else
                    leaves[made] <- struct (start, index - start, Leaf.hashBehind bytes)

                made <- made + 1
                start <- index
                from <- until

        takeShort lanes leaves
        made
