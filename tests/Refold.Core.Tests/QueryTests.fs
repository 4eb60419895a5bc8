// Queries, and the append condition made of one: the dynamic consistency boundary.
// Run by `dotnet test`.
module Refold.Core.Tests.QueryTests

open System
open Refold.Core
open Refold.Core.Tests.Examples
open Xunit

// 1 course | 2 student, 3 course+student | 4 course, command | 5 of another type
let private enrolment =
    Journal.empty
    |> append [ tagged [ "course:1" ] (event "c/1" "opened") ]
    |> append
        [
            tagged [ "student:1" ] (event "s/1" "joined")
            tagged [ "student:1"; "course:1" ] (event "c/1" "enrolled")
        ]
    |> append [ { tagged [ "course:1" ] (event "c/1" "close") with Role = Role.Command } ]
    |> append [ { tagged [ "course:1" ] (event "c/1" "closed") with Type = "u" } ]

let private find (query: Query) = Journal.query query 1L Int32.MaxValue enrolment

let private found (query: Query) = positions (find query).Entries

let private byTags (tags: string list) = Query.tags tags |> ok

[<Fact>]
let ``inside an item all tags must be there, over items any item`` () =
    Assert.Equal<int64 list>([ 1L; 3L; 4L; 5L ], found (byTags [ "course:1" ]))
    Assert.Equal<int64 list>([ 3L ], found (byTags [ "course:1"; "student:1" ]))
    Assert.Equal<int64 list>([ 2L; 3L; 5L ], found (Query.either (byTags [ "student:1" ]) (Query.types [ "u" ])))
    Assert.Equal<int64 list>([ 1L .. 5L ], found (Query.types [ "u"; "t"; "u" ]))
    Assert.Equal<int64 list>([], found (byTags [ "course:2" ]))

[<Fact>]
let ``a query without items, or with an item that asks nothing, finds everything`` () =
    Assert.Equal<int64 list>([ 1L .. 5L ], found Query.all)
    Assert.Equal<int64 list>([ 1L .. 5L ], found (byTags []))
    Assert.Equal<int64 list>([ 1L .. 5L ], found (Query.either Query.all (byTags [ "course:2" ])))

[<Fact>]
let ``provenance is asked for by its outward tag`` () =
    Assert.Equal<int64 list>([ 4L ], found (byTags [ "course:1"; "kind:external" ]))
    Assert.Equal<int64 list>([ 1L; 2L; 3L; 5L ], found (byTags [ "kind:derived" ]))
    Assert.Equal(ValueError.Reserved("tag", "kind:other"), Query.tags [ "kind:other" ] |> error)

[<Fact>]
let ``an answer says as of which head it is, also when it is empty`` () =
    Assert.Equal(5L, (find Query.all).AsOf)
    Assert.Equal(5L, (find (byTags [ "nothing" ])).AsOf)
    Assert.Equal(0L, (Journal.query Query.all 1L 10 Journal.empty).AsOf)

[<Fact>]
let ``pages of a query follow each other by position, though versions start anew in every stream`` () =
    let page from = positions (Journal.query (byTags [ "course:1" ]) from 2 enrolment).Entries
    Assert.Equal<int64 list>([ 1L; 3L ], page 1L)
    Assert.Equal<int64 list>([ 4L; 5L ], page 4L)
    Assert.Equal<int64 list>([], page 6L)
    Assert.Equal<int64 list>([ 1L; 3L ], page -7L)
    Assert.Equal<int64 list>([], positions (Journal.query Query.all 1L 0 enrolment).Entries)

[<Fact>]
let ``lists that never agree are told apart without a stack`` () =
    let entries =
        [
            for number in 1..20_000 -> tagged [ (if number % 2 = 0 then "even" else "odd") ] (event "n" "")
        ]

    let journal = append entries Journal.empty
    Assert.Empty((Journal.query (byTags [ "even"; "odd" ]) 1L 1 journal).Entries)

let private enrol = [ tagged [ "student:1"; "course:1" ] (event "c/1" "again") ]

[<Fact>]
let ``a condition fails when anything after its AsOf matches, and names the first that does`` () =
    for asOf, matched in [ 0L, 1L; 1L, 3L; 2L, 3L; 3L, 4L; 4L, 5L ] do
        refused (AppendError.ConditionFailed matched) (Append.request enrol |> unless (byTags [ "course:1" ]) asOf) enrolment

    Assert.True(Result.isOk (appendWith (unless (byTags [ "course:1" ]) 5L) enrol enrolment))

[<Fact>]
let ``a condition passes when what came after its AsOf does not match`` () =
    Assert.True(Result.isOk (appendWith (unless (byTags [ "student:1" ]) 3L) enrol enrolment))
    Assert.True(Result.isOk (appendWith (unless (byTags [ "student:1" ]) 0L) enrol Journal.empty))

[<Fact>]
let ``a condition outside the journal never passes`` () =
    for asOf in [ -1L; 6L; Int64.MaxValue ] do
        refused (AppendError.ConditionFailed 0L) (Append.request enrol |> unless (byTags [ "nothing" ]) asOf) enrolment

[<Fact>]
let ``a condition does not look at its own batch`` () =
    let twice = enrol @ enrol
    Assert.True(Result.isOk (appendWith (unless (byTags [ "student:1" ]) 5L) twice enrolment))

[<Fact>]
let ``of two who decided on the same answer, the second is told`` () =
    let asOf = (find (byTags [ "student:1" ])).AsOf
    let request = Append.request enrol |> unless (byTags [ "student:1" ]) asOf
    let journal = Journal.append request enrolment |> ok |> snd
    refused (AppendError.ConditionFailed 6L) request journal

[<Fact>]
let ``a condition is judged before expected versions`` () =
    let request = Append.request enrol |> unless Query.all 0L |> expecting "c/1" ExpectedVersion.NoStream
    refused (AppendError.ConditionFailed 1L) request enrolment
