// Opening behind an interrupted compaction: which segments count, and what a writer does first.
// Run by `dotnet test`; damage at every place is a matter of the properties.
module Refold.Format.Tests.CompactionMarkerTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening
open Refold.Format.Tests.SmallDirectory
open Refold.Support

let private withMarker (files: Files) : Files = Map.add FileName.pending ((Marker.encode marker).ToArray()) files

/// What one compaction of the sealed segments leaves: all frames of both in one.
let private merged: byte[] =
    let first, second = unsealed[0], unsealed[1]
    let framesOf (bytes: byte[]) = bytes.AsSpan(128).TrimEnd(0uy).ToArray()
    let padded (bytes: byte[]) = Array.append bytes (Array.zeroCreate ((8 - bytes.Length % 8) % 8))
    let frames = Array.append (padded (framesOf first)) (padded (framesOf second))
    let header = { headerOf first with Generation = 1; FileBytes = 2048L }
    let file = Array.append ((SegmentHeader.encode header).ToArray()) frames
    Array.append file (Array.zeroCreate (2048 - file.Length))

[<Tests>]
let tests =
    testList "Compaction / markers" [
        testCase "superseded sources are ignored when the target of a compaction is there" (fun () ->
            let plan, known = opened OpeningWays.All (files |> withMarker |> Map.add (string target) merged)

            equal [ string target; names[2] ] (plan.Segments |> List.map (fun segment -> string segment.Name))

            equal 1L plan.SetGeneration
            equal 8 known.Entries.Length

            equal
                [
                    HealStep.FlushDirectory
                    HealStep.Unlink names[0]
                    HealStep.Unlink names[1]
                    HealStep.FlushDirectory
                    HealStep.Unlink FileName.pending
                    HealStep.FlushDirectory
                ]
                plan.Steps)

        testCase "the sources are used when the target of a compaction is not there" (fun () ->
            let plan, known =
                opened OpeningWays.All (files |> withMarker |> Map.add FileName.targetUnfinished (Array.truncate 300 merged))

            equal names (plan.Segments |> List.map (fun segment -> string segment.Name))
            equal 8 known.Entries.Length

            equal
                [
                    HealStep.FlushDirectory
                    HealStep.Unlink FileName.targetUnfinished
                    HealStep.FlushDirectory
                    HealStep.Unlink FileName.pending
                    HealStep.FlushDirectory
                ]
                plan.Steps)

        testCase "a missing source is refused although unrelated segments are there" (fun () ->
            match refused (files |> withMarker |> without names[0]) with
            | file, FrameError.Corrupt(0L, "a source", expected, "neither") ->
                equal FileName.pending file
                equal (names[0] + ", or " + string target + " in its place") expected
            | other -> failtest $"{other}")

        testCase "without a marker there is nothing to clear, and clearing twice does no harm" (fun () ->
            isEmpty ((plan files).Steps)
            let present = names @ [ string target ]

            match Marker.resolve marker present, Marker.resolve marker [ string target; names[2] ] with
            | Ok first, Ok again ->
                equal first.Segments again.Segments
                isEmpty again.Steps
            | other -> failtest $"{other}")

        testCase "a marker makes the frames be scanned although checkpoint and footers are there" (fun () ->
            equal OpeningPath.Scan ((plan (withMarker files)).Path))

        testCase "files that never got their name are cleared away" (fun () ->
            let unfinished = [
                FileName.pendingUnfinished
                FileName.targetUnfinished
                FileName.checkpointUnfinished
            ]

            let plan = plan (unfinished |> List.fold (fun files name -> Map.add name [| 1uy |] files) files)
            equal OpeningPath.Checkpoint plan.Path
            equal ((unfinished |> List.map HealStep.Unlink) @ [ HealStep.FlushDirectory ]) plan.Steps)
    ]
