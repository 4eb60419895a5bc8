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
            try
                let decision = Settle.decision aggregate.Decider step before.State command
                Ok(struct (decision, random.WordsDrawn))
            with error ->
                Error(StepError.Threw("decide", error))
        finally
            random.End()

    /// What entries of one step have in common, made once.
    [<Struct; NoEquality; NoComparison>]
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
            Of = context.Run.Named
        }

    let private hashOf (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) state =
        match Aggregate.stateHash aggregate state with
        | Ok hash -> hash
        | Error error -> raise (InvalidOperationException(error.ToString()))

    /// The state after the events, which are also folded as they were decided where codecs are checked.
    let evolve
        (settings: StepSettings)
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (before: 'State)
        (decided: 'Event list)
        (recorded: Settled<'Event>[])
        : Result<'State, StepError> =
        let mutable state = before
        let mutable rest = decided
        let mutable number = 0
        let mutable fault = ValueNone

        while fault.IsNone && number < recorded.Length do
            let settled = recorded[number]
            let mutable isOther = false

            try
                let isChecked = settings.CheckCodecs && not (Redaction.isMarked settled.Encoded.Payload)

                let other = if isChecked then hashOf aggregate (aggregate.Decider.Evolve state rest.Head) else None

                state <- aggregate.Decider.Evolve state settled.Value
                isOther <- other.IsSome && other <> hashOf aggregate state
            with error ->
                fault <- ValueSome(StepError.Threw("evolve", error))

            if isOther then
                let reason =
                    "the state after the event as decided is another one than after the event as read back from "
                    + PayloadText.show settled.Encoded.Payload

                fault <- ValueSome(StepError.Codec("the event", CodecError.Unencodable(settled.Encoded.Type, reason)))

            rest <- rest.Tail
            number <- number + 1

        match fault with
        | ValueSome error -> Error error
        | ValueNone -> Ok state

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

    /// How many entries an outcome adds to the target stream, and to the run's stream besides the command.
    let added (outcome: Result<'Event list, 'Error>) : struct (int64 * int64) =
        match outcome with
        | Ok events -> struct (int64 (List.length events), 0L)
        | Error _ -> struct (0L, 1L)
