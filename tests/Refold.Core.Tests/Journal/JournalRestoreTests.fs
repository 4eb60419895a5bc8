// Restoring exported batches: places, holes, keys, and what is refused.
// Run by `dotnet test`.
module Refold.Core.Tests.JournalRestoreTests

open Expecto
open Refold.Core
open Refold
open Refold.Support.Examples
open Refold.Support

let private restore (entries: Entry list) (journal: Journal) = Journal.restore entries journal |> ok |> snd

let private restoreAll (entries: Entry list) =
    entries |> List.groupBy _.Batch |> List.fold (fun journal (_, batch) -> restore batch journal) Journal.empty

let private placed (batch: int64) (position: int64) (version: int64) (data: EntryData) = {
    Position = position
    Version = version
    Batch = batch
    Data = data
}

let private restoreRefused (expected: AppendError) (entries: Entry list) (journal: Journal) =
    equal expected (Journal.restore entries journal |> error)

let private outOfRange what value range = AppendError.Invalid(ValueError.OutOfRange(what, value, range))

[<Tests>]
let tests =
    testList "Journal / restoring" [
        testCase "a journal restored whole has the same head and the same answers" (fun () ->
            equal (answers threeBatches) (answers (restoreAll (all threeBatches))))

        testCase "a restored batch answers with the receipt it had" (fun () ->
            let first, journal =
                appendWith (keyed "k") [ event "a" "1"; event "b" "1"; event "a" "2" ] Journal.empty |> ok

            let again, restored = Journal.restore (all journal) Journal.empty |> ok
            equal first again
            // The key came with it.
            equal first (appendWith (keyed "k") [ event "a" "1"; event "b" "1"; event "a" "2" ] restored |> ok |> fst)
            refused (AppendError.KeyReused("k", 1L)) (Append.request [ event "a" "1" ] |> keyed "k") restored)

        testCase "positions missing in a batch are holes that the head binds" (fun () ->
            let leaf (data: EntryData) version = {
                Count = 1
                FirstVersion = version
                Hash = Leaf.hash [ (CanonicalBytes.ofData data).Memory ]
            }

            let hole count = { Count = count; FirstVersion = 0L; Hash = Hash.Zero }

            let entries = [
                placed 3L 5L 2L (event "a" "x")
                placed 3L 6L 3L (event "a" "y")
                placed 3L 8L 4L (event "a" "z")
            ]

            let receipt, journal = Journal.restore entries Journal.empty |> ok

            let pair = {
                Count = 2
                FirstVersion = 2L
                Hash = Leaf.hash [ for text in [ "x"; "y" ] -> (CanonicalBytes.ofData (event "a" text)).Memory ]
            }

            let expected = Head.next Hash.Zero 3L [ hole 2; pair; hole 1; leaf (event "a" "z") 4L ]
            equal expected receipt.Head
            equal 8L ((Journal.head journal).Position)
            equal 3L receipt.FirstPosition
            equal 6 receipt.Count
            equal [ 5L; 6L; 8L ] (positions (all journal)))

        testCase "positions before a restored batch belong to no batch" (fun () ->
            let journal = restore [ placed 3L 4L 1L (event "a" "x") ] Journal.empty
            equal None (Journal.headAt 2L journal)
            equal (Some(Journal.head journal)) (Journal.headAt 3L journal)
            equal (Some(Journal.head journal)) (Journal.headAt 4L journal)
            equal 5L ((appendWith id [ event "a" "y" ] journal |> ok |> fst).FirstPosition))

        testCase "a condition that looks past a hole fails" (fun () ->
            let journal = restore [ placed 3L 4L 1L (event "a" "x") ] Journal.empty
            let request asOf = Append.request [ event "c" "1" ] |> unless (Query.tags [ "nothing" ] |> ok) asOf
            refused (AppendError.ConditionFailed 1L) (request 0L) journal
            refused (AppendError.ConditionFailed 3L) (request 2L) journal
            isTrue (Result.isOk (Journal.appendRequest (request 3L) journal)))

        testCase "a stream without an entry may start above version 1, and is dropped below" (fun () ->
            let journal = restore [ placed 1L 1L 8L (event "a" "8"); placed 1L 2L 9L (event "a" "9") ] Journal.empty
            equal 7L (Journal.floor (stream "a") journal)
            equal 9L (Journal.highestVersion (stream "a") journal)
            equal (Error(ReadError.Dropped 7L)) (readStream "a" journal)
            equal [ "8"; "9" ] (Journal.readStream (stream "a") 8L 99L 10 journal |> ok |> payloads)
            equal 10L ((appendWith id [ event "a" "10" ] journal |> ok |> fst).Versions.Head.First))

        testCase "versions of a stream go on after its highest" (fun () ->
            let skip = [ placed 6L 6L 5L (event "a" "x") ]
            restoreRefused (AppendError.Conflict("a", ExpectedVersion.Exactly 4L, 3L)) skip threeBatches
            let again = [ placed 6L 6L 1L (event "a" "x") ]
            restoreRefused (AppendError.Conflict("a", ExpectedVersion.NoStream, 3L)) again threeBatches
            let inside = [ placed 1L 1L 4L (event "a" "x"); placed 1L 2L 6L (event "a" "x") ]
            restoreRefused (AppendError.Conflict("a", ExpectedVersion.Exactly 5L, 4L)) inside Journal.empty
            isTrue (Result.isOk (Journal.restore [ placed 6L 6L 4L (event "a" "4") ] threeBatches)))

        testCase "batches and positions ascend" (fun () ->
            restoreRefused (outOfRange "batch" "5" "above 5") [ placed 5L 6L 4L (event "a" "x") ] threeBatches
            restoreRefused (outOfRange "batch" "0" "above 0") [ placed 0L 1L 1L (event "a" "x") ] Journal.empty
            let early = [ placed 3L 2L 1L (event "a" "x") ]
            restoreRefused (outOfRange "batch" "3" "at most the position of the batch's first entry") early Journal.empty
            let same = [ placed 1L 1L 1L (event "a" "x"); placed 1L 1L 2L (event "a" "y") ]
            restoreRefused (outOfRange "position" "1" "above 1") same Journal.empty
            let two = [ placed 1L 1L 1L (event "a" "x"); placed 2L 2L 2L (event "a" "y") ]
            restoreRefused (outOfRange "batch" "2" "the same in all entries of a batch") two Journal.empty
            restoreRefused (AppendError.Invalid(ValueError.Empty "the batch")) [] Journal.empty)

        testCase "positions and versions beyond 2^62 and versions below 1 are refused, also to an append" (fun () ->
            let beyond = Append.highestPlace + 1L

            restoreRefused (outOfRange "position" (string beyond) "at most 2^62") [ placed beyond beyond 1L (event "a" "x") ] Journal.empty

            restoreRefused (outOfRange "version" (string beyond) "1 to 2^62") [ placed 1L 1L beyond (event "a" "x") ] Journal.empty

            restoreRefused (outOfRange "version" "0" "1 to 2^62") [ placed 1L 1L 0L (event "a" "x") ] Journal.empty
            let last = Append.highestPlace
            let before = last - 1L
            let journal = restore [ placed before before before (event "a" "x") ] Journal.empty
            let receipt, journal = appendWith id [ event "a" "y" ] journal |> ok
            equal last receipt.FirstPosition
            // What an append would give, and no import would take.
            equal (AppendError.LimitExceeded("position", beyond, last)) (appendWith id [ event "b" "z" ] journal |> error)
            let high = restore [ placed 1L 1L last (event "a" "x") ] Journal.empty
            equal (AppendError.LimitExceeded("version", beyond, last)) (appendWith id [ event "a" "y" ] high |> error))

        testCase "a batch with holes spans no more positions than a batch may have" (fun () ->
            let spanning last = [ placed 1L 1L 1L (event "a" "x"); placed 1L last 2L (event "a" "y") ]
            isTrue (Result.isOk (Journal.restore (spanning 65_536L) Journal.empty))
            let limit = AppendError.LimitExceeded("positions of the batch", 65_537L, 65_536L)
            restoreRefused limit (spanning 65_537L) Journal.empty)

        testCase "entries of a batch carry one key, and a known key goes over to the later batch" (fun () ->
            let own key = { event "a" "x" with Key = key }

            let differing =
                AppendError.Invalid(ValueError.Contradictory("idempotency keys", "entries of one batch differ"))

            restoreRefused differing [ placed 1L 1L 1L (own (Some "k")); placed 1L 2L 2L (own None) ] Journal.empty

            for first, second in [ Some "k", Some "l"; None, Some "k" ] do
                let result = Journal.restore [ placed 1L 1L 1L (own first); placed 1L 2L 2L (own second) ] Journal.empty
                isTrue (Result.isError result)

            let known = restore [ placed 1L 1L 1L (own (Some "k")) ] Journal.empty
            let again = restore [ placed 2L 2L 2L (own (Some "k")) ] known
            refused (AppendError.KeyReused("k", 2L)) (Append.request [ event "a" "other" ] |> keyed "k") again)

        testCase "an entry that breaks a rule or a limit is not restored" (fun () ->
            let invalid = placed 1L 1L 1L { event "a" "x" with Type = "" }
            restoreRefused (AppendError.Invalid(ValueError.Empty "type")) [ invalid ] Journal.empty

            let long = {
                event "a" "" with
                    Payload = Bytes.Wrap(System.ReadOnlyMemory(Array.zeroCreate Limits.entryBytes))
            }

            let length = int64 (CanonicalBytes.ofData long).Length
            let limit = AppendError.LimitExceeded("bytes of an entry", length, int64 Limits.entryBytes)
            restoreRefused limit [ placed 1L 1L 1L long ] Journal.empty)

        testCase "what was left after a deletion is restored with its floor, versions and positions" (fun () ->
            let deleted = Journal.deleteTo (stream "a") 2L threeBatches
            let restored = restoreAll (all deleted)
            equal (all deleted) (all restored)
            equal (Journal.streams deleted) (Journal.streams restored)
            equal ((Journal.head deleted).Position) ((Journal.head restored).Position))
    ]
