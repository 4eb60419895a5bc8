// Blocks that stand for themselves: magic, format version, fields, zeros, checksum. FORMAT.md, "Blocks".
// The form of SegmentTrailer.fs, Commit.fs, Checkpoint.fs and Marker.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary

/// Writing and reading one block: magic (8 bytes), format version (4), fields, zeros, and a CRC32C in the last four bytes.
[<RequireQualifiedAccess>]
module internal Block =

    /// The register of a checksum that no journal id seeds: `Checksum.seeded unseeded` is `Checksum.plain`.
    let unseeded = 0xFFFFFFFFu

    /// The format version that is written, and the highest that is read.
    let formatVersion = 2

    /// A version that earlier programs wrote, and this one does not read.
    let pastVersion = 1

    let private versionOffset = 8

    /// Bytes before the fields.
    let fieldsOffset = 12

    /// Whether there is nothing but zeros.
    let isZero (bytes: ReadOnlySpan<byte>) : bool = bytes.IndexOfAnyExcept 0uy < 0

    /// A block of this many bytes. `write` gives the fields, which have to leave room for the checksum.
    let encode (magic: byte[]) (size: int) (seed: uint32) (write: ByteWriter -> unit) : ReadOnlyMemory<byte> =
        let writer = ByteWriter size
        writer.Raw(ReadOnlySpan magic)
        writer.Int32 formatVersion
        write writer
        writer.Zeros(size - 4 - writer.Length)
        writer.UInt32(Checksum.seeded seed writer.Written)
        writer.WrittenMemory

    /// Reads a block that takes the memory whole and lies at this offset of its file. `read` gets its fields; what it leaves unread
    /// must be zero. A version above ours is believed only where magic and checksum are right.
    let decode
        (what: string)
        (magic: byte[])
        (seed: uint32)
        (offset: int64)
        (memory: ReadOnlyMemory<byte>)
        (read: ByteReader -> 'Value)
        : Result<'Value, FrameError> =
        let bytes = memory.Span
        let length = memory.Length

        let corrupt part expected found = Error(FrameError.Corrupt(offset, part + " of " + what, expected, found))

        if length < fieldsOffset + 4 then
            Error(FrameError.Torn(offset, "the file ends inside " + what))
        elif not (bytes.StartsWith(ReadOnlySpan magic)) then
            corrupt "the magic" (Text.Encoding.ASCII.GetString magic) "other bytes"
        else
            let expected = Checksum.seeded seed (bytes.Slice(0, length - 4))
            let found = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(length - 4))
            let version = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(versionOffset, 4))

            if expected <> found then
                corrupt "the checksum" (Numbers.hex expected) (Numbers.hex found)
            elif version > formatVersion then
                Error(FrameError.FutureVersion(version, formatVersion))
            elif version = pastVersion then
                Error(FrameError.PastVersion version)
            elif version <> formatVersion then
                corrupt "the format version" (Numbers.text (int64 formatVersion)) (Numbers.text (int64 version))
            else
                let reader = ByteReader(memory.Slice(fieldsOffset, length - fieldsOffset - 4))
                let value = read reader
                let rest = reader.Raw(length - fieldsOffset - 4 - reader.Position)

                if reader.Failed || not (isZero rest.Span) then
                    corrupt "the layout" ("that of format version " + Numbers.text (int64 formatVersion)) "another"
                else
                    Ok value

    /// Reads 32 bytes as a hash; zero where they are not there.
    let hash (reader: ByteReader) : Hash =
        let bytes = reader.Raw 32
        if bytes.Length = 32 then Hash.OfSpan bytes.Span else Hash.Zero

    /// A number that must not be below the least it can be.
    let atLeast (least: int64) (reader: ByteReader) : int64 =
        let value = reader.Int64()

        if value < least then
            reader.Fail()

        value

    /// A count or generation, which is not negative.
    let count (reader: ByteReader) : int =
        let value = reader.Int32()

        if value < 0 then
            reader.Fail()

        value
