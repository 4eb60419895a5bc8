// Steps that send: where messages lie, their ids and numbers, what a step without events does, what is refused before it is appended.
// Run by `dotnet test`.
module Refold.Core.Tests.MessageStepTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support.Recording
open Refold.Support

let private positions (journal: Journal) = Journal.readAll 1L Int32.MaxValue journal

let private failure aggregate stream command recorder =
    match stepOf aggregate stream command recorder with
    | Error error -> error.ToString()
    | Ok _ -> failtest "the step was made"

[<Tests>]
let tests =
    testList "Delivery / steps" [
        testCase "messages lie in their outboxes, in the batch of their events and behind them" (fun () ->
            let recorder = start "r" |> execute Shop.aggregate Shop.shop (Shop.Buy 3)
            let batch = positions recorder.Journal |> List.filter (fun entry -> entry.Batch = 2L)

            equal
                [
                    "$run/r", Role.Command
                    "shop/1", Role.Event
                    "$outbox/payments", Role.Message
                    "$outbox/mails", Role.Message
                ]
                (batch |> List.map (fun entry -> entry.Data.Stream.Value, entry.Data.Role))

            let command = Entry.id batch[0]
            let payment, mail = batch[2], batch[3]
            equal (Some command, Some command, Some recorder.Context.Run) (mail.Data.CausationId, mail.Data.CorrelationId, mail.Data.Run)
            equal ("payment", 1) (payment.Data.Type, payment.Data.SchemaVersion)
            equal [ "kind:derived" ] (Tags.toOutward payment.Data.Role payment.Data.Tags |> List.ofSeq)
            let event = (Entry.id batch[1]).ToString "D"

            equal
                ("{\"ordinal\":1,\"recipient\":\"bank\",\"event\":\""
                 + event
                 + "\",\"data\":{\"Charge\":3,\"Note\":\"bought\"}}")
                (payment.Data.Payload.ToText())

            equal """{"ordinal":2,"deliverAfter":"2024-05-01T13:00:00Z","dataBase64":"dGhhbmsgeW91"}""" (mail.Data.Payload.ToText()))

        testCase "a message's id follows from its command and its place, its number from the store" (fun () ->
            let alone = start "r" |> execute Shop.aggregate Shop.shop Shop.Remind
            let before = EntryData.create Shop.mailStream Role.Message "mail" (Bytes.OfText "another")
            let behind = start "r" |> appendOwn [ before ] |> execute Shop.aggregate Shop.shop Shop.Remind
            let last recorder = entriesOf Shop.mailStream recorder.Journal |> List.last
            equal (1L, 2L) ((last alone).Version, (last behind).Version)
            equal (Entry.id (last alone)) (Entry.id (last behind))
            isTrue (last alone).Data.Id.IsSome
            // Two of one command, and the same of another command, have other ids.
            let many = alone |> executeAll Shop.aggregate Shop.shop [ Shop.Buy 1; Shop.Ship 3; Shop.Remind ]
            let ids = positions many.Journal |> List.map Entry.id
            equal ids.Length (List.distinct ids).Length)

        testCase "a step that only sends leaves the state and the stream as they were" (fun () ->
            let recorder = start "r" |> execute Shop.aggregate Shop.shop (Shop.Buy 3)
            let next = recorder |> execute Shop.aggregate Shop.shop Shop.Remind
            equal (positionOf Shop.aggregate Shop.shop recorder).State (positionOf Shop.aggregate Shop.shop next).State
            equal 1 (entriesOf Shop.shop next.Journal).Length
            equal 2 (entriesOf Shop.mailStream next.Journal).Length)

        testCase "mode Off appends the same events and messages, and nothing else" (fun () ->
            let made mode =
                startIn Journal.empty mode "r"
                |> executeAll Shop.aggregate Shop.shop [ Shop.Ship 1; Shop.Buy 3; Shop.Remind; Shop.Ship 2 ]

            let data streams recorder = [
                for stream in streams -> entriesOf stream recorder.Journal |> List.map _.Data
            ]

            let streams = [ Shop.shop; Shop.paymentStream; Shop.mailStream ]
            let recorded, off = made RecordMode.Record, made RecordMode.Off
            equal (data streams recorded) (data streams off)

            isTrue (
                positions off.Journal
                |> List.forall (fun entry -> entry.Data.Role = Role.Event || entry.Data.Role = Role.Message)
            ))

        testCase "runs of mode Off that have one name give their messages other ids, also where nothing else moves on" (fun () ->
            let first = startIn Journal.empty RecordMode.Off "r" |> execute Shop.aggregate Shop.shop Shop.Remind

            let again = {
                startIn first.Journal RecordMode.Off "r" with
                    Clock = first.Clock.AddMinutes 1.0
            }

            let both = again |> execute Shop.aggregate Shop.shop Shop.Remind
            let ids = entriesOf Shop.mailStream both.Journal |> List.map Entry.id
            equal 2 (List.distinct ids).Length)

        testCase "a refused command sends nothing, and none is refused by a number: an outbox has no expected version" (fun () ->
            let refused = start "r" |> execute Shop.aggregate Shop.shop (Shop.Ship 1)
            equal [] (entriesOf Shop.mailStream refused.Journal)

            match stepOf Shop.aggregate Shop.shop Shop.Remind refused with
            | Ok { Batch = Some batch } ->
                equal [ "$run/r"; "shop/1" ] (batch.Request.Expected |> List.map (fun (stream, _) -> stream.Value))
            | _ -> failtest "no step")

        testCase "a message codec that loses something is refused at the step, and nothing is appended" (fun () ->
            let rounding =
                Codec.create "rounded" 1 (fun value -> Ok(Bytes.OfText(string<int>(value / 10 * 10)))) (fun payload ->
                    Ok(int (payload.ToText()) + 10))

            let outbox = Outbox.create "rounded" rounding
            let ruled = Shop.ruledBy (fun _ _ _ -> Decision.accept [] |> Decision.send outbox 19)
            let reason = failure ruled Shop.shop Shop.Remind (start "r")
            isTrue (reason.Contains "the message" && reason.Contains "loses something")

            let throwing =
                Outbox.create "throwing" (Codec.create "t" 1 (fun (_: int) -> failwith "boom") (fun _ -> Ok 1))

            let ruled = Shop.ruledBy (fun _ _ _ -> Decision.accept [] |> Decision.send throwing 19)
            isTrue ((failure ruled Shop.shop Shop.Remind (start "r")).Contains "boom"))

        testCase "more messages than a batch may have entries are refused" (fun () ->
            let reason =
                start "r"
                |> execute Shop.aggregate Shop.shop (Shop.Buy 1)
                |> failure Shop.aggregate Shop.shop (Shop.Ship 65_537)

            isTrue (reason.Contains "messages of a step"))

        testCase "a decision that is null is a fault of the step" (fun () ->
            let ruled = Shop.ruledBy (fun _ _ _ -> Unchecked.defaultof<_>)
            isTrue ((failure ruled Shop.shop Shop.Remind (start "r")).Contains "null"))

        testCase "others append nothing to outboxes" (fun () ->
            for stream in [ "$outbox/payments"; "$outbox-log/payments" ] do
                let data = EntryData.create (StreamId.Create stream) Role.Message "payment" (Bytes.OfText "1")

                match Append.encode (Append.request [ data ]) with
                | Error(AppendError.Invalid(ValueError.Reserved("stream", _))) -> ()
                | _ -> failtest "it was taken")
    ]
