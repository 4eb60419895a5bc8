// Compactions by example: retention at, inside and between batches, streams and keys that go, merging, refusals.
// Run by `dotnet test`; the promises over any journal are a matter of the properties.
module Refold.Format.Tests.CompactionTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Format
open Refold.Format.Tests.CompactionExamples
open Refold.Support.CompactionJournal
open Refold.Support.Examples
open Refold.Support

[<Tests>]
let tests =
    testList "Compaction / compaction" [
        testTheory
            "retention is rounded down to the batch"
            [
                (2L, 1L) // where a batch begins
                (3L, 1L) // inside it
                (4L, 1L) // at its end
                (5L, 4L) // where a segment begins
                (6L, 4L)
                (7L, 6L)
                (8L, 6L) // the last sealed batch stays
            ]
            (fun (position: int64, last: int64) ->
                let after = done' (request [ CompactionDrop.Before position ]) sample
                equal [ last + 1L .. 8L ] (places after)
                equal last ((know after.Segments).Begin.Position)
                sameHeads sample after)

        testCase "a target is named by its first position, with a generation nobody had" (fun () ->
            equal [ "0000000000000001.1.seg"; "0000000000000008.0.seg" ] (names (done' mergeOnly sample))

            let retained = done' (request [ CompactionDrop.Before 5L ]) (done' mergeOnly sample)
            equal [ "0000000000000005.2.seg"; "0000000000000008.0.seg" ] (names retained))

        testCase "a stream goes out of batches that it shares with others, and its hashes stay" (fun () ->
            let after = done' (request [ CompactionDrop.Stream(stream "b") ]) sample
            let known = know after.Segments
            equal [ 1L; 2L; 4L; 7L; 8L ] (places after)
            equal 3L (floorOf (stream "b") known)
            equal 3L (known.Highest[stream "b"])
            sameHeads sample after

            let leaves written =
                (know written.Segments).Batches |> List.collect _.Batch.Leaves |> List.map (fun leaf -> string leaf.Hash)

            equal (leaves sample) (leaves after))

        testCase "what went is nowhere in the bytes" (fun () ->
            let holds (written: Written) =
                written.Segments |> List.exists (fun bytes -> ReadOnlySpan(bytes).IndexOf(ReadOnlySpan "confidential"B) >= 0)

            let written =
                write [
                    [ batch [ event "a" "1"; event "b" "confidential" ] ]
                    [ batch [ event "a" "2" ] ]
                ]

            isTrue (holds written)
            isFalse (holds (done' (request [ CompactionDrop.Stream(stream "b") ]) written)))

        testCase "deleting a stream is planned as a deletion that comes first" (fun () ->
            let plan =
                Compaction.plan (request [ CompactionDrop.Stream(stream "a") ]) (fst (scan sample.Segments)) |> ok

            equal [ stream "a", 4L ] plan.Deletions
            let deleted = apply sample (Delete(stream "a", 4L))

            let again =
                Compaction.plan (request [ CompactionDrop.Stream(stream "a") ]) (fst (scan deleted.Segments)) |> ok

            isEmpty again.Deletions
            equal plan.Steps again.Steps)

        testCase "what a deletion hides goes by whole leaves" (fun () ->
            let long = String('x', 9_000)

            let written =
                write [
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
            equal [ 4L; 5L; 6L ] (known.Batches |> List.collect (fun stored -> List.ofArray stored.Batch.Positions))

            equal [ 5L; 6L ] (places after)
            sameHeads written after)

        testCase "a key is answered after its batch lost entries or went with the beginning, until it is forgotten" (fun () ->
            let expected = Journal.index sample.Journal
            let answers written key = (index (know written.Segments)).TryFindKey key |> string
            let lost = done' (request [ CompactionDrop.Stream(stream "a") ]) sample
            let began = done' (request [ CompactionDrop.Before 5L ]) lost

            for written in [ lost; began; done' (request [ CompactionDrop.Before 5L ]) sample ] do
                for key in [ "one"; "two" ] do
                    equal (string (expected.TryFindKey key)) (answers written key)

            for written in [ lost; began ] do
                let forgotten = done' (request [ CompactionDrop.KeysBefore 2L ]) written
                equal (string None) (answers forgotten "one")
                equal (string (expected.TryFindKey "two")) (answers forgotten "two")
                equal (string None) (answers (done' (request [ CompactionDrop.KeysBefore 3L ]) written) "two")

            // A batch that is whole has its key in its own bytes, which stay.
            refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.KeysBefore 9L ]) sample)

        testCase "a condition takes what is gone for a match, and none passes from below the beginning" (fun () ->
            let nothing = Query.tags [ "nothing" ] |> ok

            let decided written asOf =
                let prepared = Append.request [ event "c" "2" ] |> unless nothing asOf |> Append.encode |> ok

                match Append.accept (index (know written.Segments)) prepared with
                | Error error -> Some error
                | Ok _ -> None

            let lost = done' (request [ CompactionDrop.Stream(stream "b") ]) sample
            equal (Some(AppendError.ConditionFailed 3L)) (decided lost 0L)
            equal (Some(AppendError.ConditionFailed 5L)) (decided lost 3L)
            equal None (decided lost 6L)
            let began = done' (request [ CompactionDrop.Before 5L ]) sample
            equal (Some(AppendError.ConditionFailed 0L)) (decided began 3L)
            equal None (decided began 4L))

        testCase "merging goes on while what is left fits" (fun () ->
            let written = write [ for number in 1..6 -> [ batch [ event "a" (string number) ] ] ]
            let sizeOf (bytes: byte[]) = int64 (bytes.Length - SegmentHeader.bytes)
            let two = sizeOf written.Segments[0] + sizeOf written.Segments[1]

            let firsts mergeBytes =
                let after = done' { Drop = []; MergeBytes = mergeBytes } written
                equal [ 1L .. 6L ] (places after)
                equal (entryFrames written.Segments) (entryFrames after.Segments)
                after.Segments |> List.map (fun bytes -> (SegmentDirectory.nameOf bytes).FirstPosition)

            equal [ 1L; 3L; 5L; 6L ] (firsts two)
            equal [ 1L; 6L ] (firsts (5L * two))
            refuses CompactionRefusal.NothingToDo { Drop = []; MergeBytes = two - 1L } written)

        testCase "what cannot be done is refused by name" (fun () ->
            refuses CompactionRefusal.NothingToDo (request []) sample
            refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.Deleted ]) sample
            refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.Stream(stream "unknown") ]) sample
            refuses CompactionRefusal.NothingToDo (request [ CompactionDrop.Before 1L ]) sample
            refuses (CompactionRefusal.BeyondSealed(9L, 7L)) (request [ CompactionDrop.Before 9L ]) sample
            refuses (CompactionRefusal.OutOfRange 0L) (request [ CompactionDrop.Before 0L ]) sample
            refuses (CompactionRefusal.OutOfRange -1L) (request [ CompactionDrop.KeysBefore -1L ]) sample
            refuses CompactionRefusal.NothingToDo mergeOnly (write [ [ batch [ event "a" "1" ] ] ])
            equal (Error CompactionRefusal.NothingToDo) (Compaction.plan mergeOnly []))

        testCase "the segment that is written to is never touched, nor one of the same first position" (fun () ->
            let written =
                write [
                    [ batch [ event "a" "1" ] ]
                    [ Delete(stream "a", 1L) ]
                    [ batch [ event "a" "2" ] ]
                ]

            let after = done' { Drop = [ CompactionDrop.Deleted ]; MergeBytes = 1_000_000L } written
            equal (List.tail written.Segments) (List.tail after.Segments)
            equal [ 2L ] (places after))
    ]
