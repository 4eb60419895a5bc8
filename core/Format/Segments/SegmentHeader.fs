// The header of a segment file. FORMAT.md, "Segment".
// Written by stores when a segment is begun, read by Segment.Scan.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary
open System.Numerics

/// What a segment says about itself in its first 128 bytes.
[<NoComparison>]
type internal SegmentHeader =
    {
        /// The journal it belongs to.
        JournalId: Guid
        /// 0, or one more than the segment of the same first position had before; above all others for a target of compaction.
        Generation: int
        /// The lowest position it may hold.
        FirstPosition: int64
        /// The number of its first frame.
        FirstFrame: int64
        /// The head hash before its first frame.
        HeadBefore: Hash
        /// Bytes of the whole file.
        FileBytes: int64
        /// Whether entries are found by id, by what brought them about, and by run.
        HasIds: bool
    }

/// Writing and reading segment headers.
[<RequireQualifiedAccess>]
module internal SegmentHeader =

    /// Bytes of the header.
    let bytes = 128

    /// The format version that is written, and the highest that is read.
    let formatVersion = 2

    let private magic = "REFOLDSG"B

    let private versionOffset = 8

    let private checksumOffset = 124

    let private ourVersion = [| byte formatVersion; 0uy; 0uy; 0uy |]

    /// The 128 bytes of the header.
    let encode (header: SegmentHeader) : ReadOnlyMemory<byte> =
        let writer = ByteWriter bytes
        writer.Raw(ReadOnlySpan magic)
        writer.Int32 formatVersion
        writer.Int32 header.Generation
        writer.Guid header.JournalId
        writer.Int64 header.FirstPosition
        writer.Int64 header.FirstFrame
        Hash.write writer header.HeadBefore
        writer.Int64 header.FileBytes
        writer.UInt32(if header.HasIds then 1u else 0u)
        writer.Zeros(checksumOffset - writer.Length)
        writer.UInt32(Checksum.plain writer.Written)
        writer.WrittenMemory

    /// Whether the checksum would be right if these bytes had stood at the offset: then nothing else is wrong with the header.
    let private isRightWith (memory: ReadOnlyMemory<byte>) (offset: int) (replacement: byte[]) : bool =
        let header = memory.Slice(0, bytes).ToArray()
        replacement.CopyTo(header, offset)

        Checksum.plain (ReadOnlySpan(header, 0, checksumOffset)) =
            BinaryPrimitives.ReadUInt32LittleEndian(ReadOnlySpan(header, checksumOffset, 4))

    let private readFields (memory: ReadOnlyMemory<byte>) : Result<SegmentHeader, FrameError> =
        let reader = ByteReader(memory.Slice(versionOffset + 4, bytes - versionOffset - 4))
        let generation = reader.Int32()
        let journalId = reader.Guid()
        let firstPosition = reader.Int64()
        let firstFrame = reader.Int64()
        let headBefore = Hash.OfSpan (reader.Raw 32).Span
        let fileBytes = reader.Int64()
        let flags = reader.UInt32()

        let inRange =
            flags <= 1u && generation >= 0 && firstPosition >= 1L && firstFrame >= 1L && fileBytes >= int64 bytes

        if inRange && fileBytes % 8L = 0L then
            Ok
                {
                    JournalId = journalId
                    Generation = generation
                    FirstPosition = firstPosition
                    FirstFrame = firstFrame
                    HeadBefore = headBefore
                    FileBytes = fileBytes
                    HasIds = (flags = 1u)
                }
        else
            Error(FrameError.Corrupt(0L, "the segment header", "fields in their ranges", "others"))

    /// Whether the first bytes, as many as were written before zeros or the end, are those of a segment.
    let beginsLikeOne (memory: ReadOnlyMemory<byte>) : bool =
        let written = memory.Span.LastIndexOfAnyExcept 0uy + 1
        (ReadOnlySpan magic).StartsWith(memory.Span.Slice(0, min magic.Length written))

    /// Reads the header. Magic, version and checksum are told apart: where only one of them is wrong and the rest of the header is as
    /// it was written, that one is named. A version that differs from ours in one bit is taken for damage.
    let decode (memory: ReadOnlyMemory<byte>) : Result<SegmentHeader, FrameError> =
        if memory.Length < bytes then
            Error(FrameError.Torn(0L, "the file ends inside the segment header"))
        else
            let span = memory.Span
            let version = BinaryPrimitives.ReadInt32LittleEndian(span.Slice(versionOffset, 4))
            let expected = Checksum.plain (span.Slice(0, checksumOffset))
            let found = BinaryPrimitives.ReadUInt32LittleEndian(span.Slice(checksumOffset, 4))
            let hasMagic = span.StartsWith(ReadOnlySpan magic)

            let damagedVersion () =
                isRightWith memory versionOffset ourVersion
                && BitOperations.PopCount(uint32 version ^^^ uint32 formatVersion) = 1

            if not hasMagic && isRightWith memory 0 magic then
                Error(FrameError.Corrupt(0L, "the magic of a segment", "REFOLDSG", "other bytes"))
            elif not hasMagic then
                Error(FrameError.Foreign "it does not begin with REFOLDSG")
            elif version <> formatVersion && damagedVersion () then
                Error(FrameError.Corrupt(int64 versionOffset, "the format version", Numbers.text formatVersion, Numbers.text version))
            elif version > formatVersion && (expected = found || isRightWith memory versionOffset ourVersion) then
                Error(FrameError.FutureVersion(version, formatVersion))
            elif version = Block.pastVersion && expected = found then
                Error(FrameError.PastVersion version)
            elif expected <> found then
                Error(FrameError.Corrupt(0L, "the checksum of the segment header", Numbers.hex expected, Numbers.hex found))
            elif version <> formatVersion then
                Error(FrameError.Corrupt(int64 versionOffset, "the format version", Numbers.text formatVersion, Numbers.text version))
            else
                readFields memory
