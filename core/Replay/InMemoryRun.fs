// A run recorded into an immutable journal: what the facade's runs do, without files, threads or waiting.
// Called by scripts, by properties of deciders and by tests; a run in a store goes through the facade.
namespace Refold.Core

open System

/// A run of one aggregate with the journal it is recorded in. Immutable: what a function answers is another one, and the one it was
/// given stays as it was. Made by `InMemoryRun.start`.
[<NoEquality; NoComparison>]
type InMemoryRun<'State, 'Command, 'Event, 'Error> =
    private
        {
            AggregateOfAll: Aggregate<'State, 'Command, 'Event, 'Error>
            RunContext: RunContext
            Recorded: Journal
            RunVersion: int64
            HasEnded: bool
            // Of every stream that a command was for, right after the last of them.
            States: Map<StreamId, FoldStart<'State>>
        }

    /// The aggregate that decides.
    member this.Aggregate: Aggregate<'State, 'Command, 'Event, 'Error> = this.AggregateOfAll

    /// The run's name, pin and root random state.
    member this.Context: RunContext = this.RunContext

    /// Everything that was recorded.
    member this.Journal: Journal = this.Recorded

/// Recording, reading and verifying runs in memory. Where nothing can be recorded, functions throw and the run they were given is as good
/// as before; refusals are values, in what `step` answers.
[<RequireQualifiedAccess>]
module InMemoryRun =

    let private fail (sentence: string) (inner: exn | null) = raise (InvalidOperationException(sentence, inner))

    let private append (batch: EncodedBatch) (journal: Journal) : Journal =
        match Journal.append batch journal with
        | Ok(_, journal) -> journal
        | Error error -> fail (error.ToString()) null

    /// Starts a run behind what a journal holds. Throws `InvalidOperationException` where it has a run of this name, `ArgumentException`
    /// for a text that is no name and for a pin without a JSON form.
    let startIn
        (journal: Journal)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (pin: RunPin)
        (name: string)
        : InMemoryRun<'State, 'Command, 'Event, 'Error> =
        let context = Run.context (RunId.Create name) pin RecordMode.Record

        {
            AggregateOfAll = aggregate
            RunContext = context
            Recorded = append (Run.start context None) journal
            RunVersion = 1L
            HasEnded = false
            States = Map.empty
        }

    /// Starts a run in an empty journal. Throws `ArgumentException` for a text that is no name and for a pin without a JSON form.
    let start
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (pin: RunPin)
        (name: string)
        : InMemoryRun<'State, 'Command, 'Event, 'Error> =
        startIn Journal.empty aggregate pin name

    /// The entries of a stream, in version order; none for a stream that is not there. Throws `InvalidOperationException` where the
    /// journal that the run was started in has lost entries of it.
    let entries (stream: StreamId) (run: InMemoryRun<'State, 'Command, 'Event, 'Error>) : Entry list =
        match Journal.readStream stream 1L Int64.MaxValue Int32.MaxValue run.Recorded with
        | Ok entries -> entries
        | Error error -> fail ("stream '" + stream.Value + "': " + error.ToString()) null

    /// The state of a stream and its version. Throws `InvalidOperationException` where the stream cannot be folded.
    let state (stream: StreamId) (run: InMemoryRun<'State, 'Command, 'Event, 'Error>) : FoldStart<'State> =
        match Map.tryFind stream run.States with
        | Some found -> found
        | None ->
            let folded = Replay.fold run.Aggregate (Replay.beginning run.Aggregate) (entries stream run)

            match folded.Divergence with
            | None -> { State = folded.State; Version = folded.Version }
            | Some divergence -> fail (divergence.ToString()) null

    let private thrownBy (error: StepError) : exn | null =
        match error with
        | StepError.Threw(_, thrown) -> thrown
        | StepError.Codec _
        | StepError.Invalid _ -> null

    /// Makes one step for a command at a time, and records it. Answers also what came of it. Throws `InvalidOperationException` where
    /// the aggregate's code throws or what it makes cannot be recorded, where the stream cannot be folded, and in a run that was finished.
    let step
        (stream: StreamId)
        (now: DateTimeOffset)
        (command: 'Command)
        (run: InMemoryRun<'State, 'Command, 'Event, 'Error>)
        : StepResult<'State, 'Event, 'Error> * InMemoryRun<'State, 'Command, 'Event, 'Error> =
        if run.HasEnded then
            fail ("run '" + run.Context.Run.Value + "' was finished") null

        let start = state stream run
        let before = { Version = start.Version; State = start.State; RunVersion = run.RunVersion }

        let input =
            {
                Stream = stream
                Command = command
                Now = now
                CorrelationId = None
                CausationId = None
                Key = None
            }

        match Run.step run.Context run.Aggregate before input with
        | Error error -> fail (error.ToString()) (thrownBy error)
        | Ok result ->
            let after: FoldStart<'State> = { State = result.Position.State; Version = result.Position.Version }

            result,
            { run with
                Recorded = Option.foldBack append result.Batch run.Recorded
                RunVersion = result.Position.RunVersion
                States = Map.add stream after run.States
            }

    /// Makes one step for a command at a time, and records it; a refusal is recorded too. Throws as `step` does.
    let execute
        (stream: StreamId)
        (now: DateTimeOffset)
        (command: 'Command)
        (run: InMemoryRun<'State, 'Command, 'Event, 'Error>)
        : InMemoryRun<'State, 'Command, 'Event, 'Error> =
        step stream now command run |> snd

    let private stateHash (run: InMemoryRun<'State, 'Command, 'Event, 'Error>) : Hash option =
        let hashOf (after: FoldStart<'State>) =
            match Aggregate.stateHash run.Aggregate after.State with
            | Ok hash -> hash
            | Error error -> fail ("the state: " + error.ToString()) null

        let hashes =
            [
                for KeyValue(stream, after) in run.States do
                    match hashOf after with
                    | Some hash -> stream, after.Version, hash
                    | None -> ()
            ]

        if hashes.IsEmpty then None else Some(StateHash.ofRun hashes)

    /// Ends the run: one control entry with the state hash, where the aggregate has a state codec. Throws `InvalidOperationException` where
    /// it was ended before, or the state has no encoded form.
    let finish (run: InMemoryRun<'State, 'Command, 'Event, 'Error>) : InMemoryRun<'State, 'Command, 'Event, 'Error> =
        if run.HasEnded then
            fail ("run '" + run.Context.Run.Value + "' was finished") null

        let isOf role (entry: Entry) = entry.Data.Role = role && entry.Data.Run = Some run.Context.Run
        let recorded = entries run.Context.Run.Stream run

        let inputs =
            [
                yield! recorded |> List.filter (isOf Role.Command)
                yield! entries (Run.effectsOf run.Context.Run) run

                for KeyValue(stream, _) in run.States do
                    yield! entries stream run |> List.filter (isOf Role.Fact)
            ]

        let ending =
            Run.finish run.Context run.RunVersion (stateHash run) run.States.Count (List.head recorded) inputs None

        { run with
            Recorded = append ending run.Recorded
            RunVersion = run.RunVersion + 1L
            HasEnded = true
        }

    /// Decides every command of the run again with another aggregate, such as a changed rule, and compares.
    let verifyAs
        (aggregate: Aggregate<'OtherState, 'OtherCommand, 'OtherEvent, 'OtherError>)
        (run: InMemoryRun<'State, 'Command, 'Event, 'Error>)
        : ReplayReport =
        let read stream = Seq.ofList (entries stream run)

        Replay.verify
            [ Replay.verifier aggregate ]
            { Replay.input run.Context.Run (read run.Context.Run.Stream) read with
                Scan = Journal.readAll 1L Int32.MaxValue run.Recorded
                HeadAt = fun position -> Journal.headAt position run.Recorded
            }

    /// Decides every command of the run again, and compares what comes of it with what was recorded.
    let verify (run: InMemoryRun<'State, 'Command, 'Event, 'Error>) : ReplayReport = verifyAs run.Aggregate run
