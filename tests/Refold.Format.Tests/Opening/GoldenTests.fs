// Files of format version 2 as they were first written: they have to be written the same, and to be read, for ever.
// Run by `dotnet test`. The files lie in `golden/`; a new format version adds files and changes none.
module Refold.Format.Tests.GoldenTests

open System
open Expecto
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening
open Refold.Support

let private directory: Files =
    SmallDirectory.files |> Map.map (fun name _ -> Resources.bytes ("golden/version-2/" + name))

[<Tests>]
let tests =
    testList "Opening / the first files" [
        testCase "every file is written as it was first written" (fun () ->
            for KeyValue(name, bytes) in SmallDirectory.files do
                isTrueFor name (bytes.AsSpan().SequenceEqual(ReadOnlySpan directory[name])))

        testCase "files of format version 1 are refused by name" (fun () ->
            let old = directory |> Map.map (fun name _ -> Resources.bytes ("golden/version-1/" + name))

            match Opening.plan (filesFound OpeningWays.All old) with
            | Error(Refusal.Damaged(_, FrameError.PastVersion 1)) -> ()
            | other -> failtest $"{other}")

        testCase "the first files open by every way" (fun () ->
            for ways, path in
                [
                    OpeningWays.All, OpeningPath.Checkpoint
                    byFooters, OpeningPath.Footers
                    byScan, OpeningPath.Scan
                ] do
                match openBy ways directory with
                | Ok(plan, known) ->
                    equal path plan.Path
                    equal [ "odd", 1L ] known.Deletions
                    equal [ 1L .. 8L ] (known.Entries |> List.map (fun (position, _, _) -> position))

                    equal [ for number in 1..8 -> $"key-{number}" ] (known.Keys |> List.map (fun (key, _, _) -> key))

                    equal 8L (fst known.Head)
                    equal "ccb4b4d3b366c272e11b6f2b90b61ec3102a05080dca4283e7be761d2fc19742" (snd known.Head)
                | Error reason -> failtest reason)
    ]
