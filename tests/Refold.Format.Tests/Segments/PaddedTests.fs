// Zeros between frames: taken up to the next block, where a frame of the right number follows, and nowhere else. FORMAT.md, "Segment".
// Run by `dotnet test`.
module Refold.Format.Tests.PaddedTests

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
    FileBytes = 16384L
    HasIds = true
}

let private canonical =
    (EntryData.create (StreamId.Create "s") Role.Event "t" (Bytes.OfText "{}") |> CanonicalBytes.ofData).Memory

/// One batch of so many entries behind a head.
let private batch (count: int) (previous: Head) : Frame list * Head =
    let first = previous.Position + 1L

    let leaf = {
        Count = count
        FirstVersion = first
        Hash = Leaf.hash (List.replicate count canonical)
    }

    let after = Head.next previous.Hash first [ leaf ]

    let frame index = {
        Epoch = 1u
        Number = first + int64 index
        Flushed = first - 1L
        Position = first + int64 index
        Version = first + int64 index
        Body = FrameBody.Entry({ First = first; Index = index; Count = count }, canonical)
        Head = if index = count - 1 then ValueSome after.Hash else ValueNone
    }

    List.init count frame, after

let private first, afterFirst = batch 2 Head.empty

let private second, afterSecond = batch 1 afterFirst

let private third, afterThird = batch 1 afterSecond

/// Frames at offsets, zeros between.
let private segment (placed: (int * Frame list) list) : byte[] =
    let writer = ByteWriter 16384
    writer.Raw(ReadOnlySpan((SegmentHeader.encode header).ToArray()))

    for offset, frames in placed do
        writer.Zeros(offset - writer.Length)
        frames |> List.iter (FrameEncoding.write seed writer)

    writer.Zeros(int header.FileBytes - writer.Length)
    writer.Written.ToArray()

let private padded = segment [ 4096, first; 8192, second; 12288, third ]

let private scan (bytes: byte[]) = SegmentScanner().Scan(ReadOnlyMemory bytes, true)

let private heads (found: SegmentScan) =
    found.Items
    |> List.map (fun item ->
        match item.Content with
        | SegmentContent.Batch stored -> stored.Batch.Receipt.Head.Position
        | _ -> 0L)

[<Tests>]
let tests =
    testList "Segments / padded segments" [
        testCase "frames that begin blocks are taken" (fun () ->
            let found = scan padded
            isTrue found.End.IsWhole
            equal [ 2L; 3L; 4L ] (heads found)
            equal [ 4096; 8192; 12288 ] (found.Items |> List.map _.Start)
            equal ((List.last found.Items).End) found.TakenTo)

        testCase "padded and dense writes follow one another" (fun () ->
            let dense =
                128 + (first |> List.sumBy (fun frame -> FrameLayout.size canonical.Length (frame.Number = 2L)))

            let found = scan (segment [ 128, first; dense, second; 4096, third ])
            isTrue found.End.IsWhole
            equal [ 2L; 3L; 4L ] (heads found))

        testCase "no byte can change unnoticed, in gaps neither" (fun () ->
            let whole = scan padded

            for offset in 0..8 .. padded.Length - 8 do
                let bytes = Array.copy padded
                bytes[offset + offset / 8 % 8] <- bytes[offset + offset / 8 % 8] ^^^ 1uy
                let found = scan bytes
                isFalseFor ($"byte {offset}") found.End.IsWhole
                equal (List.truncate found.Items.Length (heads whole)) (heads found)
                // Everything before the last flush is known to be flushed.
                if offset >= 128 && offset < 12288 then
                    isTrueFor ($"byte {offset}") found.End.IsRefused)

        testCase "zeros hide no frame" (fun () ->
            let refused placed =
                match (scan (segment placed)).End with
                | SegmentEnd.Refused(FrameError.Corrupt(_, what, _, _)) -> what
                | other -> $"{other}"

            equal "the frame number" (refused [ 4096, second; 8192, third ])
            equal "the frame number" (refused [ 4096, first; 8192, third; 12288, fst (batch 1 afterThird) ])
            equal "the checksum of a frame's header" (refused [ 4096, first; 12288, third ])
            equal "the checksum of a frame's header" (refused [ 8192, second; 12288, third ]))

        testCase "zeros are taken up to the next block only, and not inside a batch" (fun () ->
            let taken placed = heads (scan (segment placed))
            equal [] (taken [ 2048, first ])
            equal [] (taken [ 8192, first ])
            equal [ 2L ] (taken [ 4096, first; 6144, second ])
            equal [ 2L ] (taken [ 4096, first; 12288, second ])
            equal [] (taken [ 4096, [ first[0] ]; 8192, [ first[1] ] ]))

        testCase "salvage sees no hole in a gap, and one where a byte in it changed" (fun () ->
            let found = Salvage.scan seed 0 (ReadOnlyMemory padded)
            equal 4 found.Frames.Length
            isEmpty found.Skipped
            let bytes = Array.copy padded
            bytes[8000] <- 1uy
            let found = Salvage.scan seed 0 (ReadOnlyMemory bytes)
            equal 4 found.Frames.Length
            let hole = single found.Skipped
            inRange hole.From (hole.To - 1L) 8000L)
    ]
