// The F# code of facade/docs/machines.md as it stands there: a turnstile as a table over unions.
// Run by `dotnet test` and by Program.fs; that the page shows this very code is tested by Refold.Tests.
namespace Refold.Properties

open System
open Expecto
open Refold
open Refold.Core
open Refold.FSharp
open Refold.Testing

module Turnstile =

    type State =
        | Locked
        | Unlocked of visitor: int
        | Broken

    type Till = { Cents: int; Passed: int }

    type Command =
        | Coin of cents: int
        | Push
        | Kick of force: int
        | Repair
        | TimedOut

    type Event =
        | Paid of cents: int
        | Opened
        | Passed
        | Closed
        | Broke
        | Repaired

    let private decide _ (_, till) command =
        match command with
        | Coin cents when till.Cents + cents >= 100 -> Ok [ Paid cents; Opened ]
        | Coin cents -> Ok [ Paid cents ]
        | Push -> Ok [ Passed ]
        | Kick _ -> Ok [ Broke ]
        | Repair -> Ok [ Repaired ]
        | TimedOut -> Ok [ Closed ]

    let private evolve (state, till) event =
        match event with
        | Paid cents -> state, { till with Cents = till.Cents + cents }
        | Opened -> Unlocked(till.Passed + 1), { till with Cents = till.Cents - 100 }
        | Passed -> Locked, { till with Passed = till.Passed + 1 }
        | Closed
        | Repaired -> Locked, till
        | Broke -> Broken, till

    let private isHard _ command =
        match command with
        | Kick force -> force > 9
        | _ -> false

    let table: MachineTable<State, Till, Command, Event, IllegalTransition> =
        Machine.create "gate"
        |> Machine.initially Locked { Cents = 0; Passed = 0 }
        |> Machine.commands (Codec.json<Command> "Command")
        |> Machine.events (Codec.jsonUnion<Event>())
        |> Machine.errors id IllegalTransition.codec
        |> Machine.state (Codec.json<State * Till> "Gate")
        |> Machine.rows
            [
                Machine.on [ "Locked" ] "Coin" decide
                Machine.on [ "Unlocked" ] "Push" decide
                Machine.on [ "Unlocked" ] "TimedOut" decide
                Machine.on [ "Broken" ] "Repair" decide
                Machine.onWhen Machine.any "Kick" "hard" isHard decide
                Machine.stays [ "Locked" ] "Paid" evolve
                Machine.moves [ "Locked" ] "Opened" "Unlocked" evolve
                Machine.moves [ "Unlocked" ] "Passed" "Locked" evolve
                Machine.moves [ "Unlocked" ] "Closed" "Locked" evolve
                Machine.moves [ "Broken" ] "Repaired" "Locked" evolve
                Machine.moves Machine.any "Broke" "Broken" evolve
                Machine.timesOut "Unlocked" (TimeSpan.FromSeconds 30.0) TimedOut
            ]

    let machine = Machine.buildOrThrow table

    let aggregate = machine.Aggregate

module MachineExamples =

    open Turnstile

    let private gate = Aggregate.handle Turnstile.aggregate

    let private start = DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)

    type private Clock() =
        inherit TimeProvider()
        member val Now = start with get, set
        override this.GetUtcNow() = this.Now

    let private arrow from on target = MachineTransition(from, on, target)

    let private codes table =
        match Machine.build table with
        | Ok _ -> []
        | Error defects -> defects |> List.map _.Code

    [<Tests>]
    let tests =
        testList
            "Machines / in F#"
            [
                testCase "a command is decided by state and data, and an illegal one is refused" (fun () ->
                    gate
                        .Given([ Paid 60 ])
                        .When(Coin 40)
                        .Then([ Paid 40; Opened ])
                        .ThenState((Unlocked 1, { Cents = 0; Passed = 0 }))
                        .When(Repair)
                        .ThenRefused({ State = "Unlocked"; Command = "Repair"; Guards = [] })
                        .When(Kick 9)
                        .ThenRefused({ State = "Unlocked"; Command = "Kick"; Guards = [ "hard" ] })
                    |> ignore)

                testCase "transitions are real changes only" (fun () ->
                    Expect.equal
                        (Turnstile.machine |> Machine.transitionsOf [ Paid 100; Opened; Broke; Broke; Repaired ])
                        [
                            arrow "Locked" "Opened" "Unlocked"
                            arrow "Unlocked" "Broke" "Broken"
                            arrow "Broken" "Repaired" "Locked"
                        ]
                        "as observed"

                    Expect.hasLength (Machine.transitions Turnstile.machine) 6 "as declared"
                    Expect.stringContains (Machine.mermaid Turnstile.machine) "s1 --> s2 : Opened" "as drawn")

                testCase "an illegal transition has the bytes that C# gives it" (fun () ->
                    let ours = { State = "Locked"; Command = "Push"; Guards = [ "hard" ] }
                    let theirs = Refold.IllegalTransition("Locked", "Push", [| "hard" |])

                    match IllegalTransition.codec.Encode ours with
                    | Error error -> failtest (error.ToString())
                    | Ok encoded ->
                        let other = Refold.IllegalTransition.Codec.Encode theirs
                        Expect.equal (encoded.Payload.ToText()) (Text.Encoding.UTF8.GetString other.Payload.Span) "payload"
                        Expect.equal encoded.Type other.Type "type")

                testCase "what is wrong with a table is named" (fun () ->
                    let bare: MachineTable<State, Till, Command, Event, IllegalTransition> = Machine.create "bare"
                    Expect.equal (codes bare) [ "missing-initial"; "missing-codec" ] "missing"

                    Expect.equal
                        (codes (Turnstile.table |> Machine.on [ "Locked" ] "Coin" (fun _ _ _ -> Ok [])))
                        [ "duplicate-row" ]
                        "twice"

                    Expect.equal
                        (codes (Turnstile.table |> Machine.on [ "Open" ] "Coin" (fun _ _ _ -> Ok [])))
                        [ "unknown-state" ]
                        "unknown"

                    Expect.throwsT<MachineException>
                        (fun () -> Machine.buildOrThrow bare |> ignore<Machine<State, Till, Command, Event, IllegalTransition>>)
                        "thrown")

                testCase "no state is left by time at once, or before it was entered" (fun () ->
                    for after in [ TimeSpan.Zero; TimeSpan.FromTicks -1L ] do
                        Expect.throwsT<ArgumentException>
                            (fun () ->
                                Turnstile.table
                                |> Machine.timesOut "Locked" after TimedOut
                                |> ignore<MachineTable<State, Till, Command, Event, IllegalTransition>>)
                            "a time")

                testCase "a machine runs in memory without the facade, and its run verifies" (fun () ->
                    let stream = StreamId.Create "gate/1"
                    let execute run command = InMemoryRun.execute stream start command run
                    let run = InMemoryRun.start Turnstile.aggregate (RunPin("gate", "examples", "1.0", 1UL)) "run"
                    let run = List.fold execute run [ Coin 100; Coin 1; Push; Kick 10; Kick 10; Repair ]
                    Expect.equal (InMemoryRun.state stream run).State (Locked, { Cents = 0; Passed = 1 }) "state"
                    let report = run |> InMemoryRun.finish |> InMemoryRun.verify
                    Expect.isTrue report.Matched (report.ToString()))

                testCase "a deadline that passed is sent once" (fun () ->
                    let work =
                        task {
                            let clock = Clock()
                            use! journal = Journal.openAt "memory:"

                            use! run =
                                journal |> Run.startWith (RunOptions(TimeProvider = clock)) (RunPin("gate", "examples", "1.0", 1UL))

                            let! opened = run |> Run.execute Turnstile.aggregate "gate/1" (Coin 100)
                            Expect.isOk opened "opened"
                            let at = Unlocked 1, { Cents = 0; Passed = 0 }

                            Expect.equal
                                (Turnstile.machine |> Machine.deadlineOf at (Some start))
                                (Some(start.AddSeconds 30.0, TimedOut))
                                "a value"

                            use driver = Turnstile.machine |> Machine.deadlines run
                            let! early = driver.FireDueAsync()
                            clock.Now <- start.AddSeconds 30.0
                            let! due = driver.FireDueAsync()
                            let! again = driver.FireDueAsync()
                            let! history = Turnstile.machine |> Machine.history journal "gate/1"
                            return (early, due, again), history |> List.map _.Transition
                        }

                    Expect.equal work.Result ((0, 1, 0), [ arrow "Locked" "Opened" "Unlocked"; arrow "Unlocked" "Closed" "Locked" ]) "once")
            ]
