// Divergences that a changed recording, codec or pin causes, one test for each cause; DivergenceTests.Rule.fs has those of the rule.
// Run by `dotnet test`.
module Refold.Core.Tests.DivergenceTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support.Recording
open Refold.Support

let table = StreamId.Create "game/1"

let private other = StreamId.Create "game/2"

/// Positions: 1 started, 2 command Open, 3 Opened, 4 command Roll 2, 5 Rolled, 6 command Close, 7 Rolled, 8 Closed.
let recorded () = start "r" |> executeAll Game.aggregate table [ Game.Open; Game.Roll 2; Game.Close ]

let divergenceOf (report: ReplayReport) =
    equal (ReplayVerdict.Diverged, false) (report.Verdict, report.Matched)
    isTrue report.StateHash.IsNone
    Option.get report.Divergence

let differs aggregate recorder = verify aggregate recorder |> divergenceOf

/// Cause, position and path.
let place (divergence: Divergence) = divergence.Cause, divergence.Position, divergence.Path

let private change position (change: EntryData -> EntryData) = recorded () |> changedAt position change |> differs Game.aggregate

[<Tests>]
let tests =
    testList "Replay / divergences" [
        testCase "pin mismatch: the fields, the first of them with both values" (fun () ->
            let recorder = recorded ()

            let under (current: RunPin) =
                Replay.verify [ Replay.verifier Game.aggregate ] {
                    inputOf recorder.Context.Run recorder.Journal with
                        CurrentPin = Some current
                }

            let found = under (pin.With("a/b", "3")) |> divergenceOf
            equal (DivergenceCause.PinMismatch [ "settings/a/b" ], 1L, "/data/pin/settings/a~1b") (place found)
            equal ("absent", "3") (found.Expected, found.Actual)

            let found = under (RunPin("games", "house", "2.0", 7UL)) |> divergenceOf
            equal (DivergenceCause.PinMismatch [ "version"; "seed" ], 1L, "/data/pin/version") (place found)
            equal ("1.0", "2.0") (found.Expected, found.Actual)
            isTrue (under pin).Matched)

        testCase "undecodable: a command, a foreign event, the start, a stream that nobody owns" (fun () ->
            let garbage (data: EntryData) = { data with Payload = Bytes.OfText "garbage" }
            equal (DivergenceCause.Undecodable, 4L, "/dataBase64") (place (change 4L garbage))
            equal (DivergenceCause.Undecodable, 1L, "/data") (place (change 1L garbage))

            let inner (data: EntryData) = {
                data with
                    Payload = Envelope.write table (Bytes.OfText "{\"case\":\"dance\"}")
            }

            equal (DivergenceCause.Undecodable, 4L, "/data") (place (change 4L inner))
            equal (DivergenceCause.Undecodable, 4L, "/type") (place (change 4L (fun data -> { data with Type = "x" })))

            let owned = verifyWith [ Replay.verifier Sum.aggregate ] (recorded ()) |> divergenceOf
            equal (DivergenceCause.Undecodable, 2L, "/data/stream") (place owned)
            equal "game/1" owned.Expected)

        testCase "undecodable: what lies before a step cannot be folded" (fun () ->
            let foreign = EntryData.create table Role.Event "game.event" (Bytes.OfText "7")
            let recorder = recorded () |> appendOwn [ foreign ]
            // Behind the last step it does not matter.
            isTrue (verify Game.aggregate recorder).Matched

            let blind =
                Run.step
                    recorder.Context
                    Game.aggregate
                    { positionOf Game.aggregate table recorder with Version = 5L }
                    (stepInput table Game.Open recorder)

            match blind with
            | Ok step ->
                let next = { recorder with Journal = append (Option.get step.Batch) recorder.Journal }
                equal (DivergenceCause.Undecodable, 9L, "/data") (place (differs Game.aggregate next))
            | Error error -> failwith (error.ToString()))

        testCase "codec not faithful: a command or an event comes out otherwise than it was recorded" (fun () ->
            let spaced (codec: Codec<'Value>) = {
                codec with
                    Encode =
                        fun value ->
                            codec.Encode value
                            |> Result.map (fun encoded -> {
                                encoded with
                                    Payload = Bytes.OfText(encoded.Payload.ToText().Replace(":", ": "))
                            })
            }

            let found = recorded () |> differs { Game.aggregate with Commands = spaced Game.commands }
            equal (DivergenceCause.CodecNotFaithful, 2L, "/data") (place found)

            let lossy = {
                Game.events with
                    Decode =
                        fun encoded ->
                            Game.events.Decode encoded
                            |> Result.map (fun event ->
                                match event with
                                | Game.Rolled(dice, faces) -> Game.Rolled(dice, faces + 1L)
                                | event -> event)
            }

            let found = recorded () |> differs { Game.aggregate with Events = lossy }
            equal (DivergenceCause.CodecNotFaithful, 5L, "/data/faces") (place found)

            let refusing = {
                Game.events with
                    Encode = fun _ -> Error(CodecError.Unencodable("game.event", "no"))
            }

            equal (DivergenceCause.CodecNotFaithful, 3L, "") (place (recorded () |> differs { Game.aggregate with Events = refusing })))

        testCase "missing: an entry before the step was taken out of the stream" (fun () ->
            let recorder = recorded ()
            let dropped = { recorder with Journal = Journal.deleteTo table 1L recorder.Journal }
            let found = differs Game.aggregate dropped
            equal (DivergenceCause.Missing, table) (found.Cause, found.Stream))

        testCase "unexpected: an entry of the run that no command made" (fun () ->
            let recorder = recorded ()

            let stray stream role = {
                EntryData.create stream role "game.event" (Bytes.OfText "{\"case\":\"closed\"}") with
                    Run = Some recorder.Context.Run
            }

            let behind = recorder |> appendOwn [ stray table Role.Event ]
            equal (DivergenceCause.Unexpected, 9L, "") (place (differs Game.aggregate behind))
            let between = behind |> execute Game.aggregate table Game.Look
            equal (DivergenceCause.Unexpected, 9L, "") (place (differs Game.aggregate between))
            let refusal = recorder |> appendToRun [ stray recorder.Context.Run.Stream Role.Refusal ]
            equal (DivergenceCause.Unexpected, 9L, "") (place (differs Game.aggregate refusal))
            let unmarked = recorder |> appendOwn [ stray table Role.Unmarked ]
            equal (DivergenceCause.Unexpected, 9L, "") (place (differs Game.aggregate unmarked)))

        testCase "type: another type, another role" (fun () ->
            let renamed = {
                Game.events with
                    Encode = fun event -> Game.events.Encode event |> Result.map (fun encoded -> { encoded with Type = "game.other" })
            }

            let found = recorded () |> differs { Game.aggregate with Events = renamed }
            equal (DivergenceCause.Type, 3L, "/type") (place found)
            equal ("game.event", "game.other") (found.Expected, found.Actual)

            let found = change 5L (fun data -> { data with Role = Role.Unmarked })
            equal (DivergenceCause.Type, 5L, "/role") (place found)
            equal ("unmarked", "event") (found.Expected, found.Actual))

        testCase "encoding only: the same RFC 8785 form in other bytes" (fun () ->
            let found =
                change 5L (fun data -> { data with Payload = Bytes.OfText(data.Payload.ToText().Replace(":", ": ")) })

            equal (DivergenceCause.EncodingOnly, 5L, "/data") (place found)
            equal (Some 8) found.ByteOffset)

        testCase "tags: the first that differs" (fun () ->
            let found =
                recorded () |> differs { Game.aggregate with Tags = fun _ -> [ Tag.Create "dice"; Tag.Create "x" ] }

            equal (DivergenceCause.Tagging, 3L, "/tags/0") (place found)
            equal ("absent", "dice") (found.Expected, found.Actual)
            let found = change 5L (fun data -> { data with Tags = [ Tag.Create "dice" ] })
            equal (DivergenceCause.Tagging, 5L, "/tags/1") (place found))

        testCase "header: schema version, time and ids" (fun () ->
            let id = Guid.Parse "11111111-1111-8111-8111-111111111111"
            let path position (changed: EntryData -> EntryData) = change position changed |> place
            let later (data: EntryData) = { data with Time = data.Time |> Option.map _.AddTicks(1L) }
            // Which a codec that reads version 1 takes for a newer program's.
            equal (DivergenceCause.Undecodable, 5L, "/schemaVersion") (path 5L (fun data -> { data with SchemaVersion = 2 }))
            equal (DivergenceCause.Header, 5L, "/time") (path 5L later)
            equal (DivergenceCause.Header, 4L, "/time") (path 4L (fun data -> { data with Time = None }))
            equal (DivergenceCause.Header, 5L, "/id") (path 5L (fun data -> { data with Id = Some id }))

            equal (DivergenceCause.Header, 5L, "/correlationId") (path 5L (fun data -> { data with CorrelationId = None }))

            equal (DivergenceCause.Header, 5L, "/causationId") (path 5L (fun data -> { data with CausationId = Some id }))

            equal (DivergenceCause.Header, 4L, "/run") (path 4L (fun data -> { data with Run = None })))

        testCase "the first divergence is the first by position, whatever stream it lies in" (fun () ->
            let recorder = start "r" |> execute Game.aggregate table Game.Open

            let stray = {
                EntryData.create table Role.Event "game.event" (Bytes.OfText "{\"case\":\"closed\"}") with
                    Run = Some recorder.Context.Run
            }

            let both =
                recorder
                |> appendOwn [ stray ]
                |> execute Game.aggregate other Game.Open
                |> changedAt 6L (fun data -> { data with Tags = [ Tag.Create "x" ] })

            equal (DivergenceCause.Unexpected, 4L, "") (place (differs Game.aggregate both)))

        testCase "every cause has a name of its own and a remedy" (fun () ->
            let causes = [
                DivergenceCause.PinMismatch [ "seed" ]
                DivergenceCause.Undecodable
                DivergenceCause.CodecNotFaithful
                DivergenceCause.Missing
                DivergenceCause.Unexpected
                DivergenceCause.Type
                DivergenceCause.Payload
                DivergenceCause.EncodingOnly
                DivergenceCause.Tagging
                DivergenceCause.Header
                DivergenceCause.Refusal
                DivergenceCause.Threw
                DivergenceCause.RandomDrift
                DivergenceCause.UnrecordedInput
                DivergenceCause.Unstable
                DivergenceCause.State
            ]

            let names = causes |> List.map _.Name
            equal causes.Length ((List.distinct names).Length)

            for name in names do
                matches "^[a-z]+(-[a-z]+)*$" name

            for cause in causes do
                endsWith "." cause.Remedy)
    ]
