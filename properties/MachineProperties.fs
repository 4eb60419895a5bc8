// State machines against a model written without a table: random commands, legal and illegal, with guards, data and deadlines.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.MachineProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.FSharp
open Refold.Properties.Turnstile

/// A command after some time, or the look of a driver of deadlines after some time.
type Act =
    | Give of Command
    | LookForDeadlines

/// What the model knows: the state, the data, since when, and which deadline was sent.
type private Model = {
    At: State * Till
    Since: DateTimeOffset option
    Started: bool
    Sent: DateTimeOffset option
    Changes: (string * string) list
}

let private start = DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)

let private name state =
    match state with
    | Locked -> "Locked"
    | Unlocked _ -> "Unlocked"
    | Broken -> "Broken"

// The turnstile, told once more without rows: what a command comes to.
let private expected (state, till) command =
    match state, command with
    | Locked, Coin cents when till.Cents + cents >= 100 ->
        Ok([ Paid cents; Opened ], (Unlocked(till.Passed + 1), { till with Cents = till.Cents + cents - 100 }))
    | Locked, Coin cents -> Ok([ Paid cents ], (Locked, { till with Cents = till.Cents + cents }))
    | Unlocked _, Push -> Ok([ Passed ], (Locked, { till with Passed = till.Passed + 1 }))
    | Unlocked _, TimedOut -> Ok([ Closed ], (Locked, till))
    | Broken, Repair -> Ok([ Repaired ], (Locked, till))
    | _, Kick force when force > 9 -> Ok([ Broke ], (Broken, till))
    | _, Kick _ -> Error { State = name state; Command = "Kick"; Guards = [ "hard" ] }
    | _, Coin _ -> Error { State = name state; Command = "Coin"; Guards = [] }
    | _, Push -> Error { State = name state; Command = "Push"; Guards = [] }
    | _, Repair -> Error { State = name state; Command = "Repair"; Guards = [] }
    | _, TimedOut -> Error { State = name state; Command = "TimedOut"; Guards = [] }

let private moved now after model =
    let before, target = name (fst model.At), name (fst after)
    let isMoved = before <> target || not model.Started

    {
        model with
            At = after
            Started = true
            Since = if isMoved then Some now else model.Since
            Sent = if isMoved then None else model.Sent
            Changes = if before <> target then (before, target) :: model.Changes else model.Changes
    }

let private acts =
    let force = Gen.choose (8, 11)

    let command =
        Gen.frequency [
            6, Gen.choose (1, 120) |> Gen.map Coin
            3, Gen.constant Push
            2, Gen.map Kick force
            2, Gen.constant Repair
            1, Gen.constant TimedOut
        ]

    let act = Gen.frequency [ 5, Gen.map Give command; 2, Gen.constant LookForDeadlines ]
    let timed = Gen.zip act (Gen.choose (0, 25))
    Gen.choose (0, 25) |> Gen.bind (fun length -> Gen.listOfLength length timed) |> Arb.fromGen

// One sequence in memory: every outcome, state, deadline and transition is the model's, and the run verifies.
let private holds (sequence: (Act * int) list) =
    let stream = StreamId.Create "gate/1"
    let initial = Locked, { Cents = 0; Passed = 0 }

    let give now command (run, model) =
        let result, run = InMemoryRun.step stream now command run

        match result.Outcome, expected model.At command with
        | Ok events, Ok(others, after) when events = others && result.Position.State = after -> run, moved now after model
        | Error refusal, Error other when refusal = other && result.Position.State = model.At -> run, model
        | outcome, other -> failtest $"%A{outcome} and %A{other} after %A{model.At} and %A{command}"

    let step (now: DateTimeOffset, (run, model)) (act, seconds: int) =
        let now = now.AddSeconds(float seconds)
        let due = Turnstile.machine |> Machine.deadlineOf model.At model.Since

        let byModel =
            match model.At, model.Since with
            | (Unlocked _, _), Some since -> Some(since.AddSeconds 30.0, TimedOut)
            | _ -> None

        Expect.equal due byModel "the deadline"

        match act, due with
        | Give command, _ -> now, give now command (run, model)
        | LookForDeadlines, Some(at, command) when at <= now && model.Sent <> Some at ->
            now, give now command (run, { model with Sent = Some at })
        | LookForDeadlines, _ -> now, (run, model)

    let run = InMemoryRun.start Turnstile.aggregate (RunPin("gate", "properties", "1.0", 1UL)) "run"

    let empty = { At = initial; Since = None; Started = false; Sent = None; Changes = [] }

    let _, (run, model) = List.fold step (start, (run, empty)) sequence
    let entries = InMemoryRun.entries stream run
    let folded = Replay.fold Turnstile.aggregate (Replay.beginning Turnstile.aggregate) entries
    Expect.equal folded.State model.At "the fold"

    let events =
        entries
        |> List.map (fun entry ->
            match
                Turnstile.aggregate.Events.Decode {
                    Type = entry.Data.Type
                    SchemaVersion = entry.Data.SchemaVersion
                    Payload = entry.Data.Payload
                }
            with
            | Ok event -> event
            | Error error -> failtest (error.ToString()))

    let changes =
        Turnstile.machine |> Machine.transitionsOf events |> List.map (fun change -> change.From, change.To)

    Expect.equal changes (List.rev model.Changes) "the transitions"
    let report = run |> InMemoryRun.finish |> InMemoryRun.verify
    sequence.IsEmpty || List.forall (fun (act, _) -> act = LookForDeadlines) sequence || report.Matched

[<Tests>]
let tests =
    properties "Machines / against a model" [
        testProperty "random commands come to what a model without a table says" (Prop.forAll acts holds)
    ]
