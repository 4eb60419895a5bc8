// A snapshot: the state of a stream at a version, with all that is needed to doubt it. A cache, never the truth (seed 004).
// Made and judged in Snapshot.Load.fs; kept by the stores of the facade.
namespace Refold.Core

open System

/// The state of a stream at a version, and the place in the journal it belongs to.
[<NoComparison>]
type Snapshot =
    {
        /// The stream.
        Stream: StreamId
        /// The version of the last entry that is in the state.
        Version: int64
        /// The position of the last entry of the step that made that version.
        Position: int64
        /// The head hash of the journal there.
        HeadHash: Hash
        /// The state codec's name of the state.
        StateType: string
        /// The schema version of the encoded state.
        SchemaVersion: int
        /// The encoded state.
        State: Bytes
        /// The run that it was taken in.
        Run: RunId option
        /// The pin of that run.
        Pin: RunPin option
        /// The root random state of that run.
        Root: RngState option
        /// SHA-256 over all of the above.
        Checksum: Hash
    }

/// Why a snapshot was not used. Never an error: the state comes from an older snapshot, or from every entry.
[<RequireQualifiedAccess; NoComparison>]
type internal SnapshotFinding =
    /// What was stored cannot be read as a snapshot.
    | Unreadable of error: ValueError
    /// It is another stream's.
    | OtherStream of found: StreamId * expected: StreamId
    /// Its content is not what was written.
    | ChecksumBroken of version: int64
    /// Its version is above the stream's highest: it belongs to entries that are not there.
    | Ahead of version: int64 * highest: int64
    /// Its version is below what was deleted, so entries between are missing.
    | BelowFloor of version: int64 * floor: int64
    /// The journal has another head at its position: it belongs to another history.
    | Foreign of version: int64 * position: int64
    /// The aggregate has no state codec.
    | NoStateCodec of version: int64
    /// The state codec cannot decode it, or threw.
    | Undecodable of version: int64 * reason: string
    /// The state codec makes other bytes of what it decoded.
    | NotFaithful of version: int64
    /// Its last entry, or the one after it, does not lie on the right side of its position.
    | Misplaced of version: int64 * position: int64
    /// The entries after it cannot be applied to its state.
    | NotFoldable of version: int64
    /// It was taken under another pin, so by another program perhaps; without fields, outside a run, so by a program that nothing names.
    /// Used only where the entries before it were deleted.
    | OtherPin of version: int64 * fields: string list
    /// Its version is above the highest one that the store was asked for. The store is not asked again.
    | NotAsked of version: int64 * toVersion: int64
    /// The store failed when it was asked. It is not asked again.
    | StoreFailed of stream: StreamId * reason: string

    /// One sentence without a full stop.
    override this.ToString() =
        let at version = "the snapshot at version " + Numbers.text version

        match this with
        | Unreadable error -> "a snapshot is not used: " + error.ToString()
        | OtherStream(found, expected) -> "a snapshot of '" + found.Value + "' is not used for '" + expected.Value + "'"
        | ChecksumBroken version -> at version + " is not used: its checksum does not hold"
        | Ahead(version, highest) -> at version + " is not used: the stream ends at version " + Numbers.text highest
        | BelowFloor(version, floor) -> at version + " is not used: entries up to version " + Numbers.text floor + " were deleted"
        | Foreign(version, position) -> at version + " is not used: the journal has another head at position " + Numbers.text position
        | NoStateCodec version -> at version + " is not used: the aggregate has no state codec"
        | Undecodable(version, reason) -> at version + " is not used: " + reason
        | NotFaithful version -> at version + " is not used: the state codec encodes it otherwise"
        | Misplaced(version, position) ->
            at version + " is not used: the entries around it do not lie around position " + Numbers.text position
        | NotFoldable version -> at version + " is not used: the entries after it cannot be applied to it"
        | OtherPin(version, []) ->
            at version
            + " was taken outside a run, by a program that nothing names: it is used only where the entries before it were deleted"
        | OtherPin(version, fields) ->
            at version
            + " was taken under another pin, which differs in "
            + String.concat ", " fields
            + ": it is used only where the entries before it were deleted"
        | NotAsked(version, toVersion) ->
            at version
            + " is not used, nor any other: the store was asked for one up to version "
            + Numbers.text toVersion
        | StoreFailed(stream, reason) -> "no more snapshots of '" + stream.Value + "' are used: the store failed with " + reason

/// The byte form of a snapshot.
[<RequireQualifiedAccess>]
module internal SnapshotForm =

    let private magic = "refold.snapshot"

    let private formatVersion = 1

    let private writeOption (writer: ByteWriter) (text: string option) =
        match text with
        | None -> writer.Byte 0uy
        | Some text ->
            writer.Byte 1uy
            writer.Text text

    /// Everything but the checksum.
    let private writeContent (writer: ByteWriter) (snapshot: Snapshot) =
        writer.Text magic
        writer.Int32 formatVersion
        writer.Text snapshot.Stream.Value
        writer.Int64 snapshot.Version
        writer.Int64 snapshot.Position
        Hash.write writer snapshot.HeadHash
        writer.Text snapshot.StateType
        writer.Int32 snapshot.SchemaVersion
        writer.Prefixed snapshot.State.Span
        writeOption writer (snapshot.Run |> Option.map _.Value)
        writeOption writer (snapshot.Pin |> Option.map RunPin.toJson)
        writeOption writer (snapshot.Root |> Option.map RngState.toJson)

    /// The checksum of the content.
    let checksum (snapshot: Snapshot) : Hash =
        let writer = ByteWriter(512 + snapshot.State.Length)
        writeContent writer snapshot
        Hash.Compute writer.Written

    /// The content and the checksum it has.
    let write (snapshot: Snapshot) : Bytes =
        let writer = ByteWriter(512 + snapshot.State.Length)
        writeContent writer snapshot
        Hash.write writer snapshot.Checksum
        Bytes.Wrap writer.WrittenMemory

    let private hash (reader: ByteReader) =
        let bytes = reader.Raw 32
        if reader.Failed then Hash.Zero else Hash.OfSpan bytes.Span

    // An optional text turned into a value; a text that is none makes the reader fail.
    let private readOption (reader: ByteReader) (ofText: string -> Result<'Value, ValueError>) : 'Value option =
        match reader.Byte() with
        | 0uy -> None
        | 1uy ->
            match ofText (reader.Text()) with
            | Ok value -> Some value
            | Error _ ->
                reader.Fail()
                None
        | _ ->
            reader.Fail()
            None

    let private readContent (reader: ByteReader) (stream: StreamId) : Snapshot =
        {
            Stream = stream
            Version = reader.Int64()
            Position = reader.Int64()
            HeadHash = hash reader
            StateType = reader.Text()
            SchemaVersion = reader.Int32()
            State = Bytes.Copy (reader.Prefixed()).Span
            Run = readOption reader RunId.tryCreate
            Pin = readOption reader RunPin.ofJson
            Root = readOption reader RngState.ofJson
            Checksum = hash reader
        }

    /// Exactly what `write` wrote, with a checksum that holds.
    let read (memory: ReadOnlyMemory<byte>) : Result<Snapshot, ValueError> =
        let malformed reason = Error(ValueError.Malformed("a snapshot", reason))
        let reader = ByteReader memory
        let isSnapshot = reader.Text() = magic
        let version = reader.Int32()

        if not isSnapshot || reader.Failed then
            malformed "it does not begin as one"
        elif version <> formatVersion then
            malformed ("its format version is " + Numbers.text version + ", this program reads 1")
        else
            match StreamId.tryCreate (reader.Text()) with
            | Error error -> Error error
            | Ok stream ->
                let snapshot = readContent reader stream

                if not reader.AtEnd then
                    malformed "it ends too early or too late"
                elif snapshot.Version < 1L || snapshot.Position < 1L then
                    malformed "its version or position is below 1"
                elif not (snapshot.Checksum.Equals(Hash.Compute(memory.Span.Slice(0, memory.Length - 32)))) then
                    malformed "its checksum does not hold"
                else
                    Ok snapshot
