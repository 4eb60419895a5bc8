// One stream of a run under verification: recorded entries folded up to each step, and the step made again from there.
// Called by Replay.Verify.fs, which leads the streams of a run in position order.
namespace Refold.Core

open System
open System.Collections.Generic

/// A stream of an aggregate under verification.
[<Sealed>]
type internal ReplayStream<'State, 'Command, 'Event, 'Error>
    (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>, source: ReplaySource<'State>) =

    let run = source.Context.Run
    let tally = source.Tally
    let cursor: IEnumerator<Entry> = source.Entries.GetEnumerator()
    let mutable state = source.Start.State
    let mutable version = source.Start.Version
    let mutable afterStep = struct (version, state)

    let facts = ResizeArray<Entry>()
    let beside = RunBeside()
    let mutable current: Entry voption = ValueNone

    let move () = current <- (if cursor.MoveNext() then ValueSome cursor.Current else ValueNone)

    // An input of the run, which stands as recorded.
    let takeFact (entry: Entry) =
        tally.External <- tally.External + 1L
        tally.Facts.Add entry.Position
        facts.Add entry
        beside.Add entry

        if entry.Data.Id.IsSome then
            tally.GivenIds.Add entry.Position

    let isFactOf (entry: Entry) = entry.Data.Role = Role.Fact && entry.Data.Run = Some run

    // Also that of other runs: those may never be verified.
    let takeBeside (entry: Entry) =
        if entry.Data.Run <> Some run then
            beside.Add entry

    do move ()

    let deletedTo = if current.IsSome then current.Value.Version - 1L else source.DeletedTo

    do
        // What the snapshot sums up.
        while current.IsSome && current.Value.Version <= version do
            if isFactOf current.Value then takeFact current.Value else takeBeside current.Value
            move ()

    /// The next entry before a position.
    let next (position: int64) =
        match current with
        | ValueSome entry when entry.Position < position -> ValueSome entry
        | _ -> ValueNone

    let apply (entry: Entry) =
        match Folding.gap version entry with
        | Some divergence -> Error divergence
        | None when not (Role.isApplied entry.Data.Role) ->
            version <- entry.Version
            Ok None
        | None ->
            Folding.apply aggregate state entry
            |> Result.map (fun applied ->
                state <- applied.State
                version <- entry.Version

                if applied.WasUpcast then
                    tally.Upcast.Add entry.Position

                applied.Unfaithful)

    // An entry that is not decided again. It stands as recorded, so how its codec writes it does not matter.
    let foldIn (entry: Entry) =
        if entry.Data.Run = Some run && entry.Data.Role <> Role.Fact then
            Some(RunEntry.stray entry)
        else
            if isFactOf entry then
                takeFact entry
            else
                takeBeside entry
                tally.Others.Add entry.Position

            match apply entry with
            | Ok _ ->
                move ()
                None
            | Error divergence -> Some divergence

    let rec advance position =
        match next position with
        | ValueNone -> None
        | ValueSome entry ->
            match foldIn entry with
            | None -> advance position
            | found -> found

    let rec takeEvents command until taken =
        match next until with
        | ValueSome entry when RunEntry.belongsTo run command entry ->
            move ()
            takeEvents command until (entry :: taken)
        | _ -> List.rev taken

    let make settings aggregate (command: Entry) value =
        RunStep.make
            { settings with RefuseUnstable = false }
            { source.Context with Mode = RecordMode.Record }
            aggregate
            { Version = version; State = state; RunVersion = command.Version - 1L }
            {
                Stream = source.Stream
                Command = value
                Now = command.Data.Time |> Option.defaultValue DateTimeOffset.MinValue
                CorrelationId = command.Data.CorrelationId
                CausationId = command.Data.CausationId
                Key = command.Data.Key
            }

    let decide command value = make RunStep.plain aggregate command value

    let entriesOf (result: StepResult<'State, 'Event, 'Error>) =
        match result.Batch with
        | Some batch -> List.ofArray batch.Entries
        | None -> []

    // What two decisions of the same command must agree on.
    let answer result =
        match result with
        | Ok result -> entriesOf result |> List.map (fun data -> (CanonicalBytes.ofData data).ToHex())
        | Error(StepError.Threw(where, error)) -> [ where; error.GetType().Name ]
        | Error error -> [ error.ToString() ]

    let countUpcast (step: RecordedStep) result =
        result
        |> Result.iter (fun result ->
            for entry in StepComparison.olderThan step (entriesOf result) do
                tally.Upcast.Add entry.Position)

    // Messages that were deleted since are not compared.
    let countMessages (step: RecordedStep) made =
        let sent = made |> List.filter (fun (data: EntryData) -> data.Role = Role.Message)

        if (StepComparison.kept step made).Length < sent.Length then
            tally.WithoutMessages.Add step.Command.Position

    // The difference, and what was not compared.
    let find step result drawn =
        let made = entriesOf result
        countMessages step made
        StepComparison.find aggregate step made result.Messages drawn

    let compare (step: RecordedStep) value =
        let first = decide step.Command value
        countUpcast step first

        let difference =
            match first with
            | Ok result -> find step result result.Drawn
            | Error error -> Some(StepComparison.ofError step error)

        difference
        |> Option.map (fun found ->
            if answer first = answer (decide step.Command value) then
                found
            else
                { found with Cause = DivergenceCause.Unstable })

    // A redacted command cannot be decided again. The step is made with its recorded outcome for the decision, so that everything else of
    // it is compared as ever: roles, tags, times, ids, how codecs read and write it.
    let compareRedacted (step: RecordedStep) (encoded: Encoded) =
        let decided outcome messages =
            let decision = Decision.ofResult outcome |> Decision.withMessages messages
            let decider = Decider.sending aggregate.Decider.Initial (fun _ _ _ -> decision) aggregate.Decider.Evolve
            let settings = { RunStep.plain with Recorded = Some encoded }

            match make settings { aggregate with Decider = decider } step.Command Unchecked.defaultof<'Command> with
            | Ok result -> find step result (step.Command.Data.Drawn |> Option.defaultValue 0UL)
            | Error error -> Some(StepComparison.ofError step error)

        tally.NotRedecidable.Add step.Command.Position

        RedactedStep.judgeCommand aggregate source.Stream step.Command encoded
        |> Option.orElseWith (fun () ->
            match RedactedStep.outcome aggregate step, RedactedStep.messages run source.Stream step with
            | Ok(Error _), Ok(_ :: _) -> Some(RunEntry.stray step.Messages.Head)
            | Ok outcome, Ok messages ->
                if RedactedStep.lacksMessages messages then
                    tally.WithoutMessages.Add step.Command.Position

                decided outcome messages
            | Error divergence, _
            | _, Error divergence -> Some divergence)

    // The recorded events, which are the decided ones, folded as `Replay.fold` does.
    let rec accept (events: Entry list) =
        match events with
        | [] ->
            afterStep <- struct (version, state)
            StepVerdict.Same
        | event :: rest ->
            match apply event with
            | Ok None -> accept rest
            | Ok(Some divergence)
            | Error divergence -> StepVerdict.Differs divergence

    let verify (commanded: CommandedStep) =
        let command = commanded.Command
        let events = takeEvents command commanded.Until []
        let outcome = commanded.Refusals @ events |> List.sortBy _.Position
        let encoded = { Folding.encodedOf command.Data with Payload = commanded.Data }
        let isRedacted = CodecEncode.isRedacted aggregate.Commands encoded

        tally.Take (outcome @ commanded.Messages) isRedacted

        let step =
            {
                Command = command
                VersionBefore = version
                Outcome = outcome
                Messages = commanded.Messages
                Known = commanded.Known
            }

        let before = state

        // Entries that were deleted, or that the store lost: a step that lacks them is not to blame.
        let hole = current |> ValueOption.toOption |> Option.bind (Folding.gap (version + int64 events.Length))

        let compared =
            if isRedacted then
                Ok(compareRedacted step encoded)
            else
                Folding.decode aggregate.Commands command encoded |> Result.map (compare step)

        let verdict =
            match compared, hole with
            | Error divergence, _ -> StepVerdict.Differs divergence
            | Ok(Some { Cause = DivergenceCause.Unexpected | DivergenceCause.Refusal }), Some hole -> StepVerdict.Differs hole
            | Ok(Some divergence), _ -> StepVerdict.Differs divergence
            | Ok None, _ -> accept events

        match verdict with
        | StepVerdict.Same -> verdict
        | StepVerdict.Differs found -> StepVerdict.Differs(StepTold.told aggregate commanded before found)

    let rec stray () =
        match current with
        | ValueNone -> None
        | ValueSome entry when entry.Data.Run = Some run && entry.Data.Role <> Role.Fact -> Some(RunEntry.stray entry)
        | ValueSome entry ->
            match Folding.gap version entry with
            | Some divergence -> Some divergence
            | None ->
                version <- entry.Version

                if isFactOf entry then
                    takeFact entry
                else
                    takeBeside entry
                    tally.Behind.Add entry.Position

                move ()
                stray ()

    interface IReplayStream with
        member _.AdvanceTo position = advance position

        member _.Step commanded = verify commanded

        member _.Stray() = stray ()

        member _.Facts: Entry seq = facts :> Entry seq

        member _.Beside = beside

        member _.DeletedTo = deletedTo

        member _.AfterStep =
            let struct (version, state) = afterStep

            {
                Stream = source.Stream
                Version = version
                StateHash = Folding.tryStateHash aggregate state
            }

        member _.StartVersion = source.Start.Version

        member _.StartPosition = source.StartPosition

        member _.Dispose() = cursor.Dispose()
