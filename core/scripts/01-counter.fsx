// A counter: a decider, a run recorded in memory, what it left in the journal, and its verification.
// Run by people who meet Refold for the first time: dotnet fsi core/scripts/01-counter.fsx
#load "refold.fsx"

open System
open Refold.Core

type Command =
    | Add of amount: int
    | Reset

type Event =
    | Added of amount: int
    | WasReset

type Refusal = | NotPositive

let decide (_: Step) (total: int) (command: Command) : Result<Event list, Refusal> =
    match command with
    | Add amount when amount <= 0 -> Error NotPositive
    | Add amount -> Ok [ Added amount ]
    | Reset when total = 0 -> Ok []
    | Reset -> Ok [ WasReset ]

let evolve (total: int) (event: Event) : int =
    match event with
    | Added amount -> total + amount
    | WasReset -> 0

let counter =
    { Aggregate.create
          "counter"
          { Initial = 0; Decide = decide; Evolve = evolve }
          (Codec.json<Command> "Command")
          (Codec.jsonUnion<Event>())
          (Codec.json<Refusal> "Refused") with
        State = Some(Codec.json<int> "Total")
    }

// Time is an input like any other: recorded here, fed back on replay.
let noon = DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)
let stream = StreamId.Create "counter/1"

let run =
    [ Add 3; Add -1; Reset; Reset; Add 10 ]
    |> List.fold
        (fun run command -> InMemoryRun.execute stream noon command run)
        (InMemoryRun.start counter (RunPin("counter", "scripts", "1.0", 42UL)) "first")
    |> InMemoryRun.finish

printfn "the events of %O:" stream

for entry in InMemoryRun.entries stream run do
    printfn "  version %d at position %d: %s %s" entry.Version entry.Position entry.Data.Type (entry.Data.Payload.ToText())

printfn "the run's own stream:"

for entry in InMemoryRun.entries run.Context.Run.Stream run do
    printfn "  version %d at position %d: %s %s" entry.Version entry.Position (Role.name entry.Data.Role) entry.Data.Type

// A fold decides nothing: it applies what was recorded, here up to version 2.
let folded =
    InMemoryRun.entries stream run
    |> List.filter (fun entry -> entry.Version <= 2L)
    |> Replay.fold counter (Replay.beginning counter)

printfn "the total at version %d: %d" folded.Version folded.State
printfn "the total now: %d" (InMemoryRun.state stream run).State

// Verifying decides every command again and compares, byte for byte.
printfn "%O" (InMemoryRun.verify run)
let head = Journal.head run.Journal
printfn "head: position %d, %O" head.Position head.Hash
