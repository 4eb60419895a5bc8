// A batch on its way to a journal: validated once, its canonical bytes in one buffer, its leaves hashed. Written for both languages.
// Made by Append.encode, and by runs through Append.encodeOwn; taken by Append.accept, and by every journal as it is.
namespace Refold

open System
open Refold.Core

/// A batch on its way to a journal: validated, encoded and hashed once, on the thread of whoever made it. Immutable, so it may be handed
/// over again after a conflict. Made from an append request; a journal decides with it and writes its bytes as they are.
[<Sealed>]
type EncodedBatch
    internal
    (
        entries: EntryData[],
        request: AppendRequest,
        buffer: ReadOnlyMemory<byte>,
        ends: int[],
        streams: StreamId[],
        streamNumbers: int[],
        leaves: struct (int * int * Hash)[],
        content: Hash,
        violation: AppendError option
    ) =

    let check (index: int) =
        if index < 0 || index >= entries.Length then
            raise (ArgumentOutOfRangeException(nameof index, index, "The batch has no entry of this index."))

    /// How many entries there are: 1 or more. Of a batch above the limit of entries, which no journal commits, one more than that limit.
    member _.Count: int = entries.Length

    /// The idempotency key; null for none.
    member _.Key: string | null =
        match request.Key with
        | Some key -> key
        | None -> null

    /// The streams of the entries, each once, in order of appearance.
    member _.Streams: Collections.Generic.IReadOnlyList<StreamId> = Array.AsReadOnly streams

    /// Which of `Streams` an entry belongs to. Throws `ArgumentOutOfRangeException` for an index
    /// outside 0 .. Count - 1, as all of these do.
    member _.StreamNumber(index: int) : int =
        check index
        streamNumbers[index]

    /// The stream of an entry.
    member _.Stream(index: int) : StreamId =
        check index
        streams[streamNumbers[index]]

    /// What an entry is for.
    member _.Role(index: int) : EntryRole =
        check index
        enum<EntryRole>(int (Role.toByte entries[index].Role))

    /// The type of an entry.
    member _.Type(index: int) : string =
        check index
        entries[index].Type

    /// The payload of an entry, without a copy.
    member _.Payload(index: int) : ReadOnlyMemory<byte> =
        check index
        entries[index].Payload.Memory

    /// The canonical bytes of an entry, without a copy. Empty in a batch above the limit of bytes, which no journal commits.
    member _.CanonicalBytes(index: int) : ReadOnlyMemory<byte> =
        check index

        if ends.Length = 0 then
            ReadOnlyMemory.Empty
        else
            let start = if index = 0 then 0 else ends[index - 1]
            buffer.Slice(start, ends[index] - start)

    /// The canonical bytes of all entries, one after the other.
    member _.Bytes: ReadOnlyMemory<byte> = buffer

    /// Whether more appends follow before this one is answered, so that they share a flush. Changes nothing about what is appended.
    member val Pipelined: bool = false with get, internal set

    /// Whether what awaits the answer may go on on the thread that answers, because it is short and calls nobody else's code. Said by
    /// the library of its own waiting, so that a caller that blocks is woken without a thread of the pool; a journal may ignore it.
    member val AllowSynchronousContinuations: bool = false with get, internal set

    /// The streams as they are; not to be changed.
    member internal _.StreamArray: StreamId[] = streams

    /// The numbers as they are; not to be changed.
    member internal _.StreamNumbers: int[] = streamNumbers

    /// The entries, in normal form and each with the key.
    member internal _.Entries: EntryData[] = entries

    /// Expected versions and the condition; its entries are those above.
    member internal _.Request: AppendRequest = request

    /// Index of the first entry, number of entries and hash of each leaf.
    member internal _.Leaves: struct (int * int * Hash)[] = leaves

    /// What a retry with the same key must repeat: SHA-256 over streams, roles, types, schema versions, payloads and tags, in order.
    /// Zero where there is no key, and never compared then.
    member internal _.Content: Hash = content

    /// The limit the batch breaks, judged after key, condition and expected versions.
    member internal _.Violation: AppendError option = violation

    /// How many entries and bytes there are.
    override _.ToString() = Numbers.text entries.Length + " entries, " + Numbers.text buffer.Length + " bytes"
