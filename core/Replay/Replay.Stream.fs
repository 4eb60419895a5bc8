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

    let remade = RemadeSteps<_, _, _, _>(aggregate, source)
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

    let isFactOf (entry: Entry) = entry.Data.Role.IsFact && RunEntry.isOf run entry

    // Also that of other runs: those may never be verified.
    let takeBeside (entry: Entry) =
        if not (RunEntry.isOf run entry) then
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
        if RunEntry.isOf run entry && not entry.Data.Role.IsFact then
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

    // The recorded events, which are the decided ones, folded as `Replay.fold` does.
    let rec accept (events: Entry list) (settled: SettledEvents<'Event>) (number: int) =
        match events with
        | [] ->
            afterStep <- struct (version, state)
            StepVerdict.Same
        | event :: rest when number < settled.Values.Length && StepTold.isSettled version event settled.AreStable (settled.Entry number) ->
            match Folding.evolve aggregate state event settled.Values[number] with
            | Ok after ->
                state <- after
                version <- event.Version
                accept rest settled (number + 1)
            | Error divergence -> StepVerdict.Differs divergence
        | event :: rest ->
            match apply event with
            | Ok None -> accept rest settled (number + 1)
            | Ok(Some divergence)
            | Error divergence -> StepVerdict.Differs divergence

    let verify (commanded: CommandedStep) =
        let command = commanded.Command
        let events = takeEvents command commanded.Until []

        let outcome =
            if commanded.Refusals.IsEmpty then events else commanded.Refusals @ events |> List.sortBy _.Position

        let encoded =
            {
                Type = command.Data.Type
                SchemaVersion = command.Data.SchemaVersion
                Payload = commanded.Data
            }

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
        let hole =
            match current with
            | ValueSome entry -> Folding.gap (version + int64 events.Length) entry
            | ValueNone -> None

        let compared =
            if isRedacted then
                Ok(struct (remade.CompareRedacted(step, encoded, state), SettledEvents.None))
            else
                remade.Compare(step, encoded, state)

        let verdict =
            match compared, hole with
            | Error divergence, _ -> StepVerdict.Differs divergence
            | Ok(struct (Some { Cause = DivergenceCause.Unexpected | DivergenceCause.Refusal }, _)), Some hole -> StepVerdict.Differs hole
            | Ok(struct (Some divergence, _)), _ -> StepVerdict.Differs divergence
            | Ok(struct (None, settled)), _ -> accept events settled 0

        match verdict with
        | StepVerdict.Same -> verdict
        | StepVerdict.Differs found -> StepVerdict.Differs(StepTold.told aggregate commanded before found)

    let rec stray () =
        match current with
        | ValueNone -> None
        | ValueSome entry when RunEntry.isOf run entry && not entry.Data.Role.IsFact -> Some(RunEntry.stray entry)
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
