// Reading the in-memory journal: by stream, by position, heads and kept places.
// Run by `dotnet test`.
module Refold.Core.Tests.JournalTests

open System
open Refold.Core
open Refold.Core.Tests.Examples
open Xunit

[<Fact>]
let ``a stream is read from a version to a version, both included, at most so many`` () =
    let read from upTo most = Journal.readStream (stream "a") from upTo most threeBatches |> ok |> payloads
    Assert.Equal<string list>([ "1"; "2"; "3" ], read 1L Int64.MaxValue Int32.MaxValue)
    Assert.Equal<string list>([ "2" ], read 2L 2L 10)
    Assert.Equal<string list>([ "2"; "3" ], read 2L 9L 10)
    Assert.Equal<string list>([ "1"; "2" ], read -5L 9L 2)
    Assert.Equal<string list>([], read 4L 9L 10)
    Assert.Equal<string list>([], read 3L 2L 10)
    Assert.Equal<string list>([], read 1L 9L 0)
    Assert.Equal<string list>([], read 1L 9L -1)
    Assert.Equal<string list>([], read Int64.MaxValue Int64.MaxValue Int32.MaxValue)

[<Fact>]
let ``an unknown stream is empty`` () =
    Assert.Equal(Ok [], readStream "unknown" threeBatches)
    Assert.Equal(0L, Journal.highestVersion (stream "unknown") threeBatches)
    Assert.Equal(0L, Journal.floor (stream "unknown") threeBatches)

[<Fact>]
let ``everything is read in position order, page by page`` () =
    Assert.Equal<string list>([ "1"; "2"; "1"; "3"; "2" ], payloads (all threeBatches))
    Assert.Equal<int64 list>([ 2L; 3L ], positions (Journal.readAll 2L 2 threeBatches))
    Assert.Equal<int64 list>([ 4L; 5L ], positions (Journal.readAll 4L 100 threeBatches))
    Assert.Equal<int64 list>([ 1L ], positions (Journal.readAll Int64.MinValue 1 threeBatches))
    Assert.Empty(Journal.readAll 6L 10 threeBatches)
    Assert.Empty(Journal.readAll 1L -1 threeBatches)

[<Fact>]
let ``an entry is found by its position`` () =
    let entry = Journal.tryEntry 4L threeBatches

    Assert.Equal(Some("a", 3L, 2L), entry |> Option.map (fun entry -> entry.Data.Stream.Value, entry.Version, entry.Batch))

    Assert.Equal(None, Journal.tryEntry 0L threeBatches)
    Assert.Equal(None, Journal.tryEntry 6L threeBatches)

[<Fact>]
let ``streams are listed by the UTF-8 bytes of their names`` () =
    let names = [ "b"; "\U0001F600"; "\uFF5E"; "Z"; "$run/r" ]
    let journal = Journal.empty |> append [ for name in names -> event name "" ]

    Assert.Equal<string list>([ "$run/r"; "Z"; "b"; "\uFF5E"; "\U0001F600" ], Journal.streams journal |> List.map _.Stream.Value)

    Assert.Equal<(int64 * int64) list>(
        [ 0L, 3L; 0L, 2L ],
        Journal.streams threeBatches |> List.map (fun summary -> summary.Floor, summary.Highest)
    )

[<Fact>]
let ``the head at a position is the one after the batch that holds it`` () =
    let first = Journal.empty |> append [ event "a" "1" ] |> Journal.head
    let at position = Journal.headAt position threeBatches
    Assert.Equal(Some Head.empty, at 0L)
    Assert.Equal(Some first, at 1L)
    Assert.Equal(Some 4L, at 2L |> Option.map _.Position)
    Assert.Equal(at 2L, at 4L)
    Assert.Equal(Some(Journal.head threeBatches), at 5L)
    Assert.Equal(None, at 6L)
    Assert.Equal(None, at -1L)

[<Fact>]
let ``a place of another history is refused, one of this history never`` () =
    for position in 0L .. 5L do
        let place =
            {
                Position = position
                Hash = (Journal.headAt position threeBatches).Value.Hash
            }

        Assert.Equal(Ok(), Journal.checkPlace place (append [ event "a" "4" ] threeBatches))

    let other = Journal.empty |> append [ event "a" "other" ]
    Assert.Equal(Error(ReadError.ForeignHistory 1L), Journal.checkPlace (Journal.head other) threeBatches)
    // The shorter journal cannot know the longer one's place.
    let head = Journal.head threeBatches
    Assert.Equal(Error(ReadError.ForeignHistory 5L), Journal.checkPlace head Journal.empty)
    Assert.Equal(Error(ReadError.ForeignHistory 0L), Journal.checkPlace { head with Position = 0L } threeBatches)

[<Fact>]
let ``a journal that was appended to stays as it was`` () =
    let before = answers threeBatches
    threeBatches |> append [ event "a" "4" ] |> Journal.deleteTo (stream "a") 2L |> ignore
    Assert.Equal(before, answers threeBatches)

[<Fact>]
let ``a payload comes back as it was given`` () =
    let bytes = Bytes.OfHex "00ff0a0d7b20"
    let journal = Journal.empty |> append [ { event "a" "" with Payload = bytes } ]
    Assert.Equal(bytes, (all journal).Head.Data.Payload)
