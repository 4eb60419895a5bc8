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

    /// Decodes with any codec; the divergence, of an entry, tells why it could not be done.
    let private tryDecode (codec: Codec<'Value>) (encoded: Encoded) : Result<'Value, Entry -> Divergence> =
        try
            match codec.Decode encoded with
            | Ok value -> Ok value
            | Error error ->
                Error(fun entry ->
                    let path = errorPath entry.Data error
                    Divergence.at entry path DivergenceCause.Undecodable (PayloadDifference.show encoded.Payload) (error.ToString()))
        with error ->
            let text = Thrown.text "decode" error

            Error(fun entry ->
                let path = PayloadDifference.memberPath entry.Data.Payload
                Divergence.at entry path DivergenceCause.Threw (PayloadDifference.show encoded.Payload) text)

    /// Decodes with any codec; the divergence tells why it could not be done.
    let decode (codec: Codec<'Value>) (entry: Entry) (encoded: Encoded) : Result<'Value, Divergence> =
        tryDecode codec encoded |> Result.mapError (fun told -> told entry)

    let private tryEncode (codec: Codec<'Value>) (value: 'Value) : Result<Encoded, Entry -> Divergence> =
        let encoded =
            try
                CodecEncode.record codec value |> Result.mapError string
            with error ->
                Error(Thrown.text "encode" error)

        match encoded with
        | Ok encoded -> Ok encoded
        | Error reason ->
            Error(fun entry ->
                let payload = entry.Data.Payload
                let path = PayloadDifference.memberPath payload
                Divergence.at entry path DivergenceCause.CodecNotFaithful (PayloadDifference.show payload) reason)

    /// Encodes again what was decoded; the divergence tells that it has no encoded form.
    let encode (codec: Codec<'Value>) (entry: Entry) (value: 'Value) : Result<Encoded, Divergence> =
        tryEncode codec value |> Result.mapError (fun told -> told entry)

    // Bytes first: only where they differ it is asked how.
    let private payloadDiffers (again: Bytes) (entry: Entry) =
        match PayloadDifference.find entry entry.Data.Payload again with
        | Some found -> { found with Cause = DivergenceCause.CodecNotFaithful }
        | None -> invalidOp "bytes that differ have a difference"

    /// Whether an event was upcast, and how its codec is not faithful.
    let private judgeCodec (codec: Codec<'Event>) (encoded: Encoded) (event: 'Event) : struct (bool * (Entry -> Divergence) voption) =
        let unfaithful path expected actual =
            struct (false, ValueSome(fun entry -> Divergence.at entry path DivergenceCause.CodecNotFaithful expected actual))

        match tryEncode codec event with
        | Error told -> struct (false, ValueSome told)
        | Ok again when again.SchemaVersion > encoded.SchemaVersion -> struct (true, ValueNone)
        | Ok again when again.SchemaVersion < encoded.SchemaVersion ->
            unfaithful "/schemaVersion" (Numbers.text encoded.SchemaVersion) (Numbers.text again.SchemaVersion)
        | Ok again when not (String.Equals(again.Type, encoded.Type)) -> unfaithful "/type" encoded.Type again.Type
        | Ok again when again.Payload.Equals encoded.Payload -> struct (false, ValueNone)
        | Ok again -> struct (false, ValueSome(payloadDiffers again.Payload))

    /// Decodes an entry's payload and judges its codec by the form that it writes.
    let judge (codec: Codec<'Event>) (encoded: Encoded) : Result<Read<'Event>, Entry -> Divergence> =
        match tryDecode codec encoded with
        | Error told -> Error told
        | Ok event ->
            let struct (wasUpcast, unfaithful) = judgeCodec codec encoded event
            Ok { Event = event; WasUpcast = wasUpcast; Unfaithful = unfaithful }

    /// As `judge`; a codec that reads and proves itself in one is not asked twice.
    let read (codec: Codec<'Event>) (encoded: Encoded) : Result<Read<'Event>, Entry -> Divergence> =
        let mutable event = Unchecked.defaultof<'Event>

        match CodecEncode.trySettling codec with
        | ValueSome settling when settling.TryRead(encoded.Type, encoded.SchemaVersion, encoded.Payload.Span, &event) ->
            Ok { Event = event; WasUpcast = false; Unfaithful = ValueNone }
        | _ -> judge codec encoded

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
        match read aggregate.Events (encodedOf entry.Data) with
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
