// Bytes to frames: whole, torn and corrupt kept apart. FORMAT.md, "Frame".
// Called by Segment.Scan.fs, and by stores for every entry they read.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary

/// A frame with the bytes it takes.
[<NoEquality; NoComparison>]
type internal ReadFrame =
    {
        /// The frame; its canonical bytes are a view into what was read.
        Frame: Frame
        /// Its offset.
        Offset: int
        /// Its size in bytes.
        Size: int
    }

/// Reading frames. Nothing here throws, whatever the bytes are.
[<RequireQualifiedAccess>]
module internal FrameDecoding =

    let private corrupt (offset: int) what expected found : Result<'Value, FrameError> =
        Error(FrameError.Corrupt(int64 offset, what, expected, found))

    let private isZero (bytes: ReadOnlySpan<byte>) = bytes.IndexOfAnyExcept 0uy < 0

    /// The length at the offset, once its checksum vouches for it.
    let private readSize (seed: uint32) (bytes: ReadOnlySpan<byte>) (offset: int) : Result<int, FrameError> =
        if bytes.Length - offset < FrameLayout.prefixBytes then
            Error(FrameError.Torn(int64 offset, "the file ends inside a frame"))
        else
            let expected = Checksum.seeded seed (bytes.Slice(offset, 4))
            let found = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(offset + 4, 4))
            let size = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(offset, 4))

            if expected <> found then
                corrupt offset "the checksum of a frame's length" (Numbers.hex expected) (Numbers.hex found)
            elif size < FrameLayout.shortest || size % FrameLayout.alignment <> 0 then
                corrupt offset "a frame's length" "a multiple of 8, at least 80" (Numbers.text size)
            elif size > bytes.Length - offset then
                Error(FrameError.Torn(int64 offset, "the file ends inside a frame"))
            else
                Ok size

    /// Whether a length of a frame lies at the offset, its checksum right. Cheap: for looking at every offset.
    let hasLength (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) : bool =
        let bytes = memory.Span

        bytes.Length - offset >= FrameLayout.shortest
        && BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(offset, 4)) >= FrameLayout.shortest
        && Checksum.seeded seed (bytes.Slice(offset, 4)) = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(offset + 4, 4))

    /// Where frames may go on behind zeros that begin at the offset: the next block, if nothing but zeros lies before it and a length of
    /// a frame in it; otherwise the offset itself. What a gap hides is a frame number that is missing.
    let internal behindGap (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) : int =
        let next = FrameLayout.nextBlock (int64 offset)

        if
            next < int64 memory.Length
            && isZero (memory.Span.Slice(offset, int next - offset))
            && hasLength seed memory (int next)
        then
            int next
        else
            offset

    let private readHash (reader: ByteReader) : Hash =
        let bytes = reader.Raw 32
        if bytes.Length = 32 then Hash.OfSpan bytes.Span else Hash.Zero

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

    let private readVersions (reader: ByteReader) : StreamVersions list =
        readMany reader (fun () ->
            {
                Stream = readStream reader (reader.Text())
                First = reader.Int64()
                Last = reader.Int64()
            })

    let private readBase (reader: ByteReader) (keysBefore: int64) : BaseContent =
        let stream () =
            {
                BaseStream.Stream = readStream reader (reader.Text())
                Highest = reader.Int64()
                Floor = reader.Int64()
            }

        let key () =
            let key = reader.Text()
            let content = readHash reader
            let first = reader.Int64()
            let count = reader.Int32()
            let head = { Position = first + int64 count - 1L; Hash = readHash reader }

            {
                Key = key
                Content = content
                Receipt =
                    {
                        FirstPosition = first
                        Count = count
                        Versions = readVersions reader
                        Head = head
                    }
            }

        let streams = readMany reader stream
        { Streams = streams; Keys = readMany reader key; KeysBefore = keysBefore }

    let private readDropped (reader: ByteReader) (count: int) (leaf: Hash) : DroppedLeaf =
        let stream = readStream reader (reader.Text())

        let key () =
            {
                KeptKey.Key = reader.Text()
                Content = readHash reader
                Versions = readVersions reader
            }

        let key =
            match reader.Byte() with
            | 0uy -> None
            | 1uy -> Some(key ())
            | _ ->
                reader.Fail()
                None

        { Stream = stream; Count = count; Hash = leaf; Key = key }

    let private readBody (kind: byte) (version: int64) (place: BatchPlace) (memory: ReadOnlyMemory<byte>) : FrameBody option =
        let reader = ByteReader memory

        let body =
            if kind = FrameLayout.entryKind then
                FrameBody.Entry(place, reader.Raw memory.Length)
            elif kind = FrameLayout.stubKind then
                let count = reader.Int32()
                let leaf = readHash reader

                if memory.Length = FrameLayout.stubBytes then
                    FrameBody.Stub(place, count, leaf)
                else
                    FrameBody.Dropped(place, readDropped reader count leaf)
            elif kind = FrameLayout.deleteToKind then
                // The name is the whole body: read through the checked text of a reader over a length made here.
                let writer = ByteWriter(4 + memory.Length)
                writer.Prefixed memory.Span
                let name = ByteReader writer.WrittenMemory
                let stream = readStream name (name.Text())
                reader.Raw memory.Length |> ignore

                if name.Failed then
                    reader.Fail()

                FrameBody.DeleteTo stream
            elif kind = FrameLayout.baseKind then
                FrameBody.Base(readBase reader version)
            elif kind = FrameLayout.forgetKeysKind then
                FrameBody.ForgetKeys
            else
                reader.Fail()
                FrameBody.Entry(place, memory)

        if reader.AtEnd then Some body else None

    /// What a frame whose checksum is right holds; `None` where it breaks the layout.
    let private readContent (memory: ReadOnlyMemory<byte>) : Frame option =
        let reader = ByteReader memory
        reader.Raw FrameLayout.prefixBytes |> ignore
        let kind = reader.Byte()
        let flags = reader.Byte()
        let reserved = reader.Raw 2
        let epoch = reader.UInt32()
        let number = reader.Int64()
        let flushed = reader.Int64()
        let position = reader.Int64()
        let version = reader.Int64()
        let place = { First = reader.Int64(); Index = reader.Int32(); Count = reader.Int32() }
        let bodyBytes = reader.Int32()
        let alsoReserved = reader.Raw 4
        let body = readBody kind version place (reader.Raw bodyBytes)
        let hasHead = (flags = FrameLayout.headFlag)
        let head = if hasHead then ValueSome(readHash reader) else ValueNone

        let padding = reader.Raw(memory.Length - 4 - reader.Position)
        let wellPadded = padding.Length < FrameLayout.alignment && isZero padding.Span

        let reservedZero = flags <= FrameLayout.headFlag && isZero reserved.Span && isZero alsoReserved.Span

        let isPlaced =
            match body with
            | Some(FrameBody.DeleteTo _ | FrameBody.Base _ | FrameBody.ForgetKeys) -> place.First = 0L && place.Index = 0 && place.Count = 0
            | Some(FrameBody.Entry _ | FrameBody.Stub _ | FrameBody.Dropped _)
            | None -> true

        match body with
        | Some body when not reader.Failed && wellPadded && reservedZero && isPlaced ->
            Some
                {
                    Epoch = epoch
                    Number = number
                    Flushed = flushed
                    Position = position
                    Version = version
                    Body = body
                    Head = head
                }
        | _ -> None

    /// Reads the frame at the offset. `seed` is `Checksum.seed` of the journal id. Torn: the bytes end inside it.
    /// Corrupt: a checksum or the layout is wrong; zeros are no frame and corrupt as well.
    let read (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) : Result<ReadFrame, FrameError> =
        match readSize seed memory.Span offset with
        | Error error -> Error error
        | Ok size ->
            let bytes = memory.Slice(offset, size)
            let expected = Checksum.seeded seed (bytes.Span.Slice(0, size - 4))
            let found = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span.Slice(size - 4))

            if expected <> found then
                corrupt offset "the checksum of a frame" (Numbers.hex expected) (Numbers.hex found)
            else
                match readContent bytes with
                | Some frame -> Ok { Frame = frame; Offset = offset; Size = size }
                | None -> corrupt offset "the layout of a frame" "that of format version 1" "another"

    /// Whether the frame of this number begins the block behind the offset: then what lies between is no interrupted write, but damage
    /// between two flushes.
    let internal beginsNextBlock (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) (number: int64) : bool =
        let next = FrameLayout.nextBlock (int64 offset)

        next > int64 offset
        && next < int64 memory.Length
        && match read seed memory (int next) with
           | Ok found -> found.Frame.Number = number
           | Error _ -> false
