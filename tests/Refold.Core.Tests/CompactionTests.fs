// Compactions by example: retention at, inside and between batches, streams and keys that go, merging, refusals.
// Run by `dotnet test`; the promises over any journal are a matter of the properties.
module Refold.Core.Tests.CompactionTests

open System
open Refold
open Refold.Core
open Refold.Format
open Refold.Core.Tests.CompactionExamples
open Refold.Core.Tests.CompactionJournal
open Refold.Core.Tests.Examples
open Xunit

[<Theory>]
[<InlineData(2, 1)>] // where a batch begins
[<InlineData(3, 1)>] // inside it
[<InlineData(4, 1)>] // at its end
[<InlineData(5, 4)>] // where a segment begins
[<InlineData(6, 4)>]
[<InlineData(7, 6)>]
[<InlineData(8, 6)>] // the last sealed batch stays
let ``retention is rounded down to the batch`` (position: int64, last: int64) =
    let after = done' (request [ CompactionDrop.Before position ]) sample
    Assert.Equal<int64 list>([ last + 1L .. 8L ], places after)
    Assert.Equal(last, (know after.Segments).Begin.Position)
    sameHeads sample after

[<Fact>]
let ``a target is named by its first position, with a generation nobody had`` () =
    Assert.Equal<string list>([ "0000000000000001.1.seg"; "0000000000000008.0.seg" ], names (done' mergeOnly sample))

    let retained = done' (request [ CompactionDrop.Before 5L ]) (done' mergeOnly sample)
    Assert.Equal<string list>([ "0000000000000005.2.seg"; "0000000000000008.0.seg" ], names retained)

[<Fact>]
let ``a stream goes out of batches that it shares with others, and its hashes stay`` () =
    let after = done' (request [ CompactionDrop.Stream(stream "b") ]) sample
    let known = know after.Segments
    Assert.Equal<int64 list>([ 1L; 2L; 4L; 7L; 8L ], places after)
    Assert.Equal(3L, floorOf (stream "b") known)
    Assert.Equal(3L, known.Highest[stream "b"])
    sameHeads sample after

    let leaves written =
        (know written.Segments).Batches |> List.collect _.Batch.Leaves |> List.map (fun leaf -> string leaf.Hash)

    Assert.Equal<string list>(leaves sample, leaves after)

[<Fact>]
let ``what went is nowhere in the bytes`` () =
    let holds (written: Written) =
        written.Segments |> List.exists (fun bytes -> ReadOnlySpan(bytes).IndexOf(ReadOnlySpan "confidential"B) >= 0)

    let written =
        write
            [
                [ batch [ event "a" "1"; event "b" "confidential" ] ]
                [ batch [ event "a" "2" ] ]
            ]

    Assert.True(holds written)
    Assert.False(holds (done' (request [ CompactionDrop.Stream(stream "b") ]) written))

[<Fact>]
let ``deleting a stream is planned as a deletion that comes first`` () =
    let plan =
        Compaction.plan (request [ CompactionDrop.Stream(stream "a") ]) (fst (scan sample.Segments)) |> ok

    Assert.Equal<(StreamId * int64) list>([ stream "a", 4L ], plan.Deletions)
    let deleted = apply sample (Delete(stream "a", 4L))

    let again =
        Compaction.plan (request [ CompactionDrop.Stream(stream "a") ]) (fst (scan deleted.Segments)) |> ok

    Assert.Empty again.Deletions
    Assert.Equal<CompactionStep list>(plan.Steps, again.Steps)

[<Fact>]
let ``what a deletion hides goes by whole leaves`` () =
    let long = String('x', 9_000)

    let written =
        write
            [
                [
                    batch [ event "a" "1"; event "a" "2" ]
                    batch [ event "a" long; event "a" long; event "a" "5" ]
                    Delete(stream "a", 4L)
                ]
                [ batch [ event "c" "1" ] ]
            ]

    let after = done' (request [ CompactionDrop.Deleted ]) written
    let known = know after.Segments
    // Leaves: 1 2 | 3 | 4 5: the last one holds a survivor, so it stays whole, and its first entry stays hidden.
    Assert.Equal<int64 list>([ 4L; 5L; 6L ], known.Batches |> List.collect (fun stored -> List.ofArray stored.Batch.Positions))

    Assert.Equal<int64 list>([ 5L; 6L ], places after)
    sameHeads written after

[<Fact>]
let ``a key is answered after its batch lost entries or went with the beginning, until it is forgotten`` () =
    let expected = Journal.index sample.Journal
    let answers written key = (index (know written.Segments)).TryFindKey key |> string
    let lost = done' (request [ CompactionDrop.Stream(stream "a") ]) sample
    let began = done' (request [ CompactionDrop.Before 5L ]) lost

    for written in [ lost; began; done' (request [ CompactionDrop.Before 5L ]) sample ] do
        for key in [ "one"; "two" ] do
            Assert.Equal(string (expected.TryFindKey key), answers written key)

    for written in [ lost; began ] do
        let forgotten = done' (request [ CompactionDrop.KeysBefore 2L ]) written
        Assert.Equal(string None, answers forgotten "one")
        Assert.Equal(string (expected.TryFindKey "two"), answers forgotten "two")
        Assert.Equal(string None, answers (done' (request [ CompactionDrop.KeysBefore 3L ]) written) "two")

    // A batch that is whole has its key in its own bytes, which stay.
    refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.KeysBefore 9L ]) sample

[<Fact>]
let ``a condition takes what is gone for a match, and none passes from below the beginning`` () =
    let nothing = Query.tags [ "nothing" ] |> ok

    let decided written asOf =
        let prepared = Append.request [ event "c" "2" ] |> unless nothing asOf |> Append.prepare |> ok

        match Append.accept (index (know written.Segments)) prepared with
        | Error error -> Some error
        | Ok _ -> None

    let lost = done' (request [ CompactionDrop.Stream(stream "b") ]) sample
    Assert.Equal(Some(AppendError.ConditionFailed 3L), decided lost 0L)
    Assert.Equal(Some(AppendError.ConditionFailed 5L), decided lost 3L)
    Assert.Equal(None, decided lost 6L)
    let began = done' (request [ CompactionDrop.Before 5L ]) sample
    Assert.Equal(Some(AppendError.ConditionFailed 0L), decided began 3L)
    Assert.Equal(None, decided began 4L)

[<Fact>]
let ``merging goes on while what is left fits`` () =
    let written = write [ for number in 1..6 -> [ batch [ event "a" (string number) ] ] ]
    let sizeOf (bytes: byte[]) = int64 (bytes.Length - SegmentHeader.bytes)
    let two = sizeOf written.Segments[0] + sizeOf written.Segments[1]

    let firsts mergeBytes =
        let after = done' { Drop = []; MergeBytes = mergeBytes } written
        Assert.Equal<int64 list>([ 1L .. 6L ], places after)
        Assert.Equal<Set<string>>(entryFrames written.Segments, entryFrames after.Segments)
        after.Segments |> List.map (fun bytes -> (SegmentDirectory.nameOf bytes).FirstPosition)

    Assert.Equal<int64 list>([ 1L; 3L; 5L; 6L ], firsts two)
    Assert.Equal<int64 list>([ 1L; 6L ], firsts (5L * two))
    refuses CompactionRefusal.NothingToDo { Drop = []; MergeBytes = two - 1L } written

[<Fact>]
let ``what cannot be done is refused by name`` () =
    refuses CompactionRefusal.NothingToDo (request []) sample
    refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.Deleted ]) sample
    refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.Stream(stream "unknown") ]) sample
    refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.Before 1L ]) sample
    refuses (CompactionRefusal.BeyondSealed(9L, 7L)) (request [ CompactionDrop.Before 9L ]) sample
    refuses (CompactionRefusal.OutOfRange 0L) (request [ CompactionDrop.Before 0L ]) sample
    refuses (CompactionRefusal.OutOfRange -1L) (request [ CompactionDrop.KeysBefore -1L ]) sample
    refuses CompactionRefusal.NothingToDo mergeOnly (write [ [ batch [ event "a" "1" ] ] ])
    Assert.Equal(Error CompactionRefusal.NothingToDo, Compaction.plan mergeOnly [])

[<Fact>]
let ``the segment that is written to is never touched, nor one of the same first position`` () =
    let written =
        write
            [
                [ batch [ event "a" "1" ] ]
                [ Delete(stream "a", 1L) ]
                [ batch [ event "a" "2" ] ]
            ]

    let after = done' { Drop = [ CompactionDrop.Deleted ]; MergeBytes = 1_000_000L } written
    Assert.Equal<byte[] list>(List.tail written.Segments, List.tail after.Segments)
    Assert.Equal<int64 list>([ 2L ], places after)
