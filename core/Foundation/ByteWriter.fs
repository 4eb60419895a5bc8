// Little-endian, length-prefixed writing and total reading of byte forms.
// Used by canonical bytes, hashes, frames: everything that FORMAT.md describes.
namespace Refold.Core

open System
open System.Buffers
open System.Buffers.Binary
open System.Text

/// Large arrays that are wanted again now and then: a few are kept for as long as the garbage collector finds nothing to do. Safe for use
/// by many threads, as those that write checkpoints are not always the same.
[<Sealed; AbstractClass>]
type internal LargeArrays<'Item> private () =

    static let kept: WeakReference<'Item[]>[] =
        Array.init 4 (fun _ -> WeakReference<'Item[]>(Array.Empty<'Item>()))

    /// An array of at least so many items, which may hold anything.
    static member Rent(count: int) : 'Item[] =
        lock kept (fun () ->
            let mutable found: 'Item[] | null = null

            for slot in kept do
                match slot.TryGetTarget() with
                | true, array when isNull found && array.Length >= count ->
                    found <- array
                    slot.SetTarget(Array.Empty<'Item>())
                | _ -> ()

            match found with
            | null when count > (1 <<< 30) -> Array.zeroCreate<'Item> count
            // A power of two, so that what grows a little finds it again.
            | null -> Array.zeroCreate<'Item>(int (System.Numerics.BitOperations.RoundUpToPowerOf2(uint32 (max 16 count))))
            | array -> array)

    /// Takes an array back, in the place of the smallest.
    static member Return(array: 'Item[]) : unit =
        lock kept (fun () ->
            let mutable smallest = 0
            let mutable length = Int32.MaxValue

            for number in 0 .. kept.Length - 1 do
                let found =
                    match kept[number].TryGetTarget() with
                    | true, there -> there.Length
                    | _ -> 0

                if found < length then
                    smallest <- number
                    length <- found

            if length < array.Length then
                kept[smallest].SetTarget array)

/// A growing buffer. Integers are little-endian; texts and byte strings carry a 4-byte length before them. Not thread-safe.
[<Sealed>]
type internal ByteWriter private (first: byte[], isRented: bool, isLarge: bool) =
    let mutable buffer = first
    let mutable length = 0

    // A pool's own arrays stay with the thread that gave them back, which may have ended.
    let rent (size: int) = if isLarge then LargeArrays<byte>.Rent size else ArrayPool<byte>.Shared.Rent size

    let giveBack (array: byte[]) = if isLarge then LargeArrays<byte>.Return array else ArrayPool<byte>.Shared.Return array

    let grow (size: int) =
        if isRented then
            let larger = rent size
            Array.blit buffer 0 larger 0 length
            giveBack buffer
            buffer <- larger
        else
            Array.Resize(&buffer, size)

    let reserve (count: int) =
        if buffer.Length - length < count then
            grow (max (length + count) (buffer.Length * 2))

        let start = length
        length <- length + count
        start

    new(capacity: int) = ByteWriter(Array.zeroCreate (max 16 capacity), false, false)

    /// A writer whose buffer is rented, for what is written out and forgotten; to be released.
    static member Rent(capacity: int) : ByteWriter = ByteWriter(ArrayPool<byte>.Shared.Rent(max 16 capacity), true, false)

    /// The same for what is large, and released by threads that end.
    static member RentLarge(capacity: int) : ByteWriter = ByteWriter(LargeArrays<byte>.Rent capacity, true, true)

    /// Gives a rented buffer back: nothing that was written may be used any more.
    member _.Release() : unit =
        if isRented && buffer.Length > 0 then
            giveBack buffer

        buffer <- Array.Empty<byte>()
        length <- 0

    /// How many bytes were written.
    member _.Length: int = length

    /// What was written, valid until the next write.
    member _.Written: ReadOnlySpan<byte> = ReadOnlySpan(buffer, 0, length)

    /// What was written, without a copy; the writer must not be used for other content as long as the memory is.
    member _.WrittenMemory: ReadOnlyMemory<byte> = ReadOnlyMemory(buffer, 0, length)

    /// Forgets what was written and keeps the buffer.
    member _.Clear() : unit = length <- 0

    /// Forgets what was written behind the first so many bytes.
    member _.CutTo(count: int) : unit = length <- min length count

    /// So many bytes, to be filled in before the next write; they hold anything.
    member _.Room(count: int) : Span<byte> =
        let start = reserve count
        Span(buffer, start, count)

    /// One byte.
    member _.Byte(value: byte) : unit =
        let start = reserve 1
        buffer[start] <- value

    /// Two bytes, little-endian: the lowest of the value.
    member _.UInt16(value: int) : unit =
        let start = reserve 2
        BinaryPrimitives.WriteUInt16LittleEndian(Span(buffer, start, 2), uint16 value)

    /// Four bytes, little-endian.
    member _.UInt32(value: uint32) : unit =
        let start = reserve 4
        BinaryPrimitives.WriteUInt32LittleEndian(Span(buffer, start, 4), value)

    /// Four bytes, little-endian.
    member this.Int32(value: int) : unit = this.UInt32(uint32 value)

    /// Eight bytes, little-endian.
    member _.UInt64(value: uint64) : unit =
        let start = reserve 8
        BinaryPrimitives.WriteUInt64LittleEndian(Span(buffer, start, 8), value)

    /// Eight bytes, little-endian.
    member this.Int64(value: int64) : unit = this.UInt64(uint64 value)

    /// The bytes as they are, without a length.
    member _.Raw(bytes: ReadOnlySpan<byte>) : unit =
        let start = reserve bytes.Length
        bytes.CopyTo(Span(buffer, start, bytes.Length))

    /// This many zero bytes.
    member _.Zeros(count: int) : unit =
        let start = reserve count
        Span(buffer, start, count).Clear()

    /// A 4-byte length and the bytes.
    member this.Prefixed(bytes: ReadOnlySpan<byte>) : unit =
        this.Int32 bytes.Length
        this.Raw bytes

    /// The text in UTF-8, without a length.
    member _.Utf8(text: ReadOnlySpan<char>) : unit =
        let count = Encoding.UTF8.GetByteCount text
        let start = reserve count
        Encoding.UTF8.GetBytes(text, Span(buffer, start, count)) |> ignore<int>

    /// A 4-byte length and the text in UTF-8.
    member this.Text(text: string) : unit =
        if buffer.Length - length >= 4 + 3 * text.Length then
            // It surely fits: the text is gone through once.
            let count = Encoding.UTF8.GetBytes(text.AsSpan(), Span(buffer, length + 4, buffer.Length - length - 4))
            BinaryPrimitives.WriteInt32LittleEndian(Span(buffer, length, 4), count)
            length <- length + 4 + count
        else
            this.Int32(Encoding.UTF8.GetByteCount text)
            this.Utf8(text.AsSpan())

    /// Sixteen bytes, big-endian as RFC 9562 prints them.
    member _.Guid(value: Guid) : unit =
        let start = reserve 16
        value.TryWriteBytes(Span(buffer, start, 16), true) |> ignore<bool * int>

    /// Overwrites four bytes written before.
    member _.PatchUInt32(offset: int, value: uint32) : unit = BinaryPrimitives.WriteUInt32LittleEndian(Span(buffer, offset, 4), value)

    /// What was written, to be changed in place; valid until the next write.
    member _.WrittenSpan: Span<byte> = Span(buffer, 0, length)

    /// How many bytes fit without growing.
    member _.Capacity: int = buffer.Length

/// A writer of the thread, lent for what is written, read and forgotten at once. Lent again meanwhile, it is another one.
[<Sealed; AbstractClass>]
type internal ScratchWriter private () =

    // A larger buffer is not kept.
    static let mostKept = 64 * 1024

    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: ByteWriter | null

    /// An empty writer.
    static member Take() : ByteWriter =
        match ScratchWriter.kept with
        | null -> ByteWriter 1024
        | writer ->
            ScratchWriter.kept <- null
            writer.Clear()
            writer

    /// Takes the writer back: nothing that it wrote may be used any more.
    static member GiveBack(writer: ByteWriter) : unit =
        if writer.Capacity <= mostKept then
            ScratchWriter.kept <- writer

/// A total reader: once the bytes do not fit, `Failed` is set and every further answer is empty or zero. Never throws.
[<Sealed>]
type internal ByteReader(memory: ReadOnlyMemory<byte>) =
    static let utf8 = UTF8Encoding(false, true)

    let mutable position = 0
    let mutable failed = false

    let take (count: int) =
        if failed || count < 0 || memory.Length - position < count then
            failed <- true
            -1
        else
            let start = position
            position <- position + count
            start

    /// Whether something could not be read.
    member _.Failed: bool = failed

    /// The offset of the next byte.
    member _.Position: int = position

    /// Whether every byte was read and nothing failed.
    member _.AtEnd: bool = not failed && position = memory.Length

    /// Makes the reader fail: what was read has no valid meaning.
    member _.Fail() : unit = failed <- true

    /// One byte.
    member _.Byte() : byte =
        let start = take 1
        if start < 0 then 0uy else memory.Span[start]

    /// Two bytes, little-endian.
    member _.UInt16() : int =
        let start = take 2

        if start < 0 then 0 else int (BinaryPrimitives.ReadUInt16LittleEndian(memory.Span.Slice(start, 2)))

    /// Four bytes, little-endian.
    member _.UInt32() : uint32 =
        let start = take 4

        if start < 0 then 0u else BinaryPrimitives.ReadUInt32LittleEndian(memory.Span.Slice(start, 4))

    /// Four bytes, little-endian.
    member this.Int32() : int = int (this.UInt32())

    /// Eight bytes, little-endian.
    member _.UInt64() : uint64 =
        let start = take 8

        if start < 0 then 0UL else BinaryPrimitives.ReadUInt64LittleEndian(memory.Span.Slice(start, 8))

    /// Eight bytes, little-endian.
    member this.Int64() : int64 = int64 (this.UInt64())

    /// This many bytes, without a copy.
    member _.Raw(count: int) : ReadOnlyMemory<byte> =
        let start = take count
        if start < 0 then ReadOnlyMemory.Empty else memory.Slice(start, count)

    /// A 4-byte length and that many bytes, without a copy.
    member this.Prefixed() : ReadOnlyMemory<byte> =
        let count = this.Int32()
        this.Raw count

    /// A 4-byte length and that many bytes of UTF-8; invalid UTF-8 fails.
    member this.Text() : string =
        let bytes = this.Prefixed()

        try
            utf8.GetString bytes.Span
        with :? DecoderFallbackException ->
            failed <- true
            ""

    /// Sixteen bytes, big-endian.
    member _.Guid() : Guid =
        let start = take 16
        if start < 0 then Guid.Empty else Guid(memory.Span.Slice(start, 16), true)
