// Making one step of a run: decided and evolved on what codecs read back, so that live state and replayed state are one by construction.
// Called by Run.fs and by the facade's runs through RunTranslation.
namespace Refold.Core

open System
open Refold

/// The one step.
[<RequireQualifiedAccess>]
module internal RunStep =

    /// Nothing besides the input.
    let plain =
        {
            RefuseUnstable = true
            CheckCodecs = false
            CommandId = None
            StoodOn = None
            Beside = None
            Recorded = None
            IsCompared = false
        }

    /// The type of the effect that names the snapshot a step stood on.
    let snapshotType = "$snapshot"

    // Those of operations; see FORMAT.md.
    let private operationTypes =
        Set
            [
                "$operation.begun"
                "$operation.ended"
                "$operation.failed"
                "$clock"
                "$call"
                "$executed"
            ]

    /// Whether operations write effects of this type.
    let isOperationType (typeName: string) : bool = operationTypes.Contains typeName

    /// Whether something writes effects of this type.
    let isEffectType (typeName: string) : bool = typeName = snapshotType || isOperationType typeName

    /// The stream of a run's effects: `$fx/<RunId>`.
    let effectsOf (run: RunId) : StreamId = run.Effects

    /// The generator of the step on a stream at a version.
    let random (root: RngState) (stream: StreamId) (version: int64) : SeededRng = StepDecision.random root stream version

    // An entry of the step; encoding the batch judges it.
    let private entry (common: StepDecision.Common) (input: StepInput<'Command>) stream (role: Role) (encoded: Encoded) tags : EntryData =
        {
            Stream = stream
            Role = role
            Type = encoded.Type
            SchemaVersion = encoded.SchemaVersion
            Payload = encoded.Payload
            Tags = tags
            Time = common.At
            Id = None
            CorrelationId = common.Correlation
            CausationId = (if role.IsCommand then input.CausationId else common.Cause)
            Run = common.Of
            Drawn = None
            Key = input.Key
        }

    let private traverse (make: 'Value -> Result<'Made, StepError>) (values: 'Value list) : Result<'Made list, StepError> =
        let rec next made (rest: 'Value list) =
            match rest with
            | [] -> Ok(List.rev made)
            | value :: rest ->
                match make value with
                | Ok one -> next (one :: made) rest
                | Error error -> Error error

        next [] values

    let private tags (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) event =
        Settle.guarded "tagging the event" (fun () ->
            List.ofSeq (Settle.answered "the function that tags events" "tags" (aggregate.Tags event)))

    // The entries of the outcome, the events as they were recorded, and the outcome as it was recorded.
    let private outcomeEntries
        settings
        context
        common
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (input: StepInput<'Command>)
        (decision: Decision<'Event, 'Error>)
        =
        match decision.Outcome with
        | Ok events when List.length events > Limits.batchEntries ->
            // Before they are encoded.
            Error(StepError.Invalid(ValueError.TooMany("events of a step", List.length events, Limits.batchEntries)))
        | Ok _ when List.length decision.Messages > Limits.batchEntries ->
            Error(StepError.Invalid(ValueError.TooMany("messages of a step", List.length decision.Messages, Limits.batchEntries)))
        | Ok events ->
            events
            |> traverse (fun event ->
                Settle.outcome settings "the event" aggregate.Events event
                |> Result.bind (fun settled ->
                    tags aggregate settled.Value
                    |> Result.map (fun tags -> entry common input input.Stream Role.Event settled.Encoded tags, settled)))
            |> Result.map (fun made ->
                let settled = List.map snd made
                struct (List.map fst made, settled, Ok(settled |> List.map _.Value)))
        | Error error ->
            Settle.outcome settings "the refusal" aggregate.Errors error
            |> Result.map (fun settled ->
                let refusal = entry common input context.Run.Stream Role.Refusal settled.Encoded []
                struct ((if context.Mode = RecordMode.Off then [] else [ refusal ]), [], Error settled.Value))

    // The entries of the messages, behind those of the outcome.
    let private messageEntries settings context common (before: RunPosition<'State>) (input: StepInput<'Command>) commandId messages =
        let entryOf stream encoded = entry common input stream Role.Message encoded []

        let make =
            MessageEntry.make settings context.Run input.Stream before.Version input.Now commandId entryOf

        if List.isEmpty messages then Ok [] else messages |> List.indexed |> traverse make

    let private snapshotEffect context common (input: StepInput<'Command>) (stoodOn: StoodOn) =
        let payload = RunForm.writeSnapshot input.Stream stoodOn
        let encoded = { Type = snapshotType; SchemaVersion = 1; Payload = payload }
        entry common input (effectsOf context.Run) Role.Effect encoded []

    // What is recorded before the outcome: the snapshot that the state stands on, and the command.
    let private inputEntries context common settings (input: StepInput<'Command>) drawn (command: Settled<'Command>) =
        match context.Mode with
        | RecordMode.Off -> []
        | _ ->
            let wrapped =
                { command.Encoded with
                    Payload = Envelope.write input.Stream command.Encoded.Payload
                }

            let commanded =
                { entry common input context.Run.Stream Role.Command wrapped [] with
                    Drawn = Some drawn
                }

            match settings.StoodOn with
            | None -> [ commanded ]
            | Some stoodOn -> [ snapshotEffect context common input stoodOn; commanded ]

    let private batch context settings (before: RunPosition<'State>) (input: StepInput<'Command>) (entries: EntryData list) =
        let target = input.Stream, ExpectedVersion.after before.Version

        let expecting expected =
            let request =
                { Append.request entries with
                    Expected = expected
                    Condition = settings.Beside |> Option.map _.Condition
                    Key = input.Key
                }

            match
                (if settings.IsCompared then
                     Encoding.batch EncodingWay.Compared request
                 else
                     Append.encodeOwn request)
            with
            | Ok batch -> Ok(Some batch)
            | Error(AppendError.Invalid error) -> Error(StepError.Invalid error)
            | Error error -> invalidOp (error.ToString())

        match context.Mode, entries with
        | _ when input.Stream.IsSystem -> Error(StepError.Invalid(ValueError.Reserved("stream", input.Stream.Value)))
        | RecordMode.Off, [] -> Ok None
        | RecordMode.Off, _ -> expecting [ target ]
        | _ -> expecting [ context.Run.Stream, ExpectedVersion.after before.RunVersion; target ]

    let private unguarded settings context (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) before (input: StepInput<'Command>) =
        let commandId =
            settings.CommandId
            |> Option.defaultWith (fun () -> Entry.derivedId (Some context.Run) context.Run.Stream (before.RunVersion + 1L))

        match Settle.command settings aggregate.Commands input.Command with
        | Error error -> Error error
        | Ok command ->
            match StepDecision.decide context aggregate before input command.Value commandId with
            | Error error -> Error error
            | Ok(struct (decided, drawn)) ->
                let common = StepDecision.common context input commandId

                match outcomeEntries settings context common aggregate input decided with
                | Error error -> Error error
                | Ok(struct (outcomes, settled, outcome)) ->
                    // Behind it: an event codec that is not stable has been named by then.
                    let judged =
                        if settings.CheckCodecs && not (Redaction.isMarked command.Encoded.Payload) then
                            StepDecision.sameDecision context aggregate before input command commandId decided drawn
                        else
                            Ok()

                    match judged with
                    | Error error -> Error error
                    | Ok() ->
                        match messageEntries settings context common before input commandId decided.Messages with
                        | Error error -> Error error
                        | Ok messages ->
                            let decidedEvents = Result.defaultValue [] decided.Outcome

                            match StepDecision.evolve settings aggregate before.State decidedEvents settled with
                            | Error error -> Error error
                            | Ok state ->
                                let beside =
                                    match settings.Beside with
                                    | None -> []
                                    | Some beside -> beside.EntriesOf(commandId, input.Key)

                                let entries = inputEntries context common settings input drawn command @ outcomes @ messages @ beside

                                match batch context settings before input entries with
                                | Error error -> Error error
                                | Ok batch ->
                                    let result =
                                        {
                                            Batch = batch
                                            Outcome = outcome
                                            Messages = decided.Messages
                                            Position = StepDecision.position before state outcome
                                            Drawn = drawn
                                            Redacted = settled |> List.exists (fun event -> Redaction.isMarked event.Encoded.Payload)
                                        }

                                    Ok(struct (result, settled))

    /// Makes one step, and gives its events as they were settled; nothing the aggregate's code throws gets out.
    let settled
        (settings: StepSettings)
        (context: RunContext)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: RunPosition<'State>)
        (input: StepInput<'Command>)
        : Result<struct (StepResult<'State, 'Event, 'Error> * Settled<'Event> list), StepError> =
        try
            unguarded settings context aggregate before input
        with error ->
            Error(StepError.Threw("the step", error))

    /// Makes one step; nothing the aggregate's code throws gets out.
    let make
        (settings: StepSettings)
        (context: RunContext)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: RunPosition<'State>)
        (input: StepInput<'Command>)
        : Result<StepResult<'State, 'Event, 'Error>, StepError> =
        match settled settings context aggregate before input with
        | Ok(struct (result, _)) -> Ok result
        | Error error -> Error error
