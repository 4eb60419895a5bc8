// Reading the in-memory journal: by stream, by position, heads and kept places.
// Run by `dotnet test`.
module Refold.Core.Tests.JournalTests

open System
open Expecto
open Refold.Core
open Refold
open Refold.Support.Examples
open Refold.Support

[<Tests>]
let tests =
    testList "Journal / reading" [
        testCase "a stream is read from a version to a version, both included, at most so many" (fun () ->
            let read from upTo most = Journal.readStream (stream "a") from upTo most threeBatches |> ok |> payloads
            equal [ "1"; "2"; "3" ] (read 1L Int64.MaxValue Int32.MaxValue)
            equal [ "2" ] (read 2L 2L 10)
            equal [ "2"; "3" ] (read 2L 9L 10)
            equal [ "1"; "2" ] (read -5L 9L 2)
            equal [] (read 4L 9L 10)
            equal [] (read 3L 2L 10)
            equal [] (read 1L 9L 0)
            equal [] (read 1L 9L -1)
            equal [] (read Int64.MaxValue Int64.MaxValue Int32.MaxValue))

        testCase "an unknown stream is empty" (fun () ->
            equal (Ok []) (readStream "unknown" threeBatches)
            equal 0L (Journal.highestVersion (stream "unknown") threeBatches)
            equal 0L (Journal.floor (stream "unknown") threeBatches))

        testCase "everything is read in position order, page by page" (fun () ->
            equal [ "1"; "2"; "1"; "3"; "2" ] (payloads (all threeBatches))
            equal [ 2L; 3L ] (positions (Journal.readAll 2L 2 threeBatches))
            equal [ 4L; 5L ] (positions (Journal.readAll 4L 100 threeBatches))
            equal [ 1L ] (positions (Journal.readAll Int64.MinValue 1 threeBatches))
            isEmpty (Journal.readAll 6L 10 threeBatches)
            isEmpty (Journal.readAll 1L -1 threeBatches))

        testCase "an entry is found by its position" (fun () ->
            let entry = Journal.tryEntry 4L threeBatches

            equal (Some("a", 3L, 2L)) (entry |> Option.map (fun entry -> entry.Data.Stream.Value, entry.Version, entry.Batch))

            equal None (Journal.tryEntry 0L threeBatches)
            equal None (Journal.tryEntry 6L threeBatches))

        testCase "streams are listed by the UTF-8 bytes of their names" (fun () ->
            let names = [ "b"; "\U0001F600"; "\uFF5E"; "Z"; "+run/r" ]
            let journal = Journal.empty |> append [ for name in names -> event name "" ]

            equal [ "+run/r"; "Z"; "b"; "\uFF5E"; "\U0001F600" ] (Journal.streams journal |> List.map _.Stream.Value)

            equal [ 0L, 3L; 0L, 2L ] (Journal.streams threeBatches |> List.map (fun summary -> summary.Floor, summary.Highest)))

        testCase "a stream that begins with $ takes no appends but those of runs" (fun () ->
            for name in [ "$"; "$run/r"; "$fx/r"; "$other" ] do
                let error = AppendError.Invalid(ValueError.Reserved("stream", name))
                refused error (Append.request [ event "a" ""; event name "" ]) threeBatches
                equal (Error error) (Append.encode (Append.request [ event name "" ]) |> Result.map ignore)
                isTrue (error.ToString().Contains "choose a name that does not begin with '$'")

            let run = Run.start (Run.context (RunId.Create "r") (RunPin("m", "p", "1", 1UL)) RecordMode.Record) None
            isTrue (Journal.append run threeBatches |> Result.isOk)
            isTrue (Journal.appendRequest (Append.request [ event "a$" "" ]) threeBatches |> Result.isOk))

        testCase "the head at a position is the one after the batch that holds it" (fun () ->
            let first = Journal.empty |> append [ event "a" "1" ] |> Journal.head
            let at position = Journal.headAt position threeBatches
            equal (Some Head.empty) (at 0L)
            equal (Some first) (at 1L)
            equal (Some 4L) (at 2L |> Option.map _.Position)
            equal (at 2L) (at 4L)
            equal (Some(Journal.head threeBatches)) (at 5L)
            equal None (at 6L)
            equal None (at -1L))

        testCase "a place of another history is refused, one of this history never" (fun () ->
            for position in 0L .. 5L do
                let place = {
                    Position = position
                    Hash = (Journal.headAt position threeBatches).Value.Hash
                }

                equal (Ok()) (Journal.checkPlace place (append [ event "a" "4" ] threeBatches))

            let other = Journal.empty |> append [ event "a" "other" ]
            equal (Error(ReadError.ForeignHistory 1L)) (Journal.checkPlace (Journal.head other) threeBatches)
            // The shorter journal cannot know the longer one's place.
            let head = Journal.head threeBatches
            equal (Error(ReadError.ForeignHistory 5L)) (Journal.checkPlace head Journal.empty)
            equal (Error(ReadError.ForeignHistory 0L)) (Journal.checkPlace { head with Position = 0L } threeBatches))

        testCase "a journal that was appended to stays as it was" (fun () ->
            let before = answers threeBatches
            threeBatches |> append [ event "a" "4" ] |> Journal.deleteTo (stream "a") 2L |> ignore
            equal before (answers threeBatches))

        testCase "a payload comes back as it was given" (fun () ->
            let bytes = Bytes.OfHex "00ff0a0d7b20"
            let journal = Journal.empty |> append [ { event "a" "" with Payload = bytes } ]
            equal bytes ((all journal).Head.Data.Payload))
    ]
