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

    /// What the step sent, out of its entries: as it was recorded, since nothing can say what it was made of. Where messages may have been
    /// deleted, those that are left keep their places among them.
    let messages (run: RunId) (stream: StreamId) (step: RecordedStep) : Result<OutgoingMessage list, Divergence> =
        let sent (sentBefore: OutgoingMessage list) (entry: Entry) (content: MessageContent) =
            let encoded = { Folding.encodedOf entry.Data with Payload = content.Data }

            // From 1: before the first and between two there may be some that were deleted, if any were.
            let lowest =
                match sentBefore with
                | last :: _ -> 1 + (last.Form.Ordinal |> Option.defaultValue sentBefore.Length)
                | [] -> 1

            let ordinal = if step.Known.MayLack && content.Ordinal >= lowest then Some content.Ordinal else None

            let form =
                { new IMessageForm with
                    member _.Encode() = Ok encoded
                    member _.Again again = Ok again
                    member _.Ordinal = ordinal
                }

            let isCause event = Some(Entry.derivedId (Some run) stream (step.VersionBefore + int64 event + 1L)) = content.Event
            let event = seq { 0 .. step.Outcome.Length - 1 } |> Seq.tryFind isCause
            OutgoingMessage(Outbox.nameOf entry.Data.Stream, null, content.Recipient, content.DeliverAfter, event, form)

        let next sentBefore (entry: Entry) =
            sentBefore
            |> Result.bind (fun sentBefore ->
                match MessageContent.tryRead entry.Data.Payload with
                | Ok content -> Ok(sent sentBefore entry content :: sentBefore)
                | Error error ->
                    let payload = entry.Data.Payload
                    let path = PayloadDifference.memberPath payload
                    Error(Divergence.at entry path DivergenceCause.Undecodable (PayloadDifference.show payload) (error.ToString())))

        step.Messages |> List.fold next (Ok []) |> Result.map List.rev

    /// Whether the places of the messages show that others of the step are missing.
    let lacksMessages (messages: OutgoingMessage list) : bool =
        messages
        |> List.indexed
        |> List.exists (fun (index, message) -> message.Form.Ordinal |> Option.exists (fun ordinal -> ordinal > index + 1))
