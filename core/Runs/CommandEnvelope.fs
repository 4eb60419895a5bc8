// What a command entry holds: the stream the command is for, and the command codec's bytes as they are.
// Written by Run.fs, read by Replay.Verify.fs and by whoever shows commands.
namespace Refold.Core

open System
open System.Collections.Generic

/// Streams by their names in envelopes, each one object. Not for use by many threads.
[<Sealed>]
type internal KnownStreams() =
    let known = Dictionary<string, StreamId> StringComparer.Ordinal
    let mutable buffer: char[] = Array.zeroCreate 64

    /// The stream of a name in UTF-8.
    member _.Find(name: ReadOnlySpan<byte>) : Result<StreamId, ValueError> =
        if buffer.Length < name.Length then
            buffer <- Array.zeroCreate (2 * name.Length)

        let length = Text.Encoding.UTF8.GetChars(name, Span<char> buffer)
        let text = Span<char>(buffer, 0, length)

        let lookup = known.GetAlternateLookup<ReadOnlySpan<char>>()

        if lookup.ContainsKey(Span.op_Implicit text) then
            Ok(lookup[Span.op_Implicit text])
        else
            match StreamId.tryCreate (text.ToString()) with
            | Ok stream ->
                known[stream.Value] <- stream
                Ok stream
            | error -> error

/// `{"stream":"order/42","data":PAYLOAD}`, or `{"stream":"order/42","dataBase64":"..."}` where the payload is not one JSON value
/// without outer space, CR or LF. Type and schema version of the entry are the command codec's.
[<RequireQualifiedAccess>]
module internal Envelope =

    let private opening = "{\"stream\":\""B
    let private data = "\",\"data\":"B
    let private dataBase64 = "\",\"dataBase64\":\""B

    /// As `write`, member by member.
    let compose (stream: StreamId) (payload: Bytes) : Bytes =
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

    /// The payload of a command entry.
    let write (stream: StreamId) (payload: Bytes) : Bytes =
        let writer = ScratchWriter.Take()
        writer.Raw(ReadOnlySpan opening)
        writer.Utf8(stream.Value.AsSpan())

        // Without an escape, which most are, nothing is made on the way.
        let isPlain =
            JsonGrammar.isPlainText (writer.Written.Slice opening.Length) && Json.isOneLine payload.Memory

        if isPlain then
            writer.Raw(ReadOnlySpan data)
            writer.Raw payload.Span
            writer.Byte '}'B

        let made = if isPlain then Bytes.Copy writer.Written else Bytes.Empty
        ScratchWriter.GiveBack writer
        if isPlain then made else compose stream payload

    /// How many bytes lie before and behind a payload that is written as it is, for a stream whose name has no escape.
    let roomOf (stream: StreamId) : struct (int * int) =
        struct (opening.Length + Text.Encoding.UTF8.GetByteCount stream.Value + data.Length, 1)

    /// As `write`, around a payload that lies in an array with the room of this stream; nobody else has the array.
    let writeAround (stream: StreamId) (payload: Bytes) (room: byte[]) : Bytes =
        let name = stream.Value
        let struct (before, _) = roomOf stream
        (ReadOnlySpan opening).CopyTo(Span<byte>(room, 0, opening.Length))
        let names = Span<byte>(room, opening.Length, before - opening.Length - data.Length)
        Text.Encoding.UTF8.GetBytes(name.AsSpan(), names) |> ignore<int>

        if JsonGrammar.isPlainText (Span.op_Implicit names) && Json.isOneLine payload.Memory then
            (ReadOnlySpan data).CopyTo(Span<byte>(room, before - data.Length, data.Length))
            room[room.Length - 1] <- '}'B
            Bytes.Wrap(ReadOnlyMemory room)
        else
            compose stream payload

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

    // As it is written where no text in it has an escape; none where that is not sure.
    let private inPlace (known: KnownStreams | null) (payload: Bytes) : struct (Result<StreamId, ValueError> * Bytes) voption =
        let json = payload.Span

        if not (json.StartsWith(ReadOnlySpan opening) && json.EndsWith(ReadOnlySpan "}"B)) then
            ValueNone
        else
            let length = json.Slice(opening.Length).IndexOf '"'B
            let rest = if length < 0 then ReadOnlySpan.Empty else json.Slice(opening.Length + length)

            if length < 0 || not (JsonGrammar.isPlainText (json.Slice(opening.Length, length))) then
                ValueNone
            else
                let name = json.Slice(opening.Length, length)

                let stream =
                    match known with
                    | null -> StreamId.tryCreate (Text.Encoding.UTF8.GetString name)
                    | known -> known.Find name

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

    /// As `tryRead`, with streams that are known as the same object.
    let tryReadBy (known: KnownStreams | null) (payload: Bytes) : Result<struct (StreamId * Bytes), ValueError> =
        match inPlace known payload with
        | ValueSome(struct (Ok stream, data)) -> Ok(struct (stream, data))
        | ValueSome(struct (Error error, _)) -> Error error
        | ValueNone -> read payload |> Result.map (fun (stream, data) -> struct (stream, data))

    /// The stream, and the command codec's bytes cut out as they are.
    let tryRead (payload: Bytes) : Result<StreamId * Bytes, ValueError> =
        tryReadBy null payload |> Result.map (fun (struct (stream, data)) -> stream, data)
