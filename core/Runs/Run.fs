// A run: one recorded execution, and the one step that everything in it is made of. Pure: it makes encoded batches and appends nothing.
// Called by the facade for every command, and by Replay.Verify.fs to decide anew.
namespace Refold

/// Whether commands and refusals are recorded.
type RecordMode =
    /// Commands and refusals too, in the run's own stream: the run can be verified and resumed.
    | Record = 0
    /// Events only: their streams get the very same bytes and can be folded, but the run can be neither verified nor resumed.
    /// Steps on one stream wait for each other's durability.
    | Off = 1

namespace Refold.Core

open System
open Refold

/// Whether commands and refusals are recorded.
type RecordMode = Refold.RecordMode

/// The run that steps are made in.
[<NoEquality; NoComparison>]
type RunContext =
    {
        /// The run's name.
        Run: RunId
        /// What it is produced under.
        Pin: RunPin
        /// The state that every step's generator is derived from.
        Root: RngState
        /// Whether commands and refusals are recorded.
        Mode: RecordMode
    }

/// Where a stream and its run stand: it goes into a step, and comes out of it moved on.
[<NoEquality; NoComparison>]
type RunPosition<'State> =
    {
        /// The target stream's highest version; 0 for none.
        Version: int64
        /// The state at that version.
        State: 'State
        /// The run stream's highest version; 0 for none. Counted in mode Off too, so that ids are the same in both modes.
        RunVersion: int64
    }

/// What a step is made from, besides the position.
[<NoEquality; NoComparison>]
type StepInput<'Command> =
    {
        /// The target stream.
        Stream: StreamId
        /// The command.
        Command: 'Command
        /// The time of the step; recorded in UTC.
        Now: DateTimeOffset
        /// A correlation id that came with the command; where absent, the command's id.
        CorrelationId: Guid option
        /// What brought the command about.
        CausationId: Guid option
        /// The idempotency key of the append.
        Key: string option
    }

/// What a step came to.
[<NoEquality; NoComparison>]
type StepResult<'State, 'Event, 'Error> =
    {
        /// What is to be appended, atomically; `None` where nothing is (mode Off and no event).
        Batch: EncodedBatch option
        /// The events, or the refusal.
        Outcome: Result<'Event list, 'Error>
        /// Where the next step on the stream begins. Without events the state is the one before.
        Position: RunPosition<'State>
        /// Random words that were drawn, children included.
        Drawn: uint64
    }

/// Starting, stepping and finishing runs.
[<RequireQualifiedAccess>]
module Run =

    /// The type of the control entry that starts a run.
    let startedType = "$run.started"

    /// The type of the control entry that ends a run.
    let endedType = "$run.ended"

    /// A context whose root state is the pin's seed.
    let context (run: RunId) (pin: RunPin) (mode: RecordMode) : RunContext =
        { Run = run; Pin = pin; Root = RngState.FromSeed pin.Seed; Mode = mode }

    let private control (context: RunContext) (version: int64) (typeName: string) (payload: string) time =
        let data =
            { EntryData.create context.Run.Stream Role.Control typeName (Bytes.OfText payload) with
                Run = Some context.Run
                Time = time
            }

        let request =
            { Append.request [ data ] with
                Expected = [ context.Run.Stream, ExpectedVersion.after version ]
            }

        match Append.encodeOwn request with
        | Ok batch -> batch
        | Error error -> raise (ArgumentException(error.ToString(), nameof context))

    /// The append that starts the run: one control entry, with pin and root state, in a run stream that must not exist yet.
    /// Throws `ArgumentException` for a pin that has no JSON form (a lone surrogate).
    let start (context: RunContext) (time: DateTimeOffset option) : EncodedBatch =
        let payload =
            "{\"pin\":" + RunPin.toJson context.Pin + ",\"root\":" + RngState.toJson context.Root + "}"

        match Canonical.ofJson (Bytes.OfText payload).Memory with
        | Ok canonical -> control context 0L startedType (canonical.ToText()) time
        | Error error -> raise (ArgumentException(error.ToString(), nameof context))

    /// The append that ends the run: one control entry. `runVersion` is the run stream's highest version; `stateHash` is `StateHash.ofRun`
    /// over every stream that a command of the run was for, each with its version and state hash right after the last of them.
    let finish
        (context: RunContext)
        (runVersion: int64)
        (stateHash: Hash option)
        (streams: int)
        (time: DateTimeOffset option)
        : EncodedBatch =
        let hash =
            match stateHash with
            | Some hash -> "\"" + hash.ToString() + "\""
            | None -> "null"

        let count = Numbers.text streams
        control context runVersion endedType ("{\"stateHash\":" + hash + ",\"streams\":" + count + "}") time

    /// The pin and the root state of the entry that started a run.
    let tryReadStart (entry: Entry) : Result<RunPin * RngState, CodecError> = RunForm.readStart startedType entry

    /// The state hash that the entry that ended a run recorded; `None` where there was none.
    let tryReadEnd (entry: Entry) : Result<Hash option, CodecError> = RunForm.readEnd endedType entry

    /// The generator of the step on a stream at a version: the root state, named by stream, then by version. Made when first drawn from.
    let random (root: RngState) (stream: StreamId) (version: int64) : SeededRng =
        SeededRng.Deferred(fun () -> root.Named(stream.Value).Named(Numbers.text version))

    let private guarded (where: string) (action: unit -> 'Value) : Result<'Value, StepError> =
        try
            Ok(action ())
        with error ->
            Error(StepError.Threw(where, error))

    let private encode (what: string) (codec: Codec<'Value>) (value: 'Value) =
        guarded ("encoding " + what) (fun () -> codec.Encode value)
        |> Result.bind (Result.mapError (fun error -> StepError.Codec(what, error)))

    let private decide context (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (before: RunPosition<'State>) input commandId =
        let random = random context.Root input.Stream before.Version

        let step = { Now = input.Now.ToUniversalTime(); CommandId = commandId; Random = random }

        try
            guarded "decide" (fun () -> aggregate.Decider.Decide step before.State input.Command)
            |> Result.map (fun outcome -> outcome, random.WordsDrawn)
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

    let private outcomeEntries context (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) input commandId outcome =
        match outcome with
        | Ok events ->
            events
            |> traverse (fun event ->
                encode "the event" aggregate.Events event
                |> Result.bind (fun encoded ->
                    guarded "tagging the event" (fun () -> aggregate.Tags event)
                    |> Result.map (entry context input commandId input.Stream Role.Event encoded)))
        | Error _ when context.Mode = RecordMode.Off -> Ok []
        | Error error ->
            encode "the refusal" aggregate.Errors error
            |> Result.map (fun encoded -> [ entry context input commandId context.Run.Stream Role.Refusal encoded [] ])

    let private commandEntries context (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) input commandId drawn =
        match context.Mode with
        | RecordMode.Off -> Ok []
        | _ ->
            encode "the command" aggregate.Commands input.Command
            |> Result.map (fun encoded ->
                let wrapped = { encoded with Payload = Envelope.write input.Stream encoded.Payload }

                [
                    { entry context input commandId context.Run.Stream Role.Command wrapped [] with
                        Drawn = Some drawn
                    }
                ])

    let private batch context (before: RunPosition<'State>) (input: StepInput<'Command>) (entries: EntryData list) =
        let target = input.Stream, ExpectedVersion.after before.Version

        let expecting expected =
            match Append.encodeOwn { Append.request entries with Expected = expected; Key = input.Key } with
            | Ok batch -> Ok(Some batch)
            | Error(AppendError.Invalid error) -> Error(StepError.Invalid error)
            | Error error -> invalidOp (error.ToString())

        match context.Mode, entries with
        | _ when input.Stream.IsSystem -> Error(StepError.Invalid(ValueError.Reserved("stream", input.Stream.Value)))
        | RecordMode.Off, [] -> Ok None
        | RecordMode.Off, _ -> expecting [ target ]
        | _ -> expecting [ context.Run.Stream, ExpectedVersion.after before.RunVersion; target ]

    /// Makes one step: decides, encodes, evolves, and says what is to be appended. Nothing the aggregate's code throws gets out.
    let step
        (context: RunContext)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: RunPosition<'State>)
        (input: StepInput<'Command>)
        : Result<StepResult<'State, 'Event, 'Error>, StepError> =
        let commandId = Entry.derivedId (Some context.Run) context.Run.Stream (before.RunVersion + 1L)

        let finished outcome drawn state batch =
            let events, refusals =
                match outcome with
                | Ok events -> List.length events, 0
                | Error _ -> 0, 1

            {
                Batch = batch
                Outcome = outcome
                Position =
                    {
                        Version = before.Version + int64 events
                        State = state
                        RunVersion = before.RunVersion + 1L + int64 refusals
                    }
                Drawn = drawn
            }

        decide context aggregate before input commandId
        |> Result.bind (fun (outcome, drawn) ->
            commandEntries context aggregate input commandId drawn
            |> Result.bind (fun commands ->
                outcomeEntries context aggregate input commandId outcome
                |> Result.bind (fun outcomes ->
                    let events = Result.defaultValue [] outcome

                    guarded "evolve" (fun () -> Aggregate.fold aggregate before.State events)
                    |> Result.bind (fun state ->
                        batch context before input (commands @ outcomes) |> Result.map (finished outcome drawn state)))))
