// CRC32C (Castagnoli; RFC 3720 appendix B.4), plain and seeded with a journal id. FORMAT.md, "Checksum".
// Called by the frames, segments and pages of Refold.Format for every byte that is written or read, and by Refold.LiteDb.
namespace Refold.Core

open System
open System.Buffers.Binary
open System.Numerics

/// The checksum of frames and headers. It finds accidents, not intent: heads are for that.
[<RequireQualifiedAccess>]
module Checksum =

    let private update (state: uint32) (bytes: ReadOnlySpan<byte>) : uint32 =
        let mutable state = state
        let mutable offset = 0

        while bytes.Length - offset >= 8 do
            state <- BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(offset, 8)))
            offset <- offset + 8

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
