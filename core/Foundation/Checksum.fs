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

    /// The most words of 8 bytes in a lane.
    let private mostWords = 128

    /// The polynomial without its highest term, lowest bit first.
    let private polynomial = 0x82F63B78u

    /// By words in a lane: what a register is multiplied with to be as if a lane of zeros had followed. The product and the step that
    /// reduces it come to 33 more powers of x.
    let private factors: uint32[] =
        let power exponent =
            let mutable value = 0x80000000u

            for _ in 1..exponent do
                value <- (value >>> 1) ^^^ (if value &&& 1u = 1u then polynomial else 0u)

            value

        Array.init (mostWords + 1) (fun words -> if words = 0 then 0u else power (64 * words - 33))

    /// Whether this machine multiplies without carries.
    let isSupported = BitConverter.IsLittleEndian && Pclmulqdq.IsSupported

    let inline private follow (register: uint32) (factor: Vector128<uint64>) : uint32 =
        let product = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(uint64 register), factor, 0uy)
        BitOperations.Crc32C(0u, product.ToScalar())

    /// Takes three lanes of as many words as fit. Returns the register and how many bytes were taken.
    let update (register: uint32) (bytes: ReadOnlySpan<byte>) : struct (uint32 * int) =
        let count = min mostWords (bytes.Length / 24)
        let words = MemoryMarshal.Cast<byte, uint64>(bytes.Slice(0, 24 * count))
        let first = words.Slice(0, count)
        let second = words.Slice(count, count)
        let third = words.Slice(2 * count, count)
        let mutable left = register
        let mutable middle = 0u
        let mutable right = 0u

        for index in 0 .. first.Length - 1 do
            left <- BitOperations.Crc32C(left, first[index])
            middle <- BitOperations.Crc32C(middle, second[index])
            right <- BitOperations.Crc32C(right, third[index])

        let factor = Vector128.CreateScalar(uint64 factors[count])
        struct (follow (follow left factor ^^^ middle) factor ^^^ right, 24 * count)

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

        while offset < bytes.Length do
            state <- BitOperations.Crc32C(state, bytes[offset])
            offset <- offset + 1

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
