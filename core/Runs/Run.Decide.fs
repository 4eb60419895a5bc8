// What one step of a run comes to, before it is recorded: the decision, the state after its events, the place behind it.
// Called by Run.Step.fs.
namespace Refold.Core

open System
open Refold

/// Deciding and evolving.
[<RequireQualifiedAccess>]
module internal StepDecision =

    /// The generator of the step on a stream at a version.
    let random (root: RngState) (stream: StreamId) (version: int64) : SeededRng = SeededRng.OfStep(root, stream.Value, version)

    /// The decision on a command, and how many random words it drew.
    let decide
        (context: RunContext)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: RunPosition<'State>)
        (input: StepInput<'Command>)
        command
        commandId
        =
        let random = random context.Root input.Stream before.Version

        let step: Step = { Now = input.Now.ToUniversalTime(); CommandId = commandId; Random = random }

        try
            Settle.guarded "decide" (fun () -> Settle.decision aggregate.Decider step before.State command)
            |> Result.map (fun decision -> struct (decision, random.WordsDrawn))
        finally
            random.End()

    /// What entries of one step have in common, made once.
    [<NoEquality; NoComparison>]
    type Common =
        {
            At: DateTimeOffset option
            Correlation: Guid option
            Cause: Guid option
            Of: RunId option
        }

    /// What entries of a step have in common.
    let common (context: RunContext) (input: StepInput<'Command>) (commandId: Guid) : Common =
        let cause = Some commandId

        {
            // In the normal form that encoding the batch would give it.
            At = Some(input.Now.ToUniversalTime())
            Correlation = (if input.CorrelationId.IsSome then input.CorrelationId else cause)
            Cause = cause
            Of = Some context.Run
        }

    /// The state after the events, which are also folded as they were decided where codecs are checked.
    let evolve (settings: StepSettings) (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) state decided recorded =
        let hashOf state =
            match Aggregate.stateHash aggregate state with
            | Ok hash -> hash
            | Error error -> raise (InvalidOperationException(error.ToString()))

        let next state decided (recorded: Settled<'Event>) =
            Settle.guarded "evolve" (fun () ->
                let isChecked = settings.CheckCodecs && not (Redaction.isMarked recorded.Encoded.Payload)
                let other = if isChecked then hashOf (aggregate.Decider.Evolve state decided) else None
                let state = aggregate.Decider.Evolve state recorded.Value
                struct (state, other.IsSome && other <> hashOf state))

        let rec fold state (decided: 'Event list) (recorded: Settled<'Event> list) =
            match decided, recorded with
            | event :: decided, settled :: recorded ->
                match next state event settled with
                | Ok(struct (after, false)) -> fold after decided recorded
                | Ok(struct (_, true)) ->
                    let reason =
                        "the state after the event as decided is another one than after the event as read back from "
                        + PayloadText.show settled.Encoded.Payload

                    Error(StepError.Codec("the event", CodecError.Unencodable(settled.Encoded.Type, reason)))
                | Error error -> Error error
            | _ -> Ok state

        fold state decided recorded

    /// Whether the command as it was given comes to the same as the one that was read back, and draws as often.
    let sameDecision context (aggregate: Aggregate<_, _, 'Event, 'Error>) before input (command: Settled<_>) id decided drawn =
        let encoded (decision: Decision<'Event, 'Error>) =
            match decision.Outcome with
            | Ok events -> Ok(events |> List.map (CodecEncode.record aggregate.Events))
            | Error error -> Error(CodecEncode.record aggregate.Errors error)

        let sent (decision: Decision<'Event, 'Error>) =
            decision.Messages
            |> List.map (fun message -> message.Outbox, message.Recipient, message.DeliverAfter, message.Event, message.Form.Encode())

        decide context aggregate before input input.Command id
        |> Result.bind (fun (struct (given: Decision<'Event, 'Error>, givenDrawn)) ->
            if givenDrawn = drawn && encoded given = encoded decided && sent given = sent decided then
                Ok()
            else
                let reason =
                    "the command as given is decided otherwise than as read back from " + PayloadText.show command.Encoded.Payload

                Error(StepError.Codec("the command", CodecError.Unencodable(command.Encoded.Type, reason))))

    /// Where the next step begins.
    let position (before: RunPosition<'State>) state (outcome: Result<'Event list, 'Error>) : RunPosition<'State> =
        let events, refusals =
            match outcome with
            | Ok events -> List.length events, 0
            | Error _ -> 0, 1

        {
            Version = before.Version + int64 events
            State = state
            RunVersion = before.RunVersion + 1L + int64 refusals
        }
