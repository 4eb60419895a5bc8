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

    let private headerSizeAt (bytes: ReadOnlySpan<byte>) (offset: int) : int =
        FrameLayout.headerSize (bytes[offset + FrameLayout.flagsOffset] = FrameLayout.headFlag)

    /// Whether a frame's header lies at the offset, its checksum right. For looking at every offset: what cannot be one costs little.
    let hasHeader (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) : bool =
        let bytes = memory.Span

        if bytes.Length - offset < FrameLayout.shortest then
            false
        else
            let kind = bytes[offset + FrameLayout.kindOffset]
            let size = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(offset, 4))

            let mayBe =
                kind >= FrameLayout.entryKind
                && kind <= FrameLayout.forgetKeysKind
                && bytes[offset + FrameLayout.flagsOffset] <= FrameLayout.headFlag
                && size >= FrameLayout.shortest
                && size % FrameLayout.alignment = 0

            mayBe
            && (let header = headerSizeAt bytes offset

                header <= bytes.Length - offset
                && Checksum.seeded seed (bytes.Slice(offset, header - 4)) =
                    BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(offset + header - 4, 4)))

    /// The sizes of the header at the offset and of its frame, once the header's checksum vouches for them.
    let private readSizes (seed: uint32) (bytes: ReadOnlySpan<byte>) (offset: int) : Result<struct (int * int), FrameError> =
        let torn () = Error(FrameError.Torn(int64 offset, "the file ends inside a frame"))

        if bytes.Length - offset < FrameLayout.shortest then
            torn ()
        else
            let header = headerSizeAt bytes offset

            if bytes.Length - offset < header then
                torn ()
            else
                let expected = Checksum.seeded seed (bytes.Slice(offset, header - 4))
                let found = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(offset + header - 4, 4))
                let size = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(offset, 4))

                if expected <> found then
                    corrupt offset "the checksum of a frame's header" (Numbers.hex expected) (Numbers.hex found)
                elif size < header || size % FrameLayout.alignment <> 0 then
                    corrupt offset "a frame's length" "a multiple of 8, at least that of its header" (Numbers.text size)
                elif size > bytes.Length - offset then
                    torn ()
                else
                    Ok(struct (header, size))

    /// Where frames may go on behind zeros that begin at the offset: the next block, if nothing but zeros lies before it and a header of
    /// a frame in it; otherwise the offset itself. What a gap hides is a frame number that is missing.
    let internal behindGap (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) : int =
        let next = FrameLayout.nextBlock (int64 offset)

        if
            next < int64 memory.Length
            && isZero (memory.Span.Slice(offset, int next - offset))
            && hasHeader seed memory (int next)
        then
            int next
        else
            offset

    let private int32At (header: ReadOnlySpan<byte>) (offset: int) = BinaryPrimitives.ReadInt32LittleEndian(header.Slice offset)

    let private int64At (header: ReadOnlySpan<byte>) (offset: int) = BinaryPrimitives.ReadInt64LittleEndian(header.Slice offset)

    let private uint16At (header: ReadOnlySpan<byte>) (offset: int) = int (BinaryPrimitives.ReadUInt16LittleEndian(header.Slice offset))

    /// The layout of the body as the header says it.
    let private readLayout (header: ReadOnlySpan<byte>) : CanonicalLayout =
        {
            Role = header[6]
            Fields = header[7]
            Stream = uint16At header 64
            Type = uint16At header 66
            SchemaVersion = int32At header 80
            Payload = int32At header 68
            Tags = uint16At header 72
            Run = uint16At header 74
        }

    let private isNoLayout (layout: CanonicalLayout) =
        layout.Role = 0uy
        && layout.Fields = 0uy
        && layout.Stream = 0
        && layout.Type = 0
        && layout.SchemaVersion = 0
        && layout.Payload = 0
        && layout.Tags = 0
        && layout.Run = 0

    /// Whether header and body belong together: of an entry the header says where its fields lie, of all others nothing.
    let private isPlaced (frame: Frame) (layout: CanonicalLayout) : bool =
        match frame.Body with
        | FrameBody.Entry(_, canonical) ->
            match CanonicalLayout.tryRead canonical.Span with
            | ValueSome found -> CanonicalLayout.same found layout
            | ValueNone -> isNoLayout layout
        | FrameBody.Stub _ -> isNoLayout layout
        | FrameBody.DeleteTo _
        | FrameBody.Base _
        | FrameBody.ForgetKeys _ -> frame.Version = 0L && isNoLayout layout

    let private layoutError (offset: int) : Result<'Value, FrameError> =
        corrupt offset "the layout of a frame" ("that of format version " + Numbers.text Block.formatVersion) "another"

    /// A frame whose header is vouched for.
    let private readFrame (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) (header: int) (size: int) =
        let bytes = memory.Span.Slice(offset, header)
        let kind = bytes[FrameLayout.kindOffset]
        let flags = bytes[FrameLayout.flagsOffset]
        let epoch = uint32 (int32At bytes 8)
        let number = int64At bytes 16
        let flushed = int64At bytes 24
        let position = int64At bytes 32
        let version = int64At bytes 40
        let place = { First = int64At bytes 48; Index = int32At bytes 12; Count = int32At bytes 56 }
        let bodyBytes = int32At bytes 60
        let layout = readLayout bytes
        let checksum = uint32 (int32At bytes 76)

        let head =
            if flags = FrameLayout.headFlag then ValueSome(Hash.OfSpan(bytes.Slice(84, 32))) else ValueNone

        let fits =
            flags <= FrameLayout.headFlag
            && bodyBytes >= 0
            && bodyBytes <= size - header
            && FrameLayout.size bodyBytes (flags = FrameLayout.headFlag) = size

        if not fits then
            layoutError offset
        else
            let body = memory.Slice(offset + header, bodyBytes)
            let expected = Checksum.seeded seed body.Span

            if expected <> checksum then
                corrupt offset "the checksum of a frame" (Numbers.hex expected) (Numbers.hex checksum)
            elif not (isZero (memory.Span.Slice(offset + header + bodyBytes, size - header - bodyBytes))) then
                corrupt offset "the bytes behind a frame's body" "zeros" "other bytes"
            else
                match FrameBodies.read kind place body with
                | None -> layoutError offset
                | Some body ->
                    let frame =
                        {
                            Epoch = epoch
                            Number = number
                            Flushed = flushed
                            Position = position
                            Version = version
                            Body = body
                            Head = head
                        }

                    let isOutside = not (body.IsEntry || body.IsStub)

                    if isPlaced frame layout && (not isOutside || (place.First = 0L && place.Index = 0 && place.Count = 0)) then
                        Ok { Frame = frame; Offset = offset; Size = size }
                    else
                        layoutError offset

    /// Reads the frame at the offset. `seed` is `Checksum.seed` of the journal id. Torn: the bytes end inside it.
    /// Corrupt: a checksum or the layout is wrong; zeros are no frame and corrupt as well.
    let read (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) : Result<ReadFrame, FrameError> =
        match readSizes seed memory.Span offset with
        | Error error -> Error error
        | Ok(struct (header, size)) -> readFrame seed memory offset header size

    /// Whether the frame of this number begins the block behind the offset: then what lies between is no interrupted write, but damage
    /// between two flushes.
    let internal beginsNextBlock (seed: uint32) (memory: ReadOnlyMemory<byte>) (offset: int) (number: int64) : bool =
        let next = FrameLayout.nextBlock (int64 offset)

        next > int64 offset
        && next < int64 memory.Length
        && match read seed memory (int next) with
           | Ok found -> found.Frame.Number = number
           | Error _ -> false
