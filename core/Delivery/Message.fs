// What a message entry holds: its ordinal among the messages of its command, whom it is for, and the codec's bytes as they are.
// Written by Run.Step.fs; read by Replay.Messages.fs and by the dispatcher.
namespace Refold.Core

open System
open Refold

/// What is written in a message entry.
[<NoComparison>]
type internal MessageContent =
    {
        /// Its place among the messages of its command, from 1. With the command's id it is the message's identity.
        Ordinal: int
        /// Whom it is for.
        Recipient: string option
        /// The time before which it is not delivered, UTC.
        DeliverAfter: DateTimeOffset option
        /// The id of the event that caused it.
        Event: Guid option
        /// The codec's bytes.
        Data: Bytes
    }

/// `{"ordinal":1,"recipient":"acme","deliverAfter":"2026-01-01T00:00:00Z","event":"ID","data":PAYLOAD}`: of the members only the first and
/// the last are always there. `dataBase64` stands for `data` where the payload is not one JSON value without outer space, CR or LF. Type
/// and schema version of the entry are the message codec's.
[<RequireQualifiedAccess>]
module internal MessageContent =

    /// The id of a message entry. It does not follow from the message's number, which the store gives: from the command, its place, and
    /// from the step's stream, version and time, as runs of mode Off that have one name repeat the ids of commands.
    let idOf (commandId: Guid) (ordinal: int) (stream: StreamId) (versionBefore: int64) (now: DateTimeOffset) : Guid =
        Hash.ofParts "refold.message-id" (fun writer ->
            writer.Text(commandId.ToString "D")
            writer.Int32 ordinal
            writer.Text stream.Value
            writer.Int64 versionBefore
            writer.Int64 now.UtcTicks)
        |> Hash.toGuid

    /// The payload of a message entry.
    let write (content: MessageContent) : Bytes =
        let writer = ByteWriter(content.Data.Length * 4 / 3 + 128)
        let members = JsonObjectWriter writer
        members.Integer("ordinal", int64 content.Ordinal)
        content.Recipient |> Option.iter (fun recipient -> members.Text("recipient", recipient))

        content.DeliverAfter
        |> Option.iter (fun time -> members.Text("deliverAfter", Timestamp.format (time.ToUniversalTime())))

        content.Event |> Option.iter (fun id -> members.Text("event", id.ToString "D"))

        if Json.isOneLine content.Data.Memory then
            members.Name "data"
            writer.Raw content.Data.Span
        else
            members.Text("dataBase64", Convert.ToBase64String content.Data.Span)

        members.Close()
        Bytes.Wrap writer.WrittenMemory

    let private fault reason = raise (JsonFault reason)

    let private text (name: string) (json: ReadOnlyMemory<byte>) =
        match (JsonReader json).Value() with
        | JsonValue.String text -> text
        | _ -> fault ("the member '" + name + "' must be a string")

    let private parts (payload: Bytes) : MessageContent =
        let reader = JsonReader payload.Memory
        let members = Map.ofList (reader.Members())
        reader.End()
        let read name (parse: string -> 'Value) = members |> Map.tryFind name |> Option.map (text name >> parse)

        let ordinal =
            match members |> Map.tryFind "ordinal" |> Option.map (fun json -> Text.Encoding.UTF8.GetString json.Span) with
            | Some digits ->
                match Int32.TryParse(digits, Globalization.NumberStyles.None, Globalization.CultureInfo.InvariantCulture) with
                | true, ordinal -> ordinal
                | false, _ -> fault "the member 'ordinal' must be a whole number"
            | None -> fault "the member 'ordinal' is missing"

        let time text =
            match Timestamp.parse text with
            | Ok time -> time
            | Error reason -> fault reason

        let guid (text: string) =
            match Guid.TryParseExact(text, "D") with
            | true, id -> id
            | false, _ -> fault "the member 'event' must be an id"

        {
            Ordinal = ordinal
            Recipient = read "recipient" (fun text -> text)
            DeliverAfter = read "deliverAfter" time
            Event = read "event" guid
            Data =
                match Map.tryFind "data" members, Map.tryFind "dataBase64" members with
                | Some data, None -> Bytes.Wrap data
                | None, Some data -> Bytes.Wrap(ReadOnlyMemory(Convert.FromBase64String(text "dataBase64" data)))
                | _ -> fault "there must be 'data' or 'dataBase64'"
        }

    /// What a payload says. Strict: it is exactly what `write` makes of the answer.
    let tryRead (payload: Bytes) : Result<MessageContent, ValueError> =
        let read () =
            try
                parts payload
            with :? FormatException ->
                fault "the member 'dataBase64' is no base64"

        Json.attempt "the message" read
        |> Result.bind (fun content ->
            if (write content).Equals payload then
                Ok content
            else
                Error(ValueError.Malformed("the message", "it is not in the form in which messages are sent")))
