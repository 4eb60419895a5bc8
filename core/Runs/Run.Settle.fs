// What a step is decided and evolved on: values as their codecs read them back, with the bytes that stand for them.
// Used by Run.Step.fs.
namespace Refold.Core

open System

/// A value with the bytes that stand for it from now on.
[<Struct; NoEquality; NoComparison>]
type internal Settled<'Value> = { Encoded: Encoded; Value: 'Value }

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

    /// What a codec answers.
    let coded (where: string) (what: string) (action: unit -> Result<'Value, CodecError>) =
        guarded where (fun () -> answered where "a result" (action ()))
        |> Result.bind (Result.mapError (fun error -> StepError.Codec(what, error)))

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

        match answered "decide" "a result" decision.Outcome with
        | Ok events -> answered "decide" "a list of events" events |> ignore<'Event list>
        | Error _ -> ()

        decision

    let private encode what (codec: Codec<'Value>) (value: 'Value) =
        coded ("encoding " + what) what (fun () -> CodecEncode.record codec value)

    // Reads back what a value was encoded as, and demands that it has the same bytes.
    let private readBack (settings: StepSettings) what (codec: Codec<'Value>) (value: 'Value) (encoded: Encoded) =
        let back =
            coded ("decoding " + what) what (fun () -> codec.Decode encoded)
            |> Result.bind (fun back ->
                encode what codec back
                |> Result.bind (fun again -> if again = encoded then Ok back else Error(notStable what encoded again)))

        match back with
        | Ok back -> Ok { Encoded = encoded; Value = back }
        | Error error when settings.RefuseUnstable -> Error error
        | Error _ -> Ok { Encoded = encoded; Value = value }

    /// Settles an event or a refusal: encoded, and read back. Where something in it is redacted, what is read back lacks that too.
    let outcome (settings: StepSettings) (what: string) (codec: Codec<'Value>) (value: 'Value) : Result<Settled<'Value>, StepError> =
        encode what codec value |> Result.bind (readBack settings what codec value)

    /// Settles a command. One in which something is redacted is decided as it was given: what could be read back is not all of it.
    let command (settings: StepSettings) (codec: Codec<'Value>) (value: 'Value) : Result<Settled<'Value>, StepError> =
        match settings.Recorded with
        | Some encoded -> Ok { Encoded = encoded; Value = value }
        | None ->
            let what = "the command"

            encode what codec value
            |> Result.bind (fun encoded ->
                if Redaction.isMarked encoded.Payload then
                    Ok { Encoded = encoded; Value = value }
                else
                    readBack settings what codec value encoded)

    /// Settles a message: its payload, which reads back as what is encoded the same.
    let message (settings: StepSettings) (form: IMessageForm) : Result<Encoded, StepError> =
        let what = "the message"

        coded ("encoding " + what) what form.Encode
        |> Result.bind (fun encoded ->
            match coded ("decoding " + what) what (fun () -> form.Again encoded) with
            | Ok again when again = encoded -> Ok encoded
            | Ok again when settings.RefuseUnstable -> Error(notStable what encoded again)
            | Error error when settings.RefuseUnstable -> Error error
            | _ -> Ok encoded)
