// Queries, and the append condition made of one: the dynamic consistency boundary.
// Run by `dotnet test`.
module Refold.Core.Tests.QueryTests

open System
open Expecto
open Refold.Core
open Refold.Support.Examples
open Refold.Support

// 1 course | 2 student, 3 course+student | 4 course, command | 5 of another type
let private enrolment =
    Journal.empty
    |> append [ tagged [ "course:1" ] (event "c/1" "opened") ]
    |> append [
        tagged [ "student:1" ] (event "s/1" "joined")
        tagged [ "student:1"; "course:1" ] (event "c/1" "enrolled")
    ]
    |> append [ { tagged [ "course:1" ] (event "c/1" "close") with Role = Role.Command } ]
    |> append [ { tagged [ "course:1" ] (event "c/1" "closed") with Type = "u" } ]

let private find (query: Query) = Journal.query query 1L Int32.MaxValue enrolment

let private found (query: Query) = positions (find query).Entries

let private byTags (tags: string list) = Query.tags tags |> ok

let private enrol = [ tagged [ "student:1"; "course:1" ] (event "c/1" "again") ]

[<Tests>]
let tests =
    testList "Entries / queries" [
        testCase "inside an item all tags must be there, over items any item" (fun () ->
            equal [ 1L; 3L; 4L; 5L ] (found (byTags [ "course:1" ]))
            equal [ 3L ] (found (byTags [ "course:1"; "student:1" ]))
            equal [ 2L; 3L; 5L ] (found (Query.either (byTags [ "student:1" ]) (Query.types [ "u" ])))
            equal [ 1L .. 5L ] (found (Query.types [ "u"; "t"; "u" ]))
            equal [] (found (byTags [ "course:2" ])))

        testCase "a query without items, or with an item that asks nothing, finds everything" (fun () ->
            equal [ 1L .. 5L ] (found Query.all)
            equal [ 1L .. 5L ] (found (byTags []))
            equal [ 1L .. 5L ] (found (Query.either Query.all (byTags [ "course:2" ]))))

        testCase "provenance is asked for by its outward tag" (fun () ->
            equal [ 4L ] (found (byTags [ "course:1"; "kind:external" ]))
            equal [ 1L; 2L; 3L; 5L ] (found (byTags [ "kind:derived" ]))
            equal (ValueError.Reserved("tag", "kind:other")) (Query.tags [ "kind:other" ] |> error))

        testCase "an answer says as of which head it is, also when it is empty" (fun () ->
            equal 5L ((find Query.all).AsOf)
            equal 5L ((find (byTags [ "nothing" ])).AsOf)
            equal 0L ((Journal.query Query.all 1L 10 Journal.empty).AsOf))

        testCase "pages of a query follow each other by position, though versions start anew in every stream" (fun () ->
            let page from = positions (Journal.query (byTags [ "course:1" ]) from 2 enrolment).Entries
            equal [ 1L; 3L ] (page 1L)
            equal [ 4L; 5L ] (page 4L)
            equal [] (page 6L)
            equal [ 1L; 3L ] (page -7L)
            equal [] (positions (Journal.query Query.all 1L 0 enrolment).Entries))

        testCase "lists that never agree are told apart without a stack" (fun () ->
            let entries = [
                for number in 1..20_000 -> tagged [ (if number % 2 = 0 then "even" else "odd") ] (event "n" "")
            ]

            let journal = append entries Journal.empty
            isEmpty ((Journal.query (byTags [ "even"; "odd" ]) 1L 1 journal).Entries))

        testCase "a condition fails when anything after its AsOf matches, and names the first that does" (fun () ->
            for asOf, matched in [ 0L, 1L; 1L, 3L; 2L, 3L; 3L, 4L; 4L, 5L ] do
                refused (AppendError.ConditionFailed matched) (Append.request enrol |> unless (byTags [ "course:1" ]) asOf) enrolment

            isTrue (Result.isOk (appendWith (unless (byTags [ "course:1" ]) 5L) enrol enrolment)))

        testCase "a condition passes when what came after its AsOf does not match" (fun () ->
            isTrue (Result.isOk (appendWith (unless (byTags [ "student:1" ]) 3L) enrol enrolment))
            isTrue (Result.isOk (appendWith (unless (byTags [ "student:1" ]) 0L) enrol Journal.empty)))

        testCase "a condition outside the journal never passes" (fun () ->
            for asOf in [ -1L; 6L; Int64.MaxValue ] do
                refused (AppendError.ConditionFailed 0L) (Append.request enrol |> unless (byTags [ "nothing" ]) asOf) enrolment)

        testCase "a condition does not look at its own batch" (fun () ->
            let twice = enrol @ enrol
            isTrue (Result.isOk (appendWith (unless (byTags [ "student:1" ]) 5L) twice enrolment)))

        testCase "of two who decided on the same answer, the second is told" (fun () ->
            let asOf = (find (byTags [ "student:1" ])).AsOf
            let request = Append.request enrol |> unless (byTags [ "student:1" ]) asOf
            let journal = Journal.appendRequest request enrolment |> ok |> snd
            refused (AppendError.ConditionFailed 6L) request journal)

        testCase "a condition is judged before expected versions" (fun () ->
            let request = Append.request enrol |> unless Query.all 0L |> expecting "c/1" ExpectedVersion.NoStream
            refused (AppendError.ConditionFailed 1L) request enrolment)
    ]
