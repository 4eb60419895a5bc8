// Canonical bytes of an entry: what frames, leaves, copies and exports are made of. FORMAT.md, "Canonical bytes".
// Written when an append is prepared, read back by every store.
namespace Refold.Core

open System
open System.Buffers.Binary
open System.Text

/// The one byte form of what was appended. Position and version are not in it: a store adds them.
[<RequireQualifiedAccess>]
module internal CanonicalBytes =

    let private guid (writer: ByteWriter) (value: Guid option) =
        match value with
        | None -> writer.Byte 0uy
        | Some id ->
            writer.Byte 1uy
            writer.Guid id

    /// Writes what a retry has to repeat: the first fields, without time, ids, run, draws and key.
    let internal writeContent (writer: ByteWriter) (data: EntryData) : unit =
        writer.Text data.Stream.Value
        writer.Byte(Role.toByte data.Role)
        writer.Text data.Type
        writer.Int32 data.SchemaVersion
        writer.Prefixed data.Payload.Span
        writer.Int32 data.Tags.Length

        for tag in data.Tags do
            writer.Text tag.Value

    /// Writes what follows the content.
    let internal writeRest (writer: ByteWriter) (data: EntryData) : unit =
        match data.Time with
        | None -> writer.Byte 0uy
        | Some time ->
            writer.Byte 1uy
            writer.Int64 time.UtcTicks

        guid writer data.Id
        guid writer data.CorrelationId
        guid writer data.CausationId

        match data.Run with
        | None -> writer.Byte 0uy
        | Some run ->
            writer.Byte 1uy
            writer.Text run.Value

        match data.Drawn with
        | None -> writer.Byte 0uy
        | Some words ->
            writer.Byte 1uy
            writer.UInt64 words

        match data.Key with
        | None -> writer.Byte 0uy
        | Some key ->
            writer.Byte 1uy
            writer.Text key

    /// Writes what `writeContent` writes of an entry that has nothing but these.
    let internal writePlainContent
        (writer: ByteWriter)
        (stream: StreamId)
        (role: Role)
        (typeName: string)
        (schemaVersion: int)
        (payload: ReadOnlySpan<byte>)
        : unit =
        writer.Text stream.Value
        writer.Byte(Role.toByte role)
        writer.Text typeName
        writer.Int32 schemaVersion
        writer.Prefixed payload
        writer.Int32 0

    /// Writes what `writeRest` writes of an entry that has nothing but the key of its append.
    let internal writePlainRest (writer: ByteWriter) (key: string option) : unit =
        // Time, id, correlation id, causation id, run, words drawn.
        writer.Zeros 6

        match key with
        | None -> writer.Byte 0uy
        | Some key ->
            writer.Byte 1uy
            writer.Text key

    /// How many bytes such an entry has.
    let internal plainSize (stream: string) (typeName: string) (payload: int) (key: string option) : int64 =
        let text (value: string) = 4L + int64 (Encoding.UTF8.GetByteCount value)

        let keyBytes =
            match key with
            | Some key -> text key
            | None -> 0L

        text stream + 1L + text typeName + 8L + int64 payload + 4L + 7L + keyBytes

    /// How many bytes the canonical bytes of valid data have.
    let size: Func<EntryData, int64> =
        Func<EntryData, int64>(fun data ->
            let text (value: string) = 4L + int64 (Encoding.UTF8.GetByteCount value)
            let optional (bytes: int64) (isThere: bool) = if isThere then 1L + bytes else 1L
            let mutable tags = 4L

            for tag in data.Tags do
                tags <- tags + text tag.Value

            let run =
                match data.Run with
                | Some run -> text run.Value
                | None -> 0L

            let key =
                match data.Key with
                | Some key -> text key
                | None -> 0L

            text data.Stream.Value
            + 1L
            + text data.Type
            + 8L
            + int64 data.Payload.Length
            + tags
            + optional 8L data.Time.IsSome
            + optional 16L data.Id.IsSome
            + optional 16L data.CorrelationId.IsSome
            + optional 16L data.CausationId.IsSome
            + 1L
            + run
            + optional 8L data.Drawn.IsSome
            + 1L
            + key)

    /// Writes the canonical bytes of valid data.
    let write (writer: ByteWriter) (data: EntryData) : unit =
        writeContent writer data
        writeRest writer data

    /// The canonical bytes of valid data.
    let ofData (data: EntryData) : Bytes =
        let writer = ByteWriter(256 + data.Payload.Length)
        write writer data
        Bytes.Wrap writer.WrittenMemory

    /// The payload in the canonical bytes of valid data: a view, not a copy.
    let payloadOf (canonical: ReadOnlyMemory<byte>) : ReadOnlyMemory<byte> =
        let behindText (start: int) = start + 4 + BinaryPrimitives.ReadInt32LittleEndian(canonical.Span.Slice start)
        // Stream, role, type, schema version.
        let start = behindText (behindText 0 + 1) + 4
        canonical.Slice(start + 4, BinaryPrimitives.ReadInt32LittleEndian(canonical.Span.Slice start))

    /// Reads one entry's canonical bytes; `None` where the bytes are not exactly the canonical form of valid data.
    /// The payload is a view into the memory, not a copy.
    let tryRead (memory: ReadOnlyMemory<byte>) : EntryData option =
        let reader = ByteReader memory

        let optional (read: unit -> 'Value) : 'Value option =
            match reader.Byte() with
            | 0uy -> None
            | 1uy -> Some(read ())
            | _ ->
                reader.Fail()
                None

        let checkedValue (fallback: 'Value) (value: Result<'Value, ValueError>) : 'Value =
            match value with
            | Ok value -> value
            | Error _ ->
                reader.Fail()
                fallback

        let time () =
            let ticks = reader.Int64()

            if ticks < 0L || ticks > DateTime.MaxValue.Ticks then
                reader.Fail()
                DateTimeOffset.MinValue
            else
                DateTimeOffset(ticks, TimeSpan.Zero)

        let tags () =
            let count = reader.Int32()

            if count < 0 || count > Tags.maxCount then
                reader.Fail()
                []
            else
                [ for _ in 1..count -> reader.Text() ]
                |> List.fold
                    (fun made text -> made |> Result.bind (fun made -> Tag.TryCreate text |> Result.map (fun tag -> tag :: made)))
                    (Ok [])
                |> Result.map List.rev
                |> checkedValue []

        let stream = StreamId.tryCreate (reader.Text())
        let role = Role.ofByte (reader.Byte())
        let typeName = reader.Text()
        let schemaVersion = reader.Int32()
        let payload = Bytes.Wrap(reader.Prefixed())
        let tags = tags ()
        let time = optional time
        let id = optional reader.Guid
        let correlationId = optional reader.Guid
        let causationId = optional reader.Guid
        let run = optional reader.Text |> Option.map RunId.tryCreate
        let drawn = optional reader.UInt64
        let key = optional reader.Text

        match stream, role, run with
        | Ok stream, Some role, (None | Some(Ok _)) when reader.AtEnd ->
            let data =
                {
                    Stream = stream
                    Role = role
                    Type = typeName
                    SchemaVersion = schemaVersion
                    Payload = payload
                    Tags = tags
                    Time = time
                    Id = id
                    CorrelationId = correlationId
                    CausationId = causationId
                    Run = run |> Option.bind Result.toOption
                    Drawn = drawn
                    Key = key
                }

            match EntryData.validate data with
            | Ok valid when valid.Tags = tags -> Some valid
            | _ -> None
        | _ -> None
