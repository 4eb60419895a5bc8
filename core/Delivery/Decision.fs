// What a decision comes to: events and the messages that are sent with them, or a refusal.
// Written by users in `decide`; a plain `Result` of events stays as good. Read by Run.Step.fs through Decider.fs.
namespace Refold.Core

open System
open Refold

/// Events and messages, or a refusal. Immutable; made by the functions of `Decision`.
[<NoEquality; NoComparison>]
type Decision<'Event, 'Error> =
    private
        {
            Made: Result<'Event list, 'Error>
            // The last one first.
            Sent: OutgoingMessage list
        }

    /// The events, or the refusal.
    member this.Outcome: Result<'Event list, 'Error> = this.Made

    /// The messages, in the order in which they are sent; none where refused.
    member this.Messages: OutgoingMessage list = List.rev this.Sent

/// Making decisions: `Decision.accept [ Placed sku ] |> Decision.send payments (Charge total)`.
[<RequireQualifiedAccess>]
module Decision =

    /// A decision of a `Result`, which sends nothing.
    let ofResult (outcome: Result<'Event list, 'Error>) : Decision<'Event, 'Error> = { Made = outcome; Sent = [] }

    /// Events; none: nothing happens.
    let accept (events: 'Event list) : Decision<'Event, 'Error> = ofResult (Ok events)

    /// A refusal.
    let refuse (error: 'Error) : Decision<'Event, 'Error> = ofResult (Error error)

    /// The decision with one more message, behind those before. It is appended with the events, or with none, in one batch. A refusal
    /// stays as it is: it sends nothing.
    let send (outbox: Outbox<'Message>) (message: 'Message) (decision: Decision<'Event, 'Error>) : Decision<'Event, 'Error> =
        match decision.Made with
        | Error _ -> decision
        | Ok _ ->
            let form = (outbox :> IMessageSource<'Message>).Form message
            let sent = OutgoingMessage(outbox.Name, box message, None, None, None, form)
            { decision with Sent = sent :: decision.Sent }

    let private changeLast (change: OutgoingMessage -> OutgoingMessage) (decision: Decision<'Event, 'Error>) =
        match decision.Made, decision.Sent with
        | Error _, _ -> decision
        | Ok _, last :: before -> { decision with Sent = change last :: before }
        | Ok _, [] -> invalidOp "the decision has sent no message yet: send it first"

    /// Names whom the message sent last is for: 1 to 512 UTF-8 bytes without control characters, else `ArgumentException`.
    let toRecipient (recipient: string) (decision: Decision<'Event, 'Error>) : Decision<'Event, 'Error> =
        match Text.validate "recipient" Outbox.recipientBytes recipient with
        | Error error -> invalidArg (nameof recipient) (error.ToString())
        | Ok _ -> changeLast (fun sent -> sent.With(Some recipient, sent.DeliverAfter, sent.Event)) decision

    /// The message sent last is not delivered before this time. It is an absolute time: for a delay write `step.Now.AddHours 1.0`.
    let deliverAfter (time: DateTimeOffset) (decision: Decision<'Event, 'Error>) : Decision<'Event, 'Error> =
        changeLast (fun sent -> sent.With(sent.Recipient, Some(time.ToUniversalTime()), sent.Event)) decision

    /// Names the event that caused the message sent last, by its place among the decision's events, from 0. `ArgumentException` where
    /// there is no such event.
    let causedBy (event: int) (decision: Decision<'Event, 'Error>) : Decision<'Event, 'Error> =
        match decision.Made with
        | Ok events when event < 0 || event >= List.length events ->
            invalidArg (nameof event) ("the decision has no event at place " + Numbers.text event)
        | _ -> changeLast (fun sent -> sent.With(sent.Recipient, sent.DeliverAfter, Some event)) decision

    let internal withMessages (messages: OutgoingMessage list) (decision: Decision<'Event, 'Error>) =
        { decision with Sent = List.rev messages }

    let internal mapEvents (mapping: 'Event -> 'Outer) (decision: Decision<'Event, 'Error>) : Decision<'Outer, 'Error> =
        { Made = Result.map (List.map mapping) decision.Made; Sent = decision.Sent }

    let internal mapError (mapping: 'Error -> 'Outer) (decision: Decision<'Event, 'Error>) : Decision<'Event, 'Outer> =
        { Made = Result.mapError mapping decision.Made; Sent = decision.Sent }
