// What a command entry holds: the stream the command is for, and the command codec's bytes as they are.
// Written by Run.fs, read by Replay.Verify.fs and by whoever shows commands.
namespace Refold.Core

open System

/// `{"stream":"order/42","data":PAYLOAD}`, or `{"stream":"order/42","dataBase64":"..."}` where the payload is not one JSON value
/// without outer space, CR or LF. Type and schema version of the entry are the command codec's.
[<RequireQualifiedAccess>]
module internal Envelope =

    /// The payload of a command entry.
    let write (stream: StreamId) (payload: Bytes) : Bytes =
        let writer = ByteWriter(payload.Length * 4 / 3 + 64)
        let members = JsonObjectWriter writer
        members.Text("stream", stream.Value)

        if Json.isOneLine payload.Memory then
            members.Name "data"
            writer.Raw payload.Span
        else
            members.Text("dataBase64", Convert.ToBase64String payload.Span)

        members.Close()
        Bytes.Wrap writer.WrittenMemory

    let private text (name: string) (json: ReadOnlyMemory<byte>) =
        match (JsonReader json).Value() with
        | JsonValue.String text -> text
        | _ -> raise (JsonFault("the member '" + name + "' must be a string"))

    let private base64 (json: ReadOnlyMemory<byte>) =
        try
            Bytes.Wrap(ReadOnlyMemory(Convert.FromBase64String(text "dataBase64" json)))
        with :? FormatException ->
            raise (JsonFault "the member 'dataBase64' is no base64")

    let private parts (payload: Bytes) =
        let reader = JsonReader payload.Memory
        let members = reader.Members()
        reader.End()

        match members with
        | [ "stream", stream; "data", data ] -> text "stream" stream, Bytes.Wrap data
        | [ "stream", stream; "dataBase64", data ] -> text "stream" stream, base64 data
        | _ -> raise (JsonFault "the members must be 'stream' and then 'data' or 'dataBase64'")

    /// The stream, and the command codec's bytes cut out as they are.
    let tryRead (payload: Bytes) : Result<StreamId * Bytes, ValueError> =
        Json.attempt "the command" (fun () -> parts payload)
        |> Result.bind (fun (stream, data) -> StreamId.tryCreate stream |> Result.map (fun stream -> stream, data))
