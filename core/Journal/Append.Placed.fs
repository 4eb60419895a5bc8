// A batch with its place, and its receipt: columns over what was encoded, or what a store found in its own bytes.
// Made by Append.Rule.fs, written by stores, taken by journals in memory.
namespace Refold.Core

open System
open System.Buffers
open Refold

/// A receipt of which nothing is made that nobody asks for.
[<Sealed>]
type internal PlacedReceipt
    private (first: int64, count: int, head: Head, streams: StreamId[], firsts: int64[], lasts: int64[], made: Receipt | null) =

    let mutable made = made

    /// The first and the last version that each stream got, streams in order of appearance.
    new(first: int64, count: int, head: Head, streams: StreamId[], firsts: int64[], lasts: int64[]) =
        PlacedReceipt(first, count, head, streams, firsts, lasts, null)

    /// A receipt that is there.
    static member Of(receipt: Receipt) : PlacedReceipt =
        PlacedReceipt(receipt.FirstPosition, receipt.Count, receipt.Head, [||], [||], [||], receipt)

    /// The receipt, where it is there.
    member _.Made: Receipt | null = made

    /// The batch's first position.
    member _.FirstPosition: int64 = first

    /// How many positions it takes.
    member _.Count: int = count

    /// The head after the batch.
    member _.Head: Head = head

    /// How many streams got versions; of no use where the receipt was there from the start.
    member _.Streams: int = streams.Length

    /// A stream, in order of appearance.
    member _.Stream(number: int) : StreamId = streams[number]

    /// The last version that a stream got.
    member _.Last(number: int) : int64 = lasts[number]

    /// The receipt.
    member _.Value: Receipt =
        match made with
        | null ->
            let mutable versions = []

            for number in streams.Length - 1 .. -1 .. 0 do
                versions <- { Stream = streams[number]; First = firsts[number]; Last = lasts[number] } :: versions

            let receipt = { FirstPosition = first; Count = count; Versions = versions; Head = head }
            made <- receipt
            receipt
        | receipt -> receipt

/// What a batch was found with, or what is made of one when it is asked for.
[<Sealed>]
type internal BatchParts(entries: EntryData[]) =
    /// The entries; none of one that was encoded.
    member _.Entries: EntryData[] = entries
    /// The canonical bytes of each entry, once they are there.
    member val Canonical: ReadOnlyMemory<byte>[] = Array.Empty() with get, set
    /// The position of each entry, once they are there.
    member val Positions: int64[] | null = null with get, set
    /// The leaves, once they are there.
    member val Leaves: Leaf list voption = ValueNone with get, set

/// A batch with its place: what a store writes. Its columns may be lent with the encoded batch: nothing of it is asked once that was
/// released, but for the receipt.
[<Sealed>]
type internal AcceptedBatch
    private
    (
        first: int64,
        encoded: EncodedBatch | null,
        parts: BatchParts | null,
        versions: int64[],
        key: (string * Hash) option,
        receipt: PlacedReceipt
    ) =

    let mutable versions = versions
    let mutable parts = parts

    let partsOf () : BatchParts =
        match parts with
        | null ->
            let made = BatchParts(Array.Empty())
            parts <- made
            made
        | parts -> parts

    let position (index: int) =
        match parts with
        | null -> first + int64 index
        | parts ->
            match parts.Positions with
            | null -> first + int64 index
            | positions -> positions[index]

    /// A batch whose entries take every position from the first one on. `versions` may be rented where the batch is lent, and longer.
    new(first: int64, encoded: EncodedBatch, versions: int64[], key: (string * Hash) option, receipt: PlacedReceipt) =
        AcceptedBatch(first, encoded, null, versions, key, receipt)

    /// A batch as it was found, or restored.
    static member Found
        (
            first: int64,
            entries: EntryData[],
            canonical: ReadOnlyMemory<byte>[],
            positions: int64[],
            versions: int64[],
            leaves: Leaf list,
            key: (string * Hash) option,
            receipt: Receipt
        ) =
        let parts = BatchParts(entries, Canonical = canonical, Positions = positions, Leaves = ValueSome leaves)

        AcceptedBatch(first, null, parts, versions, key, PlacedReceipt.Of receipt)

    /// The batch's first position, which is its id.
    member _.FirstPosition: int64 = first

    /// How many entries are there.
    member this.Count: int =
        match encoded with
        | null -> partsOf().Entries.Length
        | encoded -> encoded.Count

    /// Whether its entries are those that were encoded, at every position from the first one on.
    member _.IsDense: bool = not (isNull encoded)

    /// Whether its columns are rented.
    member _.IsLent: bool =
        match encoded with
        | null -> false
        | encoded -> encoded.IsLent

    /// The position of an entry.
    member _.Position(index: int) : int64 = position index

    /// The version of an entry.
    member _.Version(index: int) : int64 = versions[index]

    /// The stream of an entry.
    member _.Stream(index: int) : StreamId =
        match encoded with
        | null -> partsOf().Entries[index].Stream
        | encoded -> encoded.StreamArray[encoded.StreamNumbers[index]]

    /// The canonical bytes of an entry.
    member _.CanonicalBytes(index: int) : ReadOnlyMemory<byte> =
        match encoded with
        | null -> partsOf().Canonical[index]
        | encoded -> encoded.CanonicalBytes index

    /// The type of an entry.
    member _.Type(index: int) : string =
        match encoded with
        | null -> partsOf().Entries[index].Type
        | encoded -> encoded.Source.Type index

    /// The role of an entry.
    member _.Role(index: int) : Role =
        match encoded with
        | null -> partsOf().Entries[index].Role
        | encoded -> encoded.Source.Role index

    /// An entry that has tags, a time, ids, a run or words drawn; null for one that has none of them, if that is known.
    member _.Whole(index: int) : EntryData | null =
        match encoded with
        | null -> partsOf().Entries[index]
        | encoded -> encoded.Source.Whole index

    /// An entry, made where it is not there whole.
    member _.Entry(index: int) : EntryData =
        match encoded with
        | null -> partsOf().Entries[index]
        | encoded -> encoded.Make index

    /// The entries that are there.
    member _.Entries: EntryData[] =
        match encoded with
        | null -> partsOf().Entries
        | encoded -> encoded.Entries

    /// The canonical bytes of each entry.
    member this.Canonical: ReadOnlyMemory<byte>[] =
        let parts = partsOf ()

        if parts.Canonical.Length < this.Count then
            parts.Canonical <- Array.init this.Count this.CanonicalBytes

        parts.Canonical

    /// The position of each entry.
    member this.Positions: int64[] =
        let parts = partsOf ()

        match parts.Positions with
        | null ->
            let made = Array.init this.Count position
            parts.Positions <- made
            made
        | positions -> positions

    /// The version of each entry.
    member this.Versions: int64[] =
        if versions.Length = this.Count then versions else Array.sub versions 0 this.Count

    /// The leaves, holes included, whose counts add up to the positions the batch takes.
    member _.Leaves: Leaf list =
        let parts = partsOf ()

        match parts.Leaves with
        | ValueSome leaves -> leaves
        | ValueNone ->
            let mutable made = []

            match encoded with
            | null -> ()
            | encoded ->
                // From the last one on, so that the list is made once.
                for number in encoded.LeafCount - 1 .. -1 .. 0 do
                    let struct (start, count, hash) = encoded.LeafArray[number]
                    made <- { Count = count; FirstVersion = versions[start]; Hash = hash } :: made

            parts.Leaves <- ValueSome made
            made

    /// Writes the record of the batch, as `Head.writeRecord` does.
    member this.WriteRecord(writer: ByteWriter) : unit =
        match encoded with
        | null -> Head.writeRecord writer first this.Leaves
        | encoded -> AcceptedBatch.WriteRecordOf(writer, first, encoded.Count, encoded.LeafArray, encoded.LeafCount, versions)

    /// Writes the record of a dense batch, of which only so many leaves count.
    static member WriteRecordOf
        (writer: ByteWriter, first: int64, count: int, leaves: struct (int * int * Hash)[], leafCount: int, versions: int64[])
        : unit =
        writer.Int64 first
        writer.Int32 count

        for number in 0 .. leafCount - 1 do
            let struct (start, count, hash) = leaves[number]
            writer.Int32 count
            writer.Int64 versions[start]
            Hash.write writer hash

    /// The leaf of the batch in the batch tree.
    member this.TreeLeaf() : Hash =
        let writer = ScratchWriter.Take()
        writer.Byte 0uy
        this.WriteRecord writer
        let hash = Hash.Compute writer.Written
        ScratchWriter.GiveBack writer
        hash

    /// The idempotency key, with the content it stands for.
    member _.Key: (string * Hash) option = key

    /// The receipt, as little of it as was asked for.
    member _.Placed: PlacedReceipt = receipt

    /// The head after the batch.
    member _.Head: Head = receipt.Head

    /// What the caller is answered.
    member _.Receipt: Receipt = receipt.Value

    /// The idempotency key as the journal knows it from now on.
    member this.KnownKey: KnownKey option =
        key |> Option.map (fun (key, content) -> { Key = key; Content = content; Receipt = this.Receipt })

    /// The same batch with another key and receipt, as a store kept them.
    member this.With(key: (string * Hash) option, receipt: Receipt) : AcceptedBatch =
        AcceptedBatch.Found(first, this.Entries, this.Canonical, this.Positions, this.Versions, this.Leaves, key, receipt)

    /// Gives back what was lent: nothing but the receipt may be asked from now on.
    member _.Release() : unit =
        match encoded with
        | null -> ()
        | encoded ->
            if encoded.IsLent then
                let lent = versions
                versions <- Array.Empty<int64>()
                encoded.Release()
                ArrayPool<int64>.Shared.Return lent

/// How an append was decided.
[<Struct; RequireQualifiedAccess; NoEquality; NoComparison>]
type internal Acceptance =
    /// The batch is to be written.
    | Fresh of batch: AcceptedBatch
    /// The key was seen with the same content: this is the first receipt; nothing is written.
    | Repeated of receipt: Receipt
