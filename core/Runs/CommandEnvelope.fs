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
        let writer = ScratchWriter.Take()
        let members = JsonObjectWriter writer
        members.Text("stream", stream.Value)

        if Json.isOneLine payload.Memory then
            members.Name "data"
            writer.Raw payload.Span
        else
            members.Text("dataBase64", Convert.ToBase64String payload.Span)

        members.Close()
        let made = Bytes.Copy writer.Written
        ScratchWriter.GiveBack writer
        made

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

    let private opening = "{\"stream\":\""B
    let private data = "\",\"data\":"B
    let private dataBase64 = "\",\"dataBase64\":\""B

    // As it is written where no text in it has an escape; none where that is not sure.
    let private inPlace (payload: Bytes) : struct (string * Bytes) voption =
        let json = payload.Span

        if not (json.StartsWith(ReadOnlySpan opening) && json.EndsWith(ReadOnlySpan "}"B)) then
            ValueNone
        else
            let length = json.Slice(opening.Length).IndexOf '"'B
            let rest = if length < 0 then ReadOnlySpan.Empty else json.Slice(opening.Length + length)

            if length < 0 || not (JsonGrammar.isPlainText (json.Slice(opening.Length, length))) then
                ValueNone
            else
                let stream = Text.Encoding.UTF8.GetString(json.Slice(opening.Length, length))

                if rest.StartsWith(ReadOnlySpan data) then
                    let start = json.Length - rest.Length + data.Length
                    let bytes = payload.Memory.Slice(start, json.Length - 1 - start)
                    if JsonGrammar.isValue bytes.Span then ValueSome(struct (stream, Bytes.Wrap bytes)) else ValueNone
                elif
                    rest.StartsWith(ReadOnlySpan dataBase64)
                    && rest.Length >= dataBase64.Length + 2
                    && json[json.Length - 2] = '"'B
                then
                    let text = rest.Slice(dataBase64.Length, rest.Length - dataBase64.Length - 2)
                    let bytes = Array.zeroCreate<byte>(text.Length / 4 * 3)

                    match Buffers.Text.Base64.DecodeFromUtf8(text, Span bytes) with
                    | Buffers.OperationStatus.Done, consumed, written when
                        consumed = text.Length && not (text.ContainsAny(' 'B, '\t'B, '\r'B)) && not (text.Contains '\n'B)
                        ->
                        ValueSome(struct (stream, Bytes.Wrap(ReadOnlyMemory(bytes, 0, written))))
                    | _ -> ValueNone
                else
                    ValueNone

    /// As `tryRead`, member by member.
    let read (payload: Bytes) : Result<StreamId * Bytes, ValueError> =
        Json.attempt "the command" (fun () -> parts payload)
        |> Result.bind (fun (stream, data) -> StreamId.tryCreate stream |> Result.map (fun stream -> stream, data))

    /// The stream, and the command codec's bytes cut out as they are.
    let tryRead (payload: Bytes) : Result<StreamId * Bytes, ValueError> =
        match inPlace payload with
        | ValueSome(struct (stream, data)) -> StreamId.tryCreate stream |> Result.map (fun stream -> stream, data)
        | ValueNone -> read payload
