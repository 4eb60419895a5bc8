// Seeded dice: generators that stand where they stood, generators of steps, and a loaded die that verifying finds.
// Run by people who want to see where random numbers come from: dotnet fsi core/scripts/02-dice.fsx
#load "refold.fsx"

open System
open Refold.Core

let roll (random: SeededRng) : int = Sample.between 1 6 random

// The same seed, the same faces, on every machine and in every runtime.
let random = SeededRng.FromSeed 42UL
printfn "faces of seed 42: %A" [ for _ in 1..10 -> roll random ]

// A state is a value with a JSON form: restored, every later draw and split is the same.
let saved = RngState.toJson random.State
printfn "saved: %s..." (saved.Substring(0, 30))

match RngState.ofJson saved with
| Ok state ->
    let restored = SeededRng state
    printfn "the next three: %A" [ for _ in 1..3 -> roll random ]
    printfn "the next three, restored: %A" [ for _ in 1..3 -> roll restored ]
    printfn "a split of each: %d and %d" (roll (random.Split())) (roll (restored.Split()))
| Error error -> printfn "%O" error

// A named child depends on the name and the key, not on what was drawn before.
let early = (SeededRng.FromSeed 42UL).Named "weather"
printfn "named early: %d, named late: %d" (roll early) (roll (random.Named "weather"))

// In a run, every step has a generator of its own, made from the run's root state, the stream and the version before the step.
type Event = Rolled of face: int

let decideBy (low: int) (step: Step) (_: int) (command: string) : Result<Event list, string> =
    if command = "roll" then Ok [ Rolled(Sample.between low 6 step.Random) ] else Error "no such move"

let diceBy (low: int) =
    Aggregate.create
        "dice"
        {
            Initial = 0
            Decide = decideBy low
            Evolve = fun total (Rolled face) -> total + face
        }
        (Codec.json<string> "Command")
        (Codec.jsonUnion<Event>())
        (Codec.json<string> "Refused")

let table = StreamId.Create "dice/1"
let noon = DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)

let run =
    [ "roll"; "cheat"; "roll"; "roll" ]
    |> List.fold
        (fun run command -> InMemoryRun.execute table noon command run)
        (InMemoryRun.start (diceBy 1) (RunPin("dice", "scripts", "1.0", 42UL)) "fair")

for entry in InMemoryRun.entries table run do
    printfn "version %d: %s" entry.Version (entry.Data.Payload.ToText())

// The second step's face, from the root state alone.
let second = Run.random run.Context.Root table 1L
printfn "the step behind version 1 rolls %d" (roll second)

printfn "fair dice: %O" (InMemoryRun.verify run)
printfn "loaded dice:"
printfn "%O" (InMemoryRun.verifyAs (diceBy 4) run)
