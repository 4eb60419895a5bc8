// Laws of the journal in memory that programs run on: it gives every answer that the immutable journal, the model, gives.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.ArrayJournalProperties

open System
open System.Collections.Generic
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.JournalGenerators
open Refold.Support

/// What happens to both.
[<NoComparison>]
type private Change =
    | Of of Action
    | Drop of int64
    | Forget of int64
    | RestoreAll of Entry list

let private changes =
    let position = Gen.choose (0, 30) |> Gen.map int64

    // Another journal's batches, which may belong behind this one or not.
    let restored =
        Gen.map (fun actions -> RestoreAll(Journal.readAll 1L Int32.MaxValue (journalOf actions))) actions

    Gen.frequency [
        9, Gen.map (Append >> Of) request
        3, Gen.map (List.tryHead >> Option.defaultValue (DeleteTo(streams.Head, 2L)) >> Of) actions
        1, Gen.map Drop position
        1, Gen.map Forget position
        1, restored
    ]
    |> Gen.listOf
    |> Gen.resize 25

let private answerOf (result: Result<struct (PlacedReceipt * bool), AppendError>) =
    result |> Result.map (fun (struct (receipt, _)) -> receipt.Value)

// As runs hand batches over: what it is made of is lent, and taken by the next one.
let private lent (request: AppendRequest) : Result<EncodedBatch, AppendError> =
    Append.encodeFrom request (ListedEntries(Array.ofList request.Entries)) false true

/// Does one change to both; the model after it, and whether both answered alike.
let private change (array: ArrayJournal) (model: Journal) (change: Change) =
    match change with
    | Of(Append request) ->
        match Append.encode request, lent request with
        | Error error, other -> model, Journal.appendRequest request model |> Result.map fst = Error error && other.IsError
        | Ok _, Error _ -> model, false
        | Ok batch, Ok handed ->
            let expected = Journal.append batch model
            let after = expected |> Result.map snd |> Result.defaultValue model
            let isFresh = (Journal.head after).Position > (Journal.head model).Position
            let actual = array.Append handed

            let told =
                match actual with
                | Ok(struct (_, fresh)) -> fresh = isFresh
                | Error _ -> not isFresh

            after, told && answerOf actual = Result.map fst expected
    | Of(DeleteTo(stream, version)) ->
        array.DeleteTo(stream, version)
        Journal.deleteTo stream version model, true
    | Drop position ->
        array.DropTo(position, [])
        Journal.dropTo position model, true
    | Forget position ->
        array.ForgetKeysBefore position
        Journal.forgetKeysBefore position model, true
    | RestoreAll entries ->
        let restore (model, isAlike) (_, batch) =
            let expected = Journal.restore batch model
            let actual = array.Restore batch
            expected |> Result.map snd |> Result.defaultValue model, isAlike && answerOf actual = Result.map fst expected

        entries |> List.groupBy _.Batch |> List.fold restore (model, true)

let private listOf (entries: IEnumerable<Entry>) = List.ofSeq entries

let private isAlike (array: ArrayJournal) (model: Journal) (query: Query) (asked: int64) (size: int) : bool =
    let head = (Journal.head model).Position

    let sameStream (stream: StreamId) =
        let versions = [
            -1L
            1L
            2L
            5L
            Journal.floor stream model
            Journal.floor stream model + 1L
            Journal.highestVersion stream model
        ]

        array.HighestVersion stream = Journal.highestVersion stream model
        && List.allPairs versions (Int64.MaxValue :: versions)
           |> List.forall (fun (from, until) ->
               let read = array.ReadStream(stream, from, until, int64 size) |> Result.map listOf
               read = Journal.readStream stream from until size model)

    let index = Journal.index model
    let arrayIndex = array :> IAppendIndex
    let found = array.Ask query
    let answer = Journal.query query asked size model

    let pages prefix =
        let rec read (after: Refold.StreamId | null) pages =
            match List.ofSeq (array.Streams(prefix, after, size)) with
            | [] -> List.rev pages |> List.concat
            | page -> read (List.last page).Stream (page :: pages)

        read null []

    array.Head = Journal.head model
    && array.Beginning = Journal.beginning model
    && [ -1L .. head + 2L ]
       |> List.forall (fun position ->
           (array.HeadAt position |> ValueOption.toOption) = Journal.headAt position model
           && arrayIndex.Covers position = index.Covers position)
    && listOf (array.ReadAll(asked, int64 size)) = Journal.readAll asked size model
    && listOf (array.ReadAll(1L, Int64.MaxValue)) = Journal.readAll 1L Int32.MaxValue model
    && List.forall sameStream (StreamId.Create "unknown" :: streams)
    && pages "" = Journal.streams model
    && pages "a" =
        (Journal.streams model
         |> List.filter (fun summary -> summary.Stream.Value.StartsWith("a", StringComparison.Ordinal)))
    && found.AsOf = answer.AsOf
    && listOf (found.Answer(asked, size)) = answer.Entries
    && arrayIndex.FirstMatchAfter(query, max 0L asked) = index.FirstMatchAfter(query, max 0L asked)
    && [ "k"; "l"; "m"; "n" ] |> List.forall (fun key -> array.TryFindKey key = index.TryFindKey key)

let private asked =
    Gen.zip (Gen.zip changes query) (Gen.zip (Gen.choose (-1, 25) |> Gen.map int64) (Gen.choose (1, 5)))

let private stepped =
    gen {
        let! request = request
        let stream = Gen.zip (Gen.elements streams) (Gen.choose (0, 6) |> Gen.map int64)
        let! run, runVersion = stream
        let! hasRun = Gen.frequency [ 3, Gen.constant true; 1, Gen.constant false ]
        let! target = stream
        let run: Refold.StreamId | null = if hasRun then run else null
        return request, (run, runVersion), target
    }

[<Tests>]
let tests =
    properties "Journal / arrays" [
        testProperty
            "an encoded batch has the canonical bytes of its entries, and the leaf hashes over them"
            (Prop.forAll (Arb.fromGen request) (fun request ->
                match Append.encode request with
                | Error _ -> true
                | Ok batch ->
                    let entries = List.ofArray batch.Entries
                    let canonical = List.map CanonicalBytes.ofData entries
                    let bytes = List.init batch.Count (fun index -> Bytes.Wrap(batch.CanonicalBytes index))

                    let leaves =
                        Leaf.cut (canonical |> List.map _.Length |> Array.ofList) (fun index ->
                            entries[index].Stream.Equals entries[index - 1].Stream)
                        |> Array.map (fun (struct (first, count)) ->
                            struct (first, count, Leaf.hash (canonical |> List.skip first |> List.truncate count |> List.map _.Memory)))

                    let sizes = entries |> List.map CanonicalBytes.size.Invoke

                    bytes = canonical
                    && sizes = (canonical |> List.map (fun bytes -> int64 bytes.Length))
                    && batch.Leaves = leaves))

        testProperty
            "answers as the model after every change"
            (Prop.forAll (Arb.fromGen asked) (fun ((changes, query), (from, size)) ->
                let array = ArrayJournal()

                let step (model, holds) next =
                    let after, isAnsweredAlike = change array model next
                    after, holds && isAnsweredAlike && isAlike array after query from size

                List.fold step (Journal.empty, true) changes |> snd))

        testProperty
            "what was handed out stays as it is, whatever happens afterwards"
            (Prop.forAll (Arb.fromGen (Gen.zip asked changes)) (fun (((before, query), (from, size)), after) ->
                let array = ArrayJournal()
                let model = before |> List.fold (fun model next -> fst (change array model next)) Journal.empty
                let entries = array.ReadAll(1L, Int64.MaxValue)
                let found = array.Ask query

                let read =
                    streams
                    |> List.map (fun stream ->
                        stream, array.ReadStream(stream, Journal.floor stream model + 1L, Int64.MaxValue, Int64.MaxValue))

                after |> List.fold (fun model next -> fst (change array model next)) model |> ignore<Journal>

                listOf entries = Journal.readAll 1L Int32.MaxValue model
                && listOf (found.Answer(from, size)) = (Journal.query query from size model).Entries
                && read
                   |> List.forall (fun (stream, entries) ->
                       Result.map listOf entries =
                           Journal.readStream stream (Journal.floor stream model + 1L) Int64.MaxValue Int32.MaxValue model)))

        testProperty
            "what a step demands is judged as the request that it stands for"
            (Prop.forAll (Arb.fromGen (Gen.zip actions stepped)) (fun (before, (request, (run, runVersion), (target, version))) ->
                let demands = StepDemands(run, runVersion, target, version, request.Condition, request.Key)

                let judged demands =
                    Encoding.batchOf demands (ListedEntries(Array.ofList request.Entries)) false
                    |> Result.bind (fun batch -> Journal.append batch (journalOf before) |> Result.map fst)

                judged (AppendDemands.OfStep demands) = judged (AppendDemands.Requested(demands.ToRequest()))))
    ]
