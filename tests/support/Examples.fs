// Small entries and journals that the tests of entries, appends, queries and journals are written with.
// Called by those test files.
module Refold.Support.Examples

open Refold.Core

let stream (name: string) = StreamId.Create name

let tag (text: string) = Tag.Create text

/// An event of type "t".
let event (name: string) (payload: string) = EntryData.create (stream name) Role.Event "t" (Bytes.OfText payload)

let tagged (tags: string list) (data: EntryData) = { data with Tags = tags |> List.map tag }

let ok (result: Result<'Value, 'Error>) : 'Value =
    match result with
    | Ok value -> value
    | Error error -> failwith $"an error where none was expected: {error}"

let error (result: Result<'Value, 'Error>) : 'Error =
    match result with
    | Ok _ -> failwith "no error where one was expected"
    | Error error -> error

let append (entries: EntryData list) (journal: Journal) : Journal = Journal.appendRequest (Append.request entries) journal |> ok |> snd

let appendWith (change: AppendRequest -> AppendRequest) (entries: EntryData list) (journal: Journal) =
    Journal.appendRequest (change (Append.request entries)) journal

let expecting (name: string) (expected: ExpectedVersion) (request: AppendRequest) =
    { request with Expected = (stream name, expected) :: request.Expected }

let keyed (key: string) (request: AppendRequest) = { request with Key = Some key }

let unless (query: Query) (asOf: int64) (request: AppendRequest) = { request with Condition = Some { Query = query; AsOf = asOf } }

/// a1 | a2 b1 a3 | b2: three batches over two streams.
let threeBatches =
    Journal.empty
    |> append [ event "a" "1" ]
    |> append [ event "a" "2"; event "b" "1"; event "a" "3" ]
    |> append [ event "b" "2" ]

let all (journal: Journal) = Journal.readAll 1L System.Int32.MaxValue journal

let positions (entries: Entry list) = entries |> List.map _.Position

let payloads (entries: Entry list) = entries |> List.map _.Data.Payload.ToText()

let readStream (name: string) (journal: Journal) = Journal.readStream (stream name) 1L System.Int64.MaxValue System.Int32.MaxValue journal

/// Everything that can be asked of a journal without naming a place: equal for journals that are the same.
let answers (journal: Journal) =
    let streams = Journal.streams journal

    let heads =
        [
            for position in 0L .. (Journal.head journal).Position -> Journal.headAt position journal
        ]

    let reads =
        [
            for summary in streams -> Journal.readStream summary.Stream (summary.Floor + 1L) 1000L 1000 journal
        ]

    Journal.head journal, heads, streams, all journal, reads

/// Whether an append is refused with this error, and the journal stays as it was.
let refused (expected: AppendError) (request: AppendRequest) (journal: Journal) =
    let before = answers journal
    equal expected (Journal.appendRequest request journal |> error)
    equal before (answers journal)
