// The entries of an append while they are encoded: where they lie, read field by field, so that none is copied into another object.
// Read by Append.Encode.fs and EncodedBatch.fs; the facade has one over its own entries.
namespace Refold.Core

open System

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
    /// An entry, made where it is not there whole.
    abstract Make: index: int -> EntryData
    /// Nothing is asked any more.
    abstract Release: unit -> unit

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
    override _.Make index = entries[index]
    override _.Release() = ()
