// Segment headers byte by byte, and scans of journals that no damage made but a wrong writer or a missing file.
// Run by `dotnet test`; damage at every place is a matter of the properties.
module Refold.Format.Tests.SegmentTests

open System
open Expecto
open Refold.Core
open Refold.Format
open Refold
open Refold.Support

let private journalId = Guid "00112233-4455-6677-8899-aabbccddeeff"

let private seed = Checksum.seed journalId

let private header = {
    JournalId = journalId
    Generation = 0
    FirstPosition = 1L
    FirstFrame = 1L
    HeadBefore = Hash.Zero
    FileBytes = 4096L
    HasIds = true
}

let private encoded header = (SegmentHeader.encode header).ToArray()

let private decode (bytes: byte[]) = SegmentHeader.decode (ReadOnlyMemory bytes)

/// The header's bytes with others at an offset, and with the checksum that then is right.
let private patched offset (replacement: byte[]) =
    let bytes = encoded header
    replacement.CopyTo(bytes, (offset: int))
    let checksum = Checksum.plain (ReadOnlySpan(bytes, 0, 124))
    BitConverter.TryWriteBytes(Span(bytes, 124, 4), checksum) |> ignore<bool>
    bytes

let private segment (header: SegmentHeader) (frames: Frame list) =
    let writer = ByteWriter 4096
    writer.Raw(ReadOnlySpan(encoded header))
    frames |> List.iter (FrameEncoding.write seed writer)
    writer.Zeros(int header.FileBytes - writer.Length)
    ReadOnlyMemory(writer.Written.ToArray())

let private canonical =
    (EntryData.create (StreamId.Create "s") Role.Event "t" (Bytes.OfText "{}") |> CanonicalBytes.ofData).Memory

let private headOf (version: int64) (previous: Head) =
    let leaf = { Count = 1; FirstVersion = version; Hash = Leaf.hash [ canonical ] }
    Head.next previous.Hash (previous.Position + 1L) [ leaf ]

/// One entry of the stream "s" as a batch of its own, behind a head.
let private entry (number: int64) (version: int64) (previous: Head) : Frame =
    let position = previous.Position + 1L

    {
        Epoch = 1u
        Number = number
        Flushed = number - 1L
        Position = position
        Version = version
        Body = FrameBody.Entry({ First = position; Index = 0; Count = 1 }, canonical)
        Head = ValueSome (headOf version previous).Hash
    }

let private first = entry 1L 1L Head.empty

let private afterFirst = headOf 1L Head.empty

let private second = entry 2L 2L afterFirst

let private scanOne frames = SegmentScanner().Scan(segment header frames, true)

let private tornWith (what: string) (frames: Frame list) =
    match (scanOne frames).End with
    | SegmentEnd.Torn(_, reason) -> startsWith what reason
    | other -> failtest $"{other}"

[<Tests>]
let tests =
    testList "Segments / segments" [
        testCase "a header is, byte by byte, what FORMAT.md says" (fun () ->
            let bytes = encoded header

            equal
                ("5245464f4c445347" // REFOLDSG
                 + "02000000" // format version
                 + "00000000" // generation
                 + "00112233445566778899aabbccddeeff"
                 + "0100000000000000" // first position
                 + "0100000000000000" // first frame number
                 + String('0', 64) // head before
                 + "0010000000000000" // bytes of the file
                 + "01000000" // flags: ids are indexed
                 + String('0', 64))
                (Convert.ToHexStringLower bytes[0..123])

            equal (Checksum.plain (ReadOnlySpan(bytes, 0, 124))) (BitConverter.ToUInt32(bytes, 124))
            equal (Ok header |> Result.map _.FileBytes) (decode bytes |> Result.map _.FileBytes))

        testTheory "a future format version is refused by name" [ 3; 4; 99 ] (fun (version: int) ->
            match decode (patched 8 (BitConverter.GetBytes version)) with
            | Error(FrameError.FutureVersion(found, 2)) -> equal version found
            | other -> failtest $"{other}")

        testCase "a future format version is told from a damaged one" (fun () ->
            let withVersion (version: int) =
                let bytes = encoded header
                BitConverter.GetBytes(version).CopyTo(bytes, 8)
                decode bytes

            match withVersion 5, withVersion 3 with
            | Error(FrameError.FutureVersion(5, 2)), Error(FrameError.Corrupt(8L, _, "2", "3")) -> ()
            | other -> failtest $"{other}")

        testCase "format version 1 is refused by name, with the way that is left" (fun () ->
            match decode (patched 8 [| 1uy |]) with
            | Error(FrameError.PastVersion 1 as error) ->
                containsText "export the journal with the version of Refold that wrote it" $"{error}"
            | other -> failtest $"{other}"

            // A version that was damaged is not one that was given up.
            let bytes = encoded header
            bytes[8] <- 1uy

            match decode bytes with
            | Error(FrameError.Corrupt _) -> ()
            | other -> failtest $"{other}")

        testCase "a foreign file is refused, whatever is in it" (fun () ->
            let text = ReadOnlyMemory(Text.Encoding.ASCII.GetBytes(String('x', 500)))

            for bytes in [ text; text.Slice(0, 5) ] do
                for isLast in [ true; false ] do
                    match SegmentScanner().Scan(bytes, isLast).End with
                    | SegmentEnd.Refused(FrameError.Foreign _) -> ()
                    | other -> failtest $"{other}")

        testCase "fields out of their range are refused" (fun () ->
            for offset in [ 12; 32; 40; 80 ] do
                match decode (patched offset [| 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy |]) with
                | Error(FrameError.Corrupt _) -> ()
                | other -> failtest $"{offset}: {other}")

        testCase "frames that fit are taken, and what they lead to is known" (fun () ->
            let scanner = SegmentScanner()
            let scan = scanner.Scan(segment header [ first; second ], true)
            equal 2 scan.Items.Length
            isTrue scan.End.IsWhole
            equal 2L scanner.Head.Position
            equal 2L scanner.LastFrame
            equal 1L scanner.FlushedEnd
            equal 1u scanner.Epoch
            equal scan.TakenTo ((List.last scan.Items).End))

        testCase "a valid frame that does not fit ends the journal" (fun () ->
            tornWith "the frame number" [ first; { second with Number = 3L; Flushed = 1L } ]
            tornWith "the epoch" [ { first with Epoch = 2u }; second ]
            tornWith "the epoch" [ { first with Epoch = 0u } ]
            tornWith "the flushed end" [ { first with Flushed = -1L } ]
            tornWith "the position" [ first; { second with Position = 3L } ]
            tornWith "the version" [ first; entry 2L 3L afterFirst ]
            tornWith "the version" [ first; entry 2L 1L afterFirst ]
            tornWith "the head" [ first; { second with Head = ValueSome Hash.Zero } ]
            tornWith "the head of a frame" [ first; { second with Head = ValueNone } ]
            tornWith "the first position of a batch" [ first; { entry 2L 1L Head.empty with Version = 2L } ]

            tornWith "the version of a deletion" [
                first
                {
                    second with
                        Body = FrameBody.DeleteTo(StreamId.Create "s", 2L)
                        Position = 1L
                        Version = 0L
                        Head = ValueNone
                }
            ])

        testCase "a frame behind a gap that says the gap was flushed makes it corrupt" (fun () ->
            let third = entry 3L 3L (headOf 2L afterFirst)

            match (scanOne [ first; third ]).End with
            | SegmentEnd.Refused(FrameError.Corrupt(_, "the frame number", "2", "3")) -> ()
            | other -> failtest $"{other}"

            match (scanOne [ first; { third with Flushed = 1L } ]).End with
            | SegmentEnd.Torn _ -> ()
            | other -> failtest $"{other}")

        testCase "a journal that does not begin at position 1 needs a base" (fun () ->
            let later = {
                header with
                    FirstPosition = 2L
                    FirstFrame = 2L
                    HeadBefore = afterFirst.Hash
            }

            let stream = StreamId.Create "s"

            let content = {
                Streams = [ { Stream = stream; Highest = 1L; Floor = 1L } ]
                Keys = []
                KeysBefore = 0L
                Tree = { Batches = 1L; Peaks = [ Hash.Zero ]; Latest = TreePlace.noTime }
                Provable = []
            }

            let based = {
                first with
                    Number = 2L
                    Position = 1L
                    Version = 0L
                    Body = FrameBody.Base content
                    Head = ValueSome afterFirst.Hash
            }

            let scanner = SegmentScanner()
            let scan = scanner.Scan(segment later [ based; entry 3L 2L afterFirst ], true)
            isTrueFor ($"{scan.End}") scan.End.IsWhole
            equal 2 scan.Items.Length
            equal 2L scanner.Head.Position

            for frames in [ []; [ second ] ] do
                match SegmentScanner().Scan(segment later frames, true).End with
                | SegmentEnd.Refused(FrameError.Corrupt(_, "the beginning of the journal", _, _)) -> ()
                | other -> failtest $"{other}"

            tornWith "the beginning of the journal" [ first; { based with Flushed = 0L } ]

            let refusedFor field (wrong: BaseContent) =
                match SegmentScanner().Scan(segment later [ { based with Body = FrameBody.Base wrong } ], true).End with
                | SegmentEnd.Refused(FrameError.Corrupt(_, found, _, _)) -> equal field found
                | other -> failtest $"{field}: {other}"

            let known = content.Streams.Head

            for streams in
                [
                    [ known; known ]
                    [ { known with Highest = 0L; Floor = 0L } ]
                    [ { known with Floor = 2L } ]
                    [ { known with Floor = -1L } ]
                ] do
                refusedFor "the streams of a base" { content with Streams = streams }

            let receiptAt position : Receipt = {
                FirstPosition = position
                Count = 1
                Versions = [ { Stream = known.Stream; First = 1L; Last = 1L } ]
                Head = { Position = position; Hash = Hash.Zero }
            }

            let keyAt position = { Key = "k"; Content = Hash.Zero; Receipt = receiptAt position }
            refusedFor "the keys of a base" { content with Keys = [ keyAt 2L ] }

            for size in [ 0L; 1L; 2L ] do
                refusedFor "the sizes that a base proves" { content with Provable = [ { Size = size; Proof = [] } ] })

        testCase "segments of another journal, of another head, or twice are refused" (fun () ->
            let scanSecond second =
                let scanner = SegmentScanner()
                isTrue (scanner.Scan(segment header [ first ], false).End.IsWhole)
                scanner.Scan(segment second [], true).End

            let next = {
                header with
                    FirstPosition = 2L
                    FirstFrame = 2L
                    HeadBefore = afterFirst.Hash
            }

            isTrue (scanSecond next).IsWhole

            match scanSecond { next with JournalId = Guid.Empty } with
            | SegmentEnd.Refused(FrameError.Foreign _) -> ()
            | other -> failtest $"{other}"

            for wrong in [ header; { next with HeadBefore = Hash.Zero }; { next with FirstFrame = 3L } ] do
                isTrue (scanSecond wrong).IsRefused)
    ]
