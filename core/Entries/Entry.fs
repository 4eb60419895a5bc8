// An entry of a journal: what was appended (EntryData) and the place it got (Entry).
// Everything else in Refold makes, stores, reads or compares these.
namespace Refold.Core

open System

/// What an append hands over. All of it goes into the canonical bytes; nothing a store makes is here.
[<NoComparison; StructuredFormatDisplay("{Shown}")>]
type EntryData =
    {
        /// The stream it belongs to.
        Stream: StreamId
        /// What it is for.
        Role: Role
        /// An explicit name of what the payload is, 1 to 256 UTF-8 bytes; never a CLR type name.
        Type: string
        /// The payload's schema version, from 1.
        SchemaVersion: int
        /// The user's bytes, never rewritten.
        Payload: Bytes
        /// At most 64, in canonical order (`Tags.ofSeq`).
        Tags: Tag list
        /// When it happened: UTC with 100 ns steps; may be absent.
        Time: DateTimeOffset option
        /// A given id. Where absent, the entry's id follows from run, stream and version (`Entry.id`).
        Id: Guid option
        /// What belongs together: the command's correlation id, or its id.
        CorrelationId: Guid option
        /// What brought it about: for what a step makes, the command's id.
        CausationId: Guid option
        /// The run that recorded it.
        Run: RunId option
        /// Random words drawn by the step, children included; commands only.
        Drawn: uint64 option
        /// The idempotency key of the append call it came with, 1 to 128 UTF-8 bytes.
        Key: string option
    }

    member private this.Shown =
        RecordText.show
            [
                "Stream", box this.Stream
                "Role", box this.Role
                "Type", box this.Type
                "SchemaVersion", box this.SchemaVersion
                "Payload", box this.Payload
                "Tags", box this.Tags
                "Time", box this.Time
                "Id", box this.Id
                "CorrelationId", box this.CorrelationId
                "CausationId", box this.CausationId
                "Run", box this.Run
                "Drawn", box this.Drawn
                "Key", box this.Key
            ]

    /// Its fields, the same in every culture.
    override this.ToString() = this.Shown

/// An entry with its place. Equal by content.
[<NoComparison>]
type Entry =
    {
        /// Its 1-based place in the journal.
        Position: int64
        /// Its 1-based place in its stream.
        Version: int64
        /// The first position of the batch it was appended with.
        Batch: int64
        /// What was appended.
        Data: EntryData
    }

/// Limits that hold in every store, in bytes or counts.
[<RequireQualifiedAccess>]
module internal Limits =

    /// Canonical bytes of one entry: 15 MiB.
    let entryBytes = 15 * 1024 * 1024

    /// Entries of one batch: 65,536.
    let batchEntries = 65_536

    /// Canonical bytes of one batch: 64 MiB.
    let batchBytes = 64 * 1024 * 1024

    /// UTF-8 bytes of an entry's type: 256.
    let typeBytes = 256

    /// UTF-8 bytes of an idempotency key: 128.
    let keyBytes = 128

/// Making and checking what is appended.
[<RequireQualifiedAccess>]
module EntryData =

    /// An entry with the given stream, role, type and payload; schema version 1 and nothing else.
    let create (stream: StreamId) (role: Role) (typeName: string) (payload: Bytes) : EntryData =
        {
            Stream = stream
            Role = role
            Type = typeName
            SchemaVersion = 1
            Payload = payload
            Tags = []
            Time = None
            Id = None
            CorrelationId = None
            CausationId = None
            Run = None
            Drawn = None
            Key = None
        }

    /// The data in its normal form (time in UTC, tags in canonical order, a causation of zeros read as none), or which rule it breaks.
    let validate (data: EntryData) : Result<EntryData, ValueError> =
        let keyFault =
            match data.Key with
            | None -> None
            | Some key ->
                match Text.validate "idempotency key" Limits.keyBytes key with
                | Ok _ -> None
                | Error error -> Some error

        match Text.validate "type" Limits.typeBytes data.Type, keyFault, Tags.ofSeq data.Tags with
        | Error error, _, _
        | _, Some error, _
        | _, _, Error error -> Error error
        | Ok _, None, Ok _ when data.SchemaVersion < 1 ->
            Error(ValueError.OutOfRange("schema version", Numbers.text data.SchemaVersion, "1 or more"))
        | Ok _, None, Ok _ when data.Drawn.IsSome && not data.Role.IsCommand ->
            Error(ValueError.Contradictory("role and words drawn", "only a command has words drawn"))
        | Ok _, None, Ok tags ->
            let isUtc =
                match data.Time with
                | None -> true
                | Some time -> time.Offset = TimeSpan.Zero

            // An id of zeros names nobody. Decided here and nowhere else, for what is appended and for what is read alike.
            let isCaused =
                match data.CausationId with
                | None -> true
                | Some id -> id <> Guid.Empty

            if isUtc && isCaused && obj.ReferenceEquals(tags, data.Tags) then
                Ok data
            else
                Ok
                    { data with
                        Tags = tags
                        Time = data.Time |> Option.map _.ToUniversalTime()
                        CausationId = if isCaused then data.CausationId else None
                    }

/// Functions of entries.
[<RequireQualifiedAccess>]
module Entry =

    /// Writes what the id of a run, stream and version is made of.
    let private writeIdentity (writer: ByteWriter) (run: RunId option) (stream: StreamId) (version: int64) : unit =
        writer.Text "refold.entry-id"

        writer.Text(
            match run with
            | Some run -> run.Value
            | None -> ""
        )

        writer.Text stream.Value
        writer.Int64 version

    /// The id that follows from run, stream and version: a UUIDv8 from SHA-256 over the three, length-prefixed.
    let derivedId (run: RunId option) (stream: StreamId) (version: int64) : Guid =
        let writer = ScratchWriter.Take()
        writeIdentity writer run stream version
        let hash = Hash.Compute writer.Written
        ScratchWriter.GiveBack writer
        Hash.toGuid hash

    /// Has the same id made with others, under a number, where there is room for another.
    let internal addIdentity (lanes: HashLanes) (number: int) (run: RunId option) (stream: StreamId) (version: int64) : unit =
        let writer = ScratchWriter.Take()
        writeIdentity writer run stream version
        lanes.Add(number, writer.Written)
        ScratchWriter.GiveBack writer

    /// The entry's id: the given one, or the one that follows from run, stream and version.
    let id (entry: Entry) : Guid =
        match entry.Data.Id with
        | Some id -> id
        | None -> derivedId entry.Data.Run entry.Data.Stream entry.Version

    /// The entry's correlation id: the given one, or its own id.
    let correlationId (entry: Entry) : Guid =
        match entry.Data.CorrelationId with
        | Some id -> id
        | None -> id entry
