// Laws of stepping and replaying: record then verify matches, the same inputs give the same bytes, a fold can be cut anywhere.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.ReplayProperties

open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold.Support.Aggregates
open Refold.Support.Recording
open Refold.Support

/// What happens to a journal: a command of the run, a fact from outside, a command of another run.
type private Happening =
    | Command of stream: StreamId * command: Game.Command
    | Delta of delta: int64
    | Fact of stream: StreamId * value: int64
    | Elsewhere of stream: StreamId * command: Game.Command

let private stream = Gen.elements [ "game/1"; "game/2"; "game/3" ] |> Gen.map StreamId.Create

let private command =
    Gen.frequency [
        2, Gen.constant Game.Open
        4, Gen.choose (0, 40) |> Gen.map Game.Roll
        1, Gen.constant Game.Look
        1, Gen.constant Game.Close
    ]

let private happening =
    Gen.frequency [
        6, Gen.map2 (fun stream command -> Command(stream, command)) stream command
        1, Gen.choose (-9, 9) |> Gen.map (int64 >> Delta)
        1, Gen.map2 (fun stream value -> Fact(stream, int64<int> value)) stream (Gen.choose (0, 9))
        1, Gen.map2 (fun stream command -> Elsewhere(stream, command)) stream command
    ]

let private happenings = Gen.listOf happening

let private commands = Gen.listOf command

let private table = StreamId.Create "game/1"

let private forAll generator law = (Prop.forAll (Arb.fromGen generator) law)

let private fact (stream: StreamId) value =
    match Game.events.Encode(Game.Rolled(1, value)) with
    | Ok encoded -> EntryData.create stream Role.Fact encoded.Type encoded.Payload
    | Error error -> failwith (error.ToString())

/// The run `r` and another run, in one journal.
let private record (happenings: Happening list) : Recorder * Recorder =
    let first = start "r"
    let other = startIn first.Journal RecordMode.Record "other"

    let folder (recorder: Recorder, other: Recorder) happening =
        match happening with
        | Command(stream, command) -> execute Game.aggregate stream command recorder, other
        | Delta delta -> execute Sum.aggregate (StreamId.Create "sum") delta recorder, other
        | Fact(stream, value) -> appendOwn [ fact stream value ] recorder, other
        | Elsewhere(stream, command) ->
            let next = execute Game.aggregate stream command { other with Journal = recorder.Journal }
            { recorder with Journal = next.Journal }, next

    List.fold folder ({ first with Journal = other.Journal }, other) happenings

let private verifiers = [ Replay.verifier Game.aggregate; Replay.verifier Sum.aggregate ]

let private canonical (journal: Journal) =
    Journal.readAll 1L System.Int32.MaxValue journal |> List.map (fun entry -> CanonicalBytes.ofData entry.Data)

let private isOwn happening =
    match happening with
    | Command _
    | Delta _ -> true
    | _ -> false

[<Tests>]
let tests =
    properties "Replay / replay" [
        testProperty
            "record then verify matches, whatever lies between the steps"
            (forAll happenings (fun happenings ->
                let recorder, other = record happenings
                let report = verifyWith verifiers recorder
                let steps = happenings |> List.filter isOwn |> List.length
                let another = verifyWith verifiers { other with Journal = recorder.Journal }

                report.Matched = (steps > 0)
                && report.External = int64 steps
                && report.Divergence.IsNone
                && another.Divergence.IsNone))

        testProperty
            "the same seed and commands give the same canonical bytes and head"
            (forAll happenings (fun happenings ->
                let first, second = fst (record happenings), fst (record happenings)

                canonical first.Journal = canonical second.Journal
                && (Journal.head first.Journal).Hash = (Journal.head second.Journal).Hash))

        testProperty
            "recording changes nothing in the aggregates' streams"
            (forAll commands (fun commands ->
                let events mode =
                    startIn Journal.empty mode "r"
                    |> executeAll Game.aggregate table commands
                    |> _.Journal
                    |> entriesOf table
                    |> List.map (fun entry -> CanonicalBytes.ofData entry.Data)

                events RecordMode.Off = events RecordMode.Record))

        testProperty
            "a fold over a and b is a fold over b from the fold over a"
            (forAll (Gen.zip commands (Gen.choose (0, 100))) (fun (commands, cut) ->
                let entries = start "r" |> executeAll Game.aggregate table commands |> _.Journal |> entriesOf table
                let cut = cut % (entries.Length + 1)
                let whole = Replay.fold Game.aggregate (Replay.beginning Game.aggregate) entries
                let first = Replay.fold Game.aggregate (Replay.beginning Game.aggregate) (List.take cut entries)
                let start = { State = first.State; Version = first.Version }
                let rest = Replay.fold Game.aggregate start (List.skip cut entries)

                rest.State = whole.State
                && rest.Version = whole.Version
                && rest.StateHash = whole.StateHash
                && first.Applied + rest.Applied = whole.Applied))

        testProperty
            "a snapshot and the tail give what the full fold gives"
            (forAll (Gen.zip commands commands) (fun (before, after) ->
                let early = start "r" |> executeAll Game.aggregate table before
                let late = early |> executeAll Game.aggregate table after
                let entries = entriesOf table late.Journal
                let full = Replay.fold Game.aggregate (Replay.beginning Game.aggregate) entries
                let part = Replay.fold Game.aggregate (Replay.beginning Game.aggregate) (entriesOf table early.Journal)

                let history = {
                    Stream = table
                    Highest = full.Version
                    Floor = 0L
                    HeadAt = fun position -> Journal.headAt position late.Journal
                    ReadFrom = fun version -> entries |> Seq.filter (fun entry -> entry.Version >= version)
                }

                match Game.states.Encode part.State with
                | Error error -> failwith (error.ToString())
                | Ok state ->
                    let snapshot = Snapshot.make table part.Version (Journal.head early.Journal) None state

                    match Snapshot.ofBytes (Snapshot.toBytes snapshot).Memory with
                    // Of nothing there is no snapshot.
                    | Error _ when part.Version = 0L -> true
                    | Error error -> failwith (error.ToString())
                    | Ok stored ->
                        match Snapshot.load Game.aggregate history [ stored ] with
                        | Error error -> failwith (error.ToString())
                        | Ok loaded -> loaded.Fold.State = full.State && loaded.FromVersion = part.Version && loaded.Findings.IsEmpty))

        testProperty
            "one changed byte of what a run made is found, at that entry"
            (forAll (Gen.zip happenings (Gen.choose (0, 1_000_000))) (fun (happenings, pick) ->
                let recorder = fst (record happenings)
                let run = Some recorder.Context.Run

                let made =
                    Journal.readAll 1L System.Int32.MaxValue recorder.Journal
                    |> List.filter (fun entry -> entry.Data.Run = run && (entry.Data.Role = Role.Event || entry.Data.Role = Role.Refusal))

                made.IsEmpty
                || (let chosen = made[pick % made.Length]
                    let index = pick % chosen.Data.Payload.Length

                    let flip (data: EntryData) =
                        let bytes = data.Payload.Span.ToArray()
                        bytes[index] <- bytes[index] ^^^ 1uy
                        { data with Payload = Bytes.Wrap(System.ReadOnlyMemory bytes) }

                    let report = verifyWith verifiers (changedAt chosen.Position flip recorder)

                    match report.Divergence with
                    | Some found -> found.Position = chosen.Position
                    | None -> false)))

        testProperty
            "a cut behind any step is matched or not recorded, and a cut inside a step is a divergence there"
            (forAll (Gen.zip happenings (Gen.choose (0, 1_000_000))) (fun (happenings, pick) ->
                let recorder = fst (record happenings)
                let last = 2L + int64 pick % ((Journal.head recorder.Journal).Position - 1L)
                let kept (entry: Entry) = if entry.Position <= last then Some entry else None
                let cut = { recorder with Journal = rewritten kept recorder.Journal }
                let entries = Journal.readAll 1L System.Int32.MaxValue recorder.Journal
                let cutBehind = entries |> List.find (fun entry -> entry.Position = last)

                let isInside =
                    cutBehind.Data.Run = Some recorder.Context.Run
                    && entries |> List.exists (fun entry -> entry.Batch = cutBehind.Batch && entry.Position > last)

                match (verifyWith verifiers cut).Divergence with
                | None -> not isInside
                | Some {
                           Position = place
                           Cause = DivergenceCause.Unexpected | DivergenceCause.Refusal
                       } -> isInside && place = last
                | Some _ -> false))
    ]
