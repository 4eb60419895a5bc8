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
        (before: StepPlace<'State>)
        (input: GivenCommand<'Command>)
        command
        commandId
        =
        let random = random context.Root input.Stream before.Version

        try
            try
                let now = input.Now.ToUniversalTime()
                let decision = Settle.decision aggregate.Decider now commandId random before.State command
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
    let common (context: RunContext) (input: GivenCommand<'Command>) (commandId: Guid) : Common =
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
        (decided: 'Event[])
        (recorded: SettledEvents<'Event>)
        : Result<'State, StepError> =
        let mutable state = before
        let mutable number = 0
        let mutable fault = ValueNone

        while fault.IsNone && number < recorded.Values.Length do
            let entry = recorded.Entry number
            let mutable isOther = false

            try
                let isChecked = settings.CheckCodecs && not (Redaction.isMarked entry.Payload)

                let other =
                    if isChecked then hashOf aggregate (aggregate.Decider.Evolve state decided[number]) else None

                state <- aggregate.Decider.Evolve state recorded.Values[number]
                isOther <- other.IsSome && other <> hashOf aggregate state
            with error ->
                fault <- ValueSome(StepError.Threw("evolve", error))

            if isOther then
                let reason =
                    "the state after the event as decided is another one than after the event as read back from "
                    + PayloadText.show entry.Payload

                fault <- ValueSome(StepError.Codec("the event", CodecError.Unencodable(entry.Type, reason)))

            number <- number + 1

        match fault with
        | ValueSome error -> Error error
        | ValueNone -> Ok state

    /// Whether the command as it was given comes to the same as the one that was read back, and draws as often.
    let sameDecision context (aggregate: Aggregate<_, _, 'Event, 'Error>) before input (command: Settled<_>) id decided drawn =
        let encoded (decision: DecidedParts<'Event, 'Error>) =
            if decision.IsRefused then
                Error(CodecEncode.record aggregate.Errors decision.Refusal)
            else
                Ok(decision.Events |> Array.map (CodecEncode.record aggregate.Events))

        let sent (decision: DecidedParts<'Event, 'Error>) =
            decision.Messages
            |> List.map (fun message -> message.Outbox, message.Recipient, message.DeliverAfter, message.Event, message.Form.Encode())

        decide context aggregate before input input.Command id
        |> Result.bind (fun (struct (given: DecidedParts<'Event, 'Error>, givenDrawn)) ->
            if givenDrawn = drawn && encoded given = encoded decided && sent given = sent decided then
                Ok()
            else
                let reason =
                    "the command as given is decided otherwise than as read back from " + PayloadText.show command.Payload

                Error(StepError.Codec("the command", CodecError.Unencodable(command.Type, reason))))
