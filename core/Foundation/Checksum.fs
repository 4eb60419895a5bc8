// CRC32C (Castagnoli; RFC 3720 appendix B.4), plain and seeded with a journal id. FORMAT.md, "Checksum".
// Called by the frames, segments and pages of Refold.Format for every byte that is written or read, and by Refold.LiteDb.
namespace Refold.Core

open System
open System.Buffers.Binary
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// Three registers run beside each other, because each step of one waits for the one before; then they are joined.
[<RequireQualifiedAccess>]
module internal ChecksumLanes =

    /// The least bytes for which lanes are worth their joining.
    let least = 144

    /// The most words of 8 bytes in all lanes together.
    let private mostWords = 384

    /// The polynomial without its highest term, lowest bit first.
    let private polynomial = 0x82F63B78u

    /// By words: what a register is multiplied with to be as if so many zeros had followed. The product and the step that reduces it come
    /// to 33 more powers of x.
    let private factors: uint64[] =
        let table = Array.zeroCreate (mostWords + 1)
        let mutable power = 0x80000000u

        for words in 1..mostWords do
            for _ in 1 .. (if words = 1 then 64 - 33 else 64) do
                power <- (power >>> 1) ^^^ (if power &&& 1u = 1u then polynomial else 0u)

            table[words] <- uint64 power

        table

    /// Whether this machine multiplies without carries.
    let isSupported = BitConverter.IsLittleEndian && Pclmulqdq.IsSupported

    let inline private times (register: uint32) (words: int) : uint64 =
        let factor = Vector128.CreateScalarUnsafe factors[words]
        Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(uint64 register), factor, 0uy).ToScalar()

    /// Takes as many words as there are, up to the most; the last lane has those that are left over. Returns the register and how many
    /// bytes were taken.
    let update (register: uint32) (bytes: ReadOnlySpan<byte>) : struct (uint32 * int) =
        let all = min mostWords (bytes.Length / 8)
        let count = all / 3
        let words = MemoryMarshal.Cast<byte, uint64>(bytes.Slice(0, 8 * all))
        let first = words.Slice(0, count)
        let second = words.Slice(count, count)
        let third = words.Slice(2 * count)
        let mutable left = register
        let mutable middle = 0u
        let mutable right = 0u

        for index in 0 .. first.Length - 1 do
            left <- BitOperations.Crc32C(left, first[index])
            middle <- BitOperations.Crc32C(middle, second[index])
            right <- BitOperations.Crc32C(right, third[index])

        for index in count .. third.Length - 1 do
            right <- BitOperations.Crc32C(right, third[index])

        // Both are reduced in one step.
        let joined = times left (all - count) ^^^ times middle third.Length
        struct (BitOperations.Crc32C(0u, joined) ^^^ right, 8 * all)

/// The checksum of frames and headers. It finds accidents, not intent: heads are for that.
[<RequireQualifiedAccess>]
module Checksum =

    let private update (state: uint32) (bytes: ReadOnlySpan<byte>) : uint32 =
        let mutable state = state
        let mutable offset = 0

        if ChecksumLanes.isSupported then
            while bytes.Length - offset >= ChecksumLanes.least do
                let struct (next, taken) = ChecksumLanes.update state (bytes.Slice offset)
                state <- next
                offset <- offset + taken

        while bytes.Length - offset >= 8 do
            state <- BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(offset, 8)))
            offset <- offset + 8

        if bytes.Length - offset >= 4 then
            state <- BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(offset, 4)))
            offset <- offset + 4

        if bytes.Length - offset >= 2 then
            state <- BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(offset, 2)))
            offset <- offset + 2

        if offset < bytes.Length then
            state <- BitOperations.Crc32C(state, bytes[offset])

        state

    /// The CRC32C of the bytes.
    let plain (bytes: ReadOnlySpan<byte>) : uint32 = ~~~(update 0xFFFFFFFFu bytes)

    /// What seeded checksums of this journal start from: the register after the 16 bytes of its id, big-endian.
    let seed (journalId: Guid) : uint32 =
        let bytes = Span<byte>(Array.zeroCreate<byte> 16)
        journalId.TryWriteBytes(bytes, true) |> ignore<bool * int>
        update 0xFFFFFFFFu (Span.op_Implicit bytes)

    /// The CRC32C of the journal id that made the seed, followed by the bytes.
    let seeded (seed: uint32) (bytes: ReadOnlySpan<byte>) : uint32 = ~~~(update seed bytes)
