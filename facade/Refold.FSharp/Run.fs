// Runs in any journal, from F#: a core aggregate is executed, recorded and verified as it is.
// Called by programs and scripts; the same aggregate serves InMemoryRun and a journal in files.
namespace Refold.FSharp

open System
open System.Threading.Tasks
open Refold
open Refold.Core

/// What a run calls when it has recovered a stream.
[<RequireQualifiedAccess>]
module RecoveryHook =

    /// A hook for an aggregate's streams, for `RunOptions(RecoveryCompleted = [| hook |])`: called with stream, state and highest version,
    /// 0 for a stream without entries. Once for each stream that a run recovers, never for a state in memory. What it throws is logged.
    let create
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (completed: string -> 'State -> int64 -> unit)
        : Refold.RecoveryHook =
        Refold.RecoveryHook.Create(
            Handles<_, _, _, _>.Of aggregate,
            Action<StreamId, 'State, int64>(fun stream state version -> completed stream.Value state version)
        )

/// Runs in any journal.
[<RequireQualifiedAccess>]
module Run =

    /// Starts a run under a pin. To be disposed by the caller before the journal: `use!`.
    let start (pin: RunPin) (journal: IJournal) : Task<Refold.Run> = journal.StartRunAsync pin

    /// Starts a run with options: a name, a mode, an order of steps, snapshots.
    let startWith (options: RunOptions) (pin: RunPin) (journal: IJournal) : Task<Refold.Run> = journal.StartRunAsync(pin, options)

    /// Resumes a recorded run where it stopped; the pin must equal the recorded one.
    let resume (run: RunId) (pin: RunPin) (journal: IJournal) : Task<Refold.Run> = journal.ResumeRunAsync(run, pin)

    /// Starts a run under a name, or resumes it where an earlier process stopped. A program makes this call each time it starts.
    let startOrResume (run: RunId) (pin: RunPin) (journal: IJournal) : Task<Refold.Run> = journal.StartOrResumeRunAsync(run, pin)

    /// Executes a command with a time, ids or an idempotency key of its own; otherwise as `execute`.
    let executeWith
        (options: ExecuteOptions)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (stream: string)
        (command: 'Command)
        (run: Refold.Run)
        : Task<Result<Accepted<'State, 'Event>, ExecuteError<'Error>>> =
        task {
            let streams = run.Streams(Handles<_, _, _, _>.Of aggregate)

            try
                let! result = streams.ExecuteAsync(StreamId.Create stream, command, options)

                return Accepted.ofResult result |> Result.mapError Refused
            with :? ConcurrencyException as conflict ->
                return
                    {
                        Stream = conflict.Stream
                        Expected = conflict.Expected
                        Actual = conflict.Actual
                    }
                    |> Conflict
                    |> Error
        }

    /// Decides a command on one of the aggregate's streams, appends the outcome, and returns it once it is durable: the events, or why
    /// there are none. A failing device or codec throws, as in C#'s `ExecuteAsync`.
    let execute
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (stream: string)
        (command: 'Command)
        (run: Refold.Run)
        : Task<Result<Accepted<'State, 'Event>, ExecuteError<'Error>>> =
        executeWith (ExecuteOptions()) aggregate stream command run

    /// The state and version of a stream after every command that was given to the run before.
    let load (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (stream: string) (run: Refold.Run) : Task<FoldStart<'State>> =
        task {
            let! found = run.Streams(Handles<_, _, _, _>.Of aggregate).LoadAsync(StreamId.Create stream)
            return { State = found.State; Version = found.Version }
        }

    /// Ends the run; its last entry holds the state hash over its streams.
    let finish (run: Refold.Run) : Task<RunEnd> = run.FinishAsync()

    /// Every recorded run, in the order of their starts.
    let list (journal: IJournal) : Task<RunInfo list> =
        task {
            let! found = journal.RunsAsync()
            return List.ofSeq found
        }

    /// Decides a recorded run again with other options, such as a pin to compare.
    let verifyWith (options: VerifyOptions) (run: RunId) (aggregates: IAggregate list) (journal: IJournal) : Task<ReplayReport> =
        task {
            let! report = journal.VerifyAsync(run, ResizeArray(List.map Handle.ofAny aggregates), options)
            return report.Value
        }

    /// Decides every command of a recorded run again and compares the outcome with the recorded entries. Aggregates: one for each
    /// category that the run gave commands to, of any types.
    let verify (run: RunId) (aggregates: IAggregate list) (journal: IJournal) : Task<ReplayReport> =
        verifyWith (VerifyOptions()) run aggregates journal

    /// Runs an operation once under the caller's key. A second call with the key waits for the first, or returns its output. A failed or
    /// interrupted attempt is tried again, with the recorded answers of the attempts before. Throws as C#'s `RunAsync`.
    let operate (operation: Operation<'Input, 'Output>) (key: string) (input: 'Input) (run: Refold.Run) : Task<'Output> =
        run.RunAsync(operation, key, input)

    /// Runs an operation with options, such as taking over an attempt that was begun elsewhere; otherwise as `operate`.
    let operateWith
        (options: OperationOptions)
        (operation: Operation<'Input, 'Output>)
        (key: string)
        (input: 'Input)
        (run: Refold.Run)
        : Task<'Output> =
        run.RunAsync(operation, key, input, options)

    /// Runs an operation without a key: recorded and replayed, but after a restart neither resumed nor answered.
    let operateUnnamed (operation: Operation<'Input, 'Output>) (input: 'Input) (run: Refold.Run) : Task<'Output> =
        run.RunAsync(operation, input)

    /// Resumes every interrupted operation of the journal, as a program does at its start; returns the result of each.
    let resumeOperations (operations: Operation list) (run: Refold.Run) : Task<ResumedOperation list> =
        task {
            let! resumed = run.ResumeOperationsAsync(ResizeArray operations)
            return List.ofSeq resumed
        }

    /// Verifies a recorded run and runs its operations again with other options, such as a pin to compare.
    let replayWith
        (options: VerifyOptions)
        (run: RunId)
        (operations: Operation list)
        (aggregates: IAggregate list)
        (journal: IJournal)
        : Task<ReplayReport> =
        task {
            let aggregates = ResizeArray(List.map Handle.ofAny aggregates)
            let! report = journal.ReplayAsync(run, ResizeArray operations, aggregates, options)
            return report.Value
        }

    /// Verifies a recorded run, and runs each of its operations again over the record: nothing is sent or written, and the first
    /// difference is named. Operations: all of the program's; a missing one is a finding.
    let replay (run: RunId) (operations: Operation list) (aggregates: IAggregate list) (journal: IJournal) : Task<ReplayReport> =
        replayWith (VerifyOptions()) run operations aggregates journal
