// The types of appending: what a caller hands over, what it becomes on the way, what the caller is answered.
// Made and judged by Append.Rule.fs, over the index that Journal.fs and every store of the facade hand it.
namespace Refold.Core

open System

/// The versions a batch got in one stream.
type StreamVersions = Refold.StreamVersions

/// What one append call hands over: an atomic batch over any number of streams.
[<NoComparison>]
type AppendRequest =
    {
        /// 1 to 65,536 entries, at most 64 MiB of canonical bytes.
        Entries: EntryData list
        /// Expected versions before the batch; a stream that is not named may have any.
        Expected: (StreamId * ExpectedVersion) list
        /// Fails the append if anything committed after its `AsOf` matches.
        Condition: AppendCondition option
        /// The idempotency key: a retry with the same key and content gets the first receipt.
        Key: string option
    }

/// What a step's append demands: as a request without entries that expects the version of the run's stream and then that of the step's.
[<Sealed>]
type internal StepDemands
    (run: StreamId | null, runVersion: int64, target: StreamId, version: int64, condition: AppendCondition option, key: string option) =
    /// The run's stream; null where nothing is expected of it.
    member _.Run: StreamId | null = run
    /// Its version before the batch.
    member _.RunVersion: int64 = runVersion
    /// The stream of the step.
    member _.Target: StreamId = target
    /// Its version before the batch.
    member _.Version: int64 = version
    /// As of a request.
    member _.Condition: AppendCondition option = condition
    /// As of a request.
    member _.Key: string option = key

    /// The same as a request.
    member _.ToRequest() : AppendRequest =
        let target = target, ExpectedVersion.after version

        {
            Entries = []
            Expected =
                (match run with
                 | null -> [ target ]
                 | run -> [ run, ExpectedVersion.after runVersion; target ])
            Condition = condition
            Key = key
        }

/// What an append demands of the journal before it.
[<Struct; RequireQualifiedAccess; NoEquality; NoComparison>]
type internal AppendDemands =
    /// By a request, whose entries are not looked at.
    | Requested of request: AppendRequest
    /// By a step.
    | OfStep of step: StepDemands

    /// The idempotency key.
    member this.Key: string option =
        match this with
        | Requested request -> request.Key
        | OfStep step -> step.Key

    /// What must not have been appended meanwhile.
    member this.Condition: AppendCondition option =
        match this with
        | Requested request -> request.Condition
        | OfStep step -> step.Condition

    /// As one object, as a batch keeps it; see `Of`.
    member this.Kept: objnull =
        match this with
        | Requested request -> box request
        | OfStep step -> box step

    /// What a batch keeps.
    static member Of(kept: objnull) : AppendDemands =
        match kept with
        | :? StepDemands as step -> OfStep step
        | :? AppendRequest as request -> Requested request
        | _ -> invalidOp "neither a step nor a request"

/// What a committed append is answered with. It names no file and no offset, so it stays valid whatever the store does.
[<NoComparison>]
type Receipt =
    {
        /// The batch's first position, which is also its id.
        FirstPosition: int64
        /// How many positions it takes.
        Count: int
        /// The versions it got, streams in order of appearance.
        Versions: StreamVersions list
        /// The head after the batch.
        Head: Head
    }

/// An idempotency key and what it stands for, wherever the key is kept.
[<NoComparison>]
type internal KnownKey =
    {
        /// The key.
        Key: string
        /// The content that a retry must repeat.
        Content: Hash
        /// What the append was answered.
        Receipt: Receipt
    }

/// What deciding an append must know of a journal: everything committed, and what was accepted before in the same group.
type internal IAppendIndex =
    /// The last position and head hash.
    abstract Head: Head
    /// The highest version the stream ever had; 0 for none.
    abstract HighestVersion: stream: StreamId -> int64
    /// Whether an `AsOf` of this position can be judged: not below what was dropped.
    abstract Covers: position: int64 -> bool
    /// What an idempotency key stands for.
    abstract TryFindKey: key: string -> KnownKey option
    /// The first position after `after` whose entry matches the query; 0 for none. A dropped entry counts as a match.
    abstract FirstMatchAfter: query: Query * after: int64 -> int64
