// The F# code of facade/docs/delivery.md as it stands there: a decider that sends, and a dispatcher that hands over.
// Run by `dotnet test` and by Program.fs; that the page shows this very code is tested by Refold.Tests.
namespace Refold.Properties

open System
open System.Threading.Tasks
open Expecto
open Refold
open Refold.Core
open Refold.FSharp

module Selling =

    type Charge = { Sku: string; Cents: int }

    type Command = Place of sku: string

    type Event = Placed of sku: string

    type Refusal = | AlreadyPlaced

    let payments = Outbox.create "payments" (Codec.json<Charge> "charge")

    let decide (step: Step) (placed: int) (command: Command) : Decision<Event, Refusal> =
        match command with
        | Place _ when placed > 0 -> Decision.refuse AlreadyPlaced
        | Place sku ->
            Decision.accept [ Placed sku ]
            |> Decision.send payments { Sku = sku; Cents = 250 }
            |> Decision.toRecipient "bank"
            |> Decision.deliverAfter (step.Now.AddHours 1.0)

    let decider = Decider.sending 0 decide (fun placed (Placed _) -> placed + 1)

    let shop =
        Aggregate.create "shop" decider (Codec.json<Command> "command") (Codec.json<Event> "event") (Codec.json<Refusal> "refusal")

    let sell (journal: IJournal) bank =
        task {
            let! run = Run.start (RunPin("shop", "examples", "1.0", 42UL)) journal
            let! _ = run |> Run.execute shop "shop/1" (Place "tea")
            let! round = Dispatcher.create payments bank journal |> Dispatcher.deliverDue
            let! _ = Run.finish run
            do! run.DisposeAsync()
            return run.Id, round
        }

module DeliveryExamples =

    open Selling

    type private Later() =
        inherit TimeProvider()
        override _.GetUtcNow() = DateTimeOffset.UtcNow.AddDays 1.0

    let private run (work: Task<'T>) = work.GetAwaiter().GetResult()

    [<Tests>]
    let tests =
        testList
            "Delivery / in F#"
            [
                testCase "what is sold is recorded with its message, which waits for its time, and the run verifies" (fun () ->
                    let journal = new InMemoryJournal()
                    let handed = ResizeArray<OutboxMessage<Charge>>()

                    let bank message =
                        handed.Add message
                        Task.CompletedTask

                    let name, round = run (sell journal bank)
                    Expect.equal (round.IsOwner, round.Confirmed) (true, 0) "an hour is not over"
                    Expect.isTrue round.NextDue.HasValue "it waits"
                    let status = run (Dispatcher.status payments journal)
                    Expect.equal (List.ofSeq status.Unconfirmed) [ 1L ] "one message"
                    Expect.isTrue (run (Run.verify name [ shop ] journal)).Matched "made again"

                    let options = OutboxDispatcherOptions(Name = status.Dispatcher, TimeProvider = Later())
                    let later = Dispatcher.createWith options payments bank journal
                    Expect.equal (run (Dispatcher.deliverDue later)).Confirmed 1 "its time has come"
                    Expect.equal handed[0].Message { Sku = "tea"; Cents = 250 } "what was sent"
                    Expect.isFalse (run (Dispatcher.confirm 1L later)) "it is confirmed")
            ]
