// The entries of an append while they are encoded: where they lie, read field by field, so that none is copied into another object.
// Read by Append.Encode.fs and EncodedBatch.fs; the facade has one over its own entries.
namespace Refold.Core

open System

/// Writers of batches that are lent, one kept by the thread that gave it back last.
[<Sealed; AbstractClass>]
type internal LentWriter private () =

    // A larger buffer is not kept.
    static let mostKept = 64 * 1024

    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: ByteWriter | null

    /// An empty writer.
    static member Take(capacity: int) : ByteWriter =
        match LentWriter.kept with
        | null -> ByteWriter.Rent capacity
        | writer ->
            LentWriter.kept <- null
            writer.Clear()
            writer

    /// Takes the writer back, from the last that holds it: nothing that it wrote may be used any more.
    static member GiveBack(writer: ByteWriter) : unit =
        if writer.Capacity <= mostKept && isNull LentWriter.kept then
            LentWriter.kept <- writer
        else
            writer.Release()

/// Entries that a caller hands over. Most have no more than a stream, a role, a type, a schema version and a payload.
[<AbstractClass>]
type internal AppendedEntries() =

    /// How many there are.
    abstract Count: int
    /// The stream of an entry.
    abstract Stream: index: int -> StreamId
    /// The role of an entry.
    abstract Role: index: int -> Role
    /// The type of an entry.
    abstract Type: index: int -> string
    /// The schema version of an entry.
    abstract SchemaVersion: index: int -> int
    /// The payload of an entry.
    abstract Payload: index: int -> ReadOnlyMemory<byte>
    /// An entry that has more than these; null for any other, which has the append's key and nothing else.
    abstract Whole: index: int -> EntryData | null
    /// Puts the normal form in the place of an entry that is there whole.
    abstract Put: index: int * data: EntryData -> unit
    /// Whether nobody can change the payloads any more, as the core's bytes never change.
    abstract IsFixed: bool
    /// An entry, made where it is not there whole. `payload`: the bytes that were encoded, which it keeps unless its own are fixed.
    abstract Make: index: int * payload: ReadOnlyMemory<byte> -> EntryData
    /// Nothing is asked any more.
    abstract Release: unit -> unit

/// Copies of the payloads of a batch, one behind the other, in arrays that stay below the size from which on the runtime collects an array
/// only with everything else.
[<Sealed>]
type internal PayloadCopies(total: int64) =
    static let most = 64L * 1024L
    let mutable left = total
    let mutable room = Memory<byte>.Empty

    /// A copy of one of them.
    member _.Copy(payload: ReadOnlyMemory<byte>) : ReadOnlyMemory<byte> =
        if payload.Length > room.Length then
            room <- Memory(GC.AllocateUninitializedArray<byte>(max payload.Length (int (max 0L (min left most)))))

        let copy = room.Slice(0, payload.Length)
        payload.CopyTo copy
        room <- room.Slice payload.Length
        left <- left - int64 payload.Length
        Memory<byte>.op_Implicit copy

/// Entries that are there as the core has them. The array is this one's.
[<Sealed>]
type internal ListedEntries(entries: EntryData[]) =
    inherit AppendedEntries()

    override _.Count = entries.Length
    override _.Stream index = entries[index].Stream
    override _.Role index = entries[index].Role
    override _.Type index = entries[index].Type
    override _.SchemaVersion index = entries[index].SchemaVersion
    override _.Payload index = entries[index].Payload.Memory
    override _.Whole index = entries[index]
    override _.Put(index, data) = entries[index] <- data
    override _.IsFixed = true
    override _.Make(index, _) = entries[index]
    override _.Release() = ()

/// Entries whose payloads nobody else can change.
[<RequireQualifiedAccess>]
module internal OwnPayload =

    /// The same entry over a copy of its payload.
    let entry (entry: Entry) : Entry =
        { entry with
            Data =
                { entry.Data with
                    Payload = Bytes.Wrap(ReadOnlyMemory(entry.Data.Payload.Memory.ToArray()))
                }
        }
