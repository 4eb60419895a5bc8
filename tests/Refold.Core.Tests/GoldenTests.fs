// Files of format version 1 as they were first written: they have to be written the same, and to be read, for ever.
// Run by `dotnet test`. The files lie in `golden/`; a new format version adds files and changes none.
module Refold.Core.Tests.GoldenTests

open System
open System.IO
open System.Reflection
open Refold.Core
open Refold.Format
open Refold.Core.Tests.SegmentDirectory
open Refold.Core.Tests.SegmentOpening
open Xunit

let private golden (name: string) : byte[] =
    match Assembly.GetExecutingAssembly().GetManifestResourceStream("golden/" + name) with
    | null -> invalidOp $"golden/{name} is not there"
    | stream ->
        use stream = stream
        use copy = new MemoryStream()
        stream.CopyTo copy
        copy.ToArray()

let private directory: Files =
    SmallDirectory.files |> Map.map (fun name _ -> golden ("version-1/" + name))

[<Fact>]
let ``every file is written as it was first written`` () =
    for KeyValue(name, bytes) in SmallDirectory.files do
        Assert.True(bytes.AsSpan().SequenceEqual(ReadOnlySpan directory[name]), name)

[<Fact>]
let ``the first files open by every way`` () =
    for ways, path in
        [
            OpeningWays.All, OpeningPath.Checkpoint
            byFooters, OpeningPath.Footers
            byScan, OpeningPath.Scan
        ] do
        match openBy ways directory with
        | Ok(plan, known) ->
            Assert.Equal(path, plan.Path)
            Assert.Equal<(string * int64) list>([ "odd", 1L ], known.Deletions)
            Assert.Equal<int64 list>([ 1L .. 8L ], known.Entries |> List.map (fun (position, _, _) -> position))

            Assert.Equal<string list>([ for number in 1..8 -> $"key-{number}" ], known.Keys |> List.map (fun (key, _, _) -> key))

            Assert.Equal(8L, fst known.Head)
            Assert.Equal("ccb4b4d3b366c272e11b6f2b90b61ec3102a05080dca4283e7be761d2fc19742", snd known.Head)
        | Error reason -> Assert.Fail reason
