// What verifying a run answers.
// Made by Replay.Verify.fs; shown by the facade and the tool.
namespace Refold

/// What verifying a run came to.
type ReplayVerdict =
    /// Deciding again gives the recorded entries, byte for byte.
    | Matched = 0
    /// It does not; the report tells where first.
    | Diverged = 1
    /// There is nothing to verify: no start of the run, or no commands.
    | NotRecorded = 2
    /// What was replayed is the same, but not everything that was recorded could be replayed; the findings tell what.
    | Incomplete = 3

namespace Refold.Core

open System
open Refold

/// What verifying a run came to.
type ReplayVerdict = Refold.ReplayVerdict

/// What is worth knowing besides the verdict.
[<RequireQualifiedAccess; NoComparison>]
type ReplayFinding =
    /// The pins differ in these fields, which was to be ignored.
    | PinIgnored of fields: string list
    /// A stream was verified from a given snapshot on, and this many commands before it were not.
    | FromSnapshot of stream: StreamId * version: int64 * commandsBefore: int64
    /// A given snapshot was not used.
    | SnapshotNotUsed of reason: string
    /// The aggregate of this stream, and of so many others, has no state codec (or it failed), so the state hash does not apply.
    | NoStateHash of stream: StreamId * others: int64
    /// What is known of the entry at a position besides: a sentence that names the position.
    | AtEntry of position: int64 * sentence: string
    /// Operations were not replayed: how many effects of them there are, and the position of the first.
    | OperationsNotReplayed of effects: int64 * first: int64
    /// Entries of which these members were not compared with anything: how many, and first and last position of each range of them.
    | NotCompared of members: string * entries: int64 * ranges: (int64 * int64) list

    static member private Show(ranges: (int64 * int64) list) : string =
        let shown = 8

        let texts =
            ranges
            |> List.truncate shown
            |> List.map (fun (first, last) -> Numbers.text first + (if last > first then " to " + Numbers.text last else ""))

        String.Join(", ", texts) + (if ranges.Length > shown then ", and more" else "")

    /// The members of the finding `NotCompared` of redacted commands: they were not decided again, and what was recorded was folded.
    static member internal NotRedecidable: string = "NotRedecidable"

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | PinIgnored fields -> "the pin differs in " + String.Join(", ", fields) + ", which was ignored"
        | FromSnapshot(stream, version, commands) ->
            "'"
            + stream.Value
            + "' was verified from a snapshot at version "
            + Numbers.text version
            + ", without "
            + Numbers.text commands
            + " commands before it"
        | SnapshotNotUsed reason -> reason
        | NoStateHash(stream, 0L) -> "'" + stream.Value + "' has no state hash"
        | NoStateHash(stream, others) ->
            "'"
            + stream.Value
            + "' and "
            + Numbers.count others "other stream has" "other streams have"
            + " no state hash"
        | AtEntry(_, sentence) -> sentence
        | OperationsNotReplayed(effects, first) ->
            "operations were not replayed: what they were given, asked and answered was not compared, "
            + Numbers.count effects "entry" "entries"
            + " from position "
            + Numbers.text first
            + " on"
        | NotCompared(members, entries, ranges) when members = ReplayFinding.NotRedecidable ->
            members
            + " "
            + Numbers.text entries
            + ": redacted commands, whose outcome was folded as it was recorded, and nothing vouches for what they sent: position "
            + ReplayFinding.Show ranges
        | NotCompared(members, entries, ranges) ->
            members
            + " of "
            + Numbers.count entries "entry was" "entries were"
            + " not compared: position "
            + ReplayFinding.Show ranges

/// Where a stream stood right after the run's last step in it.
[<NoComparison>]
type ReplayedStream =
    {
        /// The stream.
        Stream: StreamId
        /// Its version.
        Version: int64
        /// The state hash there, where the aggregate has a state codec.
        StateHash: Hash option
    }

/// What verifying a run answers.
[<NoComparison>]
type ReplayReport =
    {
        /// The run.
        Run: RunId
        /// What it came to.
        Verdict: ReplayVerdict
        /// Entries of the run that were read up to the verdict, control entries not counted.
        Entries: int64
        /// Those of them that were fed back as recorded.
        External: int64
        /// Commands of the run that were decided again.
        Decided: int64
        /// Those of the entries that were made again and compared.
        Derived: int64
        /// The state hash over the run's streams; only where everything matches and every aggregate has a state codec.
        StateHash: Hash option
        /// The streams that commands of the run were for, by UTF-8 bytes.
        Streams: ReplayedStream list
        /// The first difference.
        Divergence: Divergence option
        /// What else is worth knowing.
        Findings: ReplayFinding list
    }

    /// Whether everything matches.
    member this.Matched: bool = this.Verdict = ReplayVerdict.Matched

    /// What could not be compared with anything, of which entries: the findings `NotCompared`.
    member this.Uncompared: ReplayFinding list =
        this.Findings
        |> List.filter (function
            | ReplayFinding.NotCompared _ -> true
            | _ -> false)

    /// How many commands are redacted and were not decided again: what was recorded of them was folded. Where there is one, nothing is
    /// `Matched`.
    member this.NotRedecidable: int64 =
        this.Findings
        |> List.sumBy (function
            | ReplayFinding.NotCompared(members, entries, _) when members = ReplayFinding.NotRedecidable -> entries
            | _ -> 0L)

    /// A divergence in three lines (entry, path, expected and actual); any other verdict in one, with the number of findings.
    override this.ToString() =
        let run = "run '" + this.Run.Value + "' "

        match this.Divergence, this.Verdict with
        | Some divergence, _ -> divergence.ToString()
        | None, ReplayVerdict.NotRecorded -> run + "cannot be verified: its commands were not recorded"
        | None, _ ->
            let uncompared = int64 this.Uncompared.Length
            let told = int64 this.Findings.Length - uncompared

            let findings =
                String.Join(
                    "",
                    [
                        if told > 0L then
                            "; " + Numbers.count told "finding" "findings"
                        if uncompared > 0L then
                            "; " + Numbers.count uncompared "kind" "kinds" + " of members not compared"
                    ]
                )

            run
            + (if this.Verdict = ReplayVerdict.Incomplete then
                   "matches as far as it can be replayed: "
               else
                   "matches: ")
            + Numbers.text this.Entries
            + " entries, "
            + Numbers.text this.Derived
            + " made again"
            + findings
