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
    let effectsOf (run: RunId) : StreamId = StreamId.Create("$fx/" + run.Value)

    /// The generator of the step on a stream at a version.
    let random (root: RngState) (stream: StreamId) (version: int64) : SeededRng =
        SeededRng.Deferred(fun () -> root.Named(stream.Value).Named(Numbers.text version))

    let private decide
        context
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: RunPosition<'State>)
        (input: StepInput<'Command>)
        command
        commandId
        =
        let random = random context.Root input.Stream before.Version

        let step: Step = { Now = input.Now.ToUniversalTime(); CommandId = commandId; Random = random }

        try
            Settle.guarded "decide" (fun () -> Settle.decision aggregate.Decider step before.State command)
            |> Result.map (fun decision -> struct (decision, random.WordsDrawn))
        finally
            random.End()

    // An entry of the step; encoding the batch judges it.
    let private entry context (input: StepInput<'Command>) commandId stream role (encoded: Encoded) tags : EntryData =
        {
            Stream = stream
            Role = role
            Type = encoded.Type
            SchemaVersion = encoded.SchemaVersion
            Payload = encoded.Payload
            Tags = tags
            Time = Some input.Now
            Id = None
            CorrelationId = Some(Option.defaultValue commandId input.CorrelationId)
            CausationId = (if role = Role.Command then input.CausationId else Some commandId)
            Run = Some context.Run
            Drawn = None
            Key = input.Key
        }

    let private traverse (make: 'Value -> Result<'Made, StepError>) (values: 'Value list) : Result<'Made list, StepError> =
        let folder made value = made |> Result.bind (fun made -> make value |> Result.map (fun next -> next :: made))
        values |> List.fold folder (Ok []) |> Result.map List.rev

    let private tags (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) event =
        Settle.guarded "tagging the event" (fun () ->
            List.ofSeq (Settle.answered "the function that tags events" "tags" (aggregate.Tags event)))

    // The entries of the outcome, the events as they were recorded, and the outcome as it was recorded.
    let private outcomeEntries
        settings
        context
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (input: StepInput<'Command>)
        commandId
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
                    |> Result.map (fun tags -> entry context input commandId input.Stream Role.Event settled.Encoded tags, settled)))
            |> Result.map (fun made ->
                let settled = List.map snd made
                struct (List.map fst made, settled, Ok(settled |> List.map _.Value)))
        | Error error ->
            Settle.outcome settings "the refusal" aggregate.Errors error
            |> Result.map (fun settled ->
                let refusal = entry context input commandId context.Run.Stream Role.Refusal settled.Encoded []
                struct ((if context.Mode = RecordMode.Off then [] else [ refusal ]), [], Error settled.Value))

    // The entries of the messages, behind those of the outcome.
    let private messageEntries settings context (before: RunPosition<'State>) (input: StepInput<'Command>) commandId messages =
        let entryOf stream encoded = entry context input commandId stream Role.Message encoded []

        let make =
            MessageEntry.make settings context.Run input.Stream before.Version input.Now commandId entryOf

        messages |> List.indexed |> traverse make

    let private snapshotEffect context (input: StepInput<'Command>) commandId (stoodOn: StoodOn) =
        let payload = RunForm.writeSnapshot input.Stream stoodOn
        let encoded = { Type = snapshotType; SchemaVersion = 1; Payload = payload }
        entry context input commandId (effectsOf context.Run) Role.Effect encoded []

    // What is recorded before the outcome: the snapshot that the state stands on, and the command.
    let private inputEntries context settings (input: StepInput<'Command>) commandId drawn (command: Settled<'Command>) =
        match context.Mode with
        | RecordMode.Off -> []
        | _ ->
            let wrapped =
                { command.Encoded with
                    Payload = Envelope.write input.Stream command.Encoded.Payload
                }

            let commanded = entry context input commandId context.Run.Stream Role.Command wrapped []

            [
                yield! settings.StoodOn |> Option.map (snapshotEffect context input commandId) |> Option.toList
                { commanded with Drawn = Some drawn }
            ]

    let private batch context settings (before: RunPosition<'State>) (input: StepInput<'Command>) (entries: EntryData list) =
        let target = input.Stream, ExpectedVersion.after before.Version

        let expecting expected =
            let request =
                { Append.request entries with
                    Expected = expected
                    Condition = settings.Beside |> Option.map _.Condition
                    Key = input.Key
                }

            match Append.encodeOwn request with
            | Ok batch -> Ok(Some batch)
            | Error(AppendError.Invalid error) -> Error(StepError.Invalid error)
            | Error error -> invalidOp (error.ToString())

        match context.Mode, entries with
        | _ when input.Stream.IsSystem -> Error(StepError.Invalid(ValueError.Reserved("stream", input.Stream.Value)))
        | RecordMode.Off, [] -> Ok None
        | RecordMode.Off, _ -> expecting [ target ]
        | _ -> expecting [ context.Run.Stream, ExpectedVersion.after before.RunVersion; target ]

    // The state after the events, which are also folded as they were decided where codecs are checked.
    let private evolve (settings: StepSettings) (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) state decided recorded =
        let hashOf state =
            match Aggregate.stateHash aggregate state with
            | Ok hash -> hash
            | Error error -> raise (InvalidOperationException(error.ToString()))

        let next state (decided, recorded: Settled<'Event>) =
            state
            |> Result.bind (fun state ->
                Settle.guarded "evolve" (fun () ->
                    let isChecked = settings.CheckCodecs && not (Redaction.isMarked recorded.Encoded.Payload)
                    let other = if isChecked then hashOf (aggregate.Decider.Evolve state decided) else None
                    let state = aggregate.Decider.Evolve state recorded.Value
                    struct (state, other.IsSome && other <> hashOf state))
                |> Result.bind (fun (struct (state, differs)) ->
                    if differs then
                        let reason =
                            "the state after the event as decided is another one than after the event as read back from "
                            + PayloadText.show recorded.Encoded.Payload

                        Error(StepError.Codec("the event", CodecError.Unencodable(recorded.Encoded.Type, reason)))
                    else
                        Ok state))

        List.fold next (Ok state) (List.zip decided recorded)

    // Whether the command as it was given comes to the same as the one that was read back, and draws as often.
    let private sameDecision context (aggregate: Aggregate<_, _, 'Event, 'Error>) before input (command: Settled<_>) id decided drawn =
        let encoded (decision: Decision<'Event, 'Error>) =
            match decision.Outcome with
            | Ok events -> Ok(events |> List.map (CodecEncode.record aggregate.Events))
            | Error error -> Error(CodecEncode.record aggregate.Errors error)

        let sent (decision: Decision<'Event, 'Error>) =
            decision.Messages
            |> List.map (fun message -> message.Outbox, message.Recipient, message.DeliverAfter, message.Event, message.Form.Encode())

        decide context aggregate before input input.Command id
        |> Result.bind (fun (struct (given: Decision<'Event, 'Error>, givenDrawn)) ->
            if givenDrawn = drawn && encoded given = encoded decided && sent given = sent decided then
                Ok()
            else
                let reason =
                    "the command as given is decided otherwise than as read back from " + PayloadText.show command.Encoded.Payload

                Error(StepError.Codec("the command", CodecError.Unencodable(command.Encoded.Type, reason))))

    let private position (before: RunPosition<'State>) state (outcome: Result<'Event list, 'Error>) : RunPosition<'State> =
        let events, refusals =
            match outcome with
            | Ok events -> List.length events, 0
            | Error _ -> 0, 1

        {
            Version = before.Version + int64 events
            State = state
            RunVersion = before.RunVersion + 1L + int64 refusals
        }

    let private unguarded settings context (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) before (input: StepInput<'Command>) =
        let commandId =
            settings.CommandId
            |> Option.defaultWith (fun () -> Entry.derivedId (Some context.Run) context.Run.Stream (before.RunVersion + 1L))

        Settle.command settings aggregate.Commands input.Command
        |> Result.bind (fun command ->
            decide context aggregate before input command.Value commandId
            |> Result.bind (fun (struct (decided, drawn)) ->
                outcomeEntries settings context aggregate input commandId decided
                // Behind it: an event codec that is not stable has been named by then.
                |> Result.bind (fun made ->
                    if settings.CheckCodecs && not (Redaction.isMarked command.Encoded.Payload) then
                        sameDecision context aggregate before input command commandId decided drawn |> Result.map (fun () -> made)
                    else
                        Ok made)
                |> Result.bind (fun made ->
                    messageEntries settings context before input commandId decided.Messages
                    |> Result.map (fun messages -> struct (made, messages)))
                |> Result.bind (fun (struct (struct (outcomes, settled, outcome), messages)) ->
                    evolve settings aggregate before.State (Result.defaultValue [] decided.Outcome) settled
                    |> Result.bind (fun state ->
                        let entries =
                            inputEntries context settings input commandId drawn command
                            @ outcomes
                            @ messages
                            @ (settings.Beside |> Option.map _.EntriesOf(commandId, input.Key) |> Option.defaultValue [])

                        batch context settings before input entries
                        |> Result.map (fun batch ->
                            {
                                Batch = batch
                                Outcome = outcome
                                Messages = decided.Messages
                                Position = position before state outcome
                                Drawn = drawn
                                Redacted = settled |> List.exists (fun event -> Redaction.isMarked event.Encoded.Payload)
                            })))))

    /// Makes one step; nothing the aggregate's code throws gets out.
    let make
        (settings: StepSettings)
        (context: RunContext)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: RunPosition<'State>)
        (input: StepInput<'Command>)
        : Result<StepResult<'State, 'Event, 'Error>, StepError> =
        try
            unguarded settings context aggregate before input
        with error ->
            Error(StepError.Threw("the step", error))
