// A batch on its way to a journal: validated once, its canonical bytes in one buffer, its leaves hashed. Written for both languages.
// Made by Append.encode, and by runs through Append.encodeOwn; taken by Append.accept, and by every journal as it is.
namespace Refold

open System
open System.Buffers
open System.Threading
open Refold.Core

/// A batch on its way to a journal: validated, encoded and hashed once, on the thread of whoever made it. Immutable, so it may be handed
/// over again after a conflict. Made from an append request; a journal decides with it and writes its bytes as they are.
[<Sealed>]
type EncodedBatch
    internal
    (
        source: AppendedEntries,
        demands: objnull,
        // Rented where the batch is lent; null where nothing is kept.
        writer: ByteWriter | null,
        ends: int[],
        streams: StreamId[],
        streamNumbers: int[],
        leaves: struct (int * int * Hash)[],
        leafCount: int,
        content: (string * Hash) option,
        violation: AppendError option,
        isLent: bool
    ) =

    let mutable writer = writer
    let mutable ends = ends
    let mutable streamNumbers = streamNumbers
    let mutable leaves = leaves
    let mutable entries: EntryData[] | null = null
    let mutable copies: PayloadCopies | null = null

    // The canonical bytes lie behind one byte.
    let bytes () : ReadOnlyMemory<byte> =
        match writer with
        | null -> ReadOnlyMemory.Empty
        | writer -> writer.WrittenMemory.Slice 1

    let check (index: int) =
        if index < 0 || index >= source.Count then
            raise (ArgumentOutOfRangeException(nameof index, index, "The batch has no entry of this index."))

    /// How many entries there are: 1 or more. Of a batch above the limit of entries, which no journal commits, one more than that limit.
    member _.Count: int = source.Count

    /// The idempotency key; null for none.
    member _.Key: string | null =
        let demands = AppendDemands.Of demands

        match demands.Key with
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
        enum<EntryRole>(int (Role.toByte (source.Role index)))

    /// The type of an entry.
    member _.Type(index: int) : string =
        check index
        source.Type index

    /// The payload of an entry, without a copy: what is appended, whatever became of the caller's bytes since.
    member this.Payload(index: int) : ReadOnlyMemory<byte> =
        let canonical = this.CanonicalBytes index
        if canonical.IsEmpty then source.Payload index else CanonicalBytes.payloadOf canonical

    /// The canonical bytes of an entry, without a copy. Empty in a batch above the limit of bytes, which no journal commits.
    member _.CanonicalBytes(index: int) : ReadOnlyMemory<byte> =
        check index

        match writer with
        | null -> ReadOnlyMemory.Empty
        | writer ->
            let start = if index = 0 then 0 else ends[index - 1]
            writer.WrittenMemory.Slice(1 + start, ends[index] - start)

    /// The canonical bytes of all entries, one after the other.
    member _.Bytes: ReadOnlyMemory<byte> = bytes ()

    /// Whether more appends follow before this one is answered, so that they share a flush. Changes nothing about what is appended.
    member val Pipelined: bool = false with get, internal set

    /// Whether what awaits the answer may go on on the thread that answers, because it is short and calls nobody else's code. Said by
    /// the library of its own waiting, so that a caller that blocks is woken without a thread of the pool; a journal may ignore it.
    member val AllowSynchronousContinuations: bool = false with get, internal set

    /// Why it does not get through the gates it demands; judged behind a known key, before everything else.
    member val internal Refusal: AppendError option = None with get, set

    /// The set of gates that it got through by itself: its append holds a pass of it, or a bypass of it is among the entries. Null for
    /// none.
    member val internal Cleared: obj | null = null with get, set

    /// The same batch, refused; one that is lent has no other holder, and is refused itself.
    member internal this.RefusedBy(error: AppendError) : EncodedBatch =
        let refused =
            if isLent then
                this
            else
                EncodedBatch(
                    source,
                    demands,
                    writer,
                    ends,
                    streams,
                    streamNumbers,
                    leaves,
                    leafCount,
                    content,
                    violation,
                    false,
                    Pipelined = this.Pipelined,
                    AllowSynchronousContinuations = this.AllowSynchronousContinuations
                )

        refused.Refusal <- Some error
        refused

    /// The streams as they are; not to be changed.
    member internal _.StreamArray: StreamId[] = streams

    /// The numbers as they are, and more behind them where the batch is lent; not to be changed.
    member internal _.StreamNumbers: int[] = streamNumbers

    /// Where the entries lie.
    member internal _.Source: AppendedEntries = source

    /// An entry, made where it is not there whole. Its payload is what was encoded, whatever became of the caller's bytes since; where
    /// the encoded bytes are lent, a copy of it.
    member internal this.Make(index: int) : EntryData =
        if source.IsFixed then
            source.Make(index, ReadOnlyMemory.Empty)
        else
            let encoded = this.Payload index

            let kept =
                if not isLent then
                    encoded
                elif source.Count = 1 then
                    ReadOnlyMemory(encoded.ToArray())
                else
                    let copies =
                        match copies with
                        | null ->
                            let made =
                                PayloadCopies(Seq.sumBy (fun at -> int64 (this.Payload at).Length) (seq { index .. source.Count - 1 }))

                            copies <- made
                            made
                        | made -> made

                    copies.Copy encoded

            source.Make(index, kept)

    /// The entries, in normal form and each with the key: made when they are first asked for.
    member internal this.Entries: EntryData[] =
        match entries with
        | null ->
            let made = Array.init source.Count this.Make
            // Asked by two threads at once, both get the same.
            match Interlocked.CompareExchange<EntryData[] | null>(&entries, made, null) with
            | null -> made
            | before -> before
        | made -> made

    /// Expected versions, the condition and the key.
    member internal _.Demands: AppendDemands = AppendDemands.Of demands

    /// The same as a request; its entries are not asked for.
    member internal this.Request: AppendRequest =
        match this.Demands with
        | AppendDemands.Requested request -> request
        | AppendDemands.OfStep step -> step.ToRequest()

    /// Index of the first entry, number of entries and hash of each leaf.
    member internal _.Leaves: struct (int * int * Hash)[] = Array.sub leaves 0 leafCount

    /// The same, and more behind them where the batch is lent; not to be changed.
    member internal _.LeafArray: struct (int * int * Hash)[] = leaves

    /// How many leaves there are.
    member internal _.LeafCount: int = leafCount

    /// Whether its bytes and columns are rented, because nobody but the library can hold it.
    member internal _.IsLent: bool = isLent

    /// Gives back what is rented: nothing may be asked any more. To be called once, by whoever is the last to hold it.
    member internal _.Release() : unit =
        match writer with
        | null -> ()
        | rented when isLent ->
            writer <- null
            LentWriter.GiveBack rented
            ArrayPool<int>.Shared.Return ends
            ArrayPool<int>.Shared.Return streamNumbers
            ArrayPool<struct (int * int * Hash)>.Shared.Return leaves
            ends <- Array.Empty<int>()
            streamNumbers <- ends
            leaves <- Array.Empty<struct (int * int * Hash)>()
            source.Release()
        | _ -> ()

    /// The key, and what a retry with it must repeat: SHA-256 over streams, roles, types, schema versions, payloads and tags, in order.
    member internal _.Content: (string * Hash) option = content

    /// The limit the batch breaks, judged after key, condition and expected versions.
    member internal _.Violation: AppendError option = violation

    /// How many entries and bytes there are.
    override _.ToString() = Numbers.text source.Count + " entries, " + Numbers.text (bytes ()).Length + " bytes"
