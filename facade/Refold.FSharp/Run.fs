// Runs in any journal, from F#: a core aggregate is executed, recorded and verified as it is.
// Called by programs and scripts; the same aggregate serves InMemoryRun and a journal in files.
namespace Refold.FSharp

open System.Threading.Tasks
open Refold
open Refold.Core

/// Runs in any journal.
[<RequireQualifiedAccess>]
module Run =

    /// Starts a run under a pin. To be disposed by the caller before the journal: `use!`.
    let start (pin: RunPin) (journal: IJournal) : Task<Refold.Run> = journal.StartRunAsync pin

    /// Starts a run with options: a name, a mode, an order of steps, snapshots.
    let startWith (options: RunOptions) (pin: RunPin) (journal: IJournal) : Task<Refold.Run> = journal.StartRunAsync(pin, options)

    /// Goes on with a recorded run where it stopped; the pin must equal the recorded one.
    let resume (run: RunId) (pin: RunPin) (journal: IJournal) : Task<Refold.Run> = journal.ResumeRunAsync(run, pin)

    /// Starts a run under a name, or goes on with it where an earlier process stopped: what a program calls each time it starts.
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

                return
                    if not result.IsAccepted then
                        Error(Refused result.Error)
                    else
                        Ok
                            {
                                Events = List.ofSeq result.Events
                                State = result.State
                                Version = result.Version
                                Drawn = result.DrawnWords
                                Receipt = Option.ofObj result.Receipt |> Option.map _.Value
                                IsRepeated = result.IsRepeated
                            }
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

    /// Decides a command on one of the aggregate's streams, appends what comes of it, and answers once it is durable: the events, or why
    /// there are none. What a device or a broken codec does is thrown, as by C#'s `ExecuteAsync`.
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

    /// Decides every command of a recorded run again and compares what comes of it with what was recorded. Aggregates: one for each
    /// category that the run gave commands to, of any types.
    let verify (run: RunId) (aggregates: IAggregate list) (journal: IJournal) : Task<ReplayReport> =
        verifyWith (VerifyOptions()) run aggregates journal
