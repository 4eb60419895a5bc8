// Examples of decider combinators; their laws are properties.
// Run by `dotnet test`.
module Refold.Core.Tests.DeciderTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support

let private step () : Step = {
    Now = DateTimeOffset.UnixEpoch
    CommandId = Guid.Empty
    Random = SeededRng.FromSeed 1UL
}

let private counter: Decider<int, int, int, string> = {
    Initial = 0
    Decide = fun _ state command -> if command < 0 then Error "negative" else Ok [ command; state ]
    Evolve = fun state event -> state + event
}

[<Tests>]
let tests =
    testList "Deciders / deciders" [
        testCase "mapped commands, events and errors keep the rule" (fun () ->
            let mapped =
                counter
                |> Decider.mapCommand int<string>
                |> Decider.mapEvent string<int> int<string>
                |> Decider.mapError String.length
                |> Decider.mapState string<int> int<string>

            equal "0" mapped.Initial
            equal (Ok [ "3"; "4" ]) (mapped.Decide (step ()) "4" "3")
            equal (Error 8) (mapped.Decide (step ()) "4" "-3")
            equal "7" (mapped.Evolve "4" "3"))

        testCase "a combined decider gives a command to its side and leaves the other state alone" (fun () ->
            let combined = Decider.combine counter Game.decider
            let state = combined.Initial

            equal (Ok [ Choice1Of2 5; Choice1Of2 0 ]) (combined.Decide (step ()) state (Choice1Of2 5))
            equal (Ok [ Choice2Of2(Game.Opened "house") ]) (combined.Decide (step ()) state (Choice2Of2 Game.Open))
            equal (Error(Choice2Of2 Game.NotOpen)) (combined.Decide (step ()) state (Choice2Of2 Game.Close))
            equal (5, Game.decider.Initial) (combined.Evolve state (Choice1Of2 5)))

        testCase "many keeps a state for each key and none for a refused one" (fun () ->
            let many: Decider<Map<string, int>, _, _, _> = Decider.many counter
            let fold = List.fold many.Evolve many.Initial

            equal (Ok [ "a", 2; "a", 0 ]) (many.Decide (step ()) many.Initial ("a", 2))
            equal (Error("b", "negative")) (many.Decide (step ()) many.Initial ("b", -1))
            equal (Map [ "a", 3; "b", 4 ]) (fold [ "a", 1; "b", 4; "a", 2 ])
            equal (Ok [ "b", 1; "b", 4 ]) (many.Decide (step ()) (fold [ "b", 4 ]) ("b", 1)))

        testCase "the neutral decider accepts everything and makes nothing" (fun () ->
            let neutral: Decider<unit, string, int, string> = Decider.neutral
            equal (Ok []) (neutral.Decide (step ()) () "anything"))
    ]
