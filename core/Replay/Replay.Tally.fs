// What verifying counts over all streams of a run, and the places of entries that nothing could be compared with.
// Filled by Replay.Stream.fs and Replay.Verify.fs, which makes findings of it.
namespace Refold.Core

open System
open System.Collections.Generic

/// Positions in rising order, neighbours as one range.
[<Sealed>]
type internal PositionRanges() =
    let ranges = ResizeArray<struct (int64 * int64)>()
    let mutable count = 0L

    /// The next position. One that was added last is not counted again.
    member _.Add(position: int64) : unit =
        let last = ranges.Count - 1

        if last >= 0 && (let struct (_, until) = ranges[last] in until = position) then
            ()
        else
            count <- count + 1L

            if last >= 0 && (let struct (_, until) = ranges[last] in until = position - 1L) then
                let struct (first, _) = ranges[last]
                ranges[last] <- struct (first, position)
            else
                ranges.Add(struct (position, position))

    /// How many were added.
    member _.Count: int64 = count

    /// The finding that these members of them were not compared; none where there are none.
    member this.NotCompared(members: string) : ReplayFinding list =
        if count > 0L then [ ReplayFinding.NotCompared(members, count, this.ToList()) ] else []

    /// First and last position of each range, rising.
    member _.ToList() : (int64 * int64) list =
        let isBefore (struct (first, last): struct (int64 * int64)) (struct (next, until): struct (int64 * int64)) =
            first < next || (first = next && last <= until)

        let mutable isRising = true

        for number in 1 .. ranges.Count - 1 do
            isRising <- isRising && isBefore ranges[number - 1] ranges[number]

        // Added by stream, so that neighbours may lie apart.
        let rising = if isRising then ranges else ResizeArray(Seq.sort ranges)
        let mutable joined = []
        let mutable number = rising.Count - 1

        while number >= 0 do
            let struct (_, last) = rising[number]
            let mutable struct (first, _) = rising[number]

            // Those that end where this one begins are the same range.
            while number > 0 && (let struct (_, until) = rising[number - 1] in until = first - 1L) do
                number <- number - 1
                let struct (before, _) = rising[number]
                first <- before

            joined <- (first, last) :: joined
            number <- number - 1

        joined

    /// The finding that these effects were not replayed; none where there is no effect.
    member _.NotReplayed: ReplayFinding list =
        match List.ofSeq ranges with
        | struct (first, _) :: _ -> [ ReplayFinding.OperationsNotReplayed(count, first) ]
        | [] -> []

/// What is said of single entries.
[<RequireQualifiedAccess>]
module internal EntryFinding =

    let private at before after (position: int64) = ReplayFinding.AtEntry(position, before + " position " + Numbers.text position + after)

    let private ended = at "the run's end at"

    /// Nothing is known of what was behind the run's last entry.
    let notEnded = at "the run has not ended: nothing says whether entries are missing behind" ""

    /// The run's end is of a version that vouches for no input.
    let endWithoutInputs = ended " is of an older version, which vouches for no input"

    /// The run went on behind this end.
    let wentOn = at "the run went on behind its end at" ", which was not compared"

    /// The run's end records no state hash, although the program has one.
    let endWithoutStateHash = ended " records no state hash, although the program has one"

    /// The run's end records a state hash, and the program has none.
    let stateHashNotCompared = ended " records a state hash that was not compared: the program has none"

    /// The run's end vouches for inputs of which some were deleted.
    let inputsNotCompared (deleted: string list) =
        ended (" vouches for inputs that were not compared: deleted are the beginnings of " + String.concat ", " deleted)

    /// The root random state is not that of the pin's seed.
    let rootNotOfSeed = at "the root random state is not that of the pin's seed, in the start at" ""

    /// The run's end vouches for entries besides its steps that may have been deleted since, or were not looked for.
    let besideNotCompared =
        ended " vouches for entries besides its steps that were not compared: there may be deleted ones among them"

    /// A fact under the run's name came while its end was made.
    let meanwhile =
        at "a fact under the run's name was recorded while the run ended, and its end does not vouch for it:" ""

    /// A fact under the run's name lies behind its end, which does not vouch for it.
    let behindTheEnd = at "a fact under the run's name lies behind its end, which does not vouch for it:" ""

    /// An effect of the run lies behind its end, which does not vouch for it.
    let effectBehindTheEnd = at "an effect of the run lies behind its end, which does not vouch for it:" ""

    /// An effect of a type that nothing writes.
    let effectOfUnknownType =
        at "an effect of the run is of a type that is not known, and was not compared:" ""

    /// A step stood on a snapshot, which the effect tells.
    let stoodOnSnapshot (snapshot: string) = at "a step stood on a snapshot, by the effect at" (": " + snapshot)

/// What is counted over all streams of a run.
[<Sealed>]
type internal ReplayTally() =
    /// Entries of the run that were fed back as recorded.
    member val External = 0L with get, set
    /// Commands of the run that were decided again.
    member val Decided = 0L with get, set
    /// Entries of the run that were made again and compared.
    member val Derived = 0L with get, set
    /// The position of the last entry of an outcome so far.
    member val LastOutcome = 0L with get, set
    /// Entries of an older schema version that were upcast before they were applied or compared.
    member val Upcast = PositionRanges()
    /// Entries that are not this run's and were folded as recorded.
    member val Others = PositionRanges()
    /// Entries of the run's streams that are not its own, behind its last step there.
    member val Behind = PositionRanges()
    /// Commands and effects of the run.
    member val Inputs = PositionRanges()
    /// Effects of the run's operations.
    member val OfOperations = PositionRanges()
    /// Facts of the run in its streams.
    member val Facts = PositionRanges()
    /// Facts under the run's name in streams that no command of it was for.
    member val Outside = PositionRanges()
    /// Facts of the run with an id that does not follow from run, stream and version.
    member val GivenIds = PositionRanges()
    /// Commands before a given snapshot, which were not decided again.
    member val Skipped = PositionRanges()
    /// Commands of which messages were deleted, which were not compared.
    member val WithoutMessages = PositionRanges()
    /// Redacted commands, which were not decided again.
    member val NotRedecidable = PositionRanges()

    /// The outcome of a command, which is decided again unless it is redacted.
    member this.Take (outcome: Entry list) (isRedacted: bool) : unit =
        this.LastOutcome <- outcome |> List.fold (fun last entry -> max last entry.Position) this.LastOutcome

        if isRedacted then
            this.External <- this.External + int64 outcome.Length
        else
            this.Decided <- this.Decided + 1L
            this.Derived <- this.Derived + int64 outcome.Length
