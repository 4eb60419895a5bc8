// Where a replay first differs from its recording, in which field, and why.
// Found by Fold.fs and Replay.*.fs; shown by whoever asked.
namespace Refold.Core

open System

/// Why a replay differs from its recording.
[<RequireQualifiedAccess>]
type DivergenceCause =
    /// The program runs under another pin than the run did; the fields as in `RunPin.DiffersIn`.
    | PinMismatch of fields: string list
    /// An entry cannot be decoded.
    | Undecodable
    /// Encoding what was decoded gives other bytes of the same schema version, or none.
    | CodecNotFaithful
    /// The recording has an entry that is not made now, or lacks one that folding needs.
    | Missing
    /// An entry is made now that the recording does not have, or the recording has one that no command made.
    | Unexpected
    /// The entry has another role or another type.
    | Type
    /// The payload says something else.
    | Payload
    /// The payload says the same in other bytes: both have one RFC 8785 form.
    | EncodingOnly
    /// The entry has other tags.
    | Tagging
    /// The schema version, the time or an id differs.
    | Header
    /// What was accepted is refused now, or the other way round.
    | Refusal
    /// `decide`, `evolve` or a codec threw.
    | Threw
    /// The same entries, but another number of random words drawn.
    | RandomDrift
    /// The decision asked for an input that was not recorded.
    | UnrecordedInput
    /// Decided twice just now, with two different answers.
    | Unstable
    /// Every entry is the same, but the state is another one.
    | State
    /// An input that the run's end vouches for is another one now: its start, a command, an effect or a fact.
    | Input

    /// A stable name for reports and scripts.
    member this.Name: string =
        match this with
        | PinMismatch _ -> "pin-mismatch"
        | Undecodable -> "undecodable"
        | CodecNotFaithful -> "codec-not-faithful"
        | Missing -> "missing"
        | Unexpected -> "unexpected"
        | Type -> "type"
        | Payload -> "payload"
        | EncodingOnly -> "encoding-only"
        | Tagging -> "tags"
        | Header -> "header"
        | Refusal -> "refusal"
        | Threw -> "threw"
        | RandomDrift -> "random-drift"
        | UnrecordedInput -> "unrecorded-input"
        | Unstable -> "unstable"
        | State -> "state"
        | Input -> "input"

    /// One sentence: the likely reason and what to do.
    member this.Remedy: string =
        match this with
        | PinMismatch fields ->
            "The program is set up differently in "
            + String.concat ", " fields
            + ": replay under the recorded pin, or ignore the pin to see what the difference does."
        | Undecodable ->
            "The payload is damaged, of an unknown type or newer than this program: "
            + "use the program that wrote it, or add the type or the upcast."
        | CodecNotFaithful ->
            "The codec changed its form without a new schema version, or loses something: "
            + "raise the schema version and add an upcast, or correct the codec."
        | Missing -> "The rule now makes fewer entries, or entries were deleted: compare the program's version with the recorded pin."
        | Unexpected ->
            "The rule now makes more entries, or something else wrote under this run's name: "
            + "compare the program's version with the recorded pin."
        | Type -> "The rule now makes another kind of entry: compare the program's version with the recorded pin."
        | Payload -> "The rule now decides otherwise, or depends on something besides step, state and command."
        | EncodingOnly -> "The encoder changed its byte form but not the meaning: use the recorded form, or raise the schema version."
        | Tagging -> "The function that tags events changed, or depends on something besides the event."
        | Header -> "The entry was changed, or written by something else than a step of this run."
        | Refusal -> "The rule now judges the command otherwise: compare the program's version with the recorded pin."
        | Threw -> "The aggregate's own code threw: correct it, and refuse by returning an error."
        | RandomDrift -> "The rule draws another number of random words for the same outcome: a later change of the outcome is likely."
        | UnrecordedInput ->
            "The decision asked for a clock reading or a call that was not recorded: ask before the decision, and record the answer."
        | Unstable -> "The decision depends on something besides step, state and command: a clock, a shared variable, a hash order."
        | State -> "`evolve` or the state codec changed, or the recorded state hash was made by another program."
        | Input ->
            "The start, a command, an effect or a fact of the run was changed, added or removed after the run had ended: "
            + "compare with a backup, or look for the first position whose head differs."

    /// The stable name.
    override this.ToString() = this.Name

/// The first difference between a recording and its replay.
[<NoComparison>]
type Divergence =
    {
        /// The position of the entry; where the recording has no such entry, of the last entry before it.
        Position: int64
        /// The entry's stream.
        Stream: StreamId
        /// The version of the entry, or the one it would have.
        Version: int64
        /// JSON pointer (RFC 6901) into the entry's NDJSON form; empty for the whole entry.
        Path: string
        /// Offset of the first differing byte in the payload, where it is not compared as JSON.
        ByteOffset: int option
        /// What the recording has.
        Expected: string
        /// What the replay made.
        Actual: string
        /// Random words that the recorded step drew.
        ExpectedDraws: uint64 option
        /// Random words that the step drew now.
        ActualDraws: uint64 option
        /// Why.
        Cause: DivergenceCause
        /// The command whose step differs: position, type and payload, cut where it is long. Absent where no command was decided.
        Command: string option
        /// The state that the command was decided on, in the form of the state codec, cut where it is long. Absent where no command was
        /// decided, and without a state codec.
        StateBefore: string option
    }

    /// What stands for something that is not there.
    static member internal Absent: string = "absent"

    /// Whether an entry is made that the recording lacks.
    member internal this.IsOfAbsentEntry: bool =
        this.Path = "" && this.Cause = DivergenceCause.Unexpected && this.Expected = Divergence.Absent

    /// One sentence: the likely reason and what to do.
    member this.Remedy: string =
        if this.IsOfAbsentEntry then
            "The rule now makes more entries, or the recording lacks one, as where it was cut off or an entry was deleted: "
            + "compare the program's version with the recorded pin, and the journal with a backup or with what it was imported from."
        else
            this.Cause.Remedy

    /// Three lines: the entry, the path, expected and actual.
    override this.ToString() =
        let draws (words: uint64 option) =
            match words with
            | Some words -> Numbers.text words
            | None -> "?"

        let place = if this.Path = "" then "the entry" else this.Path

        let offset =
            match this.ByteOffset with
            | Some offset -> " from byte " + Numbers.text offset
            | None -> ""

        let drawn =
            if this.ExpectedDraws = this.ActualDraws then
                ""
            else
                " (words drawn: " + draws this.ExpectedDraws + ", now " + draws this.ActualDraws + ")"

        String.Join(
            "\n",
            (if this.IsOfAbsentEntry then "behind position " else "position ")
            + Numbers.text this.Position
            + ", stream '"
            + this.Stream.Value
            + "' version "
            + Numbers.text this.Version,
            place + offset + ": " + this.Cause.Name + drawn,
            "expected " + this.Expected + ", actual " + this.Actual
        )

/// Making divergences.
[<RequireQualifiedAccess>]
module internal Divergence =

    /// What stands for something that is not there.
    let absent = Divergence.Absent

    /// A divergence at an entry that is there.
    let at (entry: Entry) (path: string) (cause: DivergenceCause) (expected: string) (actual: string) : Divergence =
        {
            Position = entry.Position
            Stream = entry.Data.Stream
            Version = entry.Version
            Path = path
            ByteOffset = None
            Expected = expected
            Actual = actual
            ExpectedDraws = None
            ActualDraws = None
            Cause = cause
            Command = None
            StateBefore = None
        }
