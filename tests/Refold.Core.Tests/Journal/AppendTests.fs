// Appending: atomic batches, expected versions, idempotency keys, limits, and that a refused append burns nothing.
// Run by `dotnet test`.
module Refold.Core.Tests.AppendTests

open System
open System.Text
open Expecto
open Refold.Core
open Refold.Support.Examples
open Refold.Support

[<Tests>]
let tests =
    testList "Journal / appending" [
        testCase "a batch over several streams gets dense positions, each stream its own dense versions" (fun () ->
            let receipt, journal =
                appendWith id [ event "b" "1"; event "a" "4"; event "c" "1"; event "a" "5" ] threeBatches |> ok

            let versions = [ for got in receipt.Versions -> got.Stream.Value, got.First, got.Last ]
            equal [ "b", 3L, 3L; "a", 4L, 5L; "c", 1L, 1L ] versions
            equal 6L receipt.FirstPosition
            equal 4 receipt.Count
            equal (Journal.head journal) receipt.Head
            equal [ 1L .. 9L ] (positions (all journal))
            equal [ 1L; 2L; 2L; 2L; 5L; 6L; 6L; 6L; 6L ] (all journal |> List.map _.Batch)
            equal [ 1L; 2L; 1L; 3L; 2L; 3L; 4L; 1L; 5L ] (all journal |> List.map _.Version))

        testCase "two creators of one stream never both win" (fun () ->
            let first =
                appendWith (expecting "a" ExpectedVersion.NoStream) [ event "a" "1" ] Journal.empty |> ok |> snd

            let second = Append.request [ event "a" "2" ] |> expecting "a" ExpectedVersion.NoStream
            refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 1L)) second first)

        testCase "an expected version is met by that version alone" (fun () ->
            let request expected = Append.request [ event "a" "x" ] |> expecting "a" expected

            for expected in [ ExpectedVersion.Any; ExpectedVersion.Exists; ExpectedVersion.Exactly 3L ] do
                isTrue (Result.isOk (Journal.appendRequest (request expected) threeBatches))

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
                isTrue (Result.isOk (Journal.appendRequest (request expected) Journal.empty)))

        testCase "expecting version 0 is an error, not another word for no stream" (fun () ->
            for version in [ 0L; -1L ] do
                let refusal =
                    try
                        string (ExpectedVersion.Exactly version)
                    with :? ArgumentOutOfRangeException as error ->
                        string error.ParamName

                equal "version" refusal)

        testCase "the versions a batch expects are those before it, of any stream, also one it does not write" (fun () ->
            let batch = [ event "a" "4"; event "a" "5" ]

            let request =
                Append.request batch
                |> expecting "a" (ExpectedVersion.Exactly 3L)
                |> expecting "b" (ExpectedVersion.Exactly 2L)

            isTrue (Result.isOk (Journal.appendRequest request threeBatches))

            let stale =
                Append.request batch
                |> expecting "a" (ExpectedVersion.Exactly 3L)
                |> expecting "b" (ExpectedVersion.Exactly 1L)

            refused (AppendError.Conflict("b", ExpectedVersion.Exactly 1L, 2L)) stale threeBatches)

        testCase "a failed append burns no version, no position and no key" (fun () ->
            let conflicting =
                Append.request [ event "a" "4"; event "c" "1" ] |> expecting "a" ExpectedVersion.NoStream |> keyed "k"

            refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 3L)) conflicting threeBatches
            let receipt, journal = appendWith (keyed "k") [ event "a" "other" ] threeBatches |> ok
            equal 6L receipt.FirstPosition
            equal 4L (Journal.highestVersion (stream "a") journal)
            equal 0L (Journal.highestVersion (stream "c") journal))

        testCase "a repeated key gives the first receipt after any later append, and the same journal" (fun () ->
            let request =
                Append.request [ event "a" "4"; event "b" "3" ] |> expecting "a" (ExpectedVersion.Exactly 3L) |> keyed "k"

            let first, journal = Journal.appendRequest request threeBatches |> ok
            let later = journal |> append [ event "a" "5" ] |> append [ event "c" "1" ]
            // The expectation is long broken: the key is looked up first.
            let again, same = Journal.appendRequest request later |> ok
            equal first again
            equal (answers later) (answers same))

        testCase "a key belongs to content: not to ids, times, expectations or the condition" (fun () ->
            let data = tagged [ "x"; "y" ] (event "a" "1")
            let first, journal = appendWith (keyed "k") [ data ] Journal.empty |> ok

            let retry = {
                data with
                    Tags = List.rev data.Tags
                    Id = Some(Guid.Parse "00000000-0000-8000-8000-000000000001")
                    CorrelationId = Some Guid.Empty
                    CausationId = Some Guid.Empty
                    Time = Some DateTimeOffset.UnixEpoch
                    Run = Some(RunId.Create "r")
            }

            let change = keyed "k" >> expecting "a" ExpectedVersion.NoStream >> unless Query.all 0L
            equal first (appendWith change [ retry ] journal |> ok |> fst))

        testCase "a key used for other content is an error, whatever else is wrong" (fun () ->
            let data = tagged [ "x" ] (event "a" "1")
            let journal = threeBatches |> appendWith (keyed "k") [ data; event "b" "3" ] |> ok |> snd

            let others = [
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
                refused (AppendError.KeyReused("k", 6L)) request journal)

        testCase "the key lies in every entry of its batch, and entries cannot bring another" (fun () ->
            let journal = appendWith (keyed "k") [ event "a" "1"; event "b" "1" ] Journal.empty |> ok |> snd
            equal [ Some "k"; Some "k" ] (all journal |> List.map _.Data.Key)
            let own = { event "a" "1" with Key = Some "own" }
            let fault = ValueError.Contradictory("idempotency keys", "own and k")
            refused (AppendError.Invalid fault) (Append.request [ own ] |> keyed "k") threeBatches
            let fault = ValueError.Contradictory("idempotency keys", "own of an entry, none of the append")
            refused (AppendError.Invalid fault) (Append.request [ own ]) threeBatches
            isTrue (Result.isOk (appendWith (keyed "own") [ own ] threeBatches)))

        testCase "an invalid entry refuses the whole batch" (fun () ->
            let request = Append.request [ event "c" "1"; { event "a" "1" with Type = "" } ]
            refused (AppendError.Invalid(ValueError.Empty "type")) request threeBatches
            refused (AppendError.Invalid(ValueError.Empty "the batch")) (Append.request []) threeBatches)

        testCase "an entry has at most 15 MiB of canonical bytes" (fun () ->
            let around = (CanonicalBytes.ofData (event "a" "")).Length

            let sized length = {
                event "a" "" with
                    Payload = Bytes.Wrap(ReadOnlyMemory(Array.zeroCreate (length - around)))
            }

            isTrue (Result.isOk (appendWith id [ sized Limits.entryBytes ] Journal.empty))
            let actual = int64 Limits.entryBytes + 1L
            let tooLong = Append.request [ sized (Limits.entryBytes + 1) ]
            let limit = AppendError.LimitExceeded("bytes of an entry", actual, 15L * 1024L * 1024L)
            refused limit tooLong threeBatches
            // Limits are judged last.
            let stale = tooLong |> expecting "a" ExpectedVersion.NoStream
            refused (AppendError.Conflict("a", ExpectedVersion.NoStream, 3L)) stale threeBatches)

        testCase "a batch has at most 64 MiB of canonical bytes" (fun () ->
            let payload = Bytes.Wrap(ReadOnlyMemory(Array.zeroCreate (13 * 1024 * 1024)))
            let request = Append.request (List.replicate 5 { event "a" "" with Payload = payload })
            let total = 5L * int64 (CanonicalBytes.ofData request.Entries.Head).Length
            refused (AppendError.LimitExceeded("bytes of the batch", total, 64L * 1024L * 1024L)) request threeBatches)

        testCase "a batch has at most 65,536 entries" (fun () ->
            let most = List.replicate 65_536 (event "a" "")
            equal 65_536L ((appendWith id most Journal.empty |> ok |> fst).Head.Position)

            refused
                (AppendError.LimitExceeded("entries of the batch", 65_537L, 65_536L))
                (Append.request (event "a" "" :: most))
                threeBatches

            let before = GC.GetAllocatedBytesForCurrentThread()
            let request = Append.request (List.replicate 1_000_000 (event "a" ""))
            let made = GC.GetAllocatedBytesForCurrentThread()
            refused (AppendError.LimitExceeded("entries of the batch", 65_537L, 65_536L)) request threeBatches
            // Counted, then built: no more than for a batch of the limit, whatever the length.
            inRange 0L (60L * 1024L * 1024L) (GC.GetAllocatedBytesForCurrentThread() - made)
            inRange 1L (100L * 1024L * 1024L) (made - before))

        testCase "a batch is prepared once and may be judged against any journal" (fun () ->
            let prepared = Append.encode (Append.request [ event "a" "4"; event "a" "5" ]) |> ok
            let receipt, journal = Journal.append prepared threeBatches |> ok
            equal 6L receipt.FirstPosition
            equal 7L ((Journal.head journal).Position)
            equal 1L ((Journal.append prepared Journal.empty |> ok |> fst).FirstPosition)
            let expected = CanonicalBytes.ofData (event "a" "4")
            equal expected (Bytes.Wrap(prepared.CanonicalBytes 0))
            equal expected.Length (Encoding.UTF8.GetByteCount "a" + Encoding.UTF8.GetByteCount "t4" + 1 + 5 * 4 + 7))
    ]
