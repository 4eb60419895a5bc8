// Laws of the in-memory journal, which is the specification of every store, against the plainest model of it: a list.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.JournalProperties

open System
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.JournalGenerators
open Refold.Support

let private all (journal: Journal) = Journal.readAll 1L Int32.MaxValue journal

let private forAll (generator: FsCheck.Gen<'Value>) (law: 'Value -> bool) = (Prop.forAll (Arb.fromGen generator) law)

/// Every answer that names no place: equal for journals that are the same.
let private answers (journal: Journal) =
    let summaries = Journal.streams journal

    let heads = [
        for position in 0L .. (Journal.head journal).Position -> Journal.headAt position journal
    ]

    let read (summary: StreamSummary) = Journal.readStream summary.Stream (summary.Floor + 1L) Int64.MaxValue 1000 journal

    Journal.head journal, heads, summaries, all journal, List.map read summaries

/// What the rule of appending says of one request, in the plainest words, over the entries ever appended and the deleted positions.
let private judge (journal: Journal) (request: AppendRequest) =
    let present = all journal |> List.map (fun entry -> entry.Position, entry) |> Map.ofList
    let head = (Journal.head journal).Position

    let failsCondition (condition: AppendCondition) =
        condition.AsOf < 0L
        || condition.AsOf > head
        || [ condition.AsOf + 1L .. head ]
           |> List.exists (fun position ->
               match Map.tryFind position present with
               | Some entry -> Query.matches entry.Data condition.Query
               | None -> true)

    let conflicts (stream, expected) = not ((expected: ExpectedVersion).IsMetBy(Journal.highestVersion stream journal))

    if Option.exists failsCondition request.Condition then "condition"
    elif List.exists conflicts request.Expected then "conflict"
    else "appended"

let private free (request: AppendRequest) = Append.request request.Entries

let private appended (requests: AppendRequest list) = journalOf (requests |> List.map Append)

let private restored (entries: Entry list) =
    entries
    |> List.groupBy _.Batch
    |> List.fold
        (fun journal (_, batch) ->
            match Journal.restore batch journal with
            | Ok(_, after) -> after
            | Error error -> failwith $"not restored: {error}")
        Journal.empty

/// Reads page after page, each from behind the last page's last entry.
let rec private pages (read: int64 -> Entry list) (from: int64) : Entry list =
    match read from with
    | [] -> []
    | page -> page @ pages read ((List.last page).Position + 1L)

[<Tests>]
let tests =
    properties "Journal / journal" [
        testProperty
            "positions are dense, and versions are dense in every stream"
            (forAll appends (fun actions ->
                let journal = journalOf actions
                let entries = all journal
                let dense (numbers: int64 list) = numbers = [ 1L .. int64 numbers.Length ]

                dense (entries |> List.map _.Position)
                && (Journal.head journal).Position = int64 entries.Length
                && entries |> List.groupBy _.Data.Stream |> List.forall (fun (_, own) -> dense (own |> List.map _.Version))))

        testProperty
            "a stream's entries are the journal's entries of that stream, above its floor"
            (forAll actions (fun actions ->
                let journal = journalOf actions

                streams
                |> List.forall (fun stream ->
                    let own = all journal |> List.filter (fun entry -> entry.Data.Stream = stream)
                    let floor = Journal.floor stream journal
                    let whole = Journal.readStream stream 1L Int64.MaxValue Int32.MaxValue journal

                    Journal.readStream stream (floor + 1L) Int64.MaxValue Int32.MaxValue journal = Ok own
                    && whole = (if floor = 0L then Ok own else Error(ReadError.Dropped floor))
                    && Journal.highestVersion stream journal = floor + int64 own.Length)))

        testProperty
            "appends with conditions end as in the plainest model: equal to serial execution in commit order"
            (forAll (Gen.zip actions request) (fun (actions, request) ->
                let journal = journalOf actions
                let request = { request with Key = None }

                let verdict =
                    match Journal.appendRequest request journal with
                    | Ok _ -> "appended"
                    | Error(AppendError.ConditionFailed _) -> "condition"
                    | Error(AppendError.Conflict _) -> "conflict"
                    | Error _ -> "another error"

                verdict = judge journal request))

        testProperty
            "an append that fails leaves the next one's receipt as it would have been"
            (forAll (Gen.zip actions (Gen.two request)) (fun (actions, (first, second)) ->
                let journal = journalOf actions

                match Journal.appendRequest first journal with
                | Ok _ -> true
                | Error _ ->
                    let after = apply journal (Append first)

                    answers after = answers journal
                    && Journal.appendRequest second after |> Result.map fst = (Journal.appendRequest second journal |> Result.map fst)))

        testProperty
            "a retry with the same key gives the first receipt and changes nothing, whatever came between"
            (forAll (Gen.zip request (Gen.two actions)) (fun (request, (before, between)) ->
                let request = { request with Key = Some "own" }

                match Journal.appendRequest request (journalOf before) with
                | Error _ -> true
                | Ok(receipt, journal) ->
                    let later = List.fold apply journal between

                    match Journal.appendRequest request later with
                    | Ok(again, after) -> again = receipt && answers after = answers later
                    | Error _ -> false))

        testProperty
            "the same appends give the same canonical bytes and head"
            (forAll actions (fun actions ->
                let bytes journal = all journal |> List.map (fun entry -> CanonicalBytes.ofData entry.Data)
                let first, second = journalOf actions, journalOf actions
                bytes first = bytes second && answers first = answers second))

        testProperty
            "canonical bytes of any valid entry read back, and other entries have other bytes"
            (forAll (Gen.two EntryGenerator.data) (fun (first, second) ->
                let bytes = CanonicalBytes.ofData first
                CanonicalBytes.tryRead bytes.Memory = Some first && (first = second || bytes <> CanonicalBytes.ofData second)))

        testProperty
            "the head depends on the batches"
            (forAll (Gen.two request) (fun (first, second) ->
                let apart = appended [ free first; free second ]
                let joined = appended [ Append.request (first.Entries @ second.Entries) ]
                (Journal.head apart).Position = (Journal.head joined).Position && Journal.head apart <> Journal.head joined))

        testProperty
            "the order of appends that do not touch each other still shows in the head"
            (forAll (Gen.two request) (fun (first, second) ->
                let at (name: string) (request: AppendRequest) =
                    Append.request (request.Entries |> List.map (fun data -> { data with Stream = StreamId.Create name }))

                let one = appended [ at "left" first; at "right" second ]
                let other = appended [ at "right" second; at "left" first ]
                Journal.head one <> Journal.head other))

        testProperty
            "every batch's head is its receipt's, and deletion changes no head"
            (forAll (Gen.zip appends (Gen.elements streams)) (fun (actions, stream) ->
                let journal = journalOf actions

                let heads journal = [
                    for position in 0L .. (Journal.head journal).Position -> Journal.headAt position journal
                ]

                let prefixes = List.scan apply Journal.empty actions |> List.map Journal.head |> List.distinct

                List.distinct (heads journal) = List.map Some prefixes
                && heads journal = heads (Journal.deleteTo stream 3L journal)
                && prefixes |> List.forall (fun place -> Journal.checkPlace place journal = Ok())))

        testProperty
            "a journal exported and restored has the same head, answers and keys"
            (forAll (Gen.zip appends request) (fun (actions, next) ->
                let journal = journalOf actions
                let copy = restored (all journal)
                let after (journal: Journal) = Journal.appendRequest next journal |> Result.map fst
                answers copy = answers journal && after copy = after journal))

        testProperty
            "what is left after deletions is restored with its places and floors"
            (forAll actions (fun actions ->
                let journal = journalOf actions
                let copy = restored (all journal)
                let left (journal: Journal) = all journal |> List.map _.Data.Stream |> List.distinct

                all copy = all journal
                && left journal |> List.forall (fun stream -> Journal.floor stream copy = Journal.floor stream journal)))

        testProperty
            "a query finds what filtering everything finds"
            (forAll (Gen.zip actions query) (fun (actions, query) ->
                let journal = journalOf actions
                let answer = Journal.query query 1L Int32.MaxValue journal

                answer.AsOf = (Journal.head journal).Position
                && answer.Entries = (all journal |> List.filter (fun entry -> Query.matches entry.Data query))))

        testProperty
            "paging gives what one read gives, of everything, of a query, of a stream"
            (forAll (Gen.zip (Gen.choose (1, 4)) (Gen.zip actions query)) (fun (size, (actions, query)) ->
                let journal = journalOf actions
                let paged = pages (fun from -> Journal.readAll from size journal) 0L
                let found = pages (fun from -> (Journal.query query from size journal).Entries) 0L

                let streamPaged stream =
                    let rec read from =
                        match Journal.readStream stream from Int64.MaxValue size journal with
                        | Ok [] -> []
                        | Ok page -> page @ read ((List.last page).Version + 1L)
                        | Error error -> failwith $"not read: {error}"

                    read (Journal.floor stream journal + 1L)

                paged = all journal
                && found = (Journal.query query 1L Int32.MaxValue journal).Entries
                && streams
                   |> List.forall (fun stream ->
                       streamPaged stream = (all journal |> List.filter (fun entry -> entry.Data.Stream = stream)))))
    ]
