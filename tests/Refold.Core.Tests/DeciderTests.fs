// Examples of decider combinators; their laws are properties.
// Run by `dotnet test`.
module Refold.Core.Tests.DeciderTests

open System
open Refold
open Refold.Core
open Refold.Core.Tests.Aggregates
open Xunit

let private step () : Step =
    {
        Now = DateTimeOffset.UnixEpoch
        CommandId = Guid.Empty
        Random = SeededRng.FromSeed 1UL
    }

let private counter: Decider<int, int, int, string> =
    {
        Initial = 0
        Decide = fun _ state command -> if command < 0 then Error "negative" else Ok [ command; state ]
        Evolve = fun state event -> state + event
    }

[<Fact>]
let ``mapped commands, events and errors keep the rule`` () =
    let mapped =
        counter
        |> Decider.mapCommand int<string>
        |> Decider.mapEvent string<int> int<string>
        |> Decider.mapError String.length
        |> Decider.mapState string<int> int<string>

    Assert.Equal("0", mapped.Initial)
    Assert.Equal(Ok [ "3"; "4" ], mapped.Decide (step ()) "4" "3")
    Assert.Equal(Error 8, mapped.Decide (step ()) "4" "-3")
    Assert.Equal("7", mapped.Evolve "4" "3")

[<Fact>]
let ``a combined decider gives a command to its side and leaves the other state alone`` () =
    let combined = Decider.combine counter Game.decider
    let state = combined.Initial

    Assert.Equal(Ok [ Choice1Of2 5; Choice1Of2 0 ], combined.Decide (step ()) state (Choice1Of2 5))
    Assert.Equal(Ok [ Choice2Of2(Game.Opened "house") ], combined.Decide (step ()) state (Choice2Of2 Game.Open))
    Assert.Equal(Error(Choice2Of2 Game.NotOpen), combined.Decide (step ()) state (Choice2Of2 Game.Close))
    Assert.Equal((5, Game.decider.Initial), combined.Evolve state (Choice1Of2 5))

[<Fact>]
let ``many keeps a state for each key and none for a refused one`` () =
    let many: Decider<Map<string, int>, _, _, _> = Decider.many counter
    let fold = List.fold many.Evolve many.Initial

    Assert.Equal(Ok [ "a", 2; "a", 0 ], many.Decide (step ()) many.Initial ("a", 2))
    Assert.Equal(Error("b", "negative"), many.Decide (step ()) many.Initial ("b", -1))
    Assert.Equal<Map<string, int>>(Map [ "a", 3; "b", 4 ], fold [ "a", 1; "b", 4; "a", 2 ])
    Assert.Equal(Ok [ "b", 1; "b", 4 ], many.Decide (step ()) (fold [ "b", 4 ]) ("b", 1))

[<Fact>]
let ``the neutral decider accepts everything and makes nothing`` () =
    let neutral: Decider<unit, string, int, string> = Decider.neutral
    Assert.Equal(Ok [], neutral.Decide (step ()) () "anything")
