// Snapshots: seed 004's rule when to take one, and the rule which may be used.
// Run by `dotnet test`.
module Refold.Core.Tests.SnapshotTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support.Recording
open Refold.Support

let private table = StreamId.Create "game/1"

let private recorded commands = start "r" |> execute Game.aggregate table Game.Open |> executeAll Game.aggregate table commands

let private historyOf (journal: Journal) : StreamHistory = {
    Stream = table
    Highest = Journal.highestVersion table journal
    Floor = Journal.floor table journal
    HeadAt = fun position -> Journal.headAt position journal
    ReadFrom = fun version -> entriesOf table journal |> Seq.filter (fun entry -> entry.Version >= version)
}

let private fold journal = Replay.fold Game.aggregate (Replay.beginning Game.aggregate) (entriesOf table journal)

let private snapshotOf (recorder: Recorder) : Snapshot =
    let folded = fold recorder.Journal

    match Game.states.Encode folded.State with
    | Ok state ->
        let run = recorder.Context.Run, recorder.Context.Pin, recorder.Context.Root
        Snapshot.make table folded.Version (Journal.head recorder.Journal) (Some run) state
    | Error error -> failwith (error.ToString())

let private load aggregate journal snapshots =
    match Snapshot.load aggregate (historyOf journal) snapshots with
    | Ok rehydrated -> rehydrated
    | Error error -> failwith (error.ToString())

/// Loads with one doubtful snapshot: the state is the full fold's, and the finding tells why.
let private doubtful (aggregate: Aggregate<Game.State, _, _, _>) journal snapshot =
    let loaded = load aggregate journal [ snapshot ]
    let full = Replay.fold aggregate (Replay.beginning aggregate) (entriesOf table journal)
    equal full.State loaded.Fold.State
    equal 0L loaded.FromVersion
    List.exactlyOne loaded.Findings

let private sealedAgain change (snapshot: Snapshot) : Snapshot =
    let changed: Snapshot = change snapshot

    Snapshot.make changed.Stream changed.Version { Position = changed.Position; Hash = changed.HeadHash } None {
        Type = changed.StateType
        SchemaVersion = changed.SchemaVersion
        Payload = changed.State
    }

[<Tests>]
let tests =
    testList "Replay / snapshots" [
        testCase "should_take_at_exact_multiples" (fun () ->
            let expected = [
                0L, 0L, false
                99L, 0L, false
                100L, 0L, true
                101L, 0L, true
                200L, 0L, true
                101L, 100L, false
                199L, 100L, false
                200L, 100L, true
                201L, 100L, true
                250L, 100L, true
            ]

            for version, last, due in expected do
                equal due (Snapshot.shouldTake version last 100L))

        testCase "should_take_interval_one" (fun () ->
            for version in 1L .. 5L do
                isTrue (Snapshot.shouldTake version (version - 1L) 1L))

        testCase "an interval of 0 disables, and a last snapshot beyond the current version gives false" (fun () ->
            isFalse (Snapshot.shouldTake 1000L 0L 0L)
            isFalse (Snapshot.shouldTake 5L 6L 1L)
            isFalse (Snapshot.shouldTake Int64.MaxValue 0L -1L)
            isFalse (Snapshot.shouldTake 0L Int64.MinValue 1L))

        testCase "a snapshot's bytes give the snapshot back, and nothing else does" (fun () ->
            let snapshot = recorded [ Game.Roll 2 ] |> snapshotOf
            let bytes = Snapshot.toBytes snapshot
            equal (Ok snapshot) (Snapshot.ofBytes bytes.Memory)
            let plain = sealedAgain id snapshot
            equal (Ok plain) (Snapshot.ofBytes (Snapshot.toBytes plain).Memory)

            for index in 0 .. bytes.Length - 1 do
                let broken = bytes.Span.ToArray()
                broken[index] <- broken[index] ^^^ 0x10uy
                isTrueFor ($"byte {index}") (Result.isError (Snapshot.ofBytes (ReadOnlyMemory broken)))
                isTrueFor ($"length {index}") (Result.isError (Snapshot.ofBytes (bytes.Memory.Slice(0, index))))

            let longer = Array.append (bytes.Span.ToArray()) [| 0uy |]
            isTrue (Result.isError (Snapshot.ofBytes (ReadOnlyMemory longer)))

            for nowhere in [ { snapshot with Version = 0L }; { snapshot with Position = 0L } ] do
                isTrue (Result.isError (Snapshot.ofBytes (Snapshot.toBytes (sealedAgain id nowhere)).Memory)))

        testCase "snapshot and tail give what the full fold gives" (fun () ->
            let early = recorded [ Game.Roll 2; Game.Roll 1 ]
            let snapshot = snapshotOf early
            let late = early |> executeAll Game.aggregate table [ Game.Roll 3; Game.Close ]
            let loaded = load Game.aggregate late.Journal [ snapshot ]
            equal ((fold late.Journal).State) loaded.Fold.State
            equal 3L loaded.FromVersion
            equal 3L loaded.Fold.Applied
            isEmpty loaded.Findings)

        testCase "the newest usable of several is taken" (fun () ->
            let early = recorded [ Game.Roll 2 ]
            let late = early |> execute Game.aggregate table (Game.Roll 1)
            let newest = snapshotOf late
            let broken = { newest with State = Bytes.OfText "x" }
            equal 3L ((load Game.aggregate late.Journal [ snapshotOf early; newest ]).FromVersion)
            let fallen = load Game.aggregate late.Journal [ snapshotOf early; broken ]
            equal 2L fallen.FromVersion
            equal ((fold late.Journal).State) fallen.Fold.State

            match fallen.Findings with
            | [ SnapshotFinding.ChecksumBroken 3L ] -> ()
            | other -> failwith $"{other}")

        testCase "of several snapshots of one version each is judged; those of other streams are named and do not end the search" (fun () ->
            let late = recorded [ Game.Roll 2; Game.Roll 1 ]
            let whole = snapshotOf late
            let broken = { whole with State = Bytes.OfText "x" }
            let foreign = sealedAgain (fun snapshot -> { snapshot with Stream = StreamId.Create "game/2" }) whole
            let nowhere = { whole with Version = Int64.MinValue }
            let loaded = load Game.aggregate late.Journal [ broken; foreign; nowhere; whole ]
            equal whole.Version loaded.FromVersion

            match loaded.Findings with
            | [ SnapshotFinding.ChecksumBroken 3L; SnapshotFinding.OtherStream _ ] -> ()
            | other -> failwith $"{other}"

            let none = load Game.aggregate late.Journal [ nowhere; broken; nowhere ]
            equal 0L none.FromVersion
            equal 3 none.Findings.Length)

        testCase "any doubt falls back to the full fold, with a finding" (fun () ->
            let recorder = recorded [ Game.Roll 2; Game.Roll 1 ]
            let journal = recorder.Journal
            let snapshot = snapshotOf recorder
            let changed change = doubtful Game.aggregate journal (sealedAgain change snapshot)

            match changed (fun snapshot -> { snapshot with Stream = StreamId.Create "game/2" }) with
            | SnapshotFinding.OtherStream _ -> ()
            | other -> failwith (other.ToString())

            match doubtful Game.aggregate journal { snapshot with Version = 2L } with
            | SnapshotFinding.ChecksumBroken _ -> ()
            | other -> failwith (other.ToString())

            match changed (fun snapshot -> { snapshot with Version = 4L }) with
            | SnapshotFinding.Ahead(4L, 3L) -> ()
            | other -> failwith (other.ToString())

            match changed (fun snapshot -> { snapshot with HeadHash = Hash.Zero }) with
            | SnapshotFinding.Foreign _ -> ()
            | other -> failwith (other.ToString())

            match changed (fun snapshot -> { snapshot with Position = 1000L }) with
            | SnapshotFinding.Foreign(_, 1000L) -> ()
            | other -> failwith (other.ToString())

            match changed (fun snapshot -> { snapshot with SchemaVersion = 2 }) with
            | SnapshotFinding.Undecodable _ -> ()
            | other -> failwith (other.ToString())

            match changed (fun snapshot -> { snapshot with State = Bytes.OfText "{}x" }) with
            | SnapshotFinding.Undecodable _ -> ()
            | other -> failwith (other.ToString())

            match changed (fun snapshot -> { snapshot with State = Bytes.OfText(snapshot.State.ToText() + " ") }) with
            | SnapshotFinding.NotFaithful 3L -> ()
            | other -> failwith (other.ToString())

            // It says version 2, but its place is where version 3 is already there.
            match changed (fun snapshot -> { snapshot with Version = 2L }) with
            | SnapshotFinding.Misplaced(2L, _) -> ()
            | other -> failwith (other.ToString())

            // It says version 3, but its place is where version 3 is not there yet.
            let earlier = recorded [ Game.Roll 2 ] |> snapshotOf

            match changed (fun snapshot -> { snapshot with Position = earlier.Position; HeadHash = earlier.HeadHash }) with
            | SnapshotFinding.Misplaced(3L, _) -> ()
            | other -> failwith (other.ToString())

            match doubtful { Game.aggregate with State = None } journal snapshot with
            | SnapshotFinding.NoStateCodec 3L -> ()
            | other -> failwith (other.ToString())

            let throwing = { Game.states with Decode = fun _ -> invalidOp "no" }

            match doubtful { Game.aggregate with State = Some throwing } journal snapshot with
            | SnapshotFinding.Undecodable(3L, reason) -> containsText "no" reason
            | other -> failwith (other.ToString()))

        testCase "a snapshot ahead of its stream is noticed and not used" (fun () ->
            let early = recorded [ Game.Roll 2 ]
            let ahead = early |> execute Game.aggregate table (Game.Roll 1) |> snapshotOf

            match doubtful Game.aggregate early.Journal ahead with
            | SnapshotFinding.Ahead(3L, 2L) -> ()
            | other -> failwith (other.ToString()))

        testCase "a snapshot stands in for deleted entries, and without one that is said" (fun () ->
            let recorder = recorded [ Game.Roll 2; Game.Roll 1 ]
            let full = (fold recorder.Journal).State
            let at2 = recorded [ Game.Roll 2 ] |> snapshotOf
            let deleted = Journal.deleteTo table 2L recorder.Journal
            let loaded = load Game.aggregate deleted [ at2 ]
            equal (2L, full) (loaded.FromVersion, loaded.Fold.State)

            match Snapshot.load Game.aggregate (historyOf deleted) [] with
            | Error(HistoryError.HistoryDropped("game/1", 2L, [])) -> ()
            | _ -> failwith "HistoryDropped was expected"

            let at1 = recorded [] |> snapshotOf

            match Snapshot.load Game.aggregate (historyOf deleted) [ at1 ] with
            | Error(HistoryError.HistoryDropped(_, _, [ finding ])) -> containsText "deleted" finding
            | _ -> failwith "HistoryDropped was expected")
    ]
