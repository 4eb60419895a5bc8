// Verifying runs in all their shapes: several aggregates, other writers between the steps, cut off, not recorded.
// Run by `dotnet test`.
module Refold.Core.Tests.RunVerifyTests

open System
open System.Globalization
open Expecto
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support.Recording
open Refold.Core.Tests.VerifyTests
open Refold.Support

let private other = StreamId.Create "game/2"

let private fact (value: int64) : EntryData =
    match Game.events.Encode(Game.Rolled(1, value)) with
    | Ok encoded -> EntryData.create table Role.Fact encoded.Type encoded.Payload
    | Error error -> failwith (error.ToString())

[<Tests>]
let tests =
    testList "Replay / verifying runs" [
        testCase "a run over several aggregates matches, each by its category" (fun () ->
            let recorder =
                start "r"
                |> execute Game.aggregate table Game.Open
                |> execute Sum.aggregate (StreamId.Create "sum") 5L
                |> execute Game.aggregate other Game.Open
                |> execute Sum.aggregate (StreamId.Create "sum/x") -3L
                |> execute Game.aggregate table (Game.Roll 2)

            let report =
                recorder |> verifyWith [ Replay.verifier Game.aggregate; Replay.verifier Sum.aggregate ] |> matched

            equal [ "game/1"; "game/2"; "sum"; "sum/x" ] (report.Streams |> List.map _.Stream.Value))

        testCase "the most specific category owns a stream" (fun () ->
            let deep = { Sum.aggregate with Category = "game/sum" }

            let recorder =
                start "r" |> execute deep (StreamId.Create "game/sum/1") 5L |> execute Game.aggregate table Game.Open

            recorder |> verifyWith [ Replay.verifier Game.aggregate; Replay.verifier deep ] |> matched |> ignore)

        testCase "earlier history, facts and other runs between the steps are folded as recorded" (fun () ->
            let before = start "earlier" |> executeAll Game.aggregate table [ Game.Open; Game.Roll 1 ]
            let first = startIn before.Journal RecordMode.Record "r" |> execute Game.aggregate table (Game.Roll 2)
            let withFact = appendOwn [ fact 100L ] first

            let another =
                startIn withFact.Journal RecordMode.Record "another" |> execute Game.aggregate table (Game.Roll 4)

            let last =
                { withFact with Journal = another.Journal } |> executeAll Game.aggregate table [ Game.Roll 1; Game.Close ]

            let report = verify Game.aggregate last |> matched
            equal (7L, 3L, 4L) (report.Entries, report.External, report.Derived)

            // Which they are: what was before the run, the fact, and the other run's.
            let others =
                ReplayFinding.NotCompared("what is not this run's", 4L, [ 3L, 3L; 5L, 5L; 9L, 9L; 12L, 12L ])

            equal
                [ others ]
                (report.Uncompared
                 |> List.filter (fun found -> found.ToString().StartsWith("what is not", StringComparison.Ordinal)))

            verify Game.aggregate { last with Context = another.Context } |> matched |> ignore
            verify Game.aggregate { last with Context = before.Context } |> matched |> ignore)

        testCase "a decision depends on the facts before it" (fun () ->
            let rule = Game.ruledBy (fun _ state _ -> Ok [ Game.Rolled(1, state.Sum) ])

            let recorder = start "r" |> appendOwn [ fact 7L ] |> execute rule table (Game.Roll 1)
            verify rule recorder |> matched |> ignore
            // The same run with another fact before it is another history.
            let changed = recorder |> changedAt 2L (fun data -> { data with Payload = (fact 8L).Payload })
            let divergence = (verify rule changed).Divergence |> Option.get
            equal ("/data/faces", "7", "8") (divergence.Path, divergence.Expected, divergence.Actual))

        testCase "the recorded time and the command's id are fed back, not a clock's" (fun () ->
            let rule =
                Game.ruledBy (fun step _ _ ->
                    Ok [
                        Game.Opened(step.Now.ToString("O", CultureInfo.InvariantCulture) + " " + step.CommandId.ToString "D")
                    ])

            let recorder = start "r" |> executeAll rule table [ Game.Open; Game.Open ]
            verify rule recorder |> matched |> ignore
            let owners = entriesOf table recorder.Journal |> List.map _.Data.Payload.ToText()
            containsText "2024-05-01T12:00:00.0000000+00:00" (owners[0])
            containsText "2024-05-01T12:00:01.0000000+00:00" (owners[1])

            // Another recorded time is another input.
            let later (data: EntryData) = { data with Time = data.Time |> Option.map _.AddHours(1.0) }
            let divergence = recorder |> changedAt 2L later |> verify rule |> _.Divergence |> Option.get
            equal ("/data/owner", 3L) (divergence.Path, divergence.Position))

        testCase "a run that went on after its end is judged by its last end only" (fun () ->
            let ended = recorded () |> finish
            let wentOn = ended |> execute Game.aggregate table Game.Open
            let report = wentOn |> verify Game.aggregate |> matched
            isTrue (report.Findings |> List.exists _.Equals(EntryFinding.wentOn 16L))
            finish wentOn |> verify Game.aggregate |> matched |> ignore)

        testCase "facts and effects of the run itself count as external" (fun () ->
            let recorder = start "r" |> execute Game.aggregate table Game.Open
            let own = { fact 7L with Run = Some recorder.Context.Run }

            let effect = {
                EntryData.create (StreamId.Create "$fx/r") Role.Effect "clock" (Bytes.OfText "1") with
                    Run = Some recorder.Context.Run
            }

            let report =
                recorder
                |> appendOwn [ own ]
                |> appendOwn [ effect ]
                |> execute Game.aggregate table (Game.Roll 1)
                |> verify Game.aggregate
                |> matched

            equal (6L, 4L, 2L) (report.Entries, report.External, report.Derived))

        testCase "Off records nothing to verify" (fun () ->
            let off = startIn Journal.empty RecordMode.Off "r" |> executeAll Game.aggregate table evening
            let report = verify Game.aggregate off
            equal (ReplayVerdict.NotRecorded, false) (report.Verdict, report.Matched)
            containsText "not recorded" (report.ToString())
            equal ReplayVerdict.NotRecorded ((start "r" |> verify Game.aggregate).Verdict)

            // Started, but then only events were appended: they stand under its name, and no command made them.
            let started = start "r"
            let events = startIn started.Journal RecordMode.Off "r" |> execute Game.aggregate table Game.Open
            let report = verify Game.aggregate events
            equal (ReplayVerdict.Diverged, Some 2L) (report.Verdict, report.Divergence |> Option.map _.Position))

        testCase "Off and Record append the same canonical bytes to the aggregates' streams" (fun () ->
            let bytes mode =
                startIn Journal.empty mode "r"
                |> executeAll Game.aggregate table evening
                |> _.Journal
                |> entriesOf table
                |> List.map (fun entry -> CanonicalBytes.ofData entry.Data)

            equal (bytes RecordMode.Off) (bytes RecordMode.Record))

        testCase "a last command without its step is a divergence, as batches are atomic" (fun () ->
            let without position (recorder: Recorder) = {
                recorder with
                    Journal = rewritten (fun entry -> if entry.Position = position then None else Some entry) recorder.Journal
            }

            let cut = start "r" |> executeAll Game.aggregate table [ Game.Open; Game.Roll 2 ] |> without 5L
            let report = verify Game.aggregate cut
            let divergence = report.Divergence |> Option.get
            equal (ReplayVerdict.Diverged, 4L, DivergenceCause.Unexpected) (report.Verdict, divergence.Position, divergence.Cause)
            equal (3L, 2L, 1L) (report.Entries, report.External, report.Derived)
            equal (Some """position 4: game.command {"case":"roll","dice":2}""") divergence.Command
            isTrue divergence.StateBefore.IsSome

            // A refusal that was deleted, too.
            let refused = start "r" |> execute Game.aggregate table Game.Close |> without 3L
            equal ReplayVerdict.Diverged ((verify Game.aggregate { refused with RunVersion = 2L }).Verdict))

        testCase "the last step was legitimately empty, and a new rule makes an event: a divergence, not a cut" (fun () ->
            let quiet = Game.ruledBy (fun _ _ _ -> Ok [])
            let recorder = start "r" |> execute quiet table (Game.Roll 1)
            verify quiet recorder |> matched |> ignore
            let report = verify (Game.ruledBy (fun _ _ _ -> Ok [ Game.Rolled(1, 6L) ])) recorder
            let divergence = report.Divergence |> Option.get
            equal (ReplayVerdict.Diverged, 2L, DivergenceCause.Unexpected) (report.Verdict, divergence.Position, divergence.Cause)
            startsWith "behind position 2, stream" (divergence.ToString())
            // Of a file that was cut off, or an entry that was deleted.
            containsText "the recording lacks one" divergence.Remedy)

        testCase "a run of thousands of commands over as many streams is verified" (fun () ->
            let folder recorder index = execute Game.aggregate (StreamId.Create $"game/{index}") Game.Open recorder
            let recorder = Seq.fold folder (start "r") (seq { 1..3000 })
            let report = recorder |> verify Game.aggregate |> matched
            equal (6000L, 3000) (report.Entries, report.Streams.Length)
            // One finding for all of them.
            let report = recorder |> verify { Game.aggregate with State = None } |> matched

            let others =
                function
                | ReplayFinding.NoStateHash(_, others) -> Some others
                | _ -> None

            equal [ 2999L ] (List.choose others report.Findings)
            contains "'game/1' and 2999 other streams have no state hash" (List.map string report.Findings))

        testCase "a command that is called like the end of a run does not end it" (fun () ->
            let called = { Sum.aggregate with Commands = Codec.int64 Run.endedType }
            let recorder = start "r" |> executeAll called (StreamId.Create "sum") [ 5L; -3L ]
            verify called recorder |> matched |> ignore)
    ]
