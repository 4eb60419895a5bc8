// What verifying reads, and how a stream is opened with the types of its aggregate.
// Given by the facade, the tool and tests; used by Replay.Verify.fs.
namespace Refold.Core

open System

/// What a run is verified from.
[<NoEquality; NoComparison>]
type VerifyInput =
    {
        /// The run.
        Run: RunId
        /// The entries of the run's stream, in version order.
        RunEntries: Entry seq
        /// The entries of a stream that a command was for, in version order from the first that is there. Of an outbox of which the
        /// beginning was deleted, the first is asked for.
        ReadStream: StreamId -> Entry seq
        /// The version up to which a stream was deleted; 0 for not at all. What is left of a stream tells it too, where something is left.
        DeletedTo: StreamId -> int64
        /// Every entry of the journal that names the run, in position order; others are passed over. What is found there and lies in no
        /// stream of the run is named. `Replay.input` gives one that looks for nothing. The messages of a run are found here too: those in
        /// streams `$outbox/NAME`, and of each outbox of which the beginning was deleted one entry, whosever it is. Where nothing is
        /// looked for, messages are listed as not compared; a run that sends is verified whole only with them.
        Scan: Entry seq
        /// Whether `Scan` has all that was recorded under the run's name: false where it was not looked for, and where entries of any
        /// stream were deleted since. What the run's end says of them is compared then only where it is the same.
        IsScanWhole: bool
        /// Snapshots to start from instead of the beginning; the report says which were used. Commands before them are not verified.
        Start: Snapshot list
        /// The head of the journal after the batch that holds a position, by which snapshots are judged.
        HeadAt: int64 -> Head option
        /// The pin this program runs under; where absent, pins are not compared.
        CurrentPin: RunPin option
        /// Whether a pin mismatch is only a finding.
        IgnorePin: bool
    }

/// What verifies the streams of one category, whatever the types of its aggregate. Made by `Replay.verifier`.
[<Sealed>]
type ReplayVerifier
    internal (category: string, openStream: VerifyInput -> RunContext -> ReplayTally -> StreamId -> struct (IReplayStream * string list)) =

    /// The category.
    member _.Category: string = category

    member internal _.Open(input, context, tally, stream) = openStream input context tally stream

/// Opening streams with the types of their aggregate.
[<RequireQualifiedAccess>]
module internal ReplayOpening =

    // The newest snapshot of the stream that may be used, or the beginning; its position; and why others are not.
    let private start (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (input: VerifyInput) (pin: RunPin) (stream: StreamId) =
        let history =
            {
                Stream = stream
                // Not known before the stream is read; one that is ahead has a head that this journal has not.
                Highest = Int64.MaxValue
                Floor = input.DeletedTo stream
                HeadAt = input.HeadAt
                ReadFrom = fun version -> input.ReadStream stream |> Seq.filter (fun entry -> entry.Version >= version)
            }

        let snapshots = input.Start |> List.filter (fun snapshot -> snapshot.Stream.Equals stream)

        match Snapshot.follow aggregate id (fun _ -> None) history (Some pin) snapshots with
        | Ok found -> struct (found.Fold, found.From |> Option.map _.Position |> Option.defaultValue 0L, found.Findings |> List.map string)
        // Only where entries are known to be deleted.
        | Error(HistoryError.HistoryDropped(_, _, reasons)) -> struct ({ State = aggregate.Decider.Initial; Version = 0L }, 0L, reasons)

    /// What verifies a stream: that of the longest category that owns it.
    let verifierOf (verifiers: ReplayVerifier list) (stream: StreamId) : ReplayVerifier option =
        verifiers
        |> List.filter (fun verifier -> Aggregate.owns verifier.Category stream)
        |> List.sortByDescending _.Category.Length
        |> List.tryHead

    /// A stream under verification, and why given snapshots are not used.
    let openStream
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (input: VerifyInput)
        (context: RunContext)
        (tally: ReplayTally)
        (stream: StreamId)
        : struct (IReplayStream * string list) =
        let struct (start, startPosition, findings) = start aggregate input context.Pin stream

        let replayed =
            new ReplayStream<_, _, _, _>(
                aggregate,
                {
                    Context = context
                    Stream = stream
                    Entries = input.ReadStream stream
                    DeletedTo = input.DeletedTo stream
                    Start = start
                    StartPosition = startPosition
                    Tally = tally
                }
            )

        struct (replayed :> IReplayStream, findings)
