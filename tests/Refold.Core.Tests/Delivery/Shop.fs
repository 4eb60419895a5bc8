// A shop whose decisions send messages through two outboxes.
// Used by the tests of this room.
module Refold.Core.Tests.Shop

open System
open Refold.Core

type Command =
    | Buy of amount: int
    | Remind
    | Ship of many: int
    | Fail

type Event =
    | Bought of amount: int
    | Shipped

type Refusal = | NothingBought

type State = { Sum: int }

type Payment = { Charge: int; Note: string }

let paymentCodec = Codec.json<Payment> "payment"

let payments = Outbox.create "payments" paymentCodec

let mails = Outbox.create "mails" (Codec.text "mail")

let decide (step: Step) (state: State) (command: Command) : Decision<Event, Refusal> =
    match command with
    | Buy amount ->
        Decision.accept [ Bought amount ]
        |> Decision.send payments { Charge = amount; Note = "bought" }
        |> Decision.toRecipient "bank"
        |> Decision.causedBy 0
        |> Decision.send mails "thank you"
        |> Decision.deliverAfter (step.Now.AddHours 1.0)
    | Remind -> Decision.accept [] |> Decision.send mails "think of us"
    | Ship many when state.Sum > 0 ->
        List.fold (fun made n -> made |> Decision.send mails (string<int> n)) (Decision.accept [ Shipped ]) [ 1..many ]
    | Ship _ -> Decision.refuse NothingBought |> Decision.send mails "never"
    | Fail -> failwith "no"

let evolve (state: State) (event: Event) =
    match event with
    | Bought amount -> { Sum = state.Sum + amount }
    | Shipped -> { Sum = 0 }

let decider = Decider.sending { Sum = 0 } decide evolve

let aggregate =
    { Aggregate.create "shop" decider (Codec.json<Command> "command") (Codec.json<Event> "event") (Codec.json<Refusal> "refusal") with
        State = Some(Codec.json<State> "state")
    }

/// The same shop under another rule.
let ruledBy decide = { aggregate with Decider = Decider.sending { Sum = 0 } decide evolve }

let shop = StreamId.Create "shop/1"

let other = StreamId.Create "shop/2"

let paymentStream = StreamId.Create "$outbox/payments"

let mailStream = StreamId.Create "$outbox/mails"
