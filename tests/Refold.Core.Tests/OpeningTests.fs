// Opening example by example: checkpoints, footers, the tail; with CompactionMarkerTests.fs the counterparts of seed 002's tests.
// Run by `dotnet test`; damage at every place is a matter of the properties.
module Refold.Core.Tests.OpeningTests

open System
open Refold
open Refold.Core
open Refold.Format
open Refold.Core.Tests.SegmentDirectory
open Refold.Core.Tests.SegmentOpening
open Refold.Core.Tests.SmallDirectory
open Xunit

[<Fact>]
let ``an empty directory is empty`` () =
    let plan = plan (Map.ofList [ "lock", [||]; "notes.txt", [| 1uy |]; "spare", Array.zeroCreate 64 ])
    Assert.Equal(OpeningPath.Empty, plan.Path)
    Assert.True plan.Tail.IsNone
    Assert.Empty plan.Steps
    Assert.Equal(0L, plan.Flushed)

[<Fact>]
let ``a checkpoint is taken first, and the tail begins at its watermark`` () =
    let plan = plan files
    Assert.Equal(OpeningPath.Checkpoint, plan.Path)
    Assert.Equal(6L, plan.Restored)
    Assert.Equal(6L, plan.Head.Position)
    Assert.Equal(9L, plan.Flushed)
    Assert.Empty plan.Ignored
    Assert.Equal(Some { Segment = 2; Offset = int64 lastItems[1].Start }, plan.Tail)

[<Fact>]
let ``a checkpoint keeps its rows when the tail is empty`` () =
    let name, checkpoint = checkpointFile segments lastItems
    let plan, known = opened byCheckpoint (files |> without checkpointName |> Map.add name checkpoint)
    Assert.Equal(OpeningPath.Checkpoint, plan.Path)
    Assert.Equal(8L, plan.Restored)
    Assert.Equal(8, known.Entries.Length)
    Assert.Equal(8L, fst known.Head)

[<Fact>]
let ``a checkpoint is followed by what the tail adds`` () =
    let plan, known = opened byCheckpoint files
    Assert.Equal(6L, plan.Restored)
    Assert.Equal(8, known.Entries.Length)

[<Fact>]
let ``the tail keeps entries from the segment of the watermark`` () =
    let name, checkpoint = checkpointFile segments []
    let plan, known = opened byCheckpoint (files |> without checkpointName |> Map.add name checkpoint)
    Assert.Equal(Some { Segment = 2; Offset = 128L }, plan.Tail)
    Assert.Equal(5L, plan.Restored)
    Assert.Equal(8, known.Entries.Length)

[<Fact>]
let ``a checkpoint whose entries have no segment behind them is refused`` () =
    let lone = files |> without FileName.commit |> without names[2]

    match refused lone with
    | file, FrameError.Corrupt(0L, "what was flushed", expected, "frames up to 3") ->
        Assert.Equal(checkpointName, file)
        Assert.Equal(names[2] + " with frame 7", expected)
    | other -> Assert.Fail $"{other}"

    Assert.Equal(checkpointName, fst (refused (names |> List.fold (fun files name -> without name files) (without FileName.commit files))))

[<Fact>]
let ``a stale checkpoint is ignored and the reason is reported`` () =
    let bytes = files[checkpointName]

    let root =
        match Checkpoint.decode (ReadOnlyMemory bytes) with
        | Ok root -> root
        | Error error -> invalidOp $"{error}"

    let withRoot root = Array.append ((Checkpoint.encode root).ToArray()) (Array.skip 4096 bytes)

    let newer =
        let changed = withRoot root
        changed[8] <- 2uy

        BitConverter.TryWriteBytes(Span(changed, 4092, 4), Checksum.plain (ReadOnlySpan(changed, 0, 4092)))
        |> ignore<bool>

        changed

    let damaged = Array.mapi (fun index value -> if index = 100 then value ^^^ 1uy else value) bytes

    for changed, reason in
        [
            withRoot { root with JournalId = Guid.Empty }, "it belongs to the journal"
            withRoot { root with SetHash = Hash.Zero }, "it was written over other segments"
            withRoot { root with SetGeneration = 5L }, "corrupt at offset 0: the name of the checkpoint"
            newer, "it has format version 2"
            damaged, "corrupt at offset 0: the checksum of the root"
            Array.truncate 5000 bytes, "corrupt at offset 0: the length of the checkpoint"
            [||], "torn at offset 0"
        ] do
        let plan, known = opened OpeningWays.All (Map.add checkpointName changed files)
        Assert.Equal(OpeningPath.Footers, plan.Path)
        let ignored = Assert.Single plan.Ignored
        Assert.Equal(checkpointName, ignored.File)
        Assert.StartsWith(reason, ignored.Reason)
        Assert.Equal(8, known.Entries.Length)

[<Fact>]
let ``of several checkpoints the one that covers most counts`` () =
    let name, checkpoint = checkpointFile segments (List.truncate 2 lastItems)
    let plan = plan (Map.add name checkpoint files)
    Assert.Equal(Some name, plan.Checkpoint |> Option.map fst)
    Assert.Equal("there is a later one", (Assert.Single plan.Ignored).Reason)

[<Fact>]
let ``each way can be switched off, and with none left it is refused`` () =
    Assert.Equal(OpeningPath.Footers, (planBy byFooters files).Path)
    Assert.Equal(OpeningPath.Scan, (planBy byScan files).Path)

    match Opening.plan (filesFound { Checkpoint = false; Footers = false; Scan = false } files) with
    | Error(Refusal.SwitchedOff _) -> ()
    | other -> Assert.Fail $"{other}"

[<Fact>]
let ``footers count up to the first that is missing or damaged, which is reported`` () =
    let noSecond = files |> without checkpointName |> Map.add names[1] unsealed[1]
    let plan, known = opened OpeningWays.All noSecond
    Assert.Equal(OpeningPath.Footers, plan.Path)
    Assert.Equal(Some { Segment = 1; Offset = 128L }, plan.Tail)
    Assert.Equal({ File = names[1]; Reason = "it has no footer" }, Assert.Single plan.Ignored)
    Assert.Equal(8, known.Entries.Length)

    let damaged = Array.copy segments[1]
    damaged[damaged.Length - 100] <- damaged[damaged.Length - 100] ^^^ 1uy
    let files = files |> without checkpointName |> Map.add names[1] damaged
    Assert.StartsWith("corrupt at offset", (Assert.Single (planBy OpeningWays.All files).Ignored).Reason)

    // The footer was flushed before the next segment got its name: damage, and named, once every byte is looked at.
    match openBy byScan files with
    | Error reason -> Assert.Contains("the checksum of the trailer", reason)
    | Ok _ -> Assert.Fail "opened"

let private withCausation (id: Guid) =
    { EntryData.create (StreamId.Create "s") Role.Event "t" Bytes.Empty with
        CausationId = Some id
    }

let private readBack data =
    match CanonicalBytes.tryRead (CanonicalBytes.ofData data).Memory with
    | Some found -> found.CausationId
    | None -> invalidOp "not canonical"

[<Fact>]
let ``a causation of zeros is read as none`` () =
    Assert.Equal(None, readBack (withCausation Guid.Empty))

    Assert.Equal(
        None,
        EntryData.validate (withCausation Guid.Empty)
        |> Result.map _.CausationId
        |> Result.defaultValue (Some Guid.Empty)
    )

[<Fact>]
let ``a causation other than zeros is kept`` () = Assert.Equal(Some journalId, readBack (withCausation journalId))
