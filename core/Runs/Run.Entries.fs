// The entries of a step, each put into its place: the command, what it came to, what it sends, what is appended beside it.
// Called by Run.Step.fs.
namespace Refold.Core

open System
open Refold

/// Making the entries of a step.
[<RequireQualifiedAccess>]
module internal StepEntries =

    /// The type of the effect that names the snapshot a step stood on.
    let snapshotType = "$snapshot"

    // An entry of the step; encoding the batch judges it.
    let private entry
        (common: StepDecision.Common)
        (input: GivenCommand<'Command>)
        stream
        (role: Role)
        typeName
        schemaVersion
        payload
        tags
        drawn
        : EntryData =
        {
            Stream = stream
            Role = role
            Type = typeName
            SchemaVersion = schemaVersion
            Payload = payload
            Tags = tags
            Time = common.At
            Id = None
            CorrelationId = common.Correlation
            CausationId = (if role.IsCommand then input.CausationId else common.Cause)
            Run = common.Of
            Drawn = drawn
            Key = input.Key
        }

    let private tags (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) event : Result<Tag list, StepError> =
        try
            Ok(List.ofSeq (Settle.answered "the function that tags events" "tags" (aggregate.Tags event)))
        with error ->
            Error(StepError.Threw("tagging the event", error))

    // How many entries lie before the outcome: the command, and before it the snapshot that the state stands on.
    let private inputCount (context: RunContext) (settings: StepSettings) : int =
        match context.Mode, settings.StoodOn with
        | RecordMode.Off, _ -> 0
        | _, None -> 1
        | _, Some _ -> 2

    let private outcomeCount (context: RunContext) (decision: DecidedParts<'Event, 'Error>) : int =
        if not decision.IsRefused then decision.Events.Length
        elif context.Mode = RecordMode.Off then 0
        else 1

    /// Room for the entries of a step, which are put into it one by one.
    let room context settings (decision: DecidedParts<'Event, 'Error>) : Result<EntryData[], StepError> =
        let outcome, messages = outcomeCount context decision, List.length decision.Messages

        if outcome > Limits.batchEntries then
            // Before they are encoded.
            Error(StepError.Invalid(ValueError.TooMany("events of a step", outcome, Limits.batchEntries)))
        elif messages > Limits.batchEntries then
            Error(StepError.Invalid(ValueError.TooMany("messages of a step", messages, Limits.batchEntries)))
        else
            let beside =
                match settings.Beside with
                | None -> 0
                | Some beside -> List.length beside.Effects

            Ok(Array.zeroCreate (inputCount context settings + outcome + messages + beside))

    // Puts the events' entries into their places.
    let private eventEntries
        settings
        context
        common
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (input: GivenCommand<'Command>)
        (events: 'Event[])
        (entries: EntryData[])
        : Result<SettledEvents<'Event>, StepError> =
        let settled = Array.zeroCreate<'Event> events.Length
        let first = inputCount context settings
        let mutable areStable = true
        let mutable fault = ValueNone
        let mutable number = 0

        while fault.IsNone && number < events.Length do
            match Settle.outcome settings "the event" aggregate.Events events[number] with
            | Error error -> fault <- ValueSome error
            | Ok found ->
                match tags aggregate found.Value with
                | Error error -> fault <- ValueSome error
                | Ok tags ->
                    entries[first + number] <-
                        entry common input input.Stream Role.Event found.Type found.SchemaVersion found.Payload tags None

                    settled[number] <- found.Value
                    areStable <- areStable && found.IsStable
                    number <- number + 1

        match fault with
        | ValueSome error -> Error error
        | ValueNone -> Ok { Values = settled; AreStable = areStable; Entries = entries; First = first }

    /// Puts the entries of the outcome into their places, and gives the events as they were settled, and the refusal.
    let outcomeEntries
        settings
        (context: RunContext)
        common
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (input: GivenCommand<'Command>)
        (decision: DecidedParts<'Event, 'Error>)
        (entries: EntryData[])
        : Result<struct (SettledEvents<'Event> * 'Error), StepError> =
        if not decision.IsRefused then
            match eventEntries settings context common aggregate input decision.Events entries with
            | Error error -> Error error
            | Ok settled -> Ok(struct (settled, decision.Refusal))
        else
            match Settle.outcome settings "the refusal" aggregate.Errors decision.Refusal with
            | Error error -> Error error
            | Ok settled ->
                if context.Mode <> RecordMode.Off then
                    entries[inputCount context settings] <-
                        entry common input context.Run.Stream Role.Refusal settled.Type settled.SchemaVersion settled.Payload [] None

                Ok(struct (SettledEvents.None, settled.Value))

    let private sentEntries
        settings
        (context: RunContext)
        common
        (before: StepPlace<'State>)
        (input: GivenCommand<'Command>)
        commandId
        (decision: DecidedParts<'Event, 'Error>)
        (entries: EntryData[])
        : Result<unit, StepError> =
        let entryOf stream (encoded: Encoded) =
            entry common input stream Role.Message encoded.Type encoded.SchemaVersion encoded.Payload [] None

        let make =
            MessageEntry.make settings context.Run input.Stream before.Version input.Now commandId entryOf

        let place = inputCount context settings + outcomeCount context decision

        let rec next number (rest: OutgoingMessage list) =
            match rest with
            | [] -> Ok()
            | message :: rest ->
                match make (number, message) with
                | Error error -> Error error
                | Ok made ->
                    entries[place + number] <- made
                    next (number + 1) rest

        next 0 decision.Messages

    /// Puts the entries of the messages behind those of the outcome.
    let messageEntries
        settings
        context
        common
        before
        input
        commandId
        (decision: DecidedParts<'Event, 'Error>)
        entries
        : Result<unit, StepError> =
        if decision.Messages.IsEmpty then
            Ok()
        else
            sentEntries settings context common before input commandId decision entries

    let private snapshotEffect context common (input: GivenCommand<'Command>) (stoodOn: StoodOn) =
        let payload = RunForm.writeSnapshot input.Stream stoodOn
        entry common input context.Run.Effects Role.Effect snapshotType 1 payload [] None

    /// Puts what is recorded before the outcome into its places: the snapshot that the state stands on, and the command.
    let inputEntries context common settings (input: GivenCommand<'Command>) drawn (command: Settled<'Command>) (entries: EntryData[]) =
        match inputCount context settings with
        | 0 -> ()
        | count ->
            let payload =
                (match command.Room with
                 | null -> Envelope.write input.Stream command.Payload
                 | room -> Envelope.writeAround input.Stream command.Payload room)

            entries[count - 1] <-
                entry common input context.Run.Stream Role.Command command.Type command.SchemaVersion payload [] (Some drawn)

            match settings.StoodOn with
            | None -> ()
            | Some stoodOn -> entries[0] <- snapshotEffect context common input stoodOn

    /// Puts what is appended besides behind all else.
    let besideEntries settings commandId (key: string option) (entries: EntryData[]) =
        match settings.Beside with
        | None -> ()
        | Some beside ->
            let effects = beside.EntriesOf(commandId, key)
            let first = entries.Length - effects.Length
            effects |> List.iteri (fun number effect -> entries[first + number] <- effect)

    /// The entries of a batch that is too large are counted no further than shows that.
    let counted (entries: EntryData[]) =
        if entries.Length > Limits.batchEntries + 1 then
            Array.sub entries 0 (Limits.batchEntries + 1)
        else
            entries
