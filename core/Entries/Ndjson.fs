// NDJSON, an entry a line: the text form in which entries leave a journal and come into one (design section 8).
// Called by the tool's export, read and import, and by divergences, whose pointers lead into this form.
namespace Refold.Core

open System
open System.Collections.Generic

/// A line that was read: what it says, and the place where it says so.
[<NoComparison>]
type internal NdjsonLine =
    {
        /// What was appended, valid and in normal form.
        Data: EntryData
        /// The version given, 1 or more.
        Version: int64 option
        /// The position given, 1 or more.
        Position: int64 option
        /// The first position of the batch, where given; 1 or more.
        Batch: int64 option
    }

/// Lines without their line feed. Members have a fixed order with the payload last, so that its bytes can be cut out.
[<RequireQualifiedAccess>]
module internal Ndjson =

    /// The members a line may have, in the order in which they are written. `canonical` is in raw lines only.
    let members: string list =
        [
            "position"
            "version"
            "batch"
            "stream"
            "type"
            "schemaVersion"
            "role"
            "tags"
            "time"
            "id"
            "correlationId"
            "causationId"
            "run"
            "drawn"
            "idempotencyKey"
            "canonical"
            "data"
            "dataBase64"
        ]

    let private known = HashSet<string>(members, StringComparer.Ordinal)

    // The roles that a kind tag alone, or its absence, gives back.
    let private showsInTags (role: Role) = role = EntryKind.toRole (Role.kind role)

    let private writeTags (writer: ByteWriter) (object: JsonObjectWriter) (data: EntryData) =
        match Tags.toOutward data.Role data.Tags with
        | [] -> ()
        | tags ->
            object.Name "tags"

            tags
            |> List.iteri (fun index tag ->
                writer.Byte(if index = 0 then byte '[' else byte ',')
                JsonString.write writer tag)

            writer.Byte(byte ']')

    let private writeData (writer: ByteWriter) (raw: bool) (object: JsonObjectWriter) (data: EntryData) =
        let text name (value: string option) = value |> Option.iter (fun value -> object.Text(name, value))
        let guid name (value: Guid option) = text name (value |> Option.map (fun id -> id.ToString "D"))
        object.Text("stream", data.Stream.Value)
        object.Text("type", data.Type)

        if data.SchemaVersion <> 1 then
            object.Integer("schemaVersion", int64 data.SchemaVersion)

        if not (showsInTags data.Role) then
            object.Text("role", Role.name data.Role)

        writeTags writer object data
        text "time" (data.Time |> Option.map (fun time -> Timestamp.format (time.ToUniversalTime())))
        guid "id" data.Id
        guid "correlationId" data.CorrelationId
        guid "causationId" data.CausationId
        text "run" (data.Run |> Option.map _.Value)
        text "drawn" (data.Drawn |> Option.map Numbers.text)
        text "idempotencyKey" data.Key

        if raw then
            object.Text("canonical", Convert.ToBase64String (CanonicalBytes.ofData data).Span)

        if Json.isOneLine data.Payload.Memory then
            object.Name "data"
            writer.Raw data.Payload.Span
        else
            object.Text("dataBase64", Convert.ToBase64String data.Payload.Span)

        object.Close()

    let private line (raw: bool) (entry: Entry) =
        let writer = ByteWriter(512 + entry.Data.Payload.Length)
        let object = JsonObjectWriter writer
        object.Integer("position", entry.Position)
        object.Integer("version", entry.Version)
        object.Integer("batch", entry.Batch)
        writeData writer raw object entry.Data
        Bytes.Wrap writer.WrittenMemory

    /// The line of an entry, in UTF-8. The payload stands as `data`, byte for byte, where it is one JSON value without space
    /// around it, CR or LF; otherwise as `dataBase64`.
    let write (entry: Entry) : Bytes = line false entry

    /// As `write`, with the canonical bytes in base64, from which with `batch` the head hash can be computed.
    let writeRaw (entry: Entry) : Bytes = line true entry

    /// The line of an entry that has no place yet: the same members without `position`, `version` and `batch`.
    let writeUnplaced (data: EntryData) : Bytes =
        let writer = ByteWriter(512 + data.Payload.Length)
        writeData writer false (JsonObjectWriter writer) data
        Bytes.Wrap writer.WrittenMemory

    let private readMembers (truncates: bool) (members: Dictionary<string, ReadOnlyMemory<byte>>) : NdjsonLine =
        let tryRead name (read: string -> ReadOnlyMemory<byte> -> 'Value) : 'Value option =
            match members.TryGetValue name with
            | true, json -> Some(read name json)
            | false, _ -> None

        let require name read =
            match tryRead name read with
            | Some value -> value
            | None -> raise (JsonFault("the member '" + name + "' is missing"))

        let stream = require "stream" NdjsonMember.text |> StreamId.tryCreate |> NdjsonMember.valid
        let typeName = require "type" NdjsonMember.text
        let tags, kind = tryRead "tags" NdjsonMember.tags |> Option.defaultValue ([], None)

        let payload =
            match tryRead "data" (fun _ json -> Bytes.Copy json.Span), tryRead "dataBase64" NdjsonMember.base64 with
            | Some _, Some _ -> raise (JsonFault "a line has 'data' or 'dataBase64', not both")
            | None, None -> raise (JsonFault "the member 'data' is missing (or 'dataBase64')")
            | Some payload, None
            | None, Some payload -> payload

        let data =
            {
                Stream = stream
                Role = NdjsonMember.agreed (tryRead "role" NdjsonMember.role) kind
                Type = typeName
                SchemaVersion = tryRead "schemaVersion" NdjsonMember.schemaVersion |> Option.defaultValue 1
                Payload = payload
                Tags = tags
                Time = tryRead "time" (NdjsonMember.time truncates)
                Id = tryRead "id" NdjsonMember.guid
                CorrelationId = tryRead "correlationId" NdjsonMember.guid
                CausationId = tryRead "causationId" NdjsonMember.guid
                Run = tryRead "run" NdjsonMember.text |> Option.map (RunId.tryCreate >> NdjsonMember.valid)
                Drawn = tryRead "drawn" NdjsonMember.words
                Key = tryRead "idempotencyKey" NdjsonMember.text
            }
            |> EntryData.validate
            |> NdjsonMember.valid

        match tryRead "canonical" NdjsonMember.base64 with
        | Some canonical when canonical <> CanonicalBytes.ofData data ->
            raise (ValueFault(ValueError.Contradictory("the canonical bytes and the other members", data.Stream.Value)))
        | _ -> ()

        {
            Data = data
            Version = tryRead "version" NdjsonMember.integer
            Position = tryRead "position" NdjsonMember.integer
            Batch = tryRead "batch" NdjsonMember.integer
        }

    /// As `tryRead`; digits of a time behind the seventh of its seconds are cut off where that is asked for, otherwise only zeros
    /// may stand there.
    let tryReadWith (truncatesTimes: bool) (line: ReadOnlyMemory<byte>) : Result<NdjsonLine, ValueError> =
        let read () =
            let reader = JsonReader line
            let members = Dictionary<string, ReadOnlyMemory<byte>> StringComparer.Ordinal

            for name, json in reader.Members() do
                if not (known.Contains name) then
                    raise (JsonFault("the member '" + name + "' is unknown"))

                members[name] <- json

            reader.End()
            readMembers truncatesTimes members

        try
            Json.attempt "the line" read
        with ValueFault error ->
            Error error

    /// Reads one line, with or without its line end: members in any order, `stream`, `type` and `data` or `dataBase64`
    /// required. Unknown and repeated members are errors. The payload of `data` is copied byte for byte as it stands. A role
    /// and a kind tag must not contradict each other; `canonical`, where given, must be the canonical bytes of the rest.
    let tryRead (line: ReadOnlyMemory<byte>) : Result<NdjsonLine, ValueError> = tryReadWith false line
