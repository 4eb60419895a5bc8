// Folding recorded entries to a state: nothing is decided and nothing drawn. Seed 000's replay, with the reasons for a mismatch.
// Called by Fold.Stream.fs, Replay.Stream.fs and Machine.fs.
namespace Refold.Core

open System

/// A state to start folding from.
[<NoEquality; NoComparison>]
type FoldStart<'State> =
    {
        /// The state at that version.
        State: 'State
        /// The version of the last entry that is in the state; 0 for none.
        Version: int64
    }

/// What folding came to.
[<NoEquality; NoComparison>]
type FoldReport<'State> =
    {
        /// The state after the last entry that could be applied.
        State: 'State
        /// The version of the last entry that is in the state.
        Version: int64
        /// Entries consumed: applied and checked ones.
        Entries: int64
        /// Entries applied: facts, events, unmarked ones.
        Applied: int64
        /// Applied entries of an older schema version than the codec's.
        Upcast: int64
        /// Applied entries in which something is redacted.
        Redacted: int64
        /// Entries of other roles: counted, not applied.
        Checked: int64
        /// The first thing that is not as it should be. A codec that is not faithful lets the fold go
        /// on; all else ends it before that entry.
        Divergence: Divergence option
        /// The state hash, where the aggregate has a state codec.
        StateHash: Hash option
    }

    /// Whether nothing differs.
    member this.Matched: bool = this.Divergence.IsNone

/// The fold, entry by entry.
[<RequireQualifiedAccess>]
module internal Folding =

    /// A state after one more entry.
    [<Struct; NoEquality; NoComparison>]
    type Applied<'State> = { State: 'State; WasUpcast: bool; Unfaithful: Divergence option }

    /// What an entry's codec reads. `Unfaithful`: how it writes it otherwise, told of the entry where that is asked for.
    [<Struct; NoEquality; NoComparison>]
    type Read<'Event> = { Event: 'Event; WasUpcast: bool; Unfaithful: (Entry -> Divergence) voption }

    /// Whether nothing is wrong that ends a fold.
    let isWhole (divergence: Divergence option) : bool =
        divergence |> Option.forall (fun found -> found.Cause = DivergenceCause.CodecNotFaithful)

    /// What an entry's codec is handed.
    let encodedOf (data: EntryData) : Encoded = { Type = data.Type; SchemaVersion = data.SchemaVersion; Payload = data.Payload }

    /// The place in an entry that an error of its codec is about.
    let private errorPath (data: EntryData) (error: CodecError) =
        match error with
        | CodecError.UnknownType _ -> "/type"
        | CodecError.NewerSchema _
        | CodecError.MissingUpcast _ -> "/schemaVersion"
        | CodecError.Undecodable _
        | CodecError.Unencodable _ -> PayloadDifference.memberPath data.Payload

    let private undecodable (payload: ReadOnlyMemory<byte>) (error: CodecError) (entry: Entry) =
        let shown = PayloadDifference.show (Bytes.Wrap payload)
        Divergence.at entry (errorPath entry.Data error) DivergenceCause.Undecodable shown (error.ToString())

    let private decodeThrew (payload: ReadOnlyMemory<byte>) (error: exn) =
        let text = Thrown.text "decode" error

        fun (entry: Entry) ->
            let path = PayloadDifference.memberPath entry.Data.Payload
            Divergence.at entry path DivergenceCause.Threw (PayloadDifference.show (Bytes.Wrap payload)) text

    let private tryDecode (codec: Codec<'Value>) (encoded: Encoded) : Result<'Value, Entry -> Divergence> =
        try
            match codec.Decode encoded with
            | Ok value -> Ok value
            | Error error -> Error(undecodable encoded.Payload.Memory error)
        with error ->
            Error(decodeThrew encoded.Payload.Memory error)

    /// Decodes with any codec; the divergence tells why it could not be done.
    let decode (codec: Codec<'Value>) (entry: Entry) (encoded: Encoded) : Result<'Value, Divergence> =
        tryDecode codec encoded |> Result.mapError (fun told -> told entry)

    let private unencodable (reason: string) (entry: Entry) =
        let payload = entry.Data.Payload
        let path = PayloadDifference.memberPath payload
        Divergence.at entry path DivergenceCause.CodecNotFaithful (PayloadDifference.show payload) reason

    let private tryEncode (codec: Codec<'Value>) (value: 'Value) : Result<Encoded, Entry -> Divergence> =
        try
            match CodecEncode.record codec value with
            | Ok encoded -> Ok encoded
            | Error error -> Error(unencodable (string error))
        with error ->
            Error(unencodable (Thrown.text "encode" error))

    /// Encodes again what was decoded; the divergence tells that it has no encoded form.
    let encode (codec: Codec<'Value>) (entry: Entry) (value: 'Value) : Result<Encoded, Divergence> =
        tryEncode codec value |> Result.mapError (fun told -> told entry)

    let private differs path expected actual (entry: Entry) = Divergence.at entry path DivergenceCause.CodecNotFaithful expected actual

    let private payloadDiffers (again: ReadOnlyMemory<byte>) (entry: Entry) =
        match PayloadDifference.find entry entry.Data.Payload (Bytes.Wrap again) with
        | Some found -> { found with Cause = DivergenceCause.CodecNotFaithful }
        | None -> invalidOp "bytes that differ have a difference"

    /// Reads payloads by a codec and judges the codec by them. What of the codec can be called without an object is found once.
    [<Sealed>]
    type Reader<'Event>(codec: Codec<'Event>) =

        let settling = CodecEncode.trySettling codec

        let plainDecode =
            match box codec.Decode with
            | :? PlainDecode<'Event> as plain -> ValueSome plain
            | _ -> ValueNone

        let plainEncode =
            match box codec.Encode with
            | :? PlainEncode<'Event> as plain -> ValueSome plain
            | _ -> ValueNone

        let decode (typeName: string) (schemaVersion: int) (payload: ReadOnlyMemory<byte>) : Result<'Event, Entry -> Divergence> =
            match plainDecode with
            | ValueNone -> tryDecode codec { Type = typeName; SchemaVersion = schemaVersion; Payload = Bytes.Wrap payload }
            | ValueSome plain ->
                let mutable event = Unchecked.defaultof<'Event>

                try
                    match plain.Read(typeName, schemaVersion, payload, &event) with
                    | null -> Ok event
                    | error -> Error(undecodable payload error)
                with error ->
                    Error(decodeThrew payload error)

        // Bytes first: only where they differ it is asked how.
        let compare
            (event: 'Event)
            (typeName: string)
            (schemaVersion: int)
            (payload: ReadOnlyMemory<byte>)
            (againType: string)
            (againVersion: int)
            (again: ReadOnlyMemory<byte>)
            : Read<'Event> =
            if againVersion > schemaVersion then
                { Event = event; WasUpcast = true; Unfaithful = ValueNone }
            else
                let unfaithful =
                    if againVersion < schemaVersion then
                        ValueSome(differs "/schemaVersion" (Numbers.text schemaVersion) (Numbers.text againVersion))
                    elif not (String.Equals(againType, typeName)) then
                        ValueSome(differs "/type" typeName againType)
                    elif again.Span.SequenceEqual payload.Span then
                        ValueNone
                    else
                        // What a codec gave may be its own, and other bytes by the time that this is told.
                        ValueSome(payloadDiffers (ReadOnlyMemory(again.ToArray())))

                { Event = event; WasUpcast = false; Unfaithful = unfaithful }

        let judge (event: 'Event) (typeName: string) (schemaVersion: int) (payload: ReadOnlyMemory<byte>) : Read<'Event> =
            let without told = { Event = event; WasUpcast = false; Unfaithful = ValueSome told }

            match plainEncode with
            | ValueNone ->
                match tryEncode codec event with
                | Error told -> without told
                | Ok again -> compare event typeName schemaVersion payload again.Type again.SchemaVersion again.Payload.Memory
            | ValueSome plain ->
                let mutable againType = ""
                let mutable againVersion = 0
                let mutable again = ReadOnlyMemory<byte>.Empty

                let reason =
                    try
                        match plain.Write(event, &againType, &againVersion, &again) with
                        | null -> null
                        | error -> string error
                    with error ->
                        Thrown.text "encode" error

                match reason with
                | null -> compare event typeName schemaVersion payload againType againVersion again
                | reason -> without (unencodable reason)

        /// Reads a payload where it lies, where that proves the codec faithful; false says nothing.
        member _.TryProve(typeName: string, schemaVersion: int, payload: ReadOnlySpan<byte>, event: byref<'Event>) : bool =
            match settling with
            | ValueSome codec ->
                // Whatever is thrown is told where the payload is judged.
                try
                    codec.TryRead(typeName, schemaVersion, payload, &event)
                with _ ->
                    false
            | ValueNone -> false

        /// Decodes a payload, and encodes again what was decoded. An error tells why it cannot be decoded.
        member _.Judge(typeName: string, schemaVersion: int, payload: ReadOnlyMemory<byte>) : Result<Read<'Event>, Entry -> Divergence> =
            match decode typeName schemaVersion payload with
            | Error told -> Error told
            | Ok event -> Ok(judge event typeName schemaVersion payload)

        /// As `Judge`; what can be proved in one is not judged.
        member this.Read(data: EntryData) : Result<Read<'Event>, Entry -> Divergence> =
            let mutable event = Unchecked.defaultof<'Event>

            if this.TryProve(data.Type, data.SchemaVersion, data.Payload.Span, &event) then
                Ok { Event = event; WasUpcast = false; Unfaithful = ValueNone }
            else
                this.Judge(data.Type, data.SchemaVersion, data.Payload.Memory)

    /// The state after an entry's event.
    let evolve
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (state: 'State)
        (entry: Entry)
        (event: 'Event)
        : Result<'State, Divergence> =
        try
            Ok(aggregate.Decider.Evolve state event)
        with error ->
            Error(Divergence.at entry "" DivergenceCause.Threw (PayloadDifference.show entry.Data.Payload) (Thrown.text "evolve" error))

    /// Applies an entry whose role is applied. An error ends the fold: a state after a hole is no state.
    let apply
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (state: 'State)
        (entry: Entry)
        : Result<Applied<'State>, Divergence> =
        match Reader(aggregate.Events).Read entry.Data with
        | Error told -> Error(told entry)
        | Ok found ->
            // A fact is an input: it stands as it was recorded, whatever the codec makes of it.
            let unfaithful =
                match found.Unfaithful with
                | ValueSome told when entry.Data.Role <> Role.Fact -> Some(told entry)
                | _ -> None

            match evolve aggregate state entry found.Event with
            | Ok state -> Ok { State = state; WasUpcast = found.WasUpcast; Unfaithful = unfaithful }
            | Error divergence -> Error divergence

    /// The divergence of an entry that is not the next version of its stream.
    let gap (version: int64) (entry: Entry) : Divergence option =
        let next = version + 1L

        if entry.Version = next then
            None
        else
            let cause = if entry.Version > next then DivergenceCause.Missing else DivergenceCause.Unexpected

            Divergence.at entry "/version" cause ("version " + Numbers.text next) ("version " + Numbers.text entry.Version)
            |> Some

    /// The state hash; `None` without a state codec, or where the state has no encoded form.
    let tryStateHash (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (state: 'State) : Hash option =
        try
            match Aggregate.stateHash aggregate state with
            | Ok hash -> hash
            | Error _ -> None
        with _ ->
            None
