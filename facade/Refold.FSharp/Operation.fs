// Operations from F#, with core codecs and core aggregates: what drives a program, recorded with everything that it gets from outside.
// Called by programs and scripts; run, resumed and replayed by the functions of Run.fs.
namespace Refold.FSharp

open System
open System.Net.Http
open System.Threading.Tasks
open Refold
open Refold.Core

/// Operations.
[<RequireQualifiedAccess>]
module Operation =

    /// An operation: its name, by which replay finds it; the codecs of input and output; its function. The function reaches everything
    /// outside through its context, and in no other way. Keep one value of an operation.
    let create
        (name: string)
        (input: Codec<'Input>)
        (output: Codec<'Output>)
        (run: OperationContext -> 'Input -> Task<'Output>)
        : Operation<'Input, 'Output> =
        let run = Func<OperationContext, 'Input, Task<'Output>>(fun fx input -> run fx input)
        Refold.Operation.Create(name, Refold.Codec<'Input>(input), Refold.Codec<'Output>(output), run)

/// The outside world of an operation: functions over its context. Other members of the context:
/// `fx.Clock` as a `TimeProvider`, `fx.CancellationToken`.
[<RequireQualifiedAccess>]
module Fx =

    /// The operation's key, an idempotency key for called systems.
    let key (fx: OperationContext) : string = fx.Key

    /// The time in UTC; every reading is recorded.
    let now (fx: OperationContext) : DateTimeOffset = fx.Clock.GetUtcNow()

    /// A GUID derived from the operation's seed, the branch and a count: the same in every attempt and replay.
    let newGuid (fx: OperationContext) : Guid = fx.NewGuid()

    /// Random numbers derived from the operation's seed and the branch, for the functions of `Sample`.
    let random (fx: OperationContext) : SeededRng = fx.Random

    /// A branch, for work beside other work. The same name gives the same branch.
    let branch (name: string) (fx: OperationContext) : OperationContext = fx.Branch name

    /// Waits. In replay the wait ends at once.
    let delay (time: TimeSpan) (fx: OperationContext) : Task = fx.DelayAsync time

    /// Calls an outside system. The answer is durable before it is returned, and in replay it comes from the record. Throws
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

    /// A handler for an `HttpClient` of the branch: every exchange is a recorded call, and in replay nothing is sent. Not written are the
    /// named headers (`"Authorization"`), members of addresses (`"?token"`) and paths in JSON bodies (`"$.card.number"`).
    let httpHandler (redact: string list) (fx: OperationContext) : OperationHttpHandler = fx.HttpHandler(redact = Array.ofList redact)

    /// The same over what sends, such as a handler of a test.
    let httpHandlerOver (inner: HttpMessageHandler) (redact: string list) (fx: OperationContext) : OperationHttpHandler =
        fx.HttpHandler(inner, Array.ofList redact)

    /// Decides a command in the operation's run; in replay it is compared with the recorded one, and the recorded outcome returned. Throws
    /// `CallFailedException` if nothing was appended, also because other writers came between too often.
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
