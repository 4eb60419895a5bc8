// Decisions with messages as values, and deciders that send through every combinator.
// Run by `dotnet test`.
module Refold.Core.Tests.DecisionTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support

let private step () : Step = {
    Now = DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)
    CommandId = Guid.Empty
    Random = SeededRng.FromSeed 1UL
}

let private sent (decision: Decision<_, _>) =
    decision.Messages |> List.map (fun message -> message.Outbox, message.Recipient, message.Event)

let private throwsArgument (action: unit -> unit) = Expect.throwsT<ArgumentException> action "an ArgumentException"

[<Tests>]
let tests =
    testList "Delivery / decisions" [
        testCase "a decision has its events and its messages in order, and each message what was said of it" (fun () ->
            let decision = Shop.decide (step ()) { Sum = 0 } (Shop.Buy 3)
            equal (Ok [ Shop.Bought 3 ]) decision.Outcome
            equal [ "payments", Some "bank", Some 0; "mails", None, None ] (sent decision)
            equal (Some((step ()).Now.AddHours 1.0)) decision.Messages[1].DeliverAfter
            isTrue (Object.Equals(decision.Messages[0].Value, { Shop.Charge = 3; Shop.Note = "bought" })))

        testCase "a refusal sends nothing, whatever is said behind it" (fun () ->
            let refused =
                Decision.refuse Shop.NothingBought |> Decision.send Shop.mails "a" |> Decision.toRecipient "b"

            equal (Error Shop.NothingBought, 0) ((refused: Decision<Shop.Event, _>).Outcome, refused.Messages.Length))

        testCase "a name, a recipient and a cause that break a rule are refused" (fun () ->
            let accepted () : Decision<Shop.Event, Shop.Refusal> = Decision.accept [ Shop.Shipped ] |> Decision.send Shop.mails "a"

            for name in [ ""; "a\n"; String('n', 129) ] do
                throwsArgument (fun () -> Outbox.create name Shop.paymentCodec |> ignore)

            throwsArgument (fun () -> accepted () |> Decision.toRecipient "" |> ignore)
            throwsArgument (fun () -> accepted () |> Decision.causedBy 1 |> ignore)
            throwsArgument (fun () -> accepted () |> Decision.causedBy -1 |> ignore)

            Expect.throwsT<InvalidOperationException>
                (fun () -> (Decision.accept []: Decision<Shop.Event, Shop.Refusal>) |> Decision.toRecipient "a" |> ignore)
                "nothing was sent")

        testCase "a codec that hides a part makes no outbox: a message is delivered as it was recorded" (fun () ->
            throwsArgument (fun () -> Shop.paymentCodec |> Codec.redact [ "$.Note" ] |> Outbox.create "payments" |> ignore)

            let inside =
                Codec.union [
                    Codec.case "payment" Some id (Shop.paymentCodec |> Codec.redact [ "$.Note" ])
                ]

            throwsArgument (fun () -> inside |> Outbox.create "payments" |> ignore))

        testCase "a decider that sends keeps its messages through every combinator" (fun () ->
            let names (decider: Decider<_, _, _, _>) command initial =
                Decider.decide decider (step ()) initial command |> sent |> List.map (fun (name, _, _) -> name)

            let both = [ "payments"; "mails" ]
            equal both (names (Decider.mapCommand Shop.Buy Shop.decider) 3 { Sum = 0 })
            equal both (names (Decider.mapEvent string<Shop.Event> (fun _ -> Shop.Shipped) Shop.decider) (Shop.Buy 3) { Sum = 0 })

            equal
                both
                (names
                    (Decider.mapState (fun (state: Shop.State) -> state.Sum) (fun (sum: int) -> { Shop.Sum = sum }) Shop.decider)
                    (Shop.Buy 3)
                    0)

            equal both (names (Decider.mapError string<Shop.Refusal> Shop.decider) (Shop.Buy 3) { Sum = 0 })
            let combined = Decider.combine Game.decider Shop.decider
            equal both (names combined (Choice2Of2(Shop.Buy 3)) combined.Initial)
            equal [] (names combined (Choice1Of2 Game.Open) combined.Initial)
            equal both (names (Decider.many Shop.decider) ("a", Shop.Buy 3) Map.empty))

        testCase "a plain decider stays one: its decide can be called, and a Decision is made of it" (fun () ->
            let mapped = Decider.mapCommand id Game.decider
            equal (Ok [ Game.Opened "house" ]) (mapped.Decide (step ()) mapped.Initial Game.Open)
            equal [] (Decider.decide mapped (step ()) mapped.Initial Game.Open).Messages)

        testCase "calling decide by itself where messages would be lost throws; without messages it answers" (fun () ->
            Expect.throwsT<InvalidOperationException>
                (fun () -> Shop.decider.Decide (step ()) { Sum = 0 } (Shop.Buy 1) |> ignore)
                "messages are not lost in silence"

            equal (Error Shop.NothingBought) (Shop.decider.Decide (step ()) { Sum = 0 } (Shop.Ship 1)))

        testCase "the content of a message entry is written in one form and read back from no other" (fun () ->
            let content: MessageContent = {
                Ordinal = 2
                Recipient = Some "bank"
                DeliverAfter = Some(DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours 2.0))
                Event = Some(Guid "11111111-2222-8333-8444-555555555555")
                Data = Bytes.OfText """{"a":1}"""
            }

            let text =
                """{"ordinal":2,"recipient":"bank","deliverAfter":"2026-01-01T00:00:00Z","""
                + "\"event\":\"11111111-2222-8333-8444-555555555555\",\"data\":{\"a\":1}}"

            equal text ((MessageContent.write content).ToText())

            equal
                (Ok {
                    content with
                        DeliverAfter = Some(DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
                })
                (MessageContent.tryRead (Bytes.OfText text))

            let bytes = {
                content with
                    Recipient = None
                    DeliverAfter = None
                    Event = None
                    Data = Bytes.OfText "a\nb"
            }

            equal """{"ordinal":2,"dataBase64":"YQpi"}""" ((MessageContent.write bytes).ToText())
            equal (Ok bytes) (MessageContent.tryRead (MessageContent.write bytes))

            for wrong in
                [
                    "7"
                    "{}"
                    """{"ordinal":1}"""
                    """{"data":1}"""
                    """{"ordinal":"1","data":1}"""
                    """{"ordinal":1, "data":1}"""
                    """{"ordinal":1,"data":1,"more":1}"""
                    """{"ordinal":1,"data":1,"dataBase64":""}"""
                    """{"ordinal":1,"dataBase64":"!"}"""
                    """{"ordinal":1,"dataBase64":"MQ=="}"""
                    """{"ordinal":1,"event":"x","data":1}"""
                    """{"ordinal":1,"deliverAfter":"x","data":1}"""
                ] do
                isTrue (Result.isError (MessageContent.tryRead (Bytes.OfText wrong))))
    ]
