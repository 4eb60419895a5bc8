// Verifying recorded runs: what matches, what is fed back, what cannot be verified.
// Run by `dotnet test`.
module Refold.Core.Tests.VerifyTests

open System
open System.Globalization
open Expecto
open Refold
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support.Recording
open Refold.Support

let table = StreamId.Create "game/1"

let evening = [
    Game.Open
    Game.Roll 2
    Game.Open
    Game.Look
    Game.Roll 3
    Game.Close
    Game.Roll 1
]

let recorded () = start "r" |> executeAll Game.aggregate table evening

let matched (report: ReplayReport) =
    isTrueFor (report.ToString()) report.Matched
    equal ReplayVerdict.Matched report.Verdict
    report

let finish (recorder: Recorder) =
    let report = verify Game.aggregate recorder

    finishWith report.StateHash (report.Streams |> List.map _.Stream) recorder

/// The findings, without those that each run has that was not ended.
let besidesEnd (report: ReplayReport) =
    report.Findings
    |> List.filter (function
        | ReplayFinding.NotCompared(("content, time, correlation and causation" | "pin and time" | "time"), _, _) -> false
        | ReplayFinding.AtEntry(_, sentence) -> not (sentence.StartsWith("the run has not ended", StringComparison.Ordinal))
        | _ -> true)

[<Tests>]
let tests =
    testList "Replay / verifying" [
        testCase "verifying decides every command again and matches" (fun () ->
            let report = recorded () |> verify Game.aggregate |> matched
            // Seven commands; five events and two refusals.
            equal (14L, 7L, 7L) (report.Entries, report.External, report.Derived)
            equal (5L, None) (report.Streams.Head.Version, report.Divergence)
            equal "run 'r' matches: 14 entries, 7 made again; 1 finding; 2 kinds of members not compared" (report.ToString()))

        testCase "the state hash is that of the run's streams, and a run that ended with it matches" (fun () ->
            let recorder = recorded ()
            let report = verify Game.aggregate recorder

            let folded =
                Replay.fold Game.aggregate (Replay.beginning Game.aggregate) (entriesOf table recorder.Journal)

            equal (Some(StateHash.ofRun [ table, 5L, Option.get folded.StateHash ])) report.StateHash
            finish recorder |> verify Game.aggregate |> matched |> ignore)

        testCase "two verifications of one run answer the same" (fun () ->
            let recorder = recorded ()
            equal (verify Game.aggregate recorder) (verify Game.aggregate recorder))

        testCase "recording, verifying and the words of a report are the same under every culture" (fun () ->
            let under (culture: string) =
                let before = CultureInfo.CurrentCulture

                try
                    CultureInfo.CurrentCulture <- CultureInfo.GetCultureInfo culture
                    let recorder = recorded () |> finish
                    let broken = recorder |> changedAt 5L (fun data -> { data with Time = None })

                    (Journal.head recorder.Journal).Hash, (verify Game.aggregate broken).ToString(), verify Game.aggregate recorder
                finally
                    CultureInfo.CurrentCulture <- before

            let expected = under ""
            equal expected (under "tr-TR")
            equal expected (under "sv-SE")
            equal expected (under "ar-SA"))

        testCase "without a state codec everything else is still verified" (fun () ->
            let aggregate = { Game.aggregate with State = None }
            let report = recorded () |> finish |> verify aggregate |> matched
            isTrue report.StateHash.IsNone

            match besidesEnd report with
            | [ ReplayFinding.AtEntry(16L, sentence); ReplayFinding.NoStateHash(stream, 0L) ] ->
                containsText "was not compared" sentence
                equal table stream
            | other -> failwith $"{other}")

        testCase "a pin that is ignored is a finding, and the recorded root state is used" (fun () ->
            let recorder = recorded ()
            let current = RunPin("games", "house", "1.1", 43UL)

            let report =
                Replay.verify [ Replay.verifier Game.aggregate ] {
                    inputOf recorder.Context.Run recorder.Journal with
                        CurrentPin = Some current
                        IgnorePin = true
                }
                |> matched

            match besidesEnd report with
            | [ ReplayFinding.PinIgnored [ "version"; "seed" ] ] -> ()
            | other -> failwith $"{other}")

        testCase "verifying starts from a snapshot when asked, and says so" (fun () ->
            let early = start "r" |> executeAll Game.aggregate table [ Game.Open; Game.Roll 2; Game.Open ]

            let folded =
                Replay.fold Game.aggregate (Replay.beginning Game.aggregate) (entriesOf table early.Journal)

            let taken run =
                match Game.states.Encode folded.State with
                | Ok state -> Snapshot.make table folded.Version (Journal.head early.Journal) run state
                | Error error -> failwith (error.ToString())

            let snapshot = taken (Some(early.Context.Run, early.Context.Pin, early.Context.Root))

            let late = early |> executeAll Game.aggregate table [ Game.Roll 3; Game.Close ]
            let full = verify Game.aggregate late |> matched
            // The history before the snapshot may be gone.
            let dropped = { late with Journal = Journal.deleteTo table 2L late.Journal }

            let from snapshot =
                Replay.verify [ Replay.verifier Game.aggregate ] { inputOf late.Context.Run dropped.Journal with Start = [ snapshot ] }

            let report = from snapshot |> matched
            equal full.StateHash report.StateHash

            match besidesEnd report with
            | [ ReplayFinding.FromSnapshot(_, 2L, 3L); ReplayFinding.NotCompared("steps before a snapshot", 3L, _) ] -> ()
            | other -> failwith $"{other}"

            // One of a program that nothing names stands in where nothing else is left, and is doubted.
            match besidesEnd (from (taken None) |> matched) with
            | ReplayFinding.SnapshotNotUsed reason :: ReplayFinding.FromSnapshot(_, 2L, 3L) :: _ -> containsText "outside a run" reason
            | other -> failwith $"{other}"

            // Without a usable one, what is missing is named.
            let refused = from { snapshot with State = Bytes.OfText "x" }
            equal DivergenceCause.Missing ((Option.get refused.Divergence).Cause)

            match besidesEnd refused with
            | ReplayFinding.SnapshotNotUsed reason :: _ -> equal (string (SnapshotFinding.ChecksumBroken snapshot.Version)) reason
            | other -> failwith $"{other}")

        testCase "entries of older schema versions are upcast, counted and compared as they are written now" (fun () ->
            let raised (codec: Codec<'Value>) : Codec<'Value> = {
                Encode = fun value -> codec.Encode value |> Result.map (fun encoded -> { encoded with SchemaVersion = 2 })
                Decode = fun encoded -> codec.Decode { encoded with SchemaVersion = min 1 encoded.SchemaVersion }
            }

            let newer = {
                Game.aggregate with
                    Commands = raised Game.commands
                    Events = raised Game.events
                    Errors = raised Game.errors
            }

            let report = recorded () |> verify newer |> matched

            match besidesEnd report with
            | [ ReplayFinding.NotCompared("bytes of an older schema version", 14L, _) ] -> ()
            | other -> failwith $"{other}"

            // Upcasting hides no difference.
            let rule = {
                newer with
                    Decider = { Game.decider with Decide = fun _ _ _ -> Ok [ Game.Opened "guest" ] }
            }

            equal "/data/owner" ((verify rule (recorded ())).Divergence |> Option.get |> _.Path))

        testCase "a recorded run exported as NDJSON and imported still replays" (fun () ->
            let recorder = recorded () |> finish

            let import (entry: Entry) : Entry option =
                match Ndjson.tryRead (Ndjson.write entry).Memory with
                | Ok line ->
                    Some {
                        Position = Option.get line.Position
                        Version = Option.get line.Version
                        Batch = Option.get line.Batch
                        Data = line.Data
                    }
                | Error error -> failwith (error.ToString())

            let imported = { recorder with Journal = rewritten import recorder.Journal }
            equal ((Journal.head recorder.Journal).Hash) ((Journal.head imported.Journal).Hash)
            equal (verify Game.aggregate recorder) (verify Game.aggregate imported))

        testCase "correlation, causation and key that were given are fed back" (fun () ->
            let recorder = start "r"

            let result =
                Run.step recorder.Context Game.aggregate (positionOf Game.aggregate table recorder) {
                    stepInput table Game.Open recorder with
                        CorrelationId = Some(Guid.Parse "11111111-1111-8111-8111-111111111111")
                        CausationId = Some(Guid.Parse "22222222-2222-8222-8222-222222222222")
                        Key = Some "once"
                }

            match result with
            | Ok result ->
                let journal = append (Option.get result.Batch) recorder.Journal
                verify Game.aggregate { recorder with Journal = journal } |> matched |> ignore
            | Error error -> failwith (error.ToString()))
    ]
