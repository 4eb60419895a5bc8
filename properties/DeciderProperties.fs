// Laws of decider combinators: identity, composition, associativity and neutrality, as far as behaviour can tell.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.DeciderProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.Support

/// A decider whose answers depend on the step, the state and the command, and that refuses some commands.
let private drawing (bias: int) : Decider<int, int, int, string> = {
    Initial = bias
    Decide =
        fun step state command ->
            if command % 5 = 0 then
                Error("refused " + string<int> command)
            else
                Ok [
                    for _ in 1 .. abs (command % 3) -> state + command + int (step.Random.NextUInt32() % 100u)
                ]
    Evolve = fun state event -> (state * 31 + event) % 1000003
}

/// What a decider answers to commands one after the other, and where it ends; every step draws from its own generator.
let private behaviour (decider: Decider<'State, 'Command, 'Event, 'Error>) (commands: 'Command list) =
    let folder (state, answers) (index, command) =
        let step = {
            Now = DateTimeOffset.UnixEpoch
            CommandId = Guid.Empty
            Random = SeededRng.FromSeed(uint64<int> index)
        }

        let answer = decider.Decide step state command
        List.fold decider.Evolve state (Result.defaultValue [] answer), answer :: answers

    commands |> List.indexed |> List.fold folder (decider.Initial, [])

let private same left right (commands: 'Command list) = behaviour left commands = behaviour right commands

/// (a + b) + c as a + (b + c).
let private regroup choice =
    match choice with
    | Choice1Of2(Choice1Of2 value) -> Choice1Of2 value
    | Choice1Of2(Choice2Of2 value) -> Choice2Of2(Choice1Of2 value)
    | Choice2Of2 value -> Choice2Of2(Choice2Of2 value)

/// a + (b + c) as (a + b) + c.
let private regroupBack choice =
    match choice with
    | Choice1Of2 value -> Choice1Of2(Choice1Of2 value)
    | Choice2Of2(Choice1Of2 value) -> Choice1Of2(Choice2Of2 value)
    | Choice2Of2(Choice2Of2 value) -> Choice2Of2 value

[<Tests>]
let tests =
    properties "Deciders / deciders" [
        testProperty "mapping with the identity changes nothing" (fun (commands: int list) ->
            let plain = drawing 1

            [
                Decider.mapCommand id plain
                Decider.mapEvent id id plain
                Decider.mapState id id plain
                Decider.mapError id plain
            ]
            |> List.forall (fun mapped -> same plain mapped commands))

        testProperty
            "mapping twice is mapping with the composition"
            (let negate (value: int) = -value
             let shift (value: int) = value + 7
             let unshift (value: int) = value - 7

             (fun (commands: int list) ->
                 let plain = drawing 2

                 let commandLaw =
                     same
                         (plain |> Decider.mapCommand negate |> Decider.mapCommand shift)
                         (plain |> Decider.mapCommand (shift >> negate))
                         commands

                 let eventLaw =
                     same
                         (plain |> Decider.mapEvent negate negate |> Decider.mapEvent shift unshift)
                         (plain |> Decider.mapEvent (negate >> shift) (unshift >> negate))
                         commands

                 let stateLaw =
                     same
                         (plain |> Decider.mapState negate negate |> Decider.mapState shift unshift)
                         (plain |> Decider.mapState (negate >> shift) (unshift >> negate))
                         commands

                 let errorLaw =
                     same
                         (plain |> Decider.mapError String.length |> Decider.mapError negate)
                         (plain |> Decider.mapError (String.length >> negate))
                         commands

                 commandLaw && eventLaw && stateLaw && errorLaw))

        testProperty "mapping events or state there and back leaves the fold as it was" (fun (commands: int list) ->
            let plain = drawing 3

            let mapped =
                plain |> Decider.mapEvent string<int> int<string> |> Decider.mapState string<int> int<string>

            int (fst (behaviour mapped commands)) = fst (behaviour plain commands))

        testProperty
            "combining is associative, up to how the parts are grouped"
            (let a, b, c = drawing 1, drawing 2, drawing 3

             let left =
                 Decider.combine (Decider.combine a b) c
                 |> Decider.mapCommand regroupBack
                 |> Decider.mapEvent regroup regroupBack
                 |> Decider.mapError regroup
                 |> Decider.mapState (fun ((a, b), c) -> a, (b, c)) (fun (a, (b, c)) -> (a, b), c)

             let right = Decider.combine a (Decider.combine b c)
             (fun (commands: Choice<int, Choice<int, int>> list) -> same left right commands))

        testProperty
            "combined with the neutral decider, a decider stays what it is"
            (let neutral: Decider<unit, int, int, string> = Decider.neutral

             let inner choice =
                 match choice with
                 | Choice1Of2 value
                 | Choice2Of2 value -> value

             let onTheLeft =
                 Decider.combine neutral (drawing 4)
                 |> Decider.mapCommand Choice2Of2
                 |> Decider.mapEvent inner Choice2Of2
                 |> Decider.mapError inner
                 |> Decider.mapState snd (fun state -> (), state)

             let onTheRight =
                 Decider.combine (drawing 4) neutral
                 |> Decider.mapCommand Choice1Of2
                 |> Decider.mapEvent inner Choice1Of2
                 |> Decider.mapError inner
                 |> Decider.mapState fst (fun state -> state, ())

             (fun (commands: int list) -> same (drawing 4) onTheLeft commands && same (drawing 4) onTheRight commands))

        testProperty
            "many deciders do not disturb each other"
            (let many: Decider<Map<int, int>, int * int, int * int, int * string> = Decider.many (drawing 5)

             let still: Decider<int, int, int, string> = { drawing 5 with Decide = fun _ state command -> Ok [ state + command ] }

             (fun (commands: (int * int) list) ->
                 let manyStill: Decider<Map<int, int>, int * int, int * int, int * string> = Decider.many still
                 let states = fst (behaviour manyStill commands)
                 let keys = commands |> List.map fst |> List.distinct
                 let alone key = commands |> List.filter (fst >> (=) key) |> List.map snd |> behaviour still |> fst

                 keys |> List.forall (fun key -> Map.find key states = alone key)
                 // One key alone is the decider itself, generator and refusals included.
                 && (let own = commands |> List.map snd
                     let answers = own |> List.map (fun command -> 1, command) |> behaviour many |> snd

                     answers |> List.map (Result.map (List.map snd) >> Result.mapError snd) = snd (behaviour (drawing 5) own))))
    ]
