// The payloads of a run's control entries and of the effect of a snapshot, and the hash over its inputs. Total: what cannot be read is
// an error, never an exception.
// Called by Run.fs, which writes control entries, and by Replay.Ending.fs, which compares them.
namespace Refold.Core

open System
open System.Security.Cryptography
open System.Text
open Refold

/// The hash over a run's inputs: SHA-256 over canonical bytes, first of its commands, then of the entries of `$fx/<RunId>`, then of the
/// facts under its name in the streams of the run, each in (stream, version) order.
[<Sealed>]
type internal RunInputs() =
    let hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256
    let writer = ByteWriter 1024

    /// The hash of one entry's canonical bytes.
    static member OfEntry(data: EntryData) : Hash = Hash.Compute (CanonicalBytes.ofData data).Span

    /// The next entry.
    member _.Add(data: EntryData) : unit =
        writer.Clear()
        CanonicalBytes.write writer data
        hash.AppendData writer.Written

    /// The hash of everything that was added; what is added later begins anew.
    member _.Finish() : Hash = Hash.OfSpan(ReadOnlySpan(hash.GetHashAndReset()))

    interface IDisposable with
        member _.Dispose() = hash.Dispose()

/// Entries that no step of the run made: facts under its name, wherever they lie, and whatever is not the run's in the streams of its
/// commands. In position order; collected while other things are read.
[<Sealed>]
type internal RunBeside() =
    let entries = ResizeArray<struct (int64 * int64 * Hash)>()

    /// The next entry, in any order.
    member _.Add(entry: Entry) : unit = entries.Add(struct (entry.Position, entry.Version, RunInputs.OfEntry entry.Data))

    /// Those of others that lie before a position.
    member _.AddBefore(position: int64, others: RunBeside) : unit =
        entries.AddRange(others.Entries |> Seq.filter (fun (struct (at, _, _)) -> at < position))

    member private _.Entries: ResizeArray<struct (int64 * int64 * Hash)> = entries

    /// How many there are.
    member _.Count: int64 = int64 entries.Count

    /// How many lie up to a position.
    member _.CountTo(position: int64) : int64 = entries |> Seq.filter (fun (struct (at, _, _)) -> at <= position) |> Seq.length |> int64

    /// SHA-256 over version and hash of the canonical bytes of each of the first `count` entries.
    member _.HashOf(count: int64) : Hash =
        let writer = ByteWriter 1024
        entries.Sort(fun (struct (one, _, _)) (struct (other, _, _)) -> compare one other)

        for struct (_, version, hash) in Seq.truncate (int (min count (int64 Int32.MaxValue))) entries do
            writer.Int64 version
            Hash.write writer hash

        Hash.Compute writer.Written

/// What the end of a run says of entries besides its steps, from schema version 3 on: as many as there were when the end was made, the
/// first of each kind in position order. Others came meanwhile.
[<NoComparison>]
type internal RunCounted =
    {
        /// How many facts the inputs hold.
        Facts: int64
        /// How many entries `BesideHash` is over; see `RunBeside`.
        BesideCount: int64
        /// The hash over them.
        BesideHash: Hash
    }

/// What the end of a run vouches for, from schema version 2 on.
[<NoComparison>]
type internal RunVouched =
    {
        /// The hash over the run's inputs.
        Inputs: Hash
        /// Absent in schema version 2: where there was neither a fact nor an entry beside, and in older journals.
        Counted: RunCounted option
        /// The hash of the canonical bytes of the entry that started the run.
        Started: Hash
        /// The time of the ending entry.
        Time: DateTimeOffset option
    }

/// What the entry that ended a run says.
[<NoComparison>]
type internal RunEnding =
    {
        /// The state hash over the run's streams.
        StateHash: Hash option
        /// How many streams commands of the run were for.
        Streams: int
        /// Absent in schema version 1.
        Vouched: RunVouched option
    }

/// The payloads of the control entries that `Run.start` and `Run.finish` write.
[<RequireQualifiedAccess>]
module internal RunForm =

    /// The newest schema version that runs are ended with.
    let endVersion = 3

    /// The schema version of an end.
    let versionOf (ending: RunEnding) : int =
        match ending.Vouched with
        | None -> 1
        | Some { Counted = None } -> 2
        | Some _ -> endVersion

    let private members (typeName: string) (newest: int) (entry: Entry) : Result<(string * ReadOnlyMemory<byte>) list, CodecError> =
        let read () =
            let reader = JsonReader entry.Data.Payload.Memory
            let members = reader.Members()
            reader.End()
            members

        if entry.Data.Type <> typeName then
            Error(CodecError.UnknownType entry.Data.Type)
        elif entry.Data.SchemaVersion > newest then
            Error(CodecError.NewerSchema(typeName, entry.Data.SchemaVersion, newest))
        else
            Json.attempt "the payload" read
            |> Result.mapError (fun error -> CodecError.Undecodable(typeName, error.ToString()))

    let private part typeName name (ofJson: string -> Result<'Value, ValueError>) members =
        match members |> List.tryFind (fun (found, _) -> found = name) with
        | None -> Error(CodecError.Undecodable(typeName, "the member '" + name + "' is missing"))
        | Some(_, json: ReadOnlyMemory<byte>) ->
            ofJson (Encoding.UTF8.GetString json.Span)
            |> Result.mapError (fun error -> CodecError.Undecodable(typeName, error.ToString()))

    /// Pin and root state.
    let readStart (typeName: string) (entry: Entry) : Result<RunPin * RngState, CodecError> =
        members typeName 1 entry
        |> Result.bind (fun members ->
            part typeName "pin" RunPin.ofJson members
            |> Result.bind (fun pin -> part typeName "root" RngState.ofJson members |> Result.map (fun root -> pin, root)))

    let private quoted (text: string) = "\"" + text + "\""

    /// The payload of an end: the RFC 8785 form.
    let writeEnd (ending: RunEnding) : string =
        let state =
            match ending.StateHash with
            | Some hash -> quoted (hash.ToString())
            | None -> "null"

        let states = "\"stateHash\":" + state + ",\"streams\":" + Numbers.text ending.Streams

        match ending.Vouched with
        | None -> "{" + states + "}"
        | Some vouched ->
            let time =
                match vouched.Time with
                | Some time -> quoted (Timestamp.format (time.ToUniversalTime()))
                | None -> "null"

            let counted =
                match vouched.Counted with
                | None -> ""
                | Some counted ->
                    "\"beside\":"
                    + Numbers.text counted.BesideCount
                    + ",\"besideHash\":"
                    + quoted (counted.BesideHash.ToString())
                    + ",\"facts\":"
                    + Numbers.text counted.Facts
                    + ","

            "{"
            + counted
            + "\"inputs\":"
            + quoted (vouched.Inputs.ToString())
            + ",\"started\":"
            + quoted (vouched.Started.ToString())
            + ","
            + states
            + ",\"time\":"
            + time
            + "}"

    /// The payload of the effect that names the snapshot a step stood on: the RFC 8785 form.
    let writeSnapshot (stream: StreamId) (stoodOn: StoodOn) : Bytes =
        let pin =
            match stoodOn.Pin with
            | Some pin -> RunPin.toJson pin
            | None -> "null"

        let writer = ByteWriter 256
        let members = JsonObjectWriter writer
        members.Name "head"
        let head = JsonObjectWriter writer
        head.Text("hash", stoodOn.Head.Hash.ToString())
        head.Integer("position", stoodOn.Head.Position)
        head.Close()
        members.Name "pin"
        writer.Utf8(pin.AsSpan())
        members.Text("stream", stream.Value)
        members.Integer("version", stoodOn.Version)
        members.Close()
        Bytes.Wrap writer.WrittenMemory

    let private malformed what reason = Error(ValueError.Malformed(what, reason))

    let private hash (json: string) : Result<Hash, ValueError> =
        match Hash.TryParse(json.Trim '"') with
        | true, hash -> Ok hash
        | false, _ -> malformed "a hash" "it is no SHA-256 value"

    let private orNull (read: string -> Result<'Value, ValueError>) (json: string) : Result<'Value option, ValueError> =
        if json = "null" then Ok None else read json |> Result.map Some

    let private count (json: string) : Result<int64, ValueError> =
        match Int64.TryParse(json, Globalization.NumberStyles.None, Globalization.CultureInfo.InvariantCulture) with
        | true, count -> Ok count
        | false, _ -> malformed "a number" "it is no whole number"

    let private countOfStreams (json: string) : Result<int, ValueError> =
        match count json with
        | Ok count when count <= int64 Int32.MaxValue -> Ok(int count)
        | Ok _ -> malformed "the number of streams" "it is too large"
        | Error error -> Error error

    let private time (json: string) =
        Timestamp.parse (json.Trim '"') |> Result.mapError (fun reason -> ValueError.Malformed("the time", reason))

    let private readCounted typeName members : Result<RunCounted, CodecError> =
        part typeName "beside" count members
        |> Result.bind (fun beside ->
            part typeName "besideHash" hash members
            |> Result.bind (fun besideHash ->
                part typeName "facts" count members
                |> Result.map (fun facts -> { Facts = facts; BesideCount = beside; BesideHash = besideHash })))

    let private readVouched typeName schemaVersion members : Result<RunVouched, CodecError> =
        let counted =
            if schemaVersion < endVersion then Ok None else readCounted typeName members |> Result.map Some

        part typeName "inputs" hash members
        |> Result.bind (fun inputs ->
            part typeName "started" hash members
            |> Result.bind (fun started ->
                part typeName "time" (orNull time) members
                |> Result.bind (fun time ->
                    counted |> Result.map (fun counted -> { Inputs = inputs; Counted = counted; Started = started; Time = time }))))

    /// What an end says, in any schema version. Strict: the payload is exactly what `writeEnd` makes of the answer.
    let readEnd (typeName: string) (entry: Entry) : Result<RunEnding, CodecError> =
        let exactly (ending: RunEnding) =
            if (Bytes.OfText(writeEnd ending)).Equals entry.Data.Payload then
                Ok ending
            else
                Error(CodecError.Undecodable(typeName, "it is not in the form in which runs are ended"))

        members typeName endVersion entry
        |> Result.bind (fun members ->
            part typeName "stateHash" (orNull hash) members
            |> Result.bind (fun state ->
                part typeName "streams" countOfStreams members
                |> Result.bind (fun streams ->
                    let ending vouched = { StateHash = state; Streams = streams; Vouched = vouched }

                    if entry.Data.SchemaVersion = 1 then
                        Ok(ending None)
                    else
                        readVouched typeName entry.Data.SchemaVersion members |> Result.map (fun vouched -> ending (Some vouched)))))
        |> Result.bind exactly
