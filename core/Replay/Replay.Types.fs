// What verifying hands around: a command with its recorded step, a stream under verification, and which entries are a run's.
// Used by Replay.Stream.fs and Replay.Verify.fs.
namespace Refold.Core

open System

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
        /// What the step sent, out of the outboxes.
        Messages: Entry list
        /// What is known of the messages besides.
        Known: KnownMessages
        /// The position of the run's next command; the highest there is, for the last.
        Until: int64
    }

/// How a step compares.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal StepVerdict =
    | Same
    | Differs of divergence: Divergence

/// A stream under verification, whatever the types of its aggregate.
type internal IReplayStream =
    inherit IDisposable

    /// Folds the recorded entries before a position; a divergence where they cannot be, or where this run has an entry that no step made.
    abstract AdvanceTo: position: int64 -> Divergence option

    /// Verifies the step of a command.
    abstract Step: commanded: CommandedStep -> StepVerdict

    /// Reads the rest of the stream: an entry of this run behind its last step, or a gap between versions.
    abstract Stray: unit -> Divergence option

    /// The facts under the run's name that were read so far, in version order.
    abstract Facts: Entry seq

    /// The entries of the stream that were read so far and are no step's of the run.
    abstract Beside: RunBeside

    /// The version up to which the stream was deleted; 0 where it was read from its first version on.
    abstract DeletedTo: int64

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
        DeletedTo: int64
        Start: FoldStart<'State>
        StartPosition: int64
        Tally: ReplayTally
    }

/// Which entries are a run's.
[<RequireQualifiedAccess>]
module internal RunEntry =

    /// Whether an entry names the run.
    let isOf (run: RunId) (entry: Entry) : bool =
        match entry.Data.Run with
        | Some named -> named.Equals run
        | None -> false

    let private isMadeBy (run: RunId) (entry: Entry) : bool =
        isOf run entry
        && (match entry.Data.Role with
            | Role.Command
            | Role.Fact
            | Role.Effect
            | Role.Control -> false
            | Role.Event
            | Role.Refusal
            | Role.Message
            | Role.Unmarked -> true)

    // A step's batch begins with its command, or with the effect before it; an import without batches makes others.
    let private isStepsBatch (command: Entry) = command.Position - command.Batch <= 1L

    let private isCommand (entry: Entry) = entry.Data.Role.IsCommand && Result.isOk (Envelope.tryRead entry.Data.Payload)

    let private isCausedBy (command: Entry) (entry: Entry) =
        match entry.Data.CausationId with
        | Some cause -> cause = Entry.id command
        | None -> false

    /// Whether an entry belongs to the step of a command before it. One that says so by batch and causation does, whatever its role and its
    /// run are, so that a role or a run that was changed is found where it is.
    let belongsTo (run: RunId) (command: Entry) (entry: Entry) : bool =
        let isInBatch = entry.Batch = command.Batch && isStepsBatch command

        if isMadeBy run entry then
            isInBatch || isCausedBy command entry
        else
            isInBatch && isCausedBy command entry && not (isCommand entry)

    /// The divergence of an entry under the run's name that no step of it made.
    let stray (entry: Entry) : Divergence =
        let shown =
            Role.name entry.Data.Role + " " + entry.Data.Type + " " + PayloadDifference.show entry.Data.Payload

        Divergence.at entry "" DivergenceCause.Unexpected shown "no command made it"

/// What is told of a step.
[<RequireQualifiedAccess>]
module internal StepTold =

    /// Whether a recorded event behind a version is the one that was decided, encoded and read back just now, byte by byte: then it needs
    /// neither again.
    let isSettled (version: int64) (event: Entry) (isStable: bool) (settled: EntryData) : bool =
        isStable
        && event.Data.Role.IsEvent
        && event.Version = version + 1L
        && event.Data.SchemaVersion = settled.SchemaVersion
        && String.Equals(event.Data.Type, settled.Type, StringComparison.Ordinal)
        && event.Data.Payload.Equals settled.Payload

    /// What two decisions of the same command must agree on.
    let answer (made: Result<EntryData list, StepError>) : string list =
        match made with
        | Ok entries -> entries |> List.map (fun data -> (CanonicalBytes.ofData data).ToHex())
        | Error(StepError.Threw(where, error)) -> [ where; error.GetType().Name ]
        | Error error -> [ error.ToString() ]

    let private shownState (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (state: 'State) : string option =
        match aggregate.State with
        | None -> None
        | Some codec ->
            try
                match codec.Encode state with
                | Ok encoded -> Some(PayloadText.show encoded.Payload)
                | Error _ -> None
            with _ ->
                None

    /// The difference with the command it is about, and the state that the command was decided on.
    let told
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (commanded: CommandedStep)
        (stateBefore: 'State)
        (found: Divergence)
        : Divergence =
        let command = commanded.Command
        let shown = command.Data.Type + " " + PayloadText.show commanded.Data

        { found with
            Command = Some("position " + Numbers.text command.Position + ": " + shown)
            StateBefore = shownState aggregate stateBefore
        }
