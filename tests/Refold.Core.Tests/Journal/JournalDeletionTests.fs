// Deleting a stream's beginning: what is hidden, what survives, what later conditions say.
// Run by `dotnet test`.
module Refold.Core.Tests.JournalDeletionTests

open Expecto
open Refold.Core
open Refold.Support.Examples
open Refold.Support

let private deleted = Journal.deleteTo (stream "a") 2L threeBatches

[<Tests>]
let tests =
    testList "Journal / deletion" [
        testCase "reading from below a floor answers Dropped, never empty or shortened" (fun () ->
            let read from upTo = Journal.readStream (stream "a") from upTo 10 deleted
            equal (Error(ReadError.Dropped 2L)) (read 1L 9L)
            equal (Error(ReadError.Dropped 2L)) (read 2L 9L)
            equal (Error(ReadError.Dropped 2L)) (read 0L 0L)
            equal [ "3" ] (read 3L 9L |> ok |> payloads)
            equal (Ok []) (read 4L 9L))

        testCase "deleted entries are hidden everywhere at once, and positions are not renumbered" (fun () ->
            equal [ 3L; 4L; 5L ] (positions (all deleted))
            equal [ 3L; 4L ] (positions (Journal.readAll 1L 2 deleted))
            equal None (Journal.tryEntry 1L deleted)
            equal None (Journal.tryEntry 2L deleted)
            equal [ 3L; 4L; 5L ] (positions (Journal.query Query.all 1L 10 deleted).Entries)
            equal [ 3L; 4L; 5L ] (positions (Journal.query (Query.types [ "t" ]) 1L 10 deleted).Entries))

        testCase "the head, every earlier head and the highest version survive" (fun () ->
            for position in 0L .. 6L do
                equal (Journal.headAt position threeBatches) (Journal.headAt position deleted)

            equal 3L (Journal.highestVersion (stream "a") deleted)
            equal 2L (Journal.floor (stream "a") deleted)
            equal 0L (Journal.floor (stream "b") deleted))

        testCase "a stream whose entries are all deleted is not absent, and goes on where it was" (fun () ->
            let gone = Journal.deleteTo (stream "a") 3L threeBatches
            let create = Append.request [ event "a" "4" ] |> expecting "a" ExpectedVersion.NoStream
            refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 3L)) create gone
            let next = appendWith (expecting "a" (ExpectedVersion.Exactly 3L)) [ event "a" "4" ] gone |> ok |> snd
            equal [ 4L ] (Journal.readStream (stream "a") 4L 9L 10 next |> ok |> List.map _.Version)
            equal [ 3L; 5L; 6L ] (positions (all next)))

        testCase "deleting beyond the highest version deletes what is there" (fun () ->
            let gone = Journal.deleteTo (stream "a") 99L threeBatches
            equal 3L (Journal.floor (stream "a") gone)
            let next = append [ event "a" "4" ] gone
            equal [ "4" ] (Journal.readStream (stream "a") 4L 9L 10 next |> ok |> payloads))

        testCase "a floor is never lowered, and an unknown stream changes nothing" (fun () ->
            for version in [ 1L; 2L; 0L; -3L ] do
                equal (answers deleted) (answers (Journal.deleteTo (stream "a") version deleted))

            equal (answers deleted) (answers (Journal.deleteTo (stream "unknown") 5L deleted))
            equal 3L (Journal.floor (stream "a") (Journal.deleteTo (stream "a") 3L deleted)))

        testCase "keys survive deletion" (fun () ->
            let first, journal = appendWith (keyed "k") [ event "a" "1" ] Journal.empty |> ok
            let gone = Journal.deleteTo (stream "a") 1L journal
            equal first (appendWith (keyed "k") [ event "a" "1" ] gone |> ok |> fst)
            refused (AppendError.KeyReused("k", 1L)) (Append.request [ event "a" "2" ] |> keyed "k") gone)

        testCase "a deleted entry after a condition's AsOf counts as a match, since nobody can say" (fun () ->
            let nothing = Query.tags [ "nothing" ] |> ok
            let request asOf = Append.request [ event "c" "1" ] |> unless nothing asOf
            refused (AppendError.ConditionFailed 1L) (request 0L) deleted
            refused (AppendError.ConditionFailed 2L) (request 1L) deleted
            isTrue (Result.isOk (Journal.appendRequest (request 2L) deleted))

            let last = Journal.deleteTo (stream "b") 2L threeBatches
            refused (AppendError.ConditionFailed 3L) (request 0L) last
            refused (AppendError.ConditionFailed 5L) (request 4L) last
            isTrue (Result.isOk (Journal.appendRequest (request 5L) last)))

        testCase "a condition names the first match, whether it is there or deleted" (fun () ->
            let request asOf = Append.request [ event "c" "1" ] |> unless Query.all asOf
            refused (AppendError.ConditionFailed 2L) (request 1L) deleted
            refused (AppendError.ConditionFailed 3L) (request 2L) deleted
            let last = Journal.deleteTo (stream "b") 2L threeBatches
            refused (AppendError.ConditionFailed 4L) (request 3L) last)
    ]
