// A recorded step whose command is redacted: what can still be judged of the command, and what the step came to.
// Called by Replay.Stream.fs.
namespace Refold.Core

/// Steps of redacted commands.
[<RequireQualifiedAccess>]
module internal RedactedStep =

    /// What is wrong with the command: it is of a known type and version, and encoded as it stands, where it can be read.
    let judgeCommand
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (stream: StreamId)
        (command: Entry)
        (encoded: Encoded)
        : Divergence option =
        match Folding.decode aggregate.Commands command encoded with
        | Error({ Path = "/type" | "/schemaVersion" } as divergence) -> Some divergence
        // What stands in the place of a value need not be one.
        | Error _ -> None
        | Ok value ->
            match Folding.encode aggregate.Commands command value with
            | Ok again when again.SchemaVersion > encoded.SchemaVersion -> None
            | Ok again ->
                PayloadDifference.find command command.Data.Payload (Envelope.write stream again.Payload)
                |> Option.map (fun found -> { found with Cause = DivergenceCause.CodecNotFaithful })
            | Error divergence -> Some divergence

    /// What the step came to, out of its entries.
    let outcome
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (step: RecordedStep)
        : Result<Result<'Event list, 'Error>, Divergence> =
        let decoded codec (entry: Entry) = Folding.decode codec entry (Folding.encodedOf entry.Data)

        let next events (entry: Entry) =
            events
            |> Result.bind (fun events -> decoded aggregate.Events entry |> Result.map (fun event -> event :: events))

        match step.Outcome with
        | refusal :: _ when refusal.Data.Role = Role.Refusal -> decoded aggregate.Errors refusal |> Result.map Error
        | entries ->
            entries
            |> List.filter (fun entry -> entry.Data.Role <> Role.Refusal)
            |> List.fold next (Ok [])
            |> Result.map (List.rev >> Ok)
