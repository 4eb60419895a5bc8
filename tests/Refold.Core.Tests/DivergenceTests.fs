// Divergences that a changed recording, codec or pin causes, one test for each cause; DivergenceTests.Rule.fs has those of the rule.
// Run by `dotnet test`.
module Refold.Core.Tests.DivergenceTests

open System
open Refold
open Refold.Core
open Refold.Format
open Refold.Core.Tests.Aggregates
open Refold.Core.Tests.Recording
open Xunit

let table = StreamId.Create "game/1"

let private other = StreamId.Create "game/2"

/// Positions: 1 started, 2 command Open, 3 Opened, 4 command Roll 2, 5 Rolled, 6 command Close, 7 Rolled, 8 Closed.
let recorded () = start "r" |> executeAll Game.aggregate table [ Game.Open; Game.Roll 2; Game.Close ]

let divergenceOf (report: ReplayReport) =
    Assert.Equal((ReplayVerdict.Diverged, false), (report.Verdict, report.Matched))
    Assert.True report.StateHash.IsNone
    Option.get report.Divergence

let differs aggregate recorder = verify aggregate recorder |> divergenceOf

/// Cause, position and path.
let place (divergence: Divergence) = divergence.Cause, divergence.Position, divergence.Path

let private change position (change: EntryData -> EntryData) = recorded () |> changedAt position change |> differs Game.aggregate

[<Fact>]
let ``pin mismatch: the fields, the first of them with both values`` () =
    let recorder = recorded ()

    let under (current: RunPin) =
        Replay.verify [ Replay.verifier Game.aggregate ] { inputOf recorder.Context.Run recorder.Journal with CurrentPin = Some current }

    let found = under (pin.With("a/b", "3")) |> divergenceOf
    Assert.Equal((DivergenceCause.PinMismatch [ "settings/a/b" ], 1L, "/data/pin/settings/a~1b"), place found)
    Assert.Equal(("absent", "3"), (found.Expected, found.Actual))

    let found = under (RunPin("games", "house", "2.0", 7UL)) |> divergenceOf
    Assert.Equal((DivergenceCause.PinMismatch [ "version"; "seed" ], 1L, "/data/pin/version"), place found)
    Assert.Equal(("1.0", "2.0"), (found.Expected, found.Actual))
    Assert.True (under pin).Matched

[<Fact>]
let ``undecodable: a command, a foreign event, the start, a stream that nobody owns`` () =
    let garbage (data: EntryData) = { data with Payload = Bytes.OfText "garbage" }
    Assert.Equal((DivergenceCause.Undecodable, 4L, "/dataBase64"), place (change 4L garbage))
    Assert.Equal((DivergenceCause.Undecodable, 1L, "/data"), place (change 1L garbage))

    let inner (data: EntryData) =
        { data with
            Payload = Envelope.write table (Bytes.OfText "{\"case\":\"dance\"}")
        }

    Assert.Equal((DivergenceCause.Undecodable, 4L, "/data"), place (change 4L inner))
    Assert.Equal((DivergenceCause.Undecodable, 4L, "/type"), place (change 4L (fun data -> { data with Type = "x" })))

    let owned = verifyWith [ Replay.verifier Sum.aggregate ] (recorded ()) |> divergenceOf
    Assert.Equal((DivergenceCause.Undecodable, 2L, "/data/stream"), place owned)
    Assert.Equal("game/1", owned.Expected)

[<Fact>]
let ``undecodable: what lies before a step cannot be folded`` () =
    let foreign = EntryData.create table Role.Event "game.event" (Bytes.OfText "7")
    let recorder = recorded () |> appendOwn [ foreign ]
    // Behind the last step it does not matter.
    Assert.True (verify Game.aggregate recorder).Matched

    let blind =
        Run.step recorder.Context Game.aggregate { stepInput Game.aggregate table Game.Open recorder with Version = 5L }

    match blind with
    | Ok step ->
        let next = { recorder with Journal = append (Option.get step.Batch) recorder.Journal }
        Assert.Equal((DivergenceCause.Undecodable, 9L, "/data"), place (differs Game.aggregate next))
    | Error error -> failwith (error.ToString())

[<Fact>]
let ``codec not faithful: a command or an event comes out otherwise than it was recorded`` () =
    let spaced (codec: Codec<'Value>) =
        { codec with
            Encode =
                fun value ->
                    codec.Encode value
                    |> Result.map (fun encoded ->
                        { encoded with
                            Payload = Bytes.OfText(encoded.Payload.ToText().Replace(":", ": "))
                        })
        }

    let found = recorded () |> differs { Game.aggregate with Commands = spaced Game.commands }
    Assert.Equal((DivergenceCause.CodecNotFaithful, 2L, "/data"), place found)

    let lossy =
        { Game.events with
            Decode =
                fun encoded ->
                    Game.events.Decode encoded
                    |> Result.map (fun event ->
                        match event with
                        | Game.Rolled(dice, faces) -> Game.Rolled(dice, faces + 1L)
                        | event -> event)
        }

    let found = recorded () |> differs { Game.aggregate with Events = lossy }
    Assert.Equal((DivergenceCause.CodecNotFaithful, 5L, "/data/faces"), place found)

    let refusing =
        { Game.events with
            Encode = fun _ -> Error(CodecError.Unencodable("game.event", "no"))
        }

    Assert.Equal((DivergenceCause.CodecNotFaithful, 3L, ""), place (recorded () |> differs { Game.aggregate with Events = refusing }))

[<Fact>]
let ``missing: an entry before the step was taken out of the stream`` () =
    let recorder = recorded ()
    let dropped = { recorder with Journal = Journal.deleteTo table 1L recorder.Journal }
    let found = differs Game.aggregate dropped
    Assert.Equal((DivergenceCause.Missing, table), (found.Cause, found.Stream))

[<Fact>]
let ``unexpected: an entry of the run that no command made`` () =
    let recorder = recorded ()

    let stray stream role =
        { EntryData.create stream role "game.event" (Bytes.OfText "{\"case\":\"closed\"}") with
            Run = Some recorder.Context.Run
        }

    let behind = recorder |> appendOwn [ stray table Role.Event ]
    Assert.Equal((DivergenceCause.Unexpected, 9L, ""), place (differs Game.aggregate behind))
    let between = behind |> execute Game.aggregate table Game.Look
    Assert.Equal((DivergenceCause.Unexpected, 9L, ""), place (differs Game.aggregate between))
    let refusal = recorder |> appendToRun [ stray recorder.Context.Run.Stream Role.Refusal ]
    Assert.Equal((DivergenceCause.Unexpected, 9L, ""), place (differs Game.aggregate refusal))
    let unmarked = recorder |> appendOwn [ stray table Role.Unmarked ]
    Assert.Equal((DivergenceCause.Unexpected, 9L, ""), place (differs Game.aggregate unmarked))

[<Fact>]
let ``type: another type, another role`` () =
    let renamed =
        { Game.events with
            Encode = fun event -> Game.events.Encode event |> Result.map (fun encoded -> { encoded with Type = "game.other" })
        }

    let found = recorded () |> differs { Game.aggregate with Events = renamed }
    Assert.Equal((DivergenceCause.Type, 3L, "/type"), place found)
    Assert.Equal(("game.event", "game.other"), (found.Expected, found.Actual))

    let found = change 5L (fun data -> { data with Role = Role.Unmarked })
    Assert.Equal((DivergenceCause.Type, 5L, "/role"), place found)
    Assert.Equal(("unmarked", "event"), (found.Expected, found.Actual))

[<Fact>]
let ``encoding only: the same RFC 8785 form in other bytes`` () =
    let found =
        change 5L (fun data -> { data with Payload = Bytes.OfText(data.Payload.ToText().Replace(":", ": ")) })

    Assert.Equal((DivergenceCause.EncodingOnly, 5L, "/data"), place found)
    Assert.Equal(Some 8, found.ByteOffset)

[<Fact>]
let ``tags: the first that differs`` () =
    let found =
        recorded () |> differs { Game.aggregate with Tags = fun _ -> [ Tag.Create "dice"; Tag.Create "x" ] }

    Assert.Equal((DivergenceCause.Tagging, 3L, "/tags/0"), place found)
    Assert.Equal(("absent", "dice"), (found.Expected, found.Actual))
    let found = change 5L (fun data -> { data with Tags = [ Tag.Create "dice" ] })
    Assert.Equal((DivergenceCause.Tagging, 5L, "/tags/1"), place found)

[<Fact>]
let ``header: schema version, time and ids`` () =
    let id = Guid.Parse "11111111-1111-8111-8111-111111111111"
    let path position (changed: EntryData -> EntryData) = change position changed |> place
    let later (data: EntryData) = { data with Time = data.Time |> Option.map _.AddTicks(1L) }
    Assert.Equal((DivergenceCause.Header, 5L, "/schemaVersion"), path 5L (fun data -> { data with SchemaVersion = 2 }))
    Assert.Equal((DivergenceCause.Header, 5L, "/time"), path 5L later)
    Assert.Equal((DivergenceCause.Header, 4L, "/time"), path 4L (fun data -> { data with Time = None }))
    Assert.Equal((DivergenceCause.Header, 5L, "/id"), path 5L (fun data -> { data with Id = Some id }))

    Assert.Equal((DivergenceCause.Header, 5L, "/correlationId"), path 5L (fun data -> { data with CorrelationId = None }))

    Assert.Equal((DivergenceCause.Header, 5L, "/causationId"), path 5L (fun data -> { data with CausationId = Some id }))

    Assert.Equal((DivergenceCause.Header, 4L, "/run"), path 4L (fun data -> { data with Run = None }))

[<Fact>]
let ``the first divergence is the first by position, whatever stream it lies in`` () =
    let recorder = start "r" |> execute Game.aggregate table Game.Open

    let stray =
        { EntryData.create table Role.Event "game.event" (Bytes.OfText "{\"case\":\"closed\"}") with
            Run = Some recorder.Context.Run
        }

    let both =
        recorder
        |> appendOwn [ stray ]
        |> execute Game.aggregate other Game.Open
        |> changedAt 6L (fun data -> { data with Tags = [ Tag.Create "x" ] })

    Assert.Equal((DivergenceCause.Unexpected, 4L, ""), place (differs Game.aggregate both))

[<Fact>]
let ``every cause has a name of its own and a remedy`` () =
    let causes =
        [
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
    Assert.Equal(causes.Length, (List.distinct names).Length)
    Assert.All(names, fun name -> Assert.Matches("^[a-z]+(-[a-z]+)*$", name))
    Assert.All(causes, fun cause -> Assert.EndsWith(".", cause.Remedy))
