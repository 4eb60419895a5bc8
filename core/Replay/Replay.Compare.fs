// Comparing a recorded step with the one made now, in the order that design section 5 gives; the first difference counts.
// Called by Replay.Stream.fs.
namespace Refold.Core

open System

/// What is known of the messages of a step besides those that are there.
[<NoEquality; NoComparison>]
type internal KnownMessages =
    {
        /// Whether they were looked for at all.
        AreLookedFor: bool
        /// Whether a message that the step sent through an outbox, at a place behind its command, may have been deleted since.
        MayBeDeleted: StreamId -> int -> bool
        /// Whether messages of the step, through whatever outbox, may have been deleted since.
        MayLack: bool
    }

/// A recorded step.
[<NoEquality; NoComparison>]
type internal RecordedStep =
    {
        /// The command entry.
        Command: Entry
        /// The target stream's version before the step.
        VersionBefore: int64
        /// The events or the refusal, in position order.
        Outcome: Entry list
        /// The messages, in position order.
        Messages: Entry list
        /// What is known of the messages besides.
        Known: KnownMessages
    }

    /// The entry to speak of when the whole outcome differs.
    member this.Place: Entry =
        match this.Outcome with
        | first :: _ -> first
        | [] -> this.Command

/// Finding the first difference.
[<RequireQualifiedAccess>]
module internal StepComparison =

    /// What the payload is compared as: an older schema version as its codec writes it now. A newer one is most likely a newer program's,
    /// which this one cannot read.
    let private asWrittenNow (codec: Codec<'Value>) (entry: Entry) (made: EntryData) : Result<Encoded, Divergence> =
        let recorded = Folding.encodedOf entry.Data

        if entry.Data.SchemaVersion = made.SchemaVersion then
            Ok recorded
        else
            Folding.decode codec entry recorded
            |> Result.bind (fun value ->
                if entry.Data.SchemaVersion < made.SchemaVersion then
                    Folding.encode codec entry value
                else
                    Ok recorded)

    let private body (entry: Entry) (recorded: Encoded) (made: EntryData) =
        match FieldComparison.text entry "/type" DivergenceCause.Type recorded.Type made.Type with
        | None when recorded.SchemaVersion <> made.SchemaVersion ->
            let shown = Numbers.text recorded.SchemaVersion
            Some(Divergence.at entry "/schemaVersion" DivergenceCause.Header shown (Numbers.text made.SchemaVersion))
        | None -> PayloadDifference.find entry recorded.Payload made.Payload
        | found -> found

    let private rest (entry: Entry) (made: EntryData) =
        FieldComparison.tags entry made |> Option.orElseWith (fun () -> FieldComparison.header entry made)

    let private role (entry: Entry) (made: EntryData) =
        FieldComparison.text entry "/role" DivergenceCause.Type (Role.name entry.Data.Role) (Role.name made.Role)

    /// The command is an input: if it comes out otherwise, its codec is not faithful.
    let private command (entry: Entry) (made: EntryData) =
        let unfaithful (found: Divergence) = { found with Cause = DivergenceCause.CodecNotFaithful }

        if entry.Data.SchemaVersion < made.SchemaVersion then
            rest entry made
        else
            body entry (Folding.encodedOf entry.Data) made
            |> Option.map unfaithful
            |> Option.orElseWith (fun () -> rest entry made)

    let private outcomeEntry (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (entry: Entry) (made: EntryData) =
        role entry made
        |> Option.orElseWith (fun () ->
            let recorded =
                match made.Role with
                | Role.Refusal -> asWrittenNow aggregate.Errors entry made
                | _ -> asWrittenNow aggregate.Events entry made

            match recorded with
            | Ok recorded -> body entry recorded made
            | Error divergence -> Some divergence)
        |> Option.orElseWith (fun () -> rest entry made)

    let private describe (data: EntryData) = data.Type + " " + PayloadDifference.show data.Payload

    let private describeOutcome (outcome: EntryData list) =
        match outcome with
        | [] -> "accepted without events"
        | first :: _ when first.Role.IsRefusal -> "refused: " + describe first
        | first :: _ -> "accepted: " + describe first

    /// What the recorded step came to, in words.
    let describeRecorded (step: RecordedStep) : string = step.Outcome |> List.map _.Data |> describeOutcome

    let private isRefusal (data: EntryData) = data.Role.IsRefusal

    let private outcomes aggregate (step: RecordedStep) (made: EntryData list) =
        // Among others it is an entry whose role was changed, and is compared where it is.
        let recordedRefused =
            not step.Outcome.IsEmpty && step.Outcome |> List.forall (fun entry -> isRefusal entry.Data)

        let common = min step.Outcome.Length made.Length

        // Where each lies where it is made now, roles were changed, or nothing: a refusal lies in the run's stream, an event in its own.
        let isInPlace =
            step.Outcome.Length = made.Length
            && List.forall2 (fun (entry: Entry) (made: EntryData) -> entry.Data.Stream.Equals made.Stream) step.Outcome made

        if recordedRefused <> List.exists isRefusal made && not isInPlace then
            Divergence.at step.Place "" DivergenceCause.Refusal (describeRecorded step) (describeOutcome made) |> Some
        else
            List.zip (List.truncate common step.Outcome) (List.truncate common made)
            |> List.tryPick (fun (entry, made) -> outcomeEntry aggregate entry made)
            |> Option.orElseWith (fun () ->
                match List.skip common step.Outcome, List.skip common made with
                | extra :: _, _ -> Divergence.at extra "" DivergenceCause.Missing (describe extra.Data) Divergence.absent |> Some
                | [], extra :: _ ->
                    let last = step.Outcome |> List.tryLast |> Option.defaultValue step.Command
                    let found = Divergence.at last "" DivergenceCause.Unexpected Divergence.absent (describe extra)

                    Some
                        { found with
                            Stream = extra.Stream
                            Version = step.VersionBefore + int64 common + 1L
                        }
                | [], [] -> None)

    /// The first difference between an entry that is there and what it must be: every member but position, version and batch.
    let whole (entry: Entry) (made: EntryData) : Divergence option =
        role entry made
        |> Option.orElseWith (fun () -> body entry (Folding.encodedOf entry.Data) made)
        |> Option.orElseWith (fun () -> rest entry made)
        |> Option.orElseWith (fun () -> FieldComparison.words entry DivergenceCause.Header entry.Data.Drawn made.Drawn)

    /// The entries of a step that are of an older schema version than those made now. Events are counted when they are applied.
    let olderThan (step: RecordedStep) (made: EntryData list) : Entry list =
        let isOlder (entry: Entry) (made: EntryData) = entry.Data.SchemaVersion < made.SchemaVersion

        [
            for entry, made in Seq.zip (step.Command :: step.Outcome) made do
                if not made.Role.IsEvent && isOlder entry made then
                    entry

            for entry in step.Messages do
                if made |> List.exists (fun made -> made.Id = entry.Data.Id && isOlder entry made) then
                    entry
        ]

    let private drawn (step: RecordedStep) (drawn: uint64) =
        FieldComparison.words step.Command DivergenceCause.RandomDrift step.Command.Data.Drawn (Some drawn)

    // A message's payload, of an older schema version as its codec writes it now.
    let private messageAsWrittenNow (entry: Entry) (made: EntryData) (message: OutgoingMessage) : Result<Encoded, Divergence> =
        let recorded = Folding.encodedOf entry.Data

        let undecodable reason =
            let path = PayloadDifference.memberPath recorded.Payload
            Error(Divergence.at entry path DivergenceCause.Undecodable (PayloadDifference.show recorded.Payload) reason)

        if recorded.SchemaVersion >= made.SchemaVersion then
            Ok recorded
        else
            match MessageContent.tryRead recorded.Payload with
            | Error error -> undecodable (error.ToString())
            | Ok content ->
                match Settle.coded "decoding " "the message" (fun () -> message.Form.Again { recorded with Payload = content.Data }) with
                | Ok again ->
                    Ok
                        { again with
                            Payload = MessageContent.write { content with Data = again.Payload }
                        }
                | Error error -> undecodable (error.ToString())

    let private message (entry: Entry) (made: EntryData) (message: OutgoingMessage) =
        role entry made
        |> Option.orElseWith (fun () -> FieldComparison.streams entry made)
        |> Option.orElseWith (fun () ->
            match messageAsWrittenNow entry made message with
            | Ok recorded -> body entry recorded made
            | Error divergence -> Some divergence)
        |> Option.orElseWith (fun () -> rest entry made)

    /// The messages among the entries that are made now, the command first, without those that were deleted since.
    let kept (step: RecordedStep) (made: EntryData list) : EntryData list =
        // A run without its messages is compared without them.
        let mayBeDeleted stream index = not step.Known.AreLookedFor || step.Known.MayBeDeleted stream index
        let isRecorded (made: EntryData) = step.Messages |> List.exists (fun entry -> entry.Data.Id = made.Id)

        made
        |> List.indexed
        |> List.filter (fun (index, made) -> made.Role.IsMessage && (isRecorded made || not (mayBeDeleted made.Stream index)))
        |> List.map snd

    // As many are compared in their order; else the first that has no counterpart of its id is named.
    let private compareMessages (step: RecordedStep) (made: EntryData list) (sent: OutgoingMessage list) =
        let isKept = kept step made |> List.map _.Id |> Set.ofList
        let made = List.zip (made |> List.filter _.Role.IsMessage) sent
        let made = made |> List.filter (fun (data, _) -> isKept.Contains data.Id)
        let recorded = step.Messages |> List.map _.Data.Id |> Set.ofList
        let now = made |> List.map (fun (data, _) -> data.Id) |> Set.ofList

        if made.Length = step.Messages.Length then
            List.zip step.Messages made |> List.tryPick (fun (entry, (made, sent)) -> message entry made sent)
        else
            let extra = step.Messages |> List.tryFind (fun entry -> not (now.Contains entry.Data.Id))
            let lacking = made |> List.tryFind (fun (data, _) -> not (recorded.Contains data.Id))

            match extra, lacking with
            | Some extra, _ -> Divergence.at extra "" DivergenceCause.Missing (describe extra.Data) Divergence.absent |> Some
            | None, Some(lacking, _) ->
                let last = step.Messages @ step.Outcome @ [ step.Command ] |> List.maxBy _.Position

                Some
                    { Divergence.at last "" DivergenceCause.Unexpected Divergence.absent (describe lacking) with
                        Stream = lacking.Stream
                        Version = 0L
                    }
            | None, None ->
                let twice = List.last step.Messages
                Divergence.at twice "" DivergenceCause.Missing (describe twice.Data) Divergence.absent |> Some

    let private messages (step: RecordedStep) (made: EntryData list) (sent: OutgoingMessage list) =
        if step.Messages.IsEmpty && sent.IsEmpty then None else compareMessages step made sent

    /// Whether a step without messages is as it was recorded, entry by entry: then `find` finds nothing, and no entry is older than made.
    let isSame (step: RecordedStep) (made: EntryData[]) (sent: OutgoingMessage list) (words: uint64) : bool =
        let rec outcomes (recorded: Entry list) (number: int) =
            match recorded with
            | [] -> number = made.Length
            | entry :: rest ->
                number < made.Length
                && made[number].Role <> Role.Message
                && SameEntry.isSame entry made[number]
                && outcomes rest (number + 1)

        sent.IsEmpty
        && step.Messages.IsEmpty
        && made.Length > 0
        && SameEntry.isSame step.Command made[0]
        && SameEntry.words step.Command.Data.Drawn words
        && outcomes step.Outcome 1

    /// The first difference between a recorded step and the one made now, of which `made` are the entries, the command first, and `sent`
    /// the messages.
    let find aggregate (step: RecordedStep) (made: EntryData list) (sent: OutgoingMessage list) (words: uint64) : Divergence option =
        command step.Command (List.head made)
        |> Option.orElseWith (fun () -> outcomes aggregate step (List.tail made |> List.filter (fun data -> not data.Role.IsMessage)))
        |> Option.orElseWith (fun () -> messages step made sent)
        |> Option.orElseWith (fun () -> drawn step words)
        |> Option.map (fun found -> { found with ExpectedDraws = step.Command.Data.Drawn; ActualDraws = Some words })

    /// The difference where no step could be made.
    let ofError (step: RecordedStep) (error: StepError) : Divergence =
        let cause =
            match error with
            | StepError.Threw(_, (:? UnrecordedInputException)) -> DivergenceCause.UnrecordedInput
            | StepError.Threw _ -> DivergenceCause.Threw
            | StepError.Codec _ -> DivergenceCause.CodecNotFaithful
            | StepError.Invalid _ -> DivergenceCause.Header

        { Divergence.at step.Place "" cause (describeRecorded step) (error.ToString()) with
            ExpectedDraws = step.Command.Data.Drawn
        }
