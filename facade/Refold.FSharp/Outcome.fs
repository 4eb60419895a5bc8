// What executing a command on a journal came to, as F# values.
// Answered by Run.execute and Fx.execute.
namespace Refold.FSharp

open Refold
open Refold.Core

/// A command that was accepted, once its events are durable.
[<NoEquality; NoComparison>]
type Accepted<'State, 'Event> =
    {
        /// The events, in order; none where the command changes nothing.
        Events: 'Event list
        /// The state after them.
        State: 'State
        /// The stream's highest version after them.
        Version: int64
        /// Random words that the step drew.
        Drawn: uint64
        /// The receipt of the batch; `None` if nothing was appended (mode Off and no event).
        Receipt: Receipt option
        /// Whether the idempotency key was known: the result is the recorded one, and nothing was appended.
        IsRepeated: bool
    }

module internal Accepted =

    /// The outcome of a command.
    let ofResult (result: ExecutionResult<'State, 'Event, 'Error>) : Result<Accepted<'State, 'Event>, 'Error> =
        if not result.IsAccepted then
            Error result.Error
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

/// Another writer came between, as often as the run's options allow; nothing was appended.
[<NoComparison>]
type StreamConflict =
    {
        /// The stream.
        Stream: StreamId
        /// The version the step was made from.
        Expected: ExpectedVersion
        /// The version the stream had.
        Actual: int64
    }

/// Why a command has no events. A failing device or codec is an exception, as in C#.
[<NoEquality; NoComparison>]
type ExecuteError<'Error> =
    /// The decision refused it; in mode Record the refusal is recorded.
    | Refused of error: 'Error
    /// Another writer was faster each time. Nothing was appended: execute again, or tell the caller.
    | Conflict of conflict: StreamConflict
