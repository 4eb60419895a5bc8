// Appending: atomic batches, expected versions, idempotency keys, limits, and that a refused append burns nothing.
// Run by `dotnet test`.
module Refold.Core.Tests.AppendTests

open System
open System.Text
open Refold.Core
open Refold.Core.Tests.Examples
open Xunit

[<Fact>]
let ``a batch over several streams gets dense positions, each stream its own dense versions`` () =
    let receipt, journal =
        appendWith id [ event "b" "1"; event "a" "4"; event "c" "1"; event "a" "5" ] threeBatches |> ok

    let versions = [ for got in receipt.Versions -> got.Stream.Value, got.First, got.Last ]
    Assert.Equal<(string * int64 * int64) list>([ "b", 3L, 3L; "a", 4L, 5L; "c", 1L, 1L ], versions)
    Assert.Equal(6L, receipt.FirstPosition)
    Assert.Equal(4, receipt.Count)
    Assert.Equal(Journal.head journal, receipt.Head)
    Assert.Equal<int64 list>([ 1L .. 9L ], positions (all journal))
    Assert.Equal<int64 list>([ 1L; 2L; 2L; 2L; 5L; 6L; 6L; 6L; 6L ], all journal |> List.map _.Batch)
    Assert.Equal<int64 list>([ 1L; 2L; 1L; 3L; 2L; 3L; 4L; 1L; 5L ], all journal |> List.map _.Version)

[<Fact>]
let ``two creators of one stream never both win`` () =
    let first =
        appendWith (expecting "a" ExpectedVersion.NoStream) [ event "a" "1" ] Journal.empty |> ok |> snd

    let second = Append.request [ event "a" "2" ] |> expecting "a" ExpectedVersion.NoStream
    refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 1L)) second first

[<Fact>]
let ``an expected version is met by that version alone`` () =
    let request expected = Append.request [ event "a" "x" ] |> expecting "a" expected

    for expected in [ ExpectedVersion.Any; ExpectedVersion.Exists; ExpectedVersion.Exactly 3L ] do
        Assert.True(Result.isOk (Journal.append (request expected) threeBatches))

    for expected in
        [
            ExpectedVersion.NoStream
            ExpectedVersion.Exactly 2L
            ExpectedVersion.Exactly 4L
        ] do
        refused (AppendError.Conflict("a", expected, 3L)) (request expected) threeBatches

    for expected in [ ExpectedVersion.Exists; ExpectedVersion.Exactly 1L ] do
        refused (AppendError.Conflict("a", expected, 0L)) (request expected) Journal.empty

    for expected in [ ExpectedVersion.Any; ExpectedVersion.NoStream ] do
        Assert.True(Result.isOk (Journal.append (request expected) Journal.empty))

[<Fact>]
let ``expecting version 0 is an error, not another word for no stream`` () =
    for version in [ 0L; -1L ] do
        let request = Append.request [ event "a" "1" ] |> expecting "a" (ExpectedVersion.Exactly version)

        refused (AppendError.Invalid(ValueError.OutOfRange("expected version", string version, "1 or more"))) request threeBatches

[<Fact>]
let ``the versions a batch expects are those before it, of any stream, also one it does not write`` () =
    let batch = [ event "a" "4"; event "a" "5" ]

    let request =
        Append.request batch
        |> expecting "a" (ExpectedVersion.Exactly 3L)
        |> expecting "b" (ExpectedVersion.Exactly 2L)

    Assert.True(Result.isOk (Journal.append request threeBatches))

    let stale =
        Append.request batch
        |> expecting "a" (ExpectedVersion.Exactly 3L)
        |> expecting "b" (ExpectedVersion.Exactly 1L)

    refused (AppendError.Conflict("b", ExpectedVersion.Exactly 1L, 2L)) stale threeBatches

[<Fact>]
let ``a failed append burns no version, no position and no key`` () =
    let conflicting =
        Append.request [ event "a" "4"; event "c" "1" ] |> expecting "a" ExpectedVersion.NoStream |> keyed "k"

    refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 3L)) conflicting threeBatches
    let receipt, journal = appendWith (keyed "k") [ event "a" "other" ] threeBatches |> ok
    Assert.Equal(6L, receipt.FirstPosition)
    Assert.Equal(4L, Journal.highestVersion (stream "a") journal)
    Assert.Equal(0L, Journal.highestVersion (stream "c") journal)

[<Fact>]
let ``a repeated key gives the first receipt after any later append, and the same journal`` () =
    let request =
        Append.request [ event "a" "4"; event "b" "3" ] |> expecting "a" (ExpectedVersion.Exactly 3L) |> keyed "k"

    let first, journal = Journal.append request threeBatches |> ok
    let later = journal |> append [ event "a" "5" ] |> append [ event "c" "1" ]
    // The expectation is long broken: the key is looked up first.
    let again, same = Journal.append request later |> ok
    Assert.Equal(first, again)
    Assert.Equal(answers later, answers same)

[<Fact>]
let ``a key belongs to content: not to ids, times, expectations or the condition`` () =
    let data = tagged [ "x"; "y" ] (event "a" "1")
    let first, journal = appendWith (keyed "k") [ data ] Journal.empty |> ok

    let retry =
        { data with
            Tags = List.rev data.Tags
            Id = Some(Guid.Parse "00000000-0000-8000-8000-000000000001")
            CorrelationId = Some Guid.Empty
            CausationId = Some Guid.Empty
            Time = Some DateTimeOffset.UnixEpoch
            Run = Some(RunId.Create "r")
        }

    let change = keyed "k" >> expecting "a" ExpectedVersion.NoStream >> unless Query.all 0L
    Assert.Equal(first, appendWith change [ retry ] journal |> ok |> fst)

[<Fact>]
let ``a key used for other content is an error, whatever else is wrong`` () =
    let data = tagged [ "x" ] (event "a" "1")
    let journal = threeBatches |> appendWith (keyed "k") [ data; event "b" "3" ] |> ok |> snd

    let others =
        [
            [ data ]
            [ event "b" "3"; data ]
            [ data; event "c" "3" ]
            [ { data with Role = Role.Fact }; event "b" "3" ]
            [ { data with Type = "u" }; event "b" "3" ]
            [ { data with SchemaVersion = 2 }; event "b" "3" ]
            [ { data with Payload = Bytes.OfText "2" }; event "b" "3" ]
            [ { data with Tags = [] }; event "b" "3" ]
        ]

    for entries in others do
        let request = Append.request entries |> keyed "k" |> expecting "a" ExpectedVersion.NoStream
        refused (AppendError.KeyReused("k", 6L)) request journal

[<Fact>]
let ``the key lies in every entry of its batch, and entries cannot bring another`` () =
    let journal = appendWith (keyed "k") [ event "a" "1"; event "b" "1" ] Journal.empty |> ok |> snd
    Assert.Equal<string option list>([ Some "k"; Some "k" ], all journal |> List.map _.Data.Key)
    let own = { event "a" "1" with Key = Some "own" }
    let fault = ValueError.Contradictory("idempotency keys", "own and k")
    refused (AppendError.Invalid fault) (Append.request [ own ] |> keyed "k") threeBatches
    let fault = ValueError.Contradictory("idempotency keys", "own of an entry, none of the append")
    refused (AppendError.Invalid fault) (Append.request [ own ]) threeBatches
    Assert.True(Result.isOk (appendWith (keyed "own") [ own ] threeBatches))

[<Fact>]
let ``an invalid entry refuses the whole batch`` () =
    let request = Append.request [ event "c" "1"; { event "a" "1" with Type = "" } ]
    refused (AppendError.Invalid(ValueError.Empty "type")) request threeBatches
    refused (AppendError.Invalid(ValueError.Empty "the batch")) (Append.request []) threeBatches

[<Fact>]
let ``an entry has at most 15 MiB of canonical bytes`` () =
    let around = (CanonicalBytes.ofData (event "a" "")).Length

    let sized length =
        { event "a" "" with
            Payload = Bytes.Wrap(ReadOnlyMemory(Array.zeroCreate (length - around)))
        }

    Assert.True(Result.isOk (appendWith id [ sized Limits.entryBytes ] Journal.empty))
    let actual = int64 Limits.entryBytes + 1L
    let tooLong = Append.request [ sized (Limits.entryBytes + 1) ]
    let limit = AppendError.LimitExceeded("bytes of an entry", actual, 15L * 1024L * 1024L)
    refused limit tooLong threeBatches
    // Limits are judged last.
    let stale = tooLong |> expecting "a" ExpectedVersion.NoStream
    refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 3L)) stale threeBatches

[<Fact>]
let ``a batch has at most 64 MiB of canonical bytes`` () =
    let payload = Bytes.Wrap(ReadOnlyMemory(Array.zeroCreate (13 * 1024 * 1024)))
    let request = Append.request (List.replicate 5 { event "a" "" with Payload = payload })
    let total = 5L * int64 (CanonicalBytes.ofData request.Entries.Head).Length
    refused (AppendError.LimitExceeded("bytes of the batch", total, 64L * 1024L * 1024L)) request threeBatches

[<Fact>]
let ``a batch has at most 65,536 entries`` () =
    let most = List.replicate 65_536 (event "a" "")
    Assert.Equal(65_536L, (appendWith id most Journal.empty |> ok |> fst).Head.Position)

    refused (AppendError.LimitExceeded("entries of the batch", 65_537L, 65_536L)) (Append.request (event "a" "" :: most)) threeBatches

[<Fact>]
let ``a batch is prepared once and may be judged against any journal`` () =
    let prepared = Append.prepare (Append.request [ event "a" "4"; event "a" "5" ]) |> ok
    let receipt, journal = Journal.appendPrepared prepared threeBatches |> ok
    Assert.Equal(6L, receipt.FirstPosition)
    Assert.Equal(7L, (Journal.head journal).Position)
    Assert.Equal(1L, (Journal.appendPrepared prepared Journal.empty |> ok |> fst).FirstPosition)
    let expected = CanonicalBytes.ofData (event "a" "4")
    Assert.Equal(expected, Bytes.Wrap prepared.Canonical[0])
    Assert.Equal(expected.Length, Encoding.UTF8.GetByteCount "a" + Encoding.UTF8.GetByteCount "t4" + 1 + 5 * 4 + 7)
