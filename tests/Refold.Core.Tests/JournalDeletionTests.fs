// Deleting a stream's beginning: what is hidden, what survives, what later conditions say.
// Run by `dotnet test`.
module Refold.Core.Tests.JournalDeletionTests

open Refold.Core
open Refold.Core.Tests.Examples
open Xunit

let private deleted = Journal.deleteTo (stream "a") 2L threeBatches

[<Fact>]
let ``reading from below a floor answers Dropped, never empty or shortened`` () =
    let read from upTo = Journal.readStream (stream "a") from upTo 10 deleted
    Assert.Equal(Error(ReadError.Dropped 2L), read 1L 9L)
    Assert.Equal(Error(ReadError.Dropped 2L), read 2L 9L)
    Assert.Equal(Error(ReadError.Dropped 2L), read 0L 0L)
    Assert.Equal<string list>([ "3" ], read 3L 9L |> ok |> payloads)
    Assert.Equal(Ok [], read 4L 9L)

[<Fact>]
let ``deleted entries are hidden everywhere at once, and positions are not renumbered`` () =
    Assert.Equal<int64 list>([ 3L; 4L; 5L ], positions (all deleted))
    Assert.Equal<int64 list>([ 3L; 4L ], positions (Journal.readAll 1L 2 deleted))
    Assert.Equal(None, Journal.tryEntry 1L deleted)
    Assert.Equal(None, Journal.tryEntry 2L deleted)
    Assert.Equal<int64 list>([ 3L; 4L; 5L ], positions (Journal.query Query.all 1L 10 deleted).Entries)
    Assert.Equal<int64 list>([ 3L; 4L; 5L ], positions (Journal.query (Query.types [ "t" ]) 1L 10 deleted).Entries)

[<Fact>]
let ``the head, every earlier head and the highest version survive`` () =
    for position in 0L .. 6L do
        Assert.Equal(Journal.headAt position threeBatches, Journal.headAt position deleted)

    Assert.Equal(3L, Journal.highestVersion (stream "a") deleted)
    Assert.Equal(2L, Journal.floor (stream "a") deleted)
    Assert.Equal(0L, Journal.floor (stream "b") deleted)

[<Fact>]
let ``a stream whose entries are all deleted is not absent, and goes on where it was`` () =
    let gone = Journal.deleteTo (stream "a") 3L threeBatches
    let create = Append.request [ event "a" "4" ] |> expecting "a" ExpectedVersion.NoStream
    refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 3L)) create gone
    let next = appendWith (expecting "a" (ExpectedVersion.Exactly 3L)) [ event "a" "4" ] gone |> ok |> snd
    Assert.Equal<int64 list>([ 4L ], Journal.readStream (stream "a") 4L 9L 10 next |> ok |> List.map _.Version)
    Assert.Equal<int64 list>([ 3L; 5L; 6L ], positions (all next))

[<Fact>]
let ``deleting beyond the highest version deletes what is there`` () =
    let gone = Journal.deleteTo (stream "a") 99L threeBatches
    Assert.Equal(3L, Journal.floor (stream "a") gone)
    let next = append [ event "a" "4" ] gone
    Assert.Equal<string list>([ "4" ], Journal.readStream (stream "a") 4L 9L 10 next |> ok |> payloads)

[<Fact>]
let ``a floor is never lowered, and an unknown stream changes nothing`` () =
    for version in [ 1L; 2L; 0L; -3L ] do
        Assert.Equal(answers deleted, answers (Journal.deleteTo (stream "a") version deleted))

    Assert.Equal(answers deleted, answers (Journal.deleteTo (stream "unknown") 5L deleted))
    Assert.Equal(3L, Journal.floor (stream "a") (Journal.deleteTo (stream "a") 3L deleted))

[<Fact>]
let ``keys survive deletion`` () =
    let first, journal = appendWith (keyed "k") [ event "a" "1" ] Journal.empty |> ok
    let gone = Journal.deleteTo (stream "a") 1L journal
    Assert.Equal(first, appendWith (keyed "k") [ event "a" "1" ] gone |> ok |> fst)
    refused (AppendError.KeyReused("k", 1L)) (Append.request [ event "a" "2" ] |> keyed "k") gone

[<Fact>]
let ``a deleted entry after a condition's AsOf counts as a match, since nobody can say`` () =
    let nothing = Query.tags [ "nothing" ] |> ok
    let request asOf = Append.request [ event "c" "1" ] |> unless nothing asOf
    refused (AppendError.ConditionFailed 1L) (request 0L) deleted
    refused (AppendError.ConditionFailed 2L) (request 1L) deleted
    Assert.True(Result.isOk (Journal.append (request 2L) deleted))

    let last = Journal.deleteTo (stream "b") 2L threeBatches
    refused (AppendError.ConditionFailed 3L) (request 0L) last
    refused (AppendError.ConditionFailed 5L) (request 4L) last
    Assert.True(Result.isOk (Journal.append (request 5L) last))

[<Fact>]
let ``a condition names the first match, whether it is there or deleted`` () =
    let request asOf = Append.request [ event "c" "1" ] |> unless Query.all asOf
    refused (AppendError.ConditionFailed 2L) (request 1L) deleted
    refused (AppendError.ConditionFailed 3L) (request 2L) deleted
    let last = Journal.deleteTo (stream "b") 2L threeBatches
    refused (AppendError.ConditionFailed 4L) (request 3L) last
