// The F# code of facade/docs/testing.md as it stands there: scenarios of an aggregate of the core.
// Run by `dotnet test` and by Program.fs; that the page shows this very code is tested by Refold.Testing.Tests.
namespace Refold.Properties

open Expecto
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.FSharp
open Refold.Testing

module Dice =

    type Command =
        | Roll
        | Cheat

    type Event = Rolled of face: int

    let private decide (step: Step) (_: int) command =
        match command with
        | Roll -> Ok [ Rolled(Sample.between 1 6 step.Random) ]
        | Cheat -> Error "no such move"

    let aggregate =
        { Aggregate.create
              "dice"
              {
                  Initial = 0
                  Decide = decide
                  Evolve = fun total (Rolled face) -> total + face
              }
              (Codec.json<Command> "Command")
              (Codec.jsonUnion<Event>())
              (Codec.json<string> "Refused") with
            State = Some(Codec.json<int> "Total")
        }

module TestingExamples =

    open Dice

    let private dice = Aggregate.handle Dice.aggregate

    let private face (Rolled face) = face

    let private failureOf (action: unit -> unit) =
        try
            action ()
            failtest "it does not fail"
        with :? ScenarioException as failure ->
            failure

    [<Tests>]
    let tests =
        testList
            "Testing / scenarios in F#"
            [
                testCase "what is rolled is added up, and a cheat is refused" (fun () ->
                    dice
                        .Given([ Rolled 3 ])
                        .WithSeed(42UL)
                        .When(Roll)
                        .ThenFrom(fun step -> seq { Rolled(Sample.between 1 6 step.Random) })
                        .When(Cheat)
                        .ThenRefused("no such move")
                    |> ignore)

                testCase "what differs is named by event and field" (fun () ->
                    let decided = dice.Given([ Rolled 3 ]).When(Roll)
                    let failure = failureOf (fun () -> decided.Then([ Rolled 7 ]) |> ignore)
                    Expect.equal (failure.Event, failure.Path, failure.Expected) (1, "/data/face", "7") "the first face")

                testCase "a state is compared" (fun () ->
                    dice.Given([ Rolled 3; Rolled 4 ]).ThenState(7) |> ignore
                    Expect.throwsT<ScenarioException> (fun () -> dice.Given([ Rolled 3 ]).ThenState(4) |> ignore) "3 is not 4")

                testCase "a recorded run is decided again, and what it drew is drawn again" (fun () ->
                    let work =
                        task {
                            use! journal = Journal.openAt "memory:"
                            use! run = Run.start (RunPin("dice", "examples", "1.0", 42UL)) journal
                            let! rolled = Run.execute Dice.aggregate "dice/1" Roll run
                            let! report = journal.Given(run.Id).When(dice).ThenMatchesAsync()
                            return rolled, report.Matched
                        }

                    match work.Result with
                    | Ok rolled, true -> dice.Given([]).WithSeed(42UL).When(Roll).Then(rolled.Events) |> ignore
                    | other -> failtest $"%A{other}")

                testCase "an aggregate of a module is found by the check of determinism" (fun () ->
                    let owner = nonNull typeof<Dice.Command>.DeclaringType
                    let options = DeterminismOptions(Cultures = [| "tr-TR" |])

                    let work =
                        task {
                            use! journal = Journal.openAt "memory:"
                            use! run = Run.start (RunPin("dice", "examples", "1.0", 42UL)) journal
                            let! _ = Run.execute Dice.aggregate "dice/1" Roll run
                            return! Determinism.CheckAsync(journal, owner, options)
                        }

                    Expect.isTrue work.Result.Matched (work.Result.ToString()))

                testCase "a law of commands holds, or is broken by the shortest sequence" (fun () ->
                    let commands = ArbMap.defaults.ArbFor<Command>()
                    CommandSequences.Check(dice, commands, (fun step -> step.State = List.sumBy face (List.ofSeq step.Events)))

                    let broken () = CommandSequences.Check(dice, commands, (fun step -> step.Events.Count < 2))
                    let failure = Expect.throwsC broken id
                    Expect.stringContains failure.Message "shortest sequence:\n  1. " "it is told"
                    Expect.isFalse (failure.Message.Contains "\n  3. ") "two are enough")

                testCase "the handle of an aggregate is one" (fun () ->
                    Expect.isTrue (obj.ReferenceEquals(dice, Aggregate.handle Dice.aggregate)) "one value, one handle")
            ]
