// A run: one recorded execution, and the one step that everything in it is made of. Pure: it makes encoded batches and appends nothing.
// Called by the facade for every command, and by Replay.Verify.fs to decide anew.
namespace Refold.Core

open System
open Refold

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

    let private control (context: RunContext) (version: int64) others (typeName: string) (schemaVersion: int) (payload: string) time =
        let data =
            { EntryData.create context.Run.Stream Role.Control typeName (Bytes.OfText payload) with
                SchemaVersion = schemaVersion
                Run = Some context.Run
                Time = time
            }

        let request =
            { Append.request [ data ] with
                Expected = (context.Run.Stream, ExpectedVersion.after version) :: others
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
        | Ok canonical -> control context 0L [] startedType 1 (canonical.ToText()) time
        | Error error -> raise (ArgumentException(error.ToString(), nameof context))

    /// The append that ends the run: one control entry. `runVersion` is the run stream's highest version, `effects` that of its effects,
    /// where somebody else may add to them: what the end does not vouch for must not come before it.
    let internal endedAfter (context: RunContext) (runVersion: int64) (effects: int64 option) (ending: RunEnding) time : EncodedBatch =
        let others =
            effects
            |> Option.map (fun version -> RunStep.effectsOf context.Run, ExpectedVersion.after version)
            |> Option.toList

        control context runVersion others endedType (RunForm.versionOf ending) (RunForm.writeEnd ending) time

    /// The same, where nobody else adds anything.
    let internal ended (context: RunContext) (runVersion: int64) (ending: RunEnding) (time: DateTimeOffset option) : EncodedBatch =
        endedAfter context runVersion None ending time

    /// The append that ends the run: one control entry. `runVersion` is the run stream's highest version; `stateHash` is `StateHash.ofRun`
    /// over every stream that a command of the run was for, each with its version and state hash right after the last of them; `started` is
    /// the entry that started the run; `inputs` are its commands, then the entries of `$fx/<RunId>`, then the facts under its name in those
    /// streams, each in (stream, version) order. The end vouches for both by hashes over their canonical bytes.
    let finish
        (context: RunContext)
        (runVersion: int64)
        (stateHash: Hash option)
        (streams: int)
        (started: Entry)
        (inputs: Entry seq)
        (time: DateTimeOffset option)
        : EncodedBatch =
        use hash = new RunInputs()

        for entry in inputs do
            hash.Add entry.Data

        let vouched =
            {
                Inputs = hash.Finish()
                Counted = None
                Started = RunInputs.OfEntry started.Data
                Time = time
            }

        ended context runVersion { StateHash = stateHash; Streams = streams; Vouched = Some vouched } time

    /// The pin and the root state of the entry that started a run.
    let tryReadStart (entry: Entry) : Result<RunPin * RngState, CodecError> = RunForm.readStart startedType entry

    /// The state hash that the entry that ended a run recorded; `None` where there was none.
    let tryReadEnd (entry: Entry) : Result<Hash option, CodecError> = RunForm.readEnd endedType entry |> Result.map _.StateHash

    /// The generator of the step on a stream at a version: the root state, named by stream, then by version. Made when first drawn from.
    let random (root: RngState) (stream: StreamId) (version: int64) : SeededRng = RunStep.random root stream version

    /// The stream of a run's effects: `$fx/<RunId>`.
    let internal effectsOf (run: RunId) : StreamId = RunStep.effectsOf run

    /// Makes one step: decides, encodes, reads back, evolves, and says what is to be appended. What is decided and evolved on is always
    /// what the codecs read back, so a fold of the journal gives the same state. A command, event or refusal that does not come back as
    /// bytes that encode equal is an error. Nothing the aggregate's code throws gets out.
    let step
        (context: RunContext)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: RunPosition<'State>)
        (input: StepInput<'Command>)
        : Result<StepResult<'State, 'Event, 'Error>, StepError> =
        RunStep.make RunStep.plain context aggregate before input
