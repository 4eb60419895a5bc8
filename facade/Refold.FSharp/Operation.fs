// Operations from F#, with core codecs and core aggregates: what drives a program, recorded with everything that it gets from outside.
// Called by programs and scripts; run, resumed and replayed by the functions of Run.fs.
namespace Refold.FSharp

open System
open System.Threading.Tasks
open Refold
open Refold.Core

/// Operations.
[<RequireQualifiedAccess>]
module Operation =

    /// An operation: its name, by which it is found when it is replayed; the forms of what it is given and answers; its function.
    /// Everything outside goes through the context that the function is given, and only there. Keep one value of it.
    let create
        (name: string)
        (input: Codec<'Input>)
        (output: Codec<'Output>)
        (run: OperationContext -> 'Input -> Task<'Output>)
        : Operation<'Input, 'Output> =
        let run = Func<OperationContext, 'Input, Task<'Output>>(fun fx input -> run fx input)
        Refold.Operation.Create(name, Refold.Codec<'Input>(input), Refold.Codec<'Output>(output), run)

/// Everything outside, as an operation sees it: functions over its context. What is not here is a member of the context:
/// `fx.HttpHandler()`, `fx.Clock` as a `TimeProvider`, `fx.CancellationToken`.
[<RequireQualifiedAccess>]
module Fx =

    /// The operation's key, to be handed to what is called outside as its idempotency key.
    let key (fx: OperationContext) : string = fx.Key

    /// The time; recorded.
    let now (fx: OperationContext) : DateTimeOffset = fx.Clock.GetUtcNow()

    /// A GUID that follows from the operation, the branch and a count: the same in every attempt and replay.
    let newGuid (fx: OperationContext) : Guid = fx.NewGuid()

    /// Random numbers that follow from the operation and the branch, for the functions of `Sample`.
    let random (fx: OperationContext) : SeededRng = fx.Random

    /// A branch, for work that goes on beside other work. The same name gives the same branch.
    let branch (name: string) (fx: OperationContext) : OperationContext = fx.Branch name

    /// Waits; not in replay.
    let delay (time: TimeSpan) (fx: OperationContext) : Task = fx.DelayAsync time

    /// Calls something outside. The answer is durable before it is returned, and in replay it comes from the record. Throws
    /// `CallFailedException` where the call fails, live as in replay.
    let call
        (name: string)
        (requests: Codec<'Request>)
        (answers: Codec<'Answer>)
        (call: 'Request -> Task<'Answer>)
        (request: 'Request)
        (fx: OperationContext)
        : Task<'Answer> =
        let call = Func<'Request, _, Task<'Answer>>(fun request _ -> call request)
        fx.CallAsync(name, request, Refold.Codec<'Request>(requests), call, Refold.Codec<'Answer>(answers))

    /// Decides a command in the operation's run; in replay it is compared with the recorded one, and the recorded outcome answered. Throws
    /// `CallFailedException` where nothing was appended, also because others came between too often.
    let execute
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (stream: string)
        (command: 'Command)
        (fx: OperationContext)
        : Task<Result<Accepted<'State, 'Event>, 'Error>> =
        task {
            let! result = fx.ExecuteAsync(Handles<_, _, _, _>.Of aggregate, StreamId.Create stream, command)
            return Accepted.ofResult result
        }
