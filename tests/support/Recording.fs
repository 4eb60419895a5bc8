// Recording a run into the core's journal, as an application does through the facade: step, append, next.
// Used by the tests here and, linked, by the properties.
module Refold.Support.Recording

open System
open Refold
open Refold.Core

/// A run being recorded.
[<NoEquality; NoComparison>]
type Recorder =
    {
        Journal: Journal
        Context: RunContext
        RunVersion: int64
        Clock: DateTimeOffset
    }

let pin = RunPin("games", "house", "1.0", 42UL)

let append (batch: EncodedBatch) (journal: Journal) : Journal =
    match Journal.append batch journal with
    | Ok(_, journal) -> journal
    | Error error -> failwith (error.ToString())

let appendRequest (request: AppendRequest) (journal: Journal) : Journal =
    match Append.encodeOwn request with
    | Ok batch -> append batch journal
    | Error error -> failwith (error.ToString())

/// A stream's entries.
let entriesOf (stream: StreamId) (journal: Journal) : Entry list =
    match Journal.readStream stream (Journal.floor stream journal + 1L) Int64.MaxValue Int32.MaxValue journal with
    | Ok entries -> entries
    | Error error -> failwith (error.ToString())

/// Starts a run in a journal that may have other entries.
let startIn (journal: Journal) (mode: RecordMode) (name: string) : Recorder =
    let context = Run.context (RunId.Create name) pin mode
    let clock = DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero)

    match mode with
    | RecordMode.Off -> { Journal = journal; Context = context; RunVersion = 1L; Clock = clock }
    | _ ->
        {
            Journal = append (Run.start context (Some clock)) journal
            Context = context
            RunVersion = 1L
            Clock = clock
        }

/// Starts a recorded run in an empty journal.
let start (name: string) : Recorder = startIn Journal.empty RecordMode.Record name

/// Where a step on a stream's recorded state begins.
let positionOf aggregate (stream: StreamId) (recorder: Recorder) =
    let folded = Replay.fold aggregate (Replay.beginning aggregate) (entriesOf stream recorder.Journal)

    {
        Version = folded.Version
        State = folded.State
        RunVersion = recorder.RunVersion
    }

/// What a step is made from besides its position.
let stepInput (stream: StreamId) command (recorder: Recorder) =
    {
        Stream = stream
        Command = command
        Now = recorder.Clock
        CorrelationId = None
        CausationId = None
        Key = None
    }

/// The step that a command would make.
let stepOf aggregate stream command recorder =
    Run.step recorder.Context aggregate (positionOf aggregate stream recorder) (stepInput stream command recorder)

/// Makes one step and appends it.
let execute aggregate (stream: StreamId) command (recorder: Recorder) : Recorder =
    match stepOf aggregate stream command recorder with
    | Error error -> failwith (error.ToString())
    | Ok result ->
        {
            Journal =
                match result.Batch with
                | Some batch -> append batch recorder.Journal
                | None -> recorder.Journal
            Context = recorder.Context
            RunVersion = result.Position.RunVersion
            Clock = recorder.Clock.AddSeconds 1.0
        }

/// Makes the steps of several commands.
let executeAll aggregate stream commands recorder =
    List.fold (fun recorder command -> execute aggregate stream command recorder) recorder commands

/// Appends entries that no step made.
let appendOwn (entries: EntryData list) (recorder: Recorder) : Recorder =
    { recorder with
        Journal = appendRequest (Append.request entries) recorder.Journal
    }

/// Appends entries to the run's own stream.
let appendToRun (entries: EntryData list) (recorder: Recorder) : Recorder =
    { appendOwn entries recorder with
        RunVersion = recorder.RunVersion + int64 entries.Length
    }

/// Ends the run with a state hash, over the inputs that are defined to be vouched for: commands, effects, facts of these streams.
let finishWith (stateHash: Hash option) (streams: StreamId list) (recorder: Recorder) : Recorder =
    let run = recorder.Context.Run
    let isOf role (entry: Entry) = entry.Data.Role = role && entry.Data.Run = Some run
    let recorded = entriesOf run.Stream recorder.Journal
    let effects = entriesOf (StreamId.Create("$fx/" + run.Value)) recorder.Journal

    let facts =
        List.sort streams
        |> List.collect (fun stream -> entriesOf stream recorder.Journal |> List.filter (isOf Role.Fact))

    let inputs = List.filter (isOf Role.Command) recorded @ effects @ facts

    let batch =
        Run.finish recorder.Context recorder.RunVersion stateHash streams.Length recorded.Head inputs (Some recorder.Clock)

    { recorder with
        Journal = append batch recorder.Journal
        RunVersion = recorder.RunVersion + 1L
    }

/// What verifying reads.
let inputOf (run: RunId) (journal: Journal) : VerifyInput =
    { Replay.input run (entriesOf run.Stream journal) (fun stream -> Seq.ofList (entriesOf stream journal)) with
        Scan = Journal.readAll 1L Int32.MaxValue journal
        DeletedTo = fun stream -> Journal.floor stream journal
        HeadAt = fun position -> Journal.headAt position journal
    }

let verifyWith verifiers (recorder: Recorder) : ReplayReport = Replay.verify verifiers (inputOf recorder.Context.Run recorder.Journal)

let verify aggregate (recorder: Recorder) : ReplayReport = verifyWith [ Replay.verifier aggregate ] recorder

/// The journal with its entries changed, batch by batch, places kept.
let rewritten (change: Entry -> Entry option) (journal: Journal) : Journal =
    Journal.readAll 1L Int32.MaxValue journal
    |> List.choose change
    |> List.groupBy _.Batch
    |> List.fold
        (fun journal (_, batch) ->
            match Journal.restore batch journal with
            | Ok(_, journal) -> journal
            | Error error -> failwith (error.ToString()))
        Journal.empty

/// The recorder with the entry at a position changed.
let changedAt (position: int64) (change: EntryData -> EntryData) (recorder: Recorder) : Recorder =
    let rewrite (entry: Entry) = Some(if entry.Position = position then { entry with Data = change entry.Data } else entry)

    { recorder with Journal = rewritten rewrite recorder.Journal }
