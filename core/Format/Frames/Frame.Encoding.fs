// Frames to bytes. FORMAT.md, "Frame".
// Called by Frame.Batch.fs; the other direction is Frame.Decoding.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Text

/// Writing frames.
[<RequireQualifiedAccess>]
module internal FrameEncoding =

    let private noPlace: BatchPlace = { First = 0L; Index = 0; Count = 0 }

    let private writeVersions (writer: ByteWriter) (versions: StreamVersions list) : unit =
        writer.Int32 versions.Length

        for item in versions do
            writer.Text item.Stream.Value
            writer.Int64 item.First
            writer.Int64 item.Last

    let private baseBytes (content: BaseContent) : ReadOnlyMemory<byte> =
        let writer = ByteWriter 256
        writer.Int32 content.Streams.Length

        for stream in content.Streams do
            writer.Text stream.Stream.Value
            writer.Int64 stream.Highest
            writer.Int64 stream.Floor

        writer.Int32 content.Keys.Length

        for key in content.Keys do
            writer.Text key.Key
            Hash.write writer key.Content
            writer.Int64 key.Receipt.FirstPosition
            writer.Int32 key.Receipt.Count
            Hash.write writer key.Receipt.Head.Hash
            writeVersions writer key.Receipt.Versions

        writer.WrittenMemory

    let private writeStub (writer: ByteWriter) (count: int) (leaf: Hash) : unit =
        writer.Int32 count
        Hash.write writer leaf

    let private stubBytes (count: int) (leaf: Hash) : ReadOnlyMemory<byte> =
        let writer = ByteWriter FrameLayout.stubBytes
        writeStub writer count leaf
        writer.WrittenMemory

    let private droppedBytes (leaf: DroppedLeaf) : ReadOnlyMemory<byte> =
        let writer = ByteWriter 128
        writeStub writer leaf.Count leaf.Hash
        writer.Text leaf.Stream.Value

        match leaf.Key with
        | None -> writer.Byte 0uy
        | Some key ->
            writer.Byte 1uy
            writer.Text key.Key
            Hash.write writer key.Content
            writeVersions writer key.Versions

        writer.WrittenMemory

    let private parts (body: FrameBody) : struct (byte * BatchPlace * ReadOnlyMemory<byte>) =
        match body with
        | FrameBody.Entry(place, canonical) -> struct (FrameLayout.entryKind, place, canonical)
        | FrameBody.Stub(place, count, leaf) -> struct (FrameLayout.stubKind, place, stubBytes count leaf)
        | FrameBody.Dropped(place, leaf) -> struct (FrameLayout.stubKind, place, droppedBytes leaf)
        | FrameBody.DeleteTo stream -> struct (FrameLayout.deleteToKind, noPlace, ReadOnlyMemory(Encoding.UTF8.GetBytes stream.Value))
        | FrameBody.Base content -> struct (FrameLayout.baseKind, noPlace, baseBytes content)
        | FrameBody.ForgetKeys -> struct (FrameLayout.forgetKeysKind, noPlace, ReadOnlyMemory.Empty)

    /// The length of a body in bytes.
    let internal bodyBytes (body: FrameBody) : int =
        let struct (_, _, bytes) = parts body
        bytes.Length

    /// Appends the frame to the writer. `seed` is `Checksum.seed` of the journal id. The writer's length stays a multiple of 8.
    let write (seed: uint32) (writer: ByteWriter) (frame: Frame) : unit =
        let struct (kind, place, body) = parts frame.Body
        let start = writer.Length
        let size = FrameLayout.size body.Length frame.Head.IsSome
        writer.Int32 size
        writer.UInt32(Checksum.seeded seed (writer.Written.Slice(start, 4)))
        writer.Byte kind
        writer.Byte(if frame.Head.IsSome then FrameLayout.headFlag else 0uy)
        writer.Zeros 2
        writer.UInt32 frame.Epoch
        writer.Int64 frame.Number
        writer.Int64 frame.Flushed
        writer.Int64 frame.Position
        writer.Int64 frame.Version
        writer.Int64 place.First
        writer.Int32 place.Index
        writer.Int32 place.Count
        writer.Int32 body.Length
        writer.Zeros 4
        writer.Raw body.Span

        match frame.Head with
        | ValueSome head -> Hash.write writer head
        | ValueNone -> ()

        writer.Zeros(start + size - 4 - writer.Length)
        writer.UInt32(Checksum.seeded seed (writer.Written.Slice(start, size - 4)))
