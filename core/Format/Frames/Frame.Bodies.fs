// The bodies of frames, from bytes: stubs, deletions, bases, forgotten keys. FORMAT.md, "Frame".
// Called by Frame.Decoding.fs for bytes whose checksum is right; the other direction is Frame.Encoding.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Reading bodies. Total: a reader that fails says so, whatever the bytes are.
[<RequireQualifiedAccess>]
module internal FrameBodies =

    let private readStream (reader: ByteReader) (name: string) : StreamId =
        match StreamId.tryCreate name with
        | Ok stream -> stream
        | Error _ ->
            reader.Fail()
            StreamId.Create "?"

    let private readMany (reader: ByteReader) (read: unit -> 'Item) : 'Item list =
        let count = reader.Int32()
        let items = ResizeArray()
        let mutable index = 0

        // A count that lies ends at the first item that is not there.
        while index < count && not reader.Failed do
            items.Add(read ())
            index <- index + 1

        if count < 0 then
            reader.Fail()

        List.ofSeq items

    /// Reads 32 bytes as a hash; zero where they are not there.
    let readHashes (reader: ByteReader) : Hash list = readMany reader (fun () -> Block.hash reader)

    let private readKey (reader: ByteReader) : KnownKey =
        let key = reader.Text()
        let content = Block.hash reader
        let first = reader.Int64()
        let count = reader.Int32()
        let head = { Position = first + int64 count - 1L; Hash = Block.hash reader }

        let versions =
            readMany reader (fun () ->
                {
                    Stream = readStream reader (reader.Text())
                    First = reader.Int64()
                    Last = reader.Int64()
                })

        if first < 1L || count < 1 || versions.IsEmpty then
            reader.Fail()

        {
            Key = key
            Content = content
            Receipt = { FirstPosition = first; Count = count; Versions = versions; Head = head }
        }

    /// What batches come to; also in footers.
    let readTreePlace (reader: ByteReader) : TreePlace =
        let batches = reader.Int64()
        let latest = reader.Int64()
        let place = { Batches = batches; Latest = latest; Peaks = readHashes reader }

        if TreePlace.isSound place then
            place
        else
            reader.Fail()
            TreePlace.none

    let private readBase (reader: ByteReader) : BaseContent =
        let keysBefore = reader.Int64()
        let tree = readTreePlace reader
        let provable = readMany reader (fun () -> { Size = reader.Int64(); Proof = readHashes reader })

        let streams =
            readMany reader (fun () ->
                {
                    BaseStream.Stream = readStream reader (reader.Text())
                    Highest = reader.Int64()
                    Floor = reader.Int64()
                })

        let keys = readMany reader (fun () -> readKey reader)

        if keysBefore < 0L then
            reader.Fail()

        {
            Streams = streams
            Keys = keys
            KeysBefore = keysBefore
            Tree = tree
            Provable = provable
        }

    let private readStub (reader: ByteReader) : StubLeaf =
        let count = reader.Int32()
        let hash = Block.hash reader
        let latest = reader.Int64()
        let stream = reader.Text()

        let key =
            match reader.Byte() with
            | 0uy -> None
            | 1uy -> Some(readKey reader)
            | _ ->
                reader.Fail()
                None

        if latest < TreePlace.noTime || latest > DateTime.MaxValue.Ticks then
            reader.Fail()

        {
            Count = count
            Hash = hash
            Latest = latest
            Stream = if stream = "" then None else Some(readStream reader stream)
            Key = key
        }

    /// What a body of this kind holds; `None` where it breaks the layout.
    let read (kind: byte) (place: BatchPlace) (memory: ReadOnlyMemory<byte>) : FrameBody option =
        let reader = ByteReader memory

        let body =
            if kind = FrameLayout.entryKind then
                FrameBody.Entry(place, reader.Raw memory.Length)
            elif kind = FrameLayout.stubKind then
                FrameBody.Stub(place, readStub reader)
            elif kind = FrameLayout.deleteToKind then
                let version = reader.Int64()
                FrameBody.DeleteTo(readStream reader (reader.Text()), version)
            elif kind = FrameLayout.baseKind then
                FrameBody.Base(readBase reader)
            elif kind = FrameLayout.forgetKeysKind then
                FrameBody.ForgetKeys(reader.Int64())
            else
                reader.Fail()
                FrameBody.Entry(place, memory)

        if reader.AtEnd then Some body else None
