// The entry of a message that a step sends: its payload settled by the message's codec, its id made of what the step is.
// Called by Run.Step.fs.
namespace Refold.Core

open System
open Refold

/// Entries of messages.
[<RequireQualifiedAccess>]
module internal MessageEntry =

    /// The entry of a message, which has `index` others of its command before it. `entryOf` gives a payload its stream and its ids.
    let make
        (settings: StepSettings)
        (run: RunId)
        (target: StreamId)
        (versionBefore: int64)
        (now: DateTimeOffset)
        (commandId: Guid)
        (entryOf: StreamId -> Encoded -> EntryData)
        (index: int, message: OutgoingMessage)
        : Result<EntryData, StepError> =
        let eventId event = Entry.derivedId (Some run) target (versionBefore + int64 event + 1L)

        Settle.message settings message.Form
        |> Result.map (fun encoded ->
            let content: MessageContent =
                {
                    Ordinal = message.Form.Ordinal |> Option.defaultValue (index + 1)
                    Recipient = message.Recipient
                    DeliverAfter = message.DeliverAfter
                    Event = message.Event |> Option.map eventId
                    Data = encoded.Payload
                }

            { entryOf (Outbox.streamOf message.Outbox) { encoded with Payload = MessageContent.write content } with
                Id = Some(MessageContent.idOf commandId content.Ordinal target versionBefore now)
            })
