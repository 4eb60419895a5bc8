// Outboxes, and the messages that decisions send through them.
// Made by users beside their codecs; Decision.fs puts messages into decisions, Run.Step.fs makes entries of them.
namespace Refold.Core

open System
open Refold

/// How the payload of a message comes about, whatever its type.
type internal IMessageForm =
    /// The payload.
    abstract Encode: unit -> Result<Encoded, CodecError>
    /// What a payload of any schema version is read as, encoded as it is now.
    abstract Again: encoded: Encoded -> Result<Encoded, CodecError>
    /// Its recorded place among the messages of its command, where others of those may have been deleted; else it follows from its place.
    abstract Ordinal: int option

/// A message that a decision sends. Immutable; made by `Decision.send`.
[<Sealed>]
type OutgoingMessage
    internal (outbox: string, value: obj | null, recipient: string option, deliverAfter: DateTimeOffset option, event: int option, form) =

    /// The outbox it is sent through.
    member _.Outbox: string = outbox

    /// The message.
    member _.Value: obj | null = value

    /// Whom it is for; absent where the outbox says it all.
    member _.Recipient: string option = recipient

    /// The time before which it is not delivered, UTC; absent: at once.
    member _.DeliverAfter: DateTimeOffset option = deliverAfter

    /// The place of the event that caused it among the events of its decision, from 0; absent where none is named.
    member _.Event: int option = event

    member internal _.Form: IMessageForm = form

    member internal _.With(recipient, deliverAfter, event) : OutgoingMessage =
        OutgoingMessage(outbox, value, recipient, deliverAfter, event, form)

    /// The outbox and the recipient; what is sent may be a secret.
    override _.ToString() =
        match recipient with
        | Some recipient -> "to " + recipient + " through " + outbox
        | None -> "through " + outbox

/// Where messages of one type wait until they are delivered: the stream `$outbox/NAME`. Made by `Outbox.create`.
[<Sealed>]
type Outbox<'Message> internal (name: string, codec: Codec<'Message>) =

    /// Its name.
    member _.Name: string = name

    /// The form of its messages.
    member _.Codec: Codec<'Message> = codec

    /// The stream of its messages, `$outbox/NAME`.
    member _.Stream: StreamId = StreamId.Create("$outbox/" + name)

    /// Its name.
    override _.ToString() = name

    interface IMessageSource<'Message> with
        member _.Form value =
            { new IMessageForm with
                member _.Encode() = CodecEncode.record codec value
                member _.Again encoded = codec.Decode encoded |> Result.bind (CodecEncode.record codec)
                member _.Ordinal = None
            }

/// What makes forms of messages.
and internal IMessageSource<'Message> =
    abstract Form: value: 'Message -> IMessageForm

/// Making outboxes.
[<RequireQualifiedAccess>]
module Outbox =

    /// The longest name, in UTF-8 bytes.
    let internal nameBytes = 128

    /// The longest name of a recipient, in UTF-8 bytes.
    let internal recipientBytes = 512

    /// What the streams of outboxes begin with.
    let internal prefix = StreamId.outboxPrefix

    /// Whether the stream is that of an outbox.
    let internal isOne (stream: StreamId) : bool = StreamId.isOutbox stream

    /// The name of the outbox of a stream.
    let internal nameOf (stream: StreamId) : string = stream.Value.Substring prefix.Length

    /// The stream of an outbox.
    let internal streamOf (name: string) : StreamId = StreamId.Create(prefix + name)

    /// An outbox: 1 to 128 UTF-8 bytes without control characters name it, and the codec gives its messages their form. Throws
    /// `ArgumentException` for another name, and for a codec with redaction: what is not written cannot be delivered. Its type names should
    /// be its own: under those of events, a query for events by type finds messages too.
    let create (name: string) (codec: Codec<'Message>) : Outbox<'Message> =
        match Text.validate "outbox" nameBytes name with
        | Error error -> invalidArg (nameof name) (error.ToString())
        | Ok _ when CodecEncode.redacts codec ->
            invalidArg (nameof codec) "a message is delivered as it was recorded: give the outbox a codec without redaction"
        | Ok _ -> Outbox<'Message>(name, codec)
