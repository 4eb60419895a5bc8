// One stream of a run under verification: recorded entries folded up to each step, and the step made again from there.
// Called by Replay.Verify.fs, which leads the streams of a run in position order.
namespace Refold.Core

open System
open System.Collections.Generic

/// What is counted over all streams of a run.
[<Sealed>]
type internal ReplayTally() =
    member val External = 0L with get, set
    member val Derived = 0L with get, set
    member val Upcast = 0L with get, set
    member val Others = 0L with get, set

/// A command and what was recorded of its step outside the target stream.
[<NoEquality; NoComparison>]
type internal CommandedStep =
    {
        /// The command entry.
        Command: Entry
        /// The command codec's bytes, out of the envelope.
        Data: Bytes
        /// The derived entries of the step in the run's stream.
        Refusals: Entry list
        /// The position of the run's next command; the highest there is, for the last.
        Until: int64
        /// Whether nothing of the run follows in its stream: then the step may have been cut off.
        IsLast: bool
    }

/// How a step compares.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal StepVerdict =
    | Same
    | Differs of divergence: Divergence
    | NoStep

/// A stream under verification, whatever the types of its aggregate.
type internal IReplayStream =
    inherit IDisposable

    /// Folds the recorded entries before a position; a divergence where they cannot be, or where this run has an entry that no step made.
    abstract AdvanceTo: position: int64 -> Divergence option

    /// Verifies the step of a command.
    abstract Step: commanded: CommandedStep -> StepVerdict

    /// An entry of this run behind its last step in the stream.
    abstract Stray: unit -> Divergence option

    /// Where the stream stood after the last step.
    abstract AfterStep: ReplayedStream

    /// The snapshot's version that verifying started from; 0 for none. Commands up to its position are not verified.
    abstract StartVersion: int64

    /// The snapshot's position; 0 for none.
    abstract StartPosition: int64

/// What a stream is verified with.
[<NoEquality; NoComparison>]
type internal ReplaySource<'State> =
    {
        Context: RunContext
        Stream: StreamId
        Entries: Entry seq
        Start: FoldStart<'State>
        StartPosition: int64
        Tally: ReplayTally
    }

/// Which entries are a run's.
[<RequireQualifiedAccess>]
module internal RunEntry =

    /// Whether an entry was made by the run's deciding.
    let isMadeBy (run: RunId) (entry: Entry) : bool = Role.kind entry.Data.Role <> Some EntryKind.External && entry.Data.Run = Some run

    /// Whether an entry that the run made belongs to the step of a command before it.
    let belongsTo (command: Entry) (entry: Entry) : bool = entry.Batch = command.Batch || entry.Data.CausationId = Some(Entry.id command)

    /// The divergence of an entry that no command's step made.
    let stray (entry: Entry) : Divergence =
        let shown = entry.Data.Type + " " + PayloadDifference.show entry.Data.Payload
        Divergence.at entry "" DivergenceCause.Unexpected shown "no command made it"

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

    let mutable current: Entry voption = ValueNone

    let move () = current <- (if cursor.MoveNext() then ValueSome cursor.Current else ValueNone)

    do
        move ()
        // What the snapshot sums up.
        while current.IsSome && current.Value.Version <= version do
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
                    tally.Upcast <- tally.Upcast + 1L

                applied.Unfaithful)

    // An entry that is not decided again. It stands as recorded, so how its codec writes it does not matter.
    let foldIn (entry: Entry) =
        if RunEntry.isMadeBy run entry then
            Some(RunEntry.stray entry)
        else
            if entry.Data.Run = Some run then
                tally.External <- tally.External + 1L
            else
                tally.Others <- tally.Others + 1L

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
        | ValueSome entry when RunEntry.isMadeBy run entry && RunEntry.belongsTo command entry ->
            move ()
            takeEvents command until (entry :: taken)
        | _ -> List.rev taken

    let decide (command: Entry) value =
        Run.step
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

    // Events are counted when they are applied.
    let countUpcast (step: RecordedStep) result =
        let recorded = step.Command :: step.Outcome

        match result with
        | Error _ -> ()
        | Ok result ->
            for entry, made in Seq.zip recorded (entriesOf result) do
                if made.Role <> Role.Event && entry.Data.SchemaVersion < made.SchemaVersion then
                    tally.Upcast <- tally.Upcast + 1L

    let compare (step: RecordedStep) value =
        let first = decide step.Command value
        countUpcast step first

        let difference =
            match first with
            | Ok result -> StepComparison.find aggregate step (entriesOf result) result.Drawn
            | Error error -> Some(StepComparison.ofError step error)

        difference
        |> Option.map (fun found ->
            if answer first = answer (decide step.Command value) then
                found
            else
                { found with Cause = DivergenceCause.Unstable })

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
        tally.Derived <- tally.Derived + int64 outcome.Length

        let step = { Command = command; VersionBefore = version; Outcome = outcome }

        let encoded = { Folding.encodedOf command.Data with Payload = commanded.Data }
        let wasCutOff = commanded.IsLast && outcome.IsEmpty

        // Entries that were deleted, or that the store lost: a step that lacks them is not to blame.
        let hole = current |> ValueOption.toOption |> Option.bind (Folding.gap (version + int64 events.Length))

        match Folding.decode aggregate.Commands command encoded |> Result.map (compare step), hole with
        | Error divergence, _ -> StepVerdict.Differs divergence
        | Ok(Some { Cause = DivergenceCause.Unexpected | DivergenceCause.Refusal }), Some hole -> StepVerdict.Differs hole
        | Ok(Some { Cause = DivergenceCause.Unexpected | DivergenceCause.Refusal }), None when wasCutOff -> StepVerdict.NoStep
        | Ok(Some divergence), _ -> StepVerdict.Differs divergence
        | Ok None, _ -> accept events

    let rec stray () =
        match current with
        | ValueNone -> None
        | ValueSome entry when RunEntry.isMadeBy run entry -> Some(RunEntry.stray entry)
        | ValueSome _ ->
            move ()
            stray ()

    interface IReplayStream with
        member _.AdvanceTo position = advance position

        member _.Step commanded = verify commanded

        member _.Stray() = stray ()

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
