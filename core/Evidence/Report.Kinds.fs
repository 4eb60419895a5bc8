// The bodies of the reports besides those of projections: run, replay, opening, compaction, snapshot, import.
// Filled by the facade, which did what they tell of; written and read by Report.Forms.fs.
namespace Refold.Core

/// A run: what it was made under, and what it recorded.
[<NoComparison>]
type internal RunReportBody =
    {
        /// The run.
        Run: RunId
        /// What it was made under; its seed is a member of its own too.
        Pin: RunPin
        /// The root random state.
        Root: RngState
        /// The state of the generator before the first word that a step drew; `None` where none was drawn.
        FirstRandom: RngState option
        /// The state behind the last word that a step drew.
        LastRandom: RngState option
        /// Entries that are inputs, control entries not counted.
        External: int64
        /// Entries that were decided.
        Derived: int64
        /// The head behind the run's last entry.
        Head: Head
    }

/// A replay: what verifying a run came to.
[<NoComparison>]
type internal ReplayReportBody =
    {
        /// What was verified, and how it ended.
        Report: ReplayReport
        /// The head of the journal that was read.
        Head: Head
    }

/// The way by which a journal was opened.
[<RequireQualifiedAccess>]
type internal OpeningReportPath =
    /// There was no journal yet.
    | Empty
    /// Footers, and the frames of the tail.
    | Footers
    /// Every frame.
    | Scan
    /// A checkpoint, footers, and the frames of the tail.
    | Checkpoint

/// An opening. Names of files and elapsed times are said beside the body.
[<NoComparison>]
type internal OpeningReportBody =
    {
        /// The way that was taken.
        Path: OpeningReportPath
        /// Entries that were found, those deleted since included.
        Restored: int64
        /// Those of them whose frames were scanned.
        Tail: int64
        /// Files that were found and not used.
        Ignored: int
        /// A compaction that was interrupted: whether its segment counts.
        Interrupted: bool option
        /// The head behind what was found.
        Head: Head
    }

/// What a compaction was asked for.
[<RequireQualifiedAccess>]
type internal CompactionOrder =
    /// Segments were to be joined.
    | Merge
    /// Batches that end before the position were to go.
    | RetainFrom of position: int64
    /// The stream was to go.
    | DeleteStream of stream: StreamId
    /// Keys of batches that begin before the position were to be forgotten.
    | ForgetKeysBefore of position: int64
    /// The bytes of what was deleted were to go.
    | DropDeleted

/// Versions of a stream that went.
type internal CompactedVersions =
    {
        Stream: StreamId
        /// The first version that went.
        First: int64
        /// The last.
        Last: int64
    }

/// A compaction: what went, and what proves it. Segments, bytes and generations are said beside the body.
[<NoComparison>]
type internal CompactionReportBody =
    {
        /// What was asked for.
        Order: CompactionOrder
        /// What went of streams, by UTF-8 bytes of their names.
        Gone: CompactedVersions list
        /// Keys of batches that begin before this position are unknown now; 0: none is.
        KeysBefore: int64
        /// The head behind the beginning that is dropped now; position 0: none is.
        Beginning: Head
        /// How many batches that beginning has.
        BeginningTreeSize: int64
        /// The root over them: proofs hold from there on.
        BeginningRoot: Hash
        /// The head, which is the same before and after.
        Head: Head
        /// How many batches there are, those that went included.
        TreeSize: int64
        /// The root over them, which is the same before and after.
        Root: Hash
    }

/// A snapshot that was taken or used.
[<NoComparison>]
type internal SnapshotReportBody =
    {
        /// The stream.
        Stream: StreamId
        /// The version of the last entry that is in the state.
        Version: int64
        /// The head at the end of the step that made it.
        Head: Head
        /// The state codec's name of the state.
        StateType: string
        /// The schema version of the encoded state.
        StateSchemaVersion: int
        /// SHA-256 of the encoded state.
        StateHash: Hash
        /// The run that it was taken in.
        Run: RunId option
        /// The pin of that run.
        Pin: RunPin option
        /// The snapshot's own checksum.
        Checksum: Hash
    }

    /// The body of a snapshot.
    static member Of(snapshot: Snapshot) : SnapshotReportBody =
        {
            Stream = snapshot.Stream
            Version = snapshot.Version
            Head = { Position = snapshot.Position; Hash = snapshot.HeadHash }
            StateType = snapshot.StateType
            StateSchemaVersion = snapshot.SchemaVersion
            StateHash = StateHash.ofPayload snapshot.State
            Run = snapshot.Run
            Pin = snapshot.Pin
            Checksum = snapshot.Checksum
        }

/// An import. The name of the file is said beside the body.
[<NoComparison>]
type internal ImportReportBody =
    {
        /// Entries that were appended.
        Entries: int64
        /// Entries of the file that had been there before.
        AlreadyThere: int64
        /// Whether they got new positions, versions and batches.
        IsRenumbered: bool
        /// Whether digits of times behind the seventh were to be cut off; not whether any were.
        TimesTruncated: bool
        /// The hash of the entries that were appended, as they are exported; see `EntriesHash`.
        EntriesHash: Hash
        /// The head before.
        Before: Head
        /// The head behind the last of them.
        Head: Head
        /// How many batches there are now.
        TreeSize: int64
        /// The root over them.
        Root: Hash
    }
