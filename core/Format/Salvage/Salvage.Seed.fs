// The seed of a journal's checksums, found from its frames when no header can be read. FORMAT.md, "Salvage".
// Called by Salvage.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary
open System.Numerics

/// A CRC runs backwards as well as forwards: bytes and checksum together give the register it began with.
[<RequireQualifiedAccess>]
module internal SalvageSeed =

    let private table = Array.init 256 (fun index -> BitOperations.Crc32C(uint32 index, 0uy))

    // Every value of the highest byte occurs once in the table.
    let private byHighestByte =
        let places = Array.zeroCreate<uint32> 256
        table |> Array.iteri (fun index value -> places[int (value >>> 24)] <- uint32 index)
        places

    /// The seed with which these bytes have this checksum.
    let private solve (bytes: ReadOnlySpan<byte>) (checksum: uint32) : uint32 =
        let mutable register = ~~~checksum

        for place = bytes.Length - 1 downto 0 do
            let index = byHighestByte[int (register >>> 24)]
            register <- ((register ^^^ table[int index]) <<< 8) ||| (index ^^^ uint32 bytes[place])

        register

    /// The bytes of the header at the beginning, if it could be one, whatever the seed is; 0 otherwise.
    let private headerOf (bytes: ReadOnlySpan<byte>) (size: int) : int =
        let kind, flags = bytes[FrameLayout.kindOffset], bytes[FrameLayout.flagsOffset]
        let body = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(FrameLayout.bodyBytesOffset, 4))
        let hasHead = (flags = FrameLayout.headFlag)

        let mayBe =
            kind >= FrameLayout.entryKind
            && kind <= FrameLayout.forgetKeysKind
            && flags <= FrameLayout.headFlag
            && body >= 0
            && body < size
            && FrameLayout.size body hasHead = size

        if mayBe then FrameLayout.headerSize hasHead else 0

    // Whole frames are checked for a few times the file's bytes at most: garbage must not cost more.
    let private budgetPerByte = 8L

    /// The seeds of all frames that check, each once.
    let find (memory: ReadOnlyMemory<byte>) : uint32 list =
        let seeds = ResizeArray<uint32>()
        let mutable budget = budgetPerByte * int64 memory.Length
        let mutable offset = 0

        while offset <= memory.Length - FrameLayout.shortest && budget > 0L do
            let bytes = memory.Span.Slice offset
            let size = BinaryPrimitives.ReadInt32LittleEndian bytes
            let mutable step = FrameLayout.alignment

            let header = if size >= FrameLayout.shortest && size <= bytes.Length then headerOf bytes size else 0

            if header > 0 then
                let checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(header - 4))
                let seed = solve (bytes.Slice(0, header - 4)) checksum
                budget <- budget - int64 size

                match FrameDecoding.read seed memory offset with
                | Ok found ->
                    step <- found.Size

                    if not (seeds.Contains seed) then
                        seeds.Add seed
                | Error _ -> ()

            offset <- offset + step

        List.ofSeq seeds
