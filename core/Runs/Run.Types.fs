// The types of runs: what steps are made in, from what, and what they come to.
// Made and taken by Run.Step.fs and Run.fs; seen by the facade, scripts and tests.
namespace Refold

/// Whether commands and refusals are recorded.
type RecordMode =
    /// Commands and refusals too, in the run's own stream: the run can be verified and resumed.
    | Record = 0
    /// Events and messages only: their streams get the very same bytes and can be folded, but the run can be neither verified nor resumed.
    /// Steps on one stream wait for each other's durability.
    | Off = 1

namespace Refold.Core

open System
open Refold

/// Whether commands and refusals are recorded.
type RecordMode = Refold.RecordMode

/// The run that steps are made in.
[<NoEquality; NoComparison>]
type RunContext =
    {
        /// The run's name.
        Run: RunId
        /// What it is produced under.
        Pin: RunPin
        /// The state that every step's generator is derived from.
        Root: RngState
        /// Whether commands and refusals are recorded.
        Mode: RecordMode
    }

/// As `RunPosition`, for the length of a step.
[<Struct; NoEquality; NoComparison>]
type internal StepPlace<'State> = { Version: int64; State: 'State; RunVersion: int64 }

/// As `StepInput`, for the length of a step.
[<Struct; NoEquality; NoComparison>]
type internal GivenCommand<'Command> =
    {
        Stream: StreamId
        Command: 'Command
        Now: DateTimeOffset
        CorrelationId: Guid option
        CausationId: Guid option
        Key: string option
        /// The bytes of the command as it was recorded, where they are known to be its own, or it was redacted: the entry gets them,
        /// whatever the command is. Else null.
        Recorded: Encoded | null
    }

/// Where a stream and its run stand: it goes into a step, and comes out of it moved on.
[<NoEquality; NoComparison>]
type RunPosition<'State> =
    {
        /// The target stream's highest version; 0 for none.
        Version: int64
        /// The state at that version.
        State: 'State
        /// The run stream's highest version; 0 for none. Counted in mode Off too, so that ids are the same in both modes.
        RunVersion: int64
    }

/// What a step is made from, besides the position.
[<NoEquality; NoComparison; StructuredFormatDisplay("{Shown}")>]
type StepInput<'Command> =
    {
        /// The target stream.
        Stream: StreamId
        /// The command.
        Command: 'Command
        /// The time of the step; recorded in UTC.
        Now: DateTimeOffset
        /// A correlation id that came with the command; where absent, the command's id.
        CorrelationId: Guid option
        /// What brought the command about.
        CausationId: Guid option
        /// The idempotency key of the append.
        Key: string option
    }

    member private this.Shown =
        RecordText.show
            [
                "Stream", box this.Stream
                "Command", box this.Command
                "Now", box this.Now
                "CorrelationId", box this.CorrelationId
                "CausationId", box this.CausationId
                "Key", box this.Key
            ]

    /// Its fields, the same in every culture.
    override this.ToString() = this.Shown

/// What a step came to.
[<NoEquality; NoComparison>]
type StepResult<'State, 'Event, 'Error> =
    {
        /// What is to be appended, atomically; `None` where nothing is (mode Off, no event and no message).
        Batch: EncodedBatch option
        /// The events, or the refusal, as their codecs read them back: what a fold of the journal sees.
        Outcome: Result<'Event list, 'Error>
        /// The messages that are appended with the events; none where refused.
        Messages: OutgoingMessage list
        /// Where the next step on the stream begins: `Outcome` folded into the state before. Without events the state is the one before.
        Position: RunPosition<'State>
        /// Random words that were drawn, children included.
        Drawn: uint64
        /// Whether something in an event is redacted.
        Redacted: bool
    }

/// The snapshot that the state before a step was brought up from.
[<NoEquality; NoComparison>]
type internal StoodOn =
    {
        /// Its version in the target stream.
        Version: int64
        /// The head of the journal that it belongs to.
        Head: Head
        /// The pin of the run it was taken in.
        Pin: RunPin option
    }

/// What is appended with a step besides what it makes: for a command that an operation gives.
[<NoEquality; NoComparison>]
type internal StepBeside =
    {
        /// Effects of the operation, in the stream of the run's effects. One without causation is caused by the command.
        Effects: EntryData list
        /// What must not have been appended meanwhile.
        Condition: AppendCondition
    }

    /// The entries behind a step, so that its batch begins with it.
    member this.EntriesOf(commandId: Guid, key: string option) : EntryData list =
        this.Effects
        |> List.map (fun effect ->
            { effect with
                CausationId = Some(Option.defaultValue commandId effect.CausationId)
                Key = key
            })

/// How a step is made, besides its input.
[<NoEquality; NoComparison>]
type internal StepSettings =
    {
        /// Whether a codec that is not stable fails the step; where a recorded step is made again, the comparison says more.
        RefuseUnstable: bool
        /// Whether events are also folded as they were decided, and the two states compared.
        CheckCodecs: bool
        /// The command's id; where absent, the one that follows from the run's version.
        CommandId: Guid option
        /// The snapshot that the state stands on, to be recorded as an effect of the step.
        StoodOn: StoodOn option
        /// What is appended with it. Not in mode Off.
        Beside: StepBeside option
        /// Whether the step is only compared: its entries are validated, and there is no batch.
        IsCompared: bool
        /// Whether nobody but the library will hold the batch, so that it may rent what it is made of.
        MayLend: bool
    }
