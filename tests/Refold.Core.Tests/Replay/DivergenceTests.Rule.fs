// Divergences that a changed or impure rule causes, one test for each cause; the recording is as it was.
// Run by `dotnet test`.
module Refold.Core.Tests.RuleDivergenceTests

open Expecto
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support.Recording
open Refold.Core.Tests.DivergenceTests
open Refold.Support

/// The rule, with another answer to rolls.
let private rolls answer =
    Game.ruledBy (fun step state command ->
        match command with
        | Game.Roll dice when state.IsOpen -> answer step dice
        | _ -> Game.decide step state command)

let private faces (step: Step) dice = List.sum [ for _ in 1..dice -> Game.face step.Random ]

[<Tests>]
let tests =
    testList "Replay / divergences of rules" [
        testCase "missing: the recording has an entry that is not made now" (fun () ->
            let found = recorded () |> differs (rolls (fun _ _ -> Ok []))
            equal (DivergenceCause.Missing, 5L, "") (place found)
            startsWith "game.event {\"case\":\"rolled\"" found.Expected
            equal "absent" found.Actual)

        testCase "unexpected: an entry is made now that the recording does not have" (fun () ->
            let twice =
                rolls (fun step dice -> let rolled = Game.Rolled(dice, faces step dice) in Ok [ rolled; rolled ])

            let found = recorded () |> differs twice
            equal (DivergenceCause.Unexpected, 5L, "") (place found)
            equal ("absent", 3L, table) (found.Expected, found.Version, found.Stream))

        testCase "payload: the field, both values and the words drawn on both sides" (fun () ->
            let found =
                recorded () |> differs (rolls (fun step dice -> Ok [ Game.Rolled(dice, 0L * faces step (dice + 1)) ]))

            equal (DivergenceCause.Payload, 5L, "/data/faces") (place found)
            equal (2L, table, "0") (found.Version, found.Stream, found.Actual)
            equal (Some 2UL, Some 3UL) (found.ExpectedDraws, found.ActualDraws)
            let lines = found.ToString().Split '\n'
            equal 3 lines.Length
            equal "position 5, stream 'game/1' version 2" (lines[0])
            equal "/data/faces: payload (words drawn: 2, now 3)" (lines[1])
            equal ($"expected {found.Expected}, actual 0") (lines[2]))

        testCase "payload: a differing field counts before a differing number of entries" (fun () ->
            let found = recorded () |> differs (rolls (fun _ dice -> Ok [ Game.Rolled(dice, 0L); Game.Closed ]))
            equal (DivergenceCause.Payload, 5L, "/data/faces") (place found))

        testCase "payload: an offset where it is no JSON" (fun () ->
            let recorder = start "r" |> execute Sum.aggregate (StreamId.Create "sum") 0x0102L

            let rule = {
                Sum.aggregate with
                    Decider = { Sum.decider with Decide = fun _ _ _ -> Ok [ 0x0202L ] }
            }

            let found = differs rule recorder
            equal (DivergenceCause.Payload, 3L, "/dataBase64") (place found)
            equal (Some 1, "01000000000000", "02000000000000") (found.ByteOffset, found.Expected, found.Actual))

        testCase "refusal: accepted then, refused now, and the other way round" (fun () ->
            let found = recorded () |> differs (rolls (fun _ _ -> Error Game.NotOpen))
            equal (DivergenceCause.Refusal, 5L, "") (place found)
            startsWith "accepted: game.event" found.Expected
            equal "refused: game.refusal \"not open\"" found.Actual

            let refused = start "r" |> execute Game.aggregate table Game.Close

            let found =
                refused |> execute Game.aggregate table Game.Open |> differs (Game.ruledBy (fun _ _ _ -> Ok [ Game.Closed ]))

            equal (DivergenceCause.Refusal, 3L, "") (place found)
            startsWith "refused: game.refusal" found.Expected)

        testCase "threw: decide, evolve or a codec" (fun () ->
            let found = recorded () |> differs (rolls (fun _ _ -> invalidOp "broken rule"))
            equal (DivergenceCause.Threw, 5L, "") (place found)
            containsText "InvalidOperationException: broken rule" found.Actual
            let evolve _ _ = invalidOp "broken fold"

            let found =
                recorded () |> differs { Game.aggregate with Decider = { Game.decider with Evolve = evolve } }

            equal (DivergenceCause.Threw, 3L, "") (place found))

        testCase "random drift: the same entries with another number of words drawn" (fun () ->
            let drawing =
                rolls (fun step dice ->
                    let rolled = Game.Rolled(dice, faces step dice)
                    (step.Random.Named "more").NextUInt32() |> ignore
                    Ok [ rolled ])

            let found = recorded () |> differs drawing
            equal (DivergenceCause.RandomDrift, 4L, "/drawn") (place found)
            equal ("2", "3") (found.Expected, found.Actual))

        testCase "unrecorded input: the decision asks for what was not recorded" (fun () ->
            let asking = rolls (fun _ _ -> raise (UnrecordedInputException "no clock reading was recorded"))
            equal (DivergenceCause.UnrecordedInput, 5L, "") (place (recorded () |> differs asking)))

        testCase "unstable: decided twice, two answers" (fun () ->
            let mutable calls = 0L

            let counting =
                rolls (fun _ dice ->
                    calls <- calls + 1L
                    Ok [ Game.Rolled(dice, -calls) ])

            equal (DivergenceCause.Unstable, 5L, "/data/faces") (place (recorded () |> differs counting)))

        testCase "state: every entry is the same and the state is not" (fun () ->
            let recorder = recorded ()

            let ended = finishWith (verify Game.aggregate recorder).StateHash [ table ] recorder

            isTrue (verify Game.aggregate ended).Matched
            let evolve state event = { Game.evolve state event with Rolls = 0L }
            let found = ended |> differs { Game.aggregate with Decider = { Game.decider with Evolve = evolve } }
            equal (DivergenceCause.State, 9L, "/data/stateHash") (place found)
            equal 64 found.Expected.Length)
    ]
