// Frames to bytes. FORMAT.md, "Frame".
// Called by Frame.Batch.fs; the other direction is Frame.Decoding.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary

/// Writing frames.
[<RequireQualifiedAccess>]
module internal FrameEncoding =

    let private noPlace: BatchPlace = { First = 0L; Index = 0; Count = 0 }

    let private noLayout: CanonicalLayout =
        {
            Role = 0uy
            Fields = 0uy
            Stream = 0
            Type = 0
            SchemaVersion = 0
            Payload = 0
            Tags = 0
            Run = 0
        }

    let private writeHashes (writer: ByteWriter) (hashes: Hash list) : unit =
        writer.Int32 hashes.Length
        List.iter (Hash.write writer) hashes

    /// A key and the receipt it stands for, in every place where it is kept without its batch.
    let private writeKey (writer: ByteWriter) (key: KnownKey) : unit =
        writer.Text key.Key
        Hash.write writer key.Content
        writer.Int64 key.Receipt.FirstPosition
        writer.Int32 key.Receipt.Count
        Hash.write writer key.Receipt.Head.Hash
        writer.Int32 key.Receipt.Versions.Length

        for item in key.Receipt.Versions do
            writer.Text item.Stream.Value
            writer.Int64 item.First
            writer.Int64 item.Last

    let private writeStub (writer: ByteWriter) (leaf: StubLeaf) : unit =
        writer.Int32 leaf.Count
        Hash.write writer leaf.Hash
        writer.Int64 leaf.Latest
        writer.Text(leaf.Stream |> Option.map _.Value |> Option.defaultValue "")

        match leaf.Key with
        | None -> writer.Byte 0uy
        | Some key ->
            writer.Byte 1uy
            writeKey writer key

    /// What batches come to; also in footers.
    let internal writeTreePlace (writer: ByteWriter) (place: TreePlace) : unit =
        writer.Int64 place.Batches
        writer.Int64 place.Latest
        writeHashes writer place.Peaks

    let private writeBase (writer: ByteWriter) (content: BaseContent) : unit =
        writer.Int64 content.KeysBefore
        writeTreePlace writer content.Tree
        writer.Int32 content.Provable.Length

        for provable in content.Provable do
            writer.Int64 provable.Size
            writeHashes writer provable.Proof

        writer.Int32 content.Streams.Length

        for stream in content.Streams do
            writer.Text stream.Stream.Value
            writer.Int64 stream.Highest
            writer.Int64 stream.Floor

        writer.Int32 content.Keys.Length
        List.iter (writeKey writer) content.Keys

    let private written (write: ByteWriter -> unit) : ReadOnlyMemory<byte> =
        let writer = ByteWriter 128
        write writer
        writer.WrittenMemory

    let private kindOf (body: FrameBody) : byte =
        match body with
        | FrameBody.Entry _ -> FrameLayout.entryKind
        | FrameBody.Stub _ -> FrameLayout.stubKind
        | FrameBody.DeleteTo _ -> FrameLayout.deleteToKind
        | FrameBody.Base _ -> FrameLayout.baseKind
        | FrameBody.ForgetKeys _ -> FrameLayout.forgetKeysKind

    let private placeOf (body: FrameBody) : BatchPlace =
        match body with
        | FrameBody.Entry(place, _)
        | FrameBody.Stub(place, _) -> place
        | FrameBody.DeleteTo _
        | FrameBody.Base _
        | FrameBody.ForgetKeys _ -> noPlace

    let private bytesOf (body: FrameBody) : ReadOnlyMemory<byte> =
        match body with
        | FrameBody.Entry(_, canonical) -> canonical
        | FrameBody.Stub(_, leaf) -> written (fun writer -> writeStub writer leaf)
        | FrameBody.DeleteTo(stream, version) ->
            written (fun writer ->
                writer.Int64 version
                writer.Text stream.Value)
        | FrameBody.Base content -> written (fun writer -> writeBase writer content)
        | FrameBody.ForgetKeys before -> written (fun writer -> writer.Int64 before)

    /// The length of a body in bytes.
    let internal bodyBytes (body: FrameBody) : int = (bytesOf body).Length

    // Bytes of a header before its head and its checksum.
    let private fieldBytes = 84

    // A frame from its parts, which no object has to hold.
    let private put
        (seed: uint32)
        (writer: ByteWriter)
        (kind: byte)
        (layout: CanonicalLayout)
        (epoch: uint32)
        (number: int64)
        (flushed: int64)
        (position: int64)
        (version: int64)
        (place: BatchPlace)
        (body: ReadOnlySpan<byte>)
        (head: Hash voption)
        : unit =
        let start = writer.Length
        let size = FrameLayout.size body.Length head.IsSome
        let header = writer.Room fieldBytes
        BinaryPrimitives.WriteInt32LittleEndian(header, size)
        header[4] <- kind
        header[5] <- if head.IsSome then FrameLayout.headFlag else 0uy
        header[6] <- layout.Role
        header[7] <- layout.Fields
        BinaryPrimitives.WriteUInt32LittleEndian(header.Slice 8, epoch)
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice 12, place.Index)
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice 16, number)
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice 24, flushed)
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice 32, position)
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice 40, version)
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice 48, place.First)
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice 56, place.Count)
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice 60, body.Length)
        BinaryPrimitives.WriteUInt16LittleEndian(header.Slice 64, uint16 layout.Stream)
        BinaryPrimitives.WriteUInt16LittleEndian(header.Slice 66, uint16 layout.Type)
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice 68, layout.Payload)
        BinaryPrimitives.WriteUInt16LittleEndian(header.Slice 72, uint16 layout.Tags)
        BinaryPrimitives.WriteUInt16LittleEndian(header.Slice 74, uint16 layout.Run)
        BinaryPrimitives.WriteUInt32LittleEndian(header.Slice 76, Checksum.seeded seed body)
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice 80, layout.SchemaVersion)

        match head with
        | ValueSome head -> Hash.write writer head
        | ValueNone -> ()

        writer.UInt32(Checksum.seeded seed (writer.Written.Slice start))
        writer.Raw body
        writer.Zeros(start + size - writer.Length)

    /// What the header says of an entry's bytes.
    let private layoutOf (canonical: ReadOnlySpan<byte>) : CanonicalLayout =
        match CanonicalLayout.tryRead canonical with
        | ValueSome layout -> layout
        // Bytes that nobody could read back: they are refused there.
        | ValueNone -> noLayout

    /// Appends the frame to the writer. `seed` is `Checksum.seed` of the journal id. The writer's length stays a multiple of 8.
    let write (seed: uint32) (writer: ByteWriter) (frame: Frame) : unit =
        let body = (bytesOf frame.Body).Span

        let layout =
            match frame.Body with
            | FrameBody.Entry _ -> layoutOf body
            | _ -> noLayout

        put
            seed
            writer
            (kindOf frame.Body)
            layout
            frame.Epoch
            frame.Number
            frame.Flushed
            frame.Position
            frame.Version
            (placeOf frame.Body)
            body
            frame.Head

    /// Appends the frame of an entry as `write` does, which no object has to hold.
    let writeEntry
        (seed: uint32)
        (writer: ByteWriter)
        (epoch: uint32)
        (number: int64)
        (flushed: int64)
        (position: int64)
        (version: int64)
        (place: BatchPlace)
        (canonical: ReadOnlySpan<byte>)
        (head: Hash voption)
        : unit =
        put seed writer FrameLayout.entryKind (layoutOf canonical) epoch number flushed position version place canonical head
        // Not the last thing that is done: a tail call with so many arguments goes through a helper.
        ()
