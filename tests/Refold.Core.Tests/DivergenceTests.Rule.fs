// Divergences that a changed or impure rule causes, one test for each cause; the recording is as it was.
// Run by `dotnet test`.
module Refold.Core.Tests.RuleDivergenceTests

open Refold.Core
open Refold.Format
open Refold.Core.Tests.Aggregates
open Refold.Core.Tests.Recording
open Refold.Core.Tests.DivergenceTests
open Xunit

/// The rule, with another answer to rolls.
let private rolls answer =
    Game.ruledBy (fun step state command ->
        match command with
        | Game.Roll dice when state.IsOpen -> answer step dice
        | _ -> Game.decide step state command)

let private faces (step: Step) dice = List.sum [ for _ in 1..dice -> Game.face step.Random ]

[<Fact>]
let ``missing: the recording has an entry that is not made now`` () =
    let found = recorded () |> differs (rolls (fun _ _ -> Ok []))
    Assert.Equal((DivergenceCause.Missing, 5L, ""), place found)
    Assert.StartsWith("game.event {\"case\":\"rolled\"", found.Expected)
    Assert.Equal("absent", found.Actual)

[<Fact>]
let ``unexpected: an entry is made now that the recording does not have`` () =
    let twice =
        rolls (fun step dice -> let rolled = Game.Rolled(dice, faces step dice) in Ok [ rolled; rolled ])

    let found = recorded () |> differs twice
    Assert.Equal((DivergenceCause.Unexpected, 5L, ""), place found)
    Assert.Equal(("absent", 3L, table), (found.Expected, found.Version, found.Stream))

[<Fact>]
let ``payload: the field, both values and the words drawn on both sides`` () =
    let found =
        recorded () |> differs (rolls (fun step dice -> Ok [ Game.Rolled(dice, 0L * faces step (dice + 1)) ]))

    Assert.Equal((DivergenceCause.Payload, 5L, "/data/faces"), place found)
    Assert.Equal((2L, table, "0"), (found.Version, found.Stream, found.Actual))
    Assert.Equal((Some 2UL, Some 3UL), (found.ExpectedDraws, found.ActualDraws))
    let lines = found.ToString().Split '\n'
    Assert.Equal(3, lines.Length)
    Assert.Equal("position 5, stream 'game/1' version 2", lines[0])
    Assert.Equal("/data/faces: payload (words drawn: 2, now 3)", lines[1])
    Assert.Equal($"expected {found.Expected}, actual 0", lines[2])

[<Fact>]
let ``payload: a differing field counts before a differing number of entries`` () =
    let found = recorded () |> differs (rolls (fun _ dice -> Ok [ Game.Rolled(dice, 0L); Game.Closed ]))
    Assert.Equal((DivergenceCause.Payload, 5L, "/data/faces"), place found)

[<Fact>]
let ``payload: an offset where it is no JSON`` () =
    let recorder = start "r" |> execute Sum.aggregate (StreamId.Create "sum") 0x0102L

    let rule =
        { Sum.aggregate with
            Decider = { Sum.decider with Decide = fun _ _ _ -> Ok [ 0x0202L ] }
        }

    let found = differs rule recorder
    Assert.Equal((DivergenceCause.Payload, 3L, "/dataBase64"), place found)
    Assert.Equal((Some 1, "01000000000000", "02000000000000"), (found.ByteOffset, found.Expected, found.Actual))

[<Fact>]
let ``refusal: accepted then, refused now, and the other way round`` () =
    let found = recorded () |> differs (rolls (fun _ _ -> Error Game.NotOpen))
    Assert.Equal((DivergenceCause.Refusal, 5L, ""), place found)
    Assert.StartsWith("accepted: game.event", found.Expected)
    Assert.Equal("refused: game.refusal \"not open\"", found.Actual)

    let refused = start "r" |> execute Game.aggregate table Game.Close

    let found =
        refused |> execute Game.aggregate table Game.Open |> differs (Game.ruledBy (fun _ _ _ -> Ok [ Game.Closed ]))

    Assert.Equal((DivergenceCause.Refusal, 3L, ""), place found)
    Assert.StartsWith("refused: game.refusal", found.Expected)

[<Fact>]
let ``threw: decide, evolve or a codec`` () =
    let found = recorded () |> differs (rolls (fun _ _ -> invalidOp "broken rule"))
    Assert.Equal((DivergenceCause.Threw, 5L, ""), place found)
    Assert.Contains("InvalidOperationException: broken rule", found.Actual)
    let evolve _ _ = invalidOp "broken fold"

    let found =
        recorded () |> differs { Game.aggregate with Decider = { Game.decider with Evolve = evolve } }

    Assert.Equal((DivergenceCause.Threw, 3L, ""), place found)

[<Fact>]
let ``random drift: the same entries with another number of words drawn`` () =
    let drawing =
        rolls (fun step dice ->
            let rolled = Game.Rolled(dice, faces step dice)
            (step.Random.Named "more").NextUInt32() |> ignore
            Ok [ rolled ])

    let found = recorded () |> differs drawing
    Assert.Equal((DivergenceCause.RandomDrift, 4L, "/drawn"), place found)
    Assert.Equal(("2", "3"), (found.Expected, found.Actual))

[<Fact>]
let ``unrecorded input: the decision asks for what was not recorded`` () =
    let asking = rolls (fun _ _ -> raise (UnrecordedInputException "no clock reading was recorded"))
    Assert.Equal((DivergenceCause.UnrecordedInput, 5L, ""), place (recorded () |> differs asking))

[<Fact>]
let ``unstable: decided twice, two answers`` () =
    let mutable calls = 0L

    let counting =
        rolls (fun _ dice ->
            calls <- calls + 1L
            Ok [ Game.Rolled(dice, -calls) ])

    Assert.Equal((DivergenceCause.Unstable, 5L, "/data/faces"), place (recorded () |> differs counting))

[<Fact>]
let ``state: every entry is the same and the state is not`` () =
    let recorder = recorded ()

    let ended =
        { recorder with
            Journal =
                append (Run.finish recorder.Context recorder.RunVersion (verify Game.aggregate recorder).StateHash 1 None) recorder.Journal
        }

    Assert.True (verify Game.aggregate ended).Matched
    let evolve state event = { Game.evolve state event with Rolls = 0L }
    let found = ended |> differs { Game.aggregate with Decider = { Game.decider with Evolve = evolve } }
    Assert.Equal((DivergenceCause.State, 9L, "/data/stateHash"), place found)
    Assert.Equal(64, found.Expected.Length)
