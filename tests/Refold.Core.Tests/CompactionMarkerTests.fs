// Opening behind an interrupted compaction: which segments count, and what a writer does first.
// Run by `dotnet test`; damage at every place is a matter of the properties.
module Refold.Core.Tests.CompactionMarkerTests

open System
open Refold
open Refold.Core
open Refold.Format
open Refold.Core.Tests.SegmentDirectory
open Refold.Core.Tests.SegmentOpening
open Refold.Core.Tests.SmallDirectory
open Xunit

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

[<Fact>]
let ``superseded sources are ignored when the target of a compaction is there`` () =
    let plan, known = opened OpeningWays.All (files |> withMarker |> Map.add (string target) merged)

    Assert.Equal<string list>([ string target; names[2] ], plan.Segments |> List.map (fun segment -> string segment.Name))

    Assert.Equal(1L, plan.SetGeneration)
    Assert.Equal(8, known.Entries.Length)

    Assert.Equal<HealStep list>(
        [
            HealStep.FlushDirectory
            HealStep.Unlink names[0]
            HealStep.Unlink names[1]
            HealStep.FlushDirectory
            HealStep.Unlink FileName.pending
            HealStep.FlushDirectory
        ],
        plan.Steps
    )

[<Fact>]
let ``the sources are used when the target of a compaction is not there`` () =
    let plan, known =
        opened OpeningWays.All (files |> withMarker |> Map.add FileName.targetUnfinished (Array.truncate 300 merged))

    Assert.Equal<string list>(names, plan.Segments |> List.map (fun segment -> string segment.Name))
    Assert.Equal(8, known.Entries.Length)

    Assert.Equal<HealStep list>(
        [
            HealStep.FlushDirectory
            HealStep.Unlink FileName.targetUnfinished
            HealStep.FlushDirectory
            HealStep.Unlink FileName.pending
            HealStep.FlushDirectory
        ],
        plan.Steps
    )

[<Fact>]
let ``a missing source is refused although unrelated segments are there`` () =
    match refused (files |> withMarker |> without names[0]) with
    | file, FrameError.Corrupt(0L, "a source", expected, "neither") ->
        Assert.Equal(FileName.pending, file)
        Assert.Equal(names[0] + ", or " + string target + " in its place", expected)
    | other -> Assert.Fail $"{other}"

[<Fact>]
let ``without a marker there is nothing to clear, and clearing twice does no harm`` () =
    Assert.Empty((plan files).Steps)
    let present = names @ [ string target ]

    match Marker.resolve marker present, Marker.resolve marker [ string target; names[2] ] with
    | Ok first, Ok again ->
        Assert.Equal<SegmentName list>(first.Segments, again.Segments)
        Assert.Empty again.Steps
    | other -> Assert.Fail $"{other}"

[<Fact>]
let ``a marker makes the frames be scanned although checkpoint and footers are there`` () =
    Assert.Equal(OpeningPath.Scan, (plan (withMarker files)).Path)

[<Fact>]
let ``files that never got their name are cleared away`` () =
    let unfinished =
        [
            FileName.pendingUnfinished
            FileName.targetUnfinished
            FileName.checkpointUnfinished
        ]

    let plan = plan (unfinished |> List.fold (fun files name -> Map.add name [| 1uy |] files) files)
    Assert.Equal(OpeningPath.Checkpoint, plan.Path)
    Assert.Equal<HealStep list>((unfinished |> List.map HealStep.Unlink) @ [ HealStep.FlushDirectory ], plan.Steps)
