// What a step is decided and evolved on: values as their codecs read them back, with the bytes that stand for them.
// Used by Run.Step.fs.
namespace Refold.Core

open System

/// A value with the bytes that stand for it from now on.
[<Struct; NoEquality; NoComparison>]
type internal Settled<'Value> =
    {
        /// The entry type.
        Type: string
        /// The schema version.
        SchemaVersion: int
        /// The bytes.
        Payload: Bytes
        Value: 'Value
        /// Whether the value was read back from the bytes and has the same bytes again.
        IsStable: bool
        /// The array of the bytes, where it has the room around them that was asked for; else null.
        Room: byte[] | null
    }

    /// A value with the bytes that a codec gave.
    static member Of(encoded: Encoded, value: 'Value, isStable: bool) : Settled<'Value> =
        {
            Type = encoded.Type
            SchemaVersion = encoded.SchemaVersion
            Payload = encoded.Payload
            Value = value
            IsStable = isStable
            Room = null
        }

/// The events of a step as their codec reads them back, beside their entries.
[<Struct; NoEquality; NoComparison>]
type internal SettledEvents<'Event> =
    {
        /// The events. Not to be changed.
        Values: 'Event[]
        /// Whether each was read back from its bytes and has the same bytes again.
        AreStable: bool
        /// The entries of the step.
        Entries: EntryData[]
        /// The place of the first event's entry.
        First: int
    }

    /// None.
    static member None: SettledEvents<'Event> =
        {
            Values = Array.Empty()
            AreStable = false
            Entries = Array.Empty()
            First = 0
        }

    /// The entry of an event.
    member this.Entry(number: int) : EntryData = this.Entries[this.First + number]

/// What a step came to, as `StepResult` has it, with what it was made of.
[<Struct; NoEquality; NoComparison>]
type internal SettledStep<'State, 'Event, 'Error> =
    {
        /// What is to be appended; null where nothing is, or where the step is only compared.
        Batch: EncodedBatch | null
        /// Whether it was refused.
        IsRefused: bool
        /// The refusal as its codec reads it back, where it was refused.
        Refusal: 'Error
        /// The messages that are appended with the events.
        Messages: OutgoingMessage list
        /// The state after the step.
        State: 'State
        /// The target stream's version after the step.
        Version: int64
        /// The run stream's version after the step.
        RunVersion: int64
        /// Random words that were drawn.
        Drawn: uint64
        /// Whether something in an event is redacted.
        Redacted: bool
        /// Its events as they were settled, as their codec reads them back.
        SettledEvents: SettledEvents<'Event>
        /// Its entries in their normal form, the command first. Not to be changed.
        Entries: EntryData[]
    }

    /// The events, or the refusal, as their codecs read them back.
    member this.Outcome: Result<'Event list, 'Error> =
        if this.IsRefused then Error this.Refusal else Ok(List.ofArray this.SettledEvents.Values)

/// Calling the aggregate's code, and settling what goes into a step and comes out of it.
[<RequireQualifiedAccess>]
module internal Settle =

    /// What throws is an error of the step.
    let guarded (where: string) (action: unit -> 'Value) : Result<'Value, StepError> =
        try
            Ok(action ())
        with error ->
            Error(StepError.Threw(where, error))

    /// What answers null throws.
    let answered (where: string) (what: string) (answer: 'Answer) : 'Answer = Answer.notNull where what answer

    /// What a codec answers; `doing` says what it did, before `what`.
    let coded (doing: string) (what: string) (action: unit -> Result<'Value, CodecError>) : Result<'Value, StepError> =
        try
            let answer = action ()

            // A function written elsewhere can answer null.
            if isNull (box answer) then
                answered (doing + what) "a result" answer |> ignore<Result<'Value, CodecError>>

            match answer with
            | Ok value -> Ok value
            | Error error -> Error(StepError.Codec(what, error))
        with error ->
            Error(StepError.Threw(doing + what, error))

    let private notStable what (encoded: Encoded) (again: Encoded) =
        let reason =
            "what is read back from "
            + PayloadText.show encoded.Payload
            + " is encoded as "
            + PayloadText.show again.Payload
            + ", so the codec loses something"

        StepError.Codec(what, CodecError.Unencodable(encoded.Type, reason))

    /// What `decide` answers, and nothing in it is null.
    let decision
        (decider: Decider<'State, 'Command, 'Event, 'Error>)
        (now: DateTimeOffset)
        (commandId: Guid)
        (random: SeededRng)
        (state: 'State)
        (command: 'Command)
        : DecidedParts<'Event, 'Error> =
        match box decider.Decide with
        | :? SendingDecide<'State, 'Command, 'Event, 'Error> as sending -> sending.Parts(now, commandId, random, state, command)
        | _ ->
            let step: Step = { Now = now; CommandId = commandId; Random = random }
            DecidedParts.Of(Decision.ofResult (decider.Decide step state command))

    let private encode what (codec: Codec<'Value>) (value: 'Value) = coded "encoding " what (fun () -> CodecEncode.record codec value)

    // Whether both are the same bytes under the same name and version.
    let private isSame (one: Encoded) (other: Encoded) =
        one.SchemaVersion = other.SchemaVersion
        && String.Equals(one.Type, other.Type, StringComparison.Ordinal)
        && one.Payload.Equals other.Payload

    // Reads back what a value was encoded as, and demands that it has the same bytes.
    let private readBack (settings: StepSettings) what (codec: Codec<'Value>) (value: 'Value) (encoded: Encoded) =
        let refused error = if settings.RefuseUnstable then Error error else Ok(Settled.Of(encoded, value, false))

        match coded "decoding " what (fun () -> codec.Decode encoded) with
        | Error error -> refused error
        | Ok back ->
            match encode what codec back with
            | Error error -> refused error
            | Ok again when isSame again encoded -> Ok(Settled.Of(encoded, back, true))
            | Ok again -> refused (notStable what encoded again)

    // By a codec that reads back what it writes; none where it does not, or where that is not known. As `coded`, without a function.
    let private trySettle what (codec: Codec<'Value>) (value: 'Value) before behind : Result<Settled<'Value> voption, StepError> =
        match CodecEncode.trySettling codec with
        | ValueNone -> Ok ValueNone
        | ValueSome settling ->
            try
                match settling.TrySettle(value, before, behind) with
                | Ok(ValueSome(struct (typeName, version, payload, back))) ->
                    let mutable array = ArraySegment<byte>()

                    let hasRoom =
                        before > 0
                        && Runtime.InteropServices.MemoryMarshal.TryGetArray(payload, &array)
                        && array.Offset = before
                        && array.Count + before + behind = (nonNull array.Array).Length

                    Ok(
                        ValueSome
                            {
                                Type = typeName
                                SchemaVersion = version
                                Payload = Bytes.Wrap payload
                                Value = back
                                IsStable = true
                                Room = (if hasRoom then array.Array else null)
                            }
                    )
                | Ok ValueNone -> Ok ValueNone
                | Error error -> Error(StepError.Codec(what, error))
            with error ->
                Error(StepError.Threw("encoding " + what, error))

    let private settle settings what (codec: Codec<'Value>) (value: 'Value) (readsMarked: bool) before behind =
        match trySettle what codec value before behind with
        | Error error -> Error error
        | Ok(ValueSome settled) -> Ok settled
        | Ok ValueNone ->
            match encode what codec value with
            | Error error -> Error error
            | Ok encoded when readsMarked || not (Redaction.isMarked encoded.Payload) -> readBack settings what codec value encoded
            | Ok encoded -> Ok(Settled.Of(encoded, value, false))

    /// Settles an event or a refusal: encoded, and read back. Where something in it is redacted, what is read back lacks that too.
    let outcome (settings: StepSettings) (what: string) (codec: Codec<'Value>) (value: 'Value) : Result<Settled<'Value>, StepError> =
        settle settings what codec value true 0 0

    /// Settles a command. One in which something is redacted is decided as it was given: what could be read back is not all of it.
    /// Its bytes may have room around them for the envelope.
    let command (settings: StepSettings) (given: GivenCommand<'Value>) (codec: Codec<'Value>) : Result<Settled<'Value>, StepError> =
        match given.Recorded with
        | null ->
            let struct (before, behind) = Envelope.roomOf given.Stream
            settle settings "the command" codec given.Command false before behind
        | encoded -> Ok(Settled.Of(encoded, given.Command, false))

    /// Settles a message: its payload, which reads back as what is encoded the same.
    let message (settings: StepSettings) (form: IMessageForm) : Result<Encoded, StepError> =
        let what = "the message"

        coded "encoding " what form.Encode
        |> Result.bind (fun encoded ->
            match coded "decoding " what (fun () -> form.Again encoded) with
            | Ok again when again = encoded -> Ok encoded
            | Ok again when settings.RefuseUnstable -> Error(notStable what encoded again)
            | Error error when settings.RefuseUnstable -> Error error
            | _ -> Ok encoded)
