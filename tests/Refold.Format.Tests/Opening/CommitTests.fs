// COMMIT, trailer, checkpoint root and marker byte by byte, and which slot counts.
// Run by `dotnet test`; damage is a matter of the properties.
module Refold.Format.Tests.CommitTests

open System
open Expecto
open Refold.Core
open Refold.Format
open Refold
open Refold.Support

let private journalId = Guid "00112233-4455-6677-8899-aabbccddeeff"

let private head = { Position = 7L; Hash = Hash.Compute(ReadOnlySpan [| 1uy |]) }

let private segment: SegmentName = { FirstPosition = 5L; Generation = 2 }

let private slot: CommitSlot = {
    JournalId = journalId
    Sequence = 6L
    Epoch = 3u
    SetGeneration = 4L
    Segment = segment
    EndOffset = 4096L
    LastFrame = 9L
    Head = head
    IsClosed = true
}

let private hex (bytes: byte[]) = Convert.ToHexStringLower bytes

let private plainChecksum (bytes: byte[]) = hex (BitConverter.GetBytes(Checksum.plain (ReadOnlySpan(bytes, 0, bytes.Length - 4))))

let private zeros count = String('0', 2 * count)

[<Tests>]
let tests =
    testList "Opening / COMMIT, trailer, checkpoint and marker" [
        testCase "a slot is, byte by byte, what FORMAT.md says" (fun () ->
            let bytes = (Commit.encode slot).ToArray()

            equal
                ("5245464f4c44434d" // REFOLDCM
                 + "02000000" // format version
                 + "01000000" // closed
                 + "00112233445566778899aabbccddeeff"
                 + "0600000000000000" // sequence
                 + "03000000" // epoch
                 + "02000000" // generation of the segment
                 + "0400000000000000" // set generation
                 + "0500000000000000" // first position of the segment
                 + "0010000000000000" // end offset
                 + "0900000000000000" // last frame
                 + "0700000000000000" // position
                 + string head.Hash
                 + "00000000"
                 + plainChecksum bytes)
                (hex bytes)

            equal (Ok(Some slot)) (Commit.decode 0L (ReadOnlyMemory bytes)))

        testCase "a slot in the other's place is not valid" (fun () ->
            let bytes = Commit.encode slot
            isTrue (Result.isError (Commit.decode 2048L bytes)))

        testCase "a trailer is, byte by byte, what FORMAT.md says" (fun () ->
            let header = {
                JournalId = journalId
                Generation = 2
                FirstPosition = 5L
                FirstFrame = 6L
                HeadBefore = Hash.Zero
                FileBytes = 4096L
                HasIds = true
            }

            let trailer = {
                Name = segment
                FooterOffset = 8192L
                Pages = 3
                FramesEnd = 4104L
                LastFrame = 9L
                Head = head
                Epoch = 3u
                Entries = 17
                HasBase = true
                KeysBefore = 6L
                Batches = 7L
            }

            let seed = Checksum.seed journalId
            let bytes = (SegmentTrailer.encode seed trailer).ToArray()

            equal
                ("5245464f4c445452" // REFOLDTR
                 + "02000000" // format version
                 + "03000000" // pages
                 + "0020000000000000" // offset of the footer
                 + "0810000000000000" // end of the frames
                 + "0500000000000000" // first position
                 + "02000000" // generation
                 + "01000000" // a base
                 + "0900000000000000" // last frame
                 + "0700000000000000" // position
                 + string head.Hash
                 + "03000000" // epoch
                 + "11000000" // entries
                 + "0600000000000000" // keys before this position are forgotten
                 + "0700000000000000" // batches
                 + zeros 4)
                (hex bytes[0..123])

            equal (Checksum.seeded seed (ReadOnlySpan(bytes, 0, 124))) (BitConverter.ToUInt32(bytes, 124))
            let length = SegmentTrailer.offset header.FileBytes trailer.FooterOffset trailer.Pages + 128L
            equal (8192L + 3L * 4096L + 128L) length
            equal (Ok(Some trailer)) (SegmentTrailer.decode header length (ReadOnlyMemory bytes))
            equal (Ok None) (SegmentTrailer.decode header length (ReadOnlyMemory(Array.zeroCreate 128)))
            // Of another segment, of another journal, or in a file that has no room for its footer.
            isTrue (Result.isError (SegmentTrailer.decode { header with Generation = 3 } length (ReadOnlyMemory bytes)))

            isTrue (Result.isError (SegmentTrailer.decode { header with JournalId = Guid.Empty } length (ReadOnlyMemory bytes)))

            isTrue (Result.isError (SegmentTrailer.decode header (length - 1L) (ReadOnlyMemory bytes))))

        testCase "the root of a checkpoint is, byte by byte, what FORMAT.md says" (fun () ->
            let set = Checkpoint.setHash [ segment ]

            let root = {
                JournalId = journalId
                SetGeneration = 4L
                Segments = 1
                SetHash = set
                Watermark = segment
                Offset = 4096L
                LastFrame = 9L
                Head = head
                Epoch = 3u
                Entries = 17
                Pages = 2
                KeysBefore = 6L
                PagesChecksum = 0x01020304u
            }

            let bytes = (Checkpoint.encode root).ToArray()

            equal
                ("5245464f4c444958" // REFOLDIX
                 + "02000000" // format version
                 + "02000000" // pages
                 + "00112233445566778899aabbccddeeff"
                 + "0400000000000000" // set generation
                 + "01000000" // segments
                 + "02000000" // generation of the watermark's segment
                 + string set
                 + "0500000000000000" // its first position
                 + "0010000000000000" // offset
                 + "0900000000000000" // last frame
                 + "0700000000000000" // position
                 + string head.Hash
                 + "03000000" // epoch
                 + "11000000" // entries
                 + "0600000000000000" // keys before this position are forgotten
                 + "04030201" // checksum of the pages
                 + zeros 3928
                 + plainChecksum bytes)
                (hex bytes)

            equal (Ok root) (Checkpoint.decode (ReadOnlyMemory bytes))

            equal
                (Hash.ofParts "refold.segment-set" (fun writer ->
                    writer.Int64 5L
                    writer.Int32 2))
                set)

        testCase "a marker is, byte by byte, what FORMAT.md says" (fun () ->
            let marker: CompactionMarker = {
                JournalId = journalId
                SetGeneration = 4L
                Sources = [ { FirstPosition = 1L; Generation = 0 }; segment ]
                Target = { FirstPosition = 1L; Generation = 1 }
            }

            let bytes = (Marker.encode marker).ToArray()

            equal
                ("5245464f4c445044" // REFOLDPD
                 + "02000000" // format version
                 + "02000000" // sources
                 + "00112233445566778899aabbccddeeff"
                 + "0400000000000000" // set generation
                 + "0100000000000000"
                 + "01000000"
                 + "00000000" // target
                 + "0100000000000000"
                 + "00000000"
                 + "00000000" // first source
                 + "0500000000000000"
                 + "02000000"
                 + "00000000" // second source
                 + "00000000"
                 + plainChecksum bytes)
                (hex bytes)

            equal (Ok marker) (Marker.decode (ReadOnlyMemory bytes)))

        testCase "a marker without sources, with one twice, or with its target among them is refused" (fun () ->
            let marker sources =
                Marker.encode {
                    JournalId = journalId
                    SetGeneration = 1L
                    Sources = sources
                    Target = segment
                }
                |> Marker.decode

            let other: SegmentName = { FirstPosition = 1L; Generation = 0 }
            isTrue (Result.isOk (marker [ other ]))

            for sources in [ []; [ other; other ]; [ other; segment ] ] do
                isTrue (Result.isError (marker sources)))

        testCase "names that differ from the one form are not names of segments or checkpoints" (fun () ->
            equal (Some { FirstPosition = 12L; Generation = 3 }) (FileName.trySegment "0000000000000012.3.seg")
            equal (ValueSome(struct (3L, 12L))) (FileName.tryCheckpoint "index.3.12" |> ValueOption.ofOption)

            for name in
                [
                    "12.3.seg"
                    "0000000000000012.03.seg"
                    "0000000000000000.0.seg"
                    "x.seg"
                    "0000000000000012.3"
                    ""
                ] do
                equal None (FileName.trySegment name)

            for name in [ "index.3"; "index.03.12"; "index.new"; "index.3.12.1"; "index" ] do
                isTrue ((FileName.tryCheckpoint name).IsNone))
    ]
