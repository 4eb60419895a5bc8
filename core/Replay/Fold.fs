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

/// What is not as it should be with an entry, told once the entry is there as a whole.
[<Sealed; AllowNullLiteral>]
type internal Differing(told: Entry -> Divergence, goesOn: bool) =

    /// The divergence of the entry.
    member _.Of(entry: Entry) : Divergence = told entry

    /// Whether the fold goes on behind the entry; otherwise it ended before it.
    member _.GoesOn: bool = goesOn

/// The fold, entry by entry.
[<RequireQualifiedAccess>]
module internal Folding =

    /// A state after one more entry.
    [<Struct; NoEquality; NoComparison>]
    type Applied<'State> = { State: 'State; WasUpcast: bool; Unfaithful: Divergence option }

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

    let private ends (told: Entry -> Divergence) = Differing(told, false)

    let private isUnfaithful (told: Entry -> Divergence) = Differing(told, true)

    /// Reads payloads by a codec and judges the codec by them. What of the codec can be called without an object is found once. Used by one
    /// thread.
    [<Sealed>]
    type Reader<'Event>(codec: Codec<'Event>) =

        let settling =
            match CodecEncode.trySettling codec with
            | ValueSome settling -> settling
            | ValueNone -> Unchecked.defaultof<_>

        let plainDecode =
            match box codec.Decode with
            | :? PlainDecode<'Event> as plain -> plain
            | _ -> Unchecked.defaultof<_>

        let plainEncode =
            match box codec.Encode with
            | :? PlainEncode<'Event> as plain -> plain
            | _ -> Unchecked.defaultof<_>

        // What is written again is compared at once, and then forgotten.
        let mutable writer: PayloadWriter | null = null

        // Of what cannot be read the bytes are kept, to be told.
        static let refused (payload: ReadOnlySpan<byte>) (error: CodecError) =
            let kept = ReadOnlyMemory(payload.ToArray())
            ends (undecodable kept error)

        static let threw (payload: ReadOnlySpan<byte>) (error: exn) =
            let kept = ReadOnlyMemory(payload.ToArray())
            ends (decodeThrew kept error)

        // By any function, of bytes that stay.
        let decodeKept (typeName: string) (schemaVersion: int) (payload: ReadOnlyMemory<byte>) (event: byref<'Event>) : Differing =
            match tryDecode codec { Type = typeName; SchemaVersion = schemaVersion; Payload = Bytes.Wrap payload } with
            | Ok read ->
                event <- read
                null
            | Error told -> ends told

        // Bytes first: only where they differ it is asked how.
        static let compare
            (typeName: string)
            (schemaVersion: int)
            (payload: ReadOnlySpan<byte>)
            (againType: string)
            (againVersion: int)
            (again: ReadOnlyMemory<byte>)
            : Differing =
            if againVersion < schemaVersion then
                isUnfaithful (differs "/schemaVersion" (Numbers.text schemaVersion) (Numbers.text againVersion))
            elif not (String.Equals(againType, typeName)) then
                isUnfaithful (differs "/type" typeName againType)
            elif again.Span.SequenceEqual payload then
                null
            else
                // What a codec gave may be its own, and other bytes by the time that this is told.
                let kept = again.ToArray()

                if payload.SequenceEqual(ReadOnlySpan kept) then
                    null
                else
                    isUnfaithful (payloadDiffers (ReadOnlyMemory kept))

        let judgeByObject (event: 'Event) (typeName: string) (schemaVersion: int) (payload: ReadOnlySpan<byte>) (wasUpcast: byref<bool>) =
            match tryEncode codec event with
            | Error told -> isUnfaithful told
            | Ok again when again.SchemaVersion > schemaVersion ->
                wasUpcast <- true
                null
            | Ok again -> compare typeName schemaVersion payload again.Type again.SchemaVersion again.Payload.Memory

        let write
            (event: byref<'Event>)
            (typeName: byref<string>)
            (version: byref<int>)
            (payload: byref<ReadOnlyMemory<byte>>)
            : string | null =
            let lent =
                match writer with
                | null ->
                    let made = PayloadWriter()
                    writer <- made
                    made
                | there -> there

            try
                match CodecEncode.write plainEncode (&event, lent, &typeName, &version, &payload) with
                | null -> null
                | error -> string error
            with error ->
                Thrown.text "encode" error

        // Encodes again what was decoded.
        let judge (event: byref<'Event>) (typeName: string) (schemaVersion: int) (payload: ReadOnlySpan<byte>) (wasUpcast: byref<bool>) =
            if isNull (box plainEncode) then
                judgeByObject event typeName schemaVersion payload &wasUpcast
            else
                let mutable againType = ""
                let mutable againVersion = 0
                let mutable again = ReadOnlyMemory<byte>.Empty

                match write &event &againType &againVersion &again with
                | null when againVersion > schemaVersion ->
                    wasUpcast <- true
                    null
                | null -> compare typeName schemaVersion payload againType againVersion again
                | reason -> isUnfaithful (unencodable reason)

        // Whether the payload proves the codec faithful; false says nothing.
        let tryProve (typeName: string) (schemaVersion: int) (payload: ReadOnlySpan<byte>) (event: byref<'Event>) : bool =
            if isNull (box settling) then
                false
            else
                // Whatever is thrown is told where the payload is judged.
                try
                    settling.TryRead(typeName, schemaVersion, payload, &event)
                with _ ->
                    false

        /// Reads a payload where it lies, and encodes again what was decoded unless that is proved. Null: nothing differs. One that goes on:
        /// the codec writes it otherwise; any other: there is no event.
        member _.ReadSpan
            (typeName: string, schemaVersion: int, payload: ReadOnlySpan<byte>, event: byref<'Event>, wasUpcast: byref<bool>)
            : Differing =
            if tryProve typeName schemaVersion payload &event then
                null
            else
                let differing =
                    if isNull (box plainDecode) then
                        // A codec may keep what it is given.
                        decodeKept typeName schemaVersion (ReadOnlyMemory(payload.ToArray())) &event
                    else
                        try
                            match plainDecode.ReadSpan(typeName, schemaVersion, payload, &event) with
                            | null -> null
                            | error -> refused payload error
                        with error ->
                            threw payload error

                match differing with
                | null -> judge &event typeName schemaVersion payload &wasUpcast
                | differing -> differing

        /// As `ReadSpan`, of a payload that stays.
        member _.Read(data: EntryData, event: byref<'Event>, wasUpcast: byref<bool>) : Differing =
            let typeName = data.Type
            let schemaVersion = data.SchemaVersion
            let payload = data.Payload.Memory

            if tryProve typeName schemaVersion payload.Span &event then
                null
            else
                let differing =
                    if isNull (box plainDecode) then
                        decodeKept typeName schemaVersion payload &event
                    else
                        try
                            match plainDecode.Read(typeName, schemaVersion, payload, &event) with
                            | null -> null
                            | error -> refused payload.Span error
                        with error ->
                            threw payload.Span error

                match differing with
                | null -> judge &event typeName schemaVersion payload.Span &wasUpcast
                | differing -> differing

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
        let mutable event = Unchecked.defaultof<'Event>
        let mutable wasUpcast = false

        match Reader(aggregate.Events).Read(entry.Data, &event, &wasUpcast) with
        | differing when not (isNull differing || differing.GoesOn) -> Error(differing.Of entry)
        | differing ->
            // A fact is an input: it stands as it was recorded, whatever the codec makes of it.
            let unfaithful =
                if isNull differing || entry.Data.Role = Role.Fact then None else Some(differing.Of entry)

            match evolve aggregate state entry event with
            | Ok state -> Ok { State = state; WasUpcast = wasUpcast; Unfaithful = unfaithful }
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
