// Folding recorded entries: seed 000's replay tests, and what ends a fold.
// Run by `dotnet test`.
module Refold.Core.Tests.FoldTests

open Expecto
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support

let private stream = StreamId.Create "sum"

let private encode (codec: Codec<'Value>) value =
    match codec.Encode value with
    | Ok encoded -> encoded
    | Error error -> failwith (error.ToString())

let private entry version role (encoded: Encoded) : Entry = {
    Position = version + 100L
    Version = version
    Batch = version + 100L
    Data = {
        EntryData.create stream role encoded.Type encoded.Payload with
            SchemaVersion = encoded.SchemaVersion
    }
}

let private deltas (values: (Role * int64) list) =
    values |> List.mapi (fun index (role, value) -> entry (int64 index + 1L) role (encode Sum.codec value))

let private fold entries = Replay.fold Sum.aggregate (Replay.beginning Sum.aggregate) entries

let private divergence (report: FoldReport<'State>) =
    match report.Divergence with
    | Some found -> found
    | None -> failwith "a divergence was expected"

[<Tests>]
let tests =
    testList "Replay / folds" [
        testCase "replay_yields_identical_state_twice" (fun () ->
            let entries = deltas [ Role.Fact, 10L; Role.Event, 5L; Role.Event, -3L ]
            let first = fold entries
            let second = fold entries
            equal ({ Total = 12L; Applied = 3L }: Sum.State) first.State
            equal first.State second.State
            equal 3L first.Entries
            equal 3L first.Applied
            isTrue first.Matched
            isTrue first.StateHash.IsSome
            equal first.StateHash second.StateHash)

        testCase "a command and its event: only the event is applied" (fun () ->
            let command = entry 1L Role.Command (encode (textCodec "not-a-delta" id Some) "ten")
            let report = fold [ command; entry 2L Role.Event (encode Sum.codec 10L) ]
            equal ({ Total = 10L; Applied = 1L }: Sum.State) report.State
            equal (2L, 1L, 1L) (report.Entries, report.Applied, report.Checked)
            isTrue report.Matched)

        testCase "replay_detects_derived_mismatch" (fun () ->
            let lossy = { Sum.codec with Encode = fun _ -> Sum.codec.Encode 999L }
            let aggregate = { Sum.aggregate with Events = lossy }

            let report =
                Replay.fold aggregate (Replay.beginning aggregate) (deltas [ Role.Event, 10L; Role.Event, 1L ])

            let found = divergence report
            isFalse report.Matched
            equal DivergenceCause.CodecNotFaithful found.Cause
            equal ("/dataBase64", Some 0) (found.Path, found.ByteOffset)
            equal (1L, 101L) (found.Version, found.Position)
            // As in the seed, the state goes on.
            equal ({ Total = 11L; Applied = 2L }: Sum.State) report.State)

        testCase "unmarked entries are handled as events, and facts stand as recorded" (fun () ->
            let lossy = { Sum.codec with Encode = fun _ -> Sum.codec.Encode 999L }
            let aggregate = { Sum.aggregate with Events = lossy }
            let foldOne role = Replay.fold aggregate (Replay.beginning aggregate) (deltas [ role, 10L ])
            isFalse (foldOne Role.Unmarked).Matched
            isTrue (foldOne Role.Fact).Matched
            equal 10L ((foldOne Role.Fact).State.Total))

        testCase "what cannot be decoded ends the fold: state after a hole is no state" (fun () ->
            let broken = entry 2L Role.Event { encode Sum.codec 5L with Payload = Bytes.OfText "five" }

            let report =
                fold [
                    entry 1L Role.Event (encode Sum.codec 1L)
                    broken
                    entry 3L Role.Event (encode Sum.codec 7L)
                ]

            equal ({ Total = 1L; Applied = 1L }: Sum.State) report.State
            equal (1L, 1L) (report.Version, report.Entries)
            equal DivergenceCause.Undecodable ((divergence report).Cause)
            equal 2L ((divergence report).Version))

        testCase "an unknown type and a newer schema version are named" (fun () ->
            let pathOf encoded = (fold [ entry 1L Role.Event encoded ] |> divergence).Path
            equal "/type" (pathOf { encode Sum.codec 5L with Type = "other" })
            let text = { Sum.aggregate with Events = textCodec "delta" string<int64> (int64 >> Some) }
            let newer = entry 1L Role.Event { encode text.Events 5L with SchemaVersion = 2 }
            equal "/schemaVersion" ((Replay.fold text (Replay.beginning text) [ newer ] |> divergence).Path))

        testCase "a version gap ends the fold" (fun () ->
            let found =
                fold [
                    List.head (deltas [ Role.Event, 1L ])
                    entry 3L Role.Event (encode Sum.codec 2L)
                ]

            equal 1L found.State.Total
            equal DivergenceCause.Missing ((divergence found).Cause)
            equal ("version 2", "version 3") ((divergence found).Expected, (divergence found).Actual)
            let again = fold (deltas [ Role.Event, 1L ] @ deltas [ Role.Event, 1L ])
            equal DivergenceCause.Unexpected ((divergence again).Cause))

        testCase "evolve that throws ends the fold before that entry" (fun () ->
            let evolve (state: Sum.State) delta =
                if delta = 13L then
                    invalidOp "unlucky"

                Sum.decider.Evolve state delta

            let aggregate = { Sum.aggregate with Decider = { Sum.decider with Evolve = evolve } }

            let report =
                Replay.fold aggregate (Replay.beginning aggregate) (deltas [ Role.Event, 1L; Role.Event, 13L ])

            equal (1L, 1L) (report.State.Total, report.Version)
            equal DivergenceCause.Threw ((divergence report).Cause)
            containsText "unlucky" ((divergence report).Actual))

        testCase "a codec that throws ends the fold" (fun () ->
            let throwing = { Sum.codec with Decode = fun _ -> invalidOp "no decoder" }
            let aggregate = { Sum.aggregate with Events = throwing }
            let report = Replay.fold aggregate (Replay.beginning aggregate) (deltas [ Role.Event, 1L ])
            equal (0L, DivergenceCause.Threw) (report.Applied, (divergence report).Cause))

        testCase "older schema versions are upcast, counted and not compared" (fun () ->
            let newer = {
                Encode = fun value -> Sum.codec.Encode value |> Result.map (fun encoded -> { encoded with SchemaVersion = 2 })
                Decode = fun encoded -> Sum.codec.Decode encoded |> Result.map ((*) (if encoded.SchemaVersion = 1 then 100L else 1L))
            }

            let aggregate = { Sum.aggregate with Events = newer }

            let entries = [
                entry 1L Role.Event (encode Sum.codec 3L)
                entry 2L Role.Event (encode newer 4L)
            ]

            let report = Replay.fold aggregate (Replay.beginning aggregate) entries
            isTrue report.Matched
            equal (304L, 1L, 2L) (report.State.Total, report.Upcast, report.Applied)
            // A codec that reads a version and writes an older one is not faithful.
            let back = fold [ entry 1L Role.Event (encode newer 4L) ]
            equal "/schemaVersion" ((divergence back).Path))

        testCase "a fold goes on from any given state" (fun () ->
            let start = { State = ({ Total = 100L; Applied = 4L }: Sum.State); Version = 4L }
            let report = Replay.fold Sum.aggregate start [ entry 5L Role.Event (encode Sum.codec 1L) ]
            equal ({ Total = 101L; Applied = 5L }: Sum.State) report.State
            equal (5L, 1L) (report.Version, report.Entries))

        testCase "without a state codec there is no state hash" (fun () ->
            let aggregate = { Sum.aggregate with State = None }
            isTrue (Replay.fold aggregate (Replay.beginning aggregate) []).StateHash.IsNone)
    ]
