// What opening refuses, each with the file and the place it names.
// Run by `dotnet test`; damage at every place is a matter of the properties.
module Refold.Format.Tests.OpeningRefusalTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening
open Refold.Format.Tests.SmallDirectory
open Refold.Support

/// The last segment with everything from this item on gone.
let private cutBefore index =
    let bytes = Array.copy unsealed[2]
    Array.fill bytes lastItems[index].Start (bytes.Length - lastItems[index].Start) 0uy
    bytes

[<Tests>]
let tests =
    testList "Opening / refusals" [
        testCase "COMMIT that speaks of a segment that is not there is refused" (fun () ->
            let left = files |> without checkpointName
            equal FileName.commit (fst (refused (without names[2] left)))
            equal FileName.commit (fst (refused (names |> List.fold (fun files name -> without name files) left))))

        testCase "a segment that is missing in the middle is refused by file and place" (fun () ->
            match refused (files |> without names[1]) with
            | file, FrameError.Corrupt(0L, "the first position of a segment", "4", "6") -> equal (names[2]) file
            | other -> failtest $"{other}")

        testCase "a segment of another journal or under another name is refused" (fun () ->
            let foreign = Array.copy unsealed[1]
            (SegmentHeader.encode { headerOf unsealed[1] with JournalId = Guid.Empty }).CopyTo(Memory foreign)

            match refused (Map.add names[1] foreign files) with
            | file, FrameError.Foreign _ -> equal (names[1]) file
            | other -> failtest $"{other}"

            match refused (files |> Map.add "0000000000000002.0.seg" segments[0]) with
            | "0000000000000002.0.seg", FrameError.Corrupt(0L, "the name of the segment", expected, _) -> equal (names[0]) expected
            | other -> failtest $"{other}")

        testCase "COMMIT and marker of a future format version are refused by name" (fun () ->
            let future (bytes: byte[]) (length: int) =
                let bytes = Array.copy bytes
                bytes[8] <- 9uy
                let checksum = Checksum.plain (ReadOnlySpan(bytes, 0, length - 4))
                BitConverter.TryWriteBytes(Span(bytes, length - 4, 4), checksum) |> ignore<bool>
                bytes

            let pending = (Marker.encode marker).ToArray()

            for name, bytes in
                [
                    FileName.commit, future files[FileName.commit] 128
                    FileName.pending, future pending pending.Length
                ] do
                match refused (Map.add name bytes files) with
                | file, FrameError.FutureVersion(9, 2) -> equal name file
                | other -> failtest $"{other}")

        testCase "COMMIT without a valid slot is ignored and reported" (fun () ->
            let plan, known = opened OpeningWays.All (Map.add FileName.commit (Array.create 4096 7uy) files)
            isTrue plan.Commit.IsNone
            equal 4 plan.Ignored.Length
            equal 7L plan.Flushed
            equal 8 known.Entries.Length)

        testCase "zeros where COMMIT says a frame was flushed are refused" (fun () ->
            let files = files |> without checkpointName |> Map.add names[2] (cutBefore 2)

            for ways in [ byFooters; byScan ] do
                match openBy ways files with
                | Error reason -> containsText "what was flushed is nothing, expected frame 9" reason
                | Ok _ -> failtest "opened"

            // Without COMMIT nothing tells the last frame from one that never was.
            equal 7 ((snd (opened byScan (without FileName.commit files))).Entries.Length))

        testCase "zeros where a checkpoint says a frame was flushed are refused by every way" (fun () ->
            let files = files |> without FileName.commit |> Map.add names[2] (cutBefore 0)

            for ways in [ byFooters; byScan ] do
                match openBy ways files with
                | Error reason -> containsText "what was flushed" reason
                | Ok _ -> failtest "opened")

        testCase "a torn tail behind COMMIT is torn, and in a closed journal it is corrupt" (fun () ->
            let torn = Array.copy unsealed[2]
            torn[lastItems[2].Start + 20] <- 0xFFuy

            let withCommit isClosed items = files |> Map.add names[2] torn |> Map.add FileName.commit (commitFile segments items isClosed)

            equal 7 ((snd (opened OpeningWays.All (withCommit false (List.truncate 2 lastItems)))).Entries.Length)

            for files in [ withCommit true (List.truncate 2 lastItems); withCommit false lastItems ] do
                isTrue (Result.isError (openBy OpeningWays.All files)))

        testCase "another head than the one that was committed is refused" (fun () ->
            let commit = Array.zeroCreate Commit.fileBytes

            let slot =
                match Commit.read (ReadOnlyMemory files[FileName.commit]) with
                | Ok { Slot = Some slot } -> slot
                | _ -> invalidOp "no slot"

            let forged =
                Commit.encode {
                    slot with
                        Sequence = 8L
                        Head = { Position = slot.Head.Position; Hash = Hash.Zero }
                }

            forged.CopyTo(Memory(commit))

            match openBy OpeningWays.All (Map.add FileName.commit commit files) with
            | Error reason -> containsText "the head that was committed" reason
            | Ok _ -> failtest "opened")
    ]
