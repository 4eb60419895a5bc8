// What a step is decided and evolved on: values as their codecs read them back, with the bytes that stand for them.
// Used by Run.Step.fs.
namespace Refold.Core

open System

/// A value with the bytes that stand for it from now on.
[<Struct; NoEquality; NoComparison>]
type internal Settled<'Value> =
    {
        Encoded: Encoded
        Value: 'Value
        /// Whether the value was read back from the bytes and has the same bytes again.
        IsStable: bool
    }

/// What a step came to, as `StepResult` has it, with what it was made of.
[<Struct; NoEquality; NoComparison>]
type internal SettledStep<'State, 'Event, 'Error> =
    {
        /// What is to be appended; null where nothing is, or where the step is only compared.
        Batch: EncodedBatch | null
        /// The events, or the refusal, as their codecs read them back.
        Outcome: Result<'Event list, 'Error>
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
        /// Its events as they were settled.
        SettledEvents: Settled<'Event>[]
        /// Its entries in their normal form, the command first. Not to be changed.
        Entries: EntryData[]
    }

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
    let answered (where: string) (what: string) (answer: 'Answer) : 'Answer =
        if isNull (box answer) then
            raise (InvalidOperationException(where + " answered null instead of " + what))

        answer

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
        (step: Step)
        (state: 'State)
        (command: 'Command)
        : Decision<'Event, 'Error> =
        let decision =
            match box decider.Decide with
            | :? SendingDecide<'State, 'Command, 'Event, 'Error> as sending ->
                answered "decide" "a decision" (sending.Decide step state command)
            | _ -> Decision.ofResult (decider.Decide step state command)

        match decision.Outcome with
        | Ok events -> answered "decide" "a list of events" events |> ignore<'Event list>
        | Error _ -> ()

        decision

    let private encode what (codec: Codec<'Value>) (value: 'Value) = coded "encoding " what (fun () -> CodecEncode.record codec value)

    // Whether both are the same bytes under the same name and version.
    let private isSame (one: Encoded) (other: Encoded) =
        one.SchemaVersion = other.SchemaVersion
        && String.Equals(one.Type, other.Type, StringComparison.Ordinal)
        && one.Payload.Equals other.Payload

    // Reads back what a value was encoded as, and demands that it has the same bytes.
    let private readBack (settings: StepSettings) what (codec: Codec<'Value>) (value: 'Value) (encoded: Encoded) =
        let refused error =
            if settings.RefuseUnstable then
                Error error
            else
                Ok { Encoded = encoded; Value = value; IsStable = false }

        match coded "decoding " what (fun () -> codec.Decode encoded) with
        | Error error -> refused error
        | Ok back ->
            match encode what codec back with
            | Error error -> refused error
            | Ok again when isSame again encoded -> Ok { Encoded = encoded; Value = back; IsStable = true }
            | Ok again -> refused (notStable what encoded again)

    // By a codec that reads back what it writes; none where it does not, or where that is not known. As `coded`, without a function.
    let private trySettle what (codec: Codec<'Value>) (value: 'Value) : Result<Settled<'Value> voption, StepError> =
        match CodecEncode.trySettling codec with
        | ValueNone -> Ok ValueNone
        | ValueSome settling ->
            try
                match settling.TrySettle value with
                | Ok(ValueSome(struct (encoded, back))) -> Ok(ValueSome { Encoded = encoded; Value = back; IsStable = true })
                | Ok ValueNone -> Ok ValueNone
                | Error error -> Error(StepError.Codec(what, error))
            with error ->
                Error(StepError.Threw("encoding " + what, error))

    let private settle settings what (codec: Codec<'Value>) (value: 'Value) (readsMarked: bool) =
        match trySettle what codec value with
        | Error error -> Error error
        | Ok(ValueSome settled) -> Ok settled
        | Ok ValueNone ->
            match encode what codec value with
            | Error error -> Error error
            | Ok encoded when readsMarked || not (Redaction.isMarked encoded.Payload) -> readBack settings what codec value encoded
            | Ok encoded -> Ok { Encoded = encoded; Value = value; IsStable = false }

    /// Settles an event or a refusal: encoded, and read back. Where something in it is redacted, what is read back lacks that too.
    let outcome (settings: StepSettings) (what: string) (codec: Codec<'Value>) (value: 'Value) : Result<Settled<'Value>, StepError> =
        settle settings what codec value true

    /// Settles a command. One in which something is redacted is decided as it was given: what could be read back is not all of it.
    let command (settings: StepSettings) (codec: Codec<'Value>) (value: 'Value) : Result<Settled<'Value>, StepError> =
        match settings.Recorded with
        | Some encoded -> Ok { Encoded = encoded; Value = value; IsStable = false }
        | None -> settle settings "the command" codec value false

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
