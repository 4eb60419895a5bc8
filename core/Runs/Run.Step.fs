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
            IsCompared = false
            MayLend = false
        }

    /// The type of the effect that names the snapshot a step stood on.
    let snapshotType = StepEntries.snapshotType

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

    let private batch context settings (before: StepPlace<'State>) (input: GivenCommand<'Command>) (entries: EntryData[]) =
        let refused (error: AppendError) : Result<EncodedBatch | null, StepError> =
            match error with
            | AppendError.Invalid error -> Error(StepError.Invalid error)
            | error -> invalidOp (error.ToString())

        match context.Mode with
        | _ when input.Stream.IsSystem -> Error(StepError.Invalid(ValueError.Reserved("stream", input.Stream.Value)))
        | RecordMode.Off when entries.Length = 0 -> Ok null
        | _ when settings.IsCompared ->
            match Encoding.judge input.Key (ListedEntries entries) with
            | Some error -> refused error
            | None -> Ok null
        | mode ->
            let run = if mode = RecordMode.Off then null else context.Run.Stream

            let condition =
                match settings.Beside with
                | None -> None
                | Some beside -> Some beside.Condition

            let demands = StepDemands(run, before.RunVersion, input.Stream, before.Version, condition, input.Key)

            match Encoding.batchOf (AppendDemands.OfStep demands) (ListedEntries entries) settings.MayLend with
            | Ok batch -> Ok batch
            | Error error -> refused error

    let private unguarded
        settings
        context
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: StepPlace<'State>)
        (input: GivenCommand<'Command>)
        : Result<SettledStep<'State, 'Event, 'Error>, StepError> =
        let commandId =
            match settings.CommandId with
            | Some id -> id
            | None -> Entry.derivedId context.Run.Named context.Run.Stream (before.RunVersion + 1L)

        match Settle.command settings input aggregate.Commands with
        | Error error -> Error error
        | Ok command ->
            match StepDecision.decide context aggregate before input command.Value commandId with
            | Error error -> Error error
            | Ok(struct (decided, drawn)) ->
                let common = StepDecision.common context input commandId

                match StepEntries.room context settings decided with
                | Error error -> Error error
                | Ok entries ->
                    match StepEntries.outcomeEntries settings context common aggregate input decided entries with
                    | Error error -> Error error
                    | Ok(struct (settled, refusal)) ->
                        // Behind it: an event codec that is not stable has been named by then.
                        let judged =
                            if settings.CheckCodecs && not (Redaction.isMarked command.Payload) then
                                StepDecision.sameDecision context aggregate before input command commandId decided drawn
                            else
                                Ok()

                        match judged with
                        | Error error -> Error error
                        | Ok() ->
                            match StepEntries.messageEntries settings context common before input commandId decided entries with
                            | Error error -> Error error
                            | Ok() ->
                                match StepDecision.evolve settings aggregate before.State decided.Events settled with
                                | Error error -> Error error
                                | Ok state ->
                                    StepEntries.besideEntries settings commandId input.Key entries
                                    StepEntries.inputEntries context common settings input drawn command entries
                                    let entries = StepEntries.counted entries

                                    match batch context settings before input entries with
                                    | Error error -> Error error
                                    | Ok batch ->
                                        let mutable isRedacted = false

                                        for number in 0 .. settled.Values.Length - 1 do
                                            isRedacted <- isRedacted || Redaction.isMarked (settled.Entry number).Payload

                                        let refusals = if decided.IsRefused then 1L else 0L

                                        Ok
                                            {
                                                Batch = batch
                                                IsRefused = decided.IsRefused
                                                Refusal = refusal
                                                Messages = decided.Messages
                                                State = state
                                                Version = before.Version + int64 settled.Values.Length
                                                RunVersion = before.RunVersion + 1L + refusals
                                                Drawn = drawn
                                                Redacted = isRedacted
                                                SettledEvents = settled
                                                Entries = entries
                                            }

    /// Makes one step, and gives what it was made of; nothing the aggregate's code throws gets out.
    let settled
        (settings: StepSettings)
        (context: RunContext)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: StepPlace<'State>)
        (input: GivenCommand<'Command>)
        : Result<SettledStep<'State, 'Event, 'Error>, StepError> =
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
        let place: StepPlace<'State> =
            {
                Version = before.Version
                State = before.State
                RunVersion = before.RunVersion
            }

        let given: GivenCommand<'Command> =
            {
                Stream = input.Stream
                Command = input.Command
                Now = input.Now
                CorrelationId = input.CorrelationId
                CausationId = input.CausationId
                Key = input.Key
                Recorded = null
            }

        match settled settings context aggregate place given with
        | Ok made ->
            Ok
                {
                    Batch =
                        (match made.Batch with
                         | null -> None
                         | batch -> Some batch)
                    Outcome = made.Outcome
                    Messages = made.Messages
                    Position = { Version = made.Version; State = made.State; RunVersion = made.RunVersion }
                    Drawn = made.Drawn
                    Redacted = made.Redacted
                }
        | Error error -> Error error
