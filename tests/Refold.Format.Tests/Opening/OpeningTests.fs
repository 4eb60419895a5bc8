// Opening example by example: checkpoints, footers, the tail; with CompactionMarkerTests.fs the counterparts of seed 002's tests.
// Run by `dotnet test`; damage at every place is a matter of the properties.
module Refold.Format.Tests.OpeningTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening
open Refold.Format.Tests.SmallDirectory
open Refold.Support

let private withCausation (id: Guid) = {
    EntryData.create (StreamId.Create "s") Role.Event "t" Bytes.Empty with
        CausationId = Some id
}

let private readBack data =
    match CanonicalBytes.tryRead (CanonicalBytes.ofData data).Memory with
    | Some found -> found.CausationId
    | None -> invalidOp "not canonical"

[<Tests>]
let tests =
    testList "Opening / opening" [
        testCase "an empty directory is empty" (fun () ->
            let plan = plan (Map.ofList [ "lock", [||]; "notes.txt", [| 1uy |]; "spare", Array.zeroCreate 64 ])
            equal OpeningPath.Empty plan.Path
            isTrue plan.Tail.IsNone
            isEmpty plan.Steps
            equal 0L plan.Flushed)

        testCase "a checkpoint is taken first, and the tail begins at its watermark" (fun () ->
            let plan = plan files
            equal OpeningPath.Checkpoint plan.Path
            equal 6L plan.Restored
            equal 6L plan.Head.Position
            equal 9L plan.Flushed
            isEmpty plan.Ignored
            equal (Some { Segment = 2; Offset = int64 lastItems[1].Start }) plan.Tail)

        testCase "a checkpoint keeps its rows when the tail is empty" (fun () ->
            let name, checkpoint = checkpointFile segments lastItems
            let plan, known = opened byCheckpoint (files |> without checkpointName |> Map.add name checkpoint)
            equal OpeningPath.Checkpoint plan.Path
            equal 8L plan.Restored
            equal 8 known.Entries.Length
            equal 8L (fst known.Head))

        testCase "a checkpoint is followed by what the tail adds" (fun () ->
            let plan, known = opened byCheckpoint files
            equal 6L plan.Restored
            equal 8 known.Entries.Length)

        testCase "the tail keeps entries from the segment of the watermark" (fun () ->
            let name, checkpoint = checkpointFile segments []
            let plan, known = opened byCheckpoint (files |> without checkpointName |> Map.add name checkpoint)
            equal (Some { Segment = 2; Offset = 128L }) plan.Tail
            equal 5L plan.Restored
            equal 8 known.Entries.Length)

        testCase "a checkpoint whose entries have no segment behind them is refused" (fun () ->
            let lone = files |> without FileName.commit |> without names[2]

            match refused lone with
            | file, FrameError.Corrupt(0L, "what was flushed", expected, "frames up to 3") ->
                equal checkpointName file
                equal (names[2] + " with frame 7") expected
            | other -> failtest $"{other}"

            equal
                checkpointName
                (fst (refused (names |> List.fold (fun files name -> without name files) (without FileName.commit files)))))

        testCase "a stale checkpoint is ignored and the reason is reported" (fun () ->
            let bytes = files[checkpointName]

            let root =
                match Checkpoint.decode (ReadOnlyMemory bytes) with
                | Ok root -> root
                | Error error -> invalidOp $"{error}"

            let withRoot root = Array.append ((Checkpoint.encode root).ToArray()) (Array.skip 4096 bytes)

            let newer =
                let changed = withRoot root
                changed[8] <- 3uy

                BitConverter.TryWriteBytes(Span(changed, 4092, 4), Checksum.plain (ReadOnlySpan(changed, 0, 4092)))
                |> ignore<bool>

                changed

            let damaged = Array.mapi (fun index value -> if index = 100 then value ^^^ 1uy else value) bytes

            for changed, reason in
                [
                    withRoot { root with JournalId = Guid.Empty }, "it belongs to the journal"
                    withRoot { root with SetHash = Hash.Zero }, "it was written over other segments"
                    withRoot { root with SetGeneration = 5L }, "corrupt at offset 0: the name of the checkpoint"
                    newer, "it has format version 3"
                    damaged, "corrupt at offset 0: the checksum of the root"
                    Array.truncate 5000 bytes, "corrupt at offset 0: the length of the checkpoint"
                    [||], "torn at offset 0"
                ] do
                let plan, known = opened OpeningWays.All (Map.add checkpointName changed files)
                equal OpeningPath.Footers plan.Path
                let ignored = single plan.Ignored
                equal checkpointName ignored.File
                startsWith reason ignored.Reason
                equal 8 known.Entries.Length)

        testCase "of several checkpoints the one that covers most counts" (fun () ->
            let name, checkpoint = checkpointFile segments (List.truncate 2 lastItems)
            let plan = plan (Map.add name checkpoint files)
            equal (Some name) (plan.Checkpoint |> Option.map fst)
            equal "there is a later one" ((single plan.Ignored).Reason))

        testCase "each way can be switched off, and with none left it is refused" (fun () ->
            equal OpeningPath.Footers ((planBy byFooters files).Path)
            equal OpeningPath.Scan ((planBy byScan files).Path)

            match Opening.plan (filesFound { Checkpoint = false; Footers = false; Scan = false } files) with
            | Error(Refusal.SwitchedOff _) -> ()
            | other -> failtest $"{other}")

        testCase "footers count up to the first that is missing or damaged, which is reported" (fun () ->
            let noSecond = files |> without checkpointName |> Map.add names[1] unsealed[1]
            let plan, known = opened OpeningWays.All noSecond
            equal OpeningPath.Footers plan.Path
            equal (Some { Segment = 1; Offset = 128L }) plan.Tail
            equal { File = names[1]; Reason = "it has no footer" } (single plan.Ignored)
            equal 8 known.Entries.Length

            let damaged = Array.copy segments[1]
            damaged[damaged.Length - 100] <- damaged[damaged.Length - 100] ^^^ 1uy
            let files = files |> without checkpointName |> Map.add names[1] damaged
            startsWith "corrupt at offset" ((single (planBy OpeningWays.All files).Ignored).Reason)

            // The footer was flushed before the next segment got its name: damage, and named, once every byte is looked at.
            match openBy byScan files with
            | Error reason -> containsText "the checksum of the trailer" reason
            | Ok _ -> failtest "opened")

        testCase "a causation of zeros is read as none" (fun () ->
            equal None (readBack (withCausation Guid.Empty))

            equal
                None
                (EntryData.validate (withCausation Guid.Empty)
                 |> Result.map _.CausationId
                 |> Result.defaultValue (Some Guid.Empty)))

        testCase "a causation other than zeros is kept" (fun () -> equal (Some journalId) (readBack (withCausation journalId)))
    ]
