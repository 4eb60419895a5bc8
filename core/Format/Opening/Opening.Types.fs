// What opening finds in a directory, and what it makes of it: the types of Opening.fs.
// Made by stores (FoundFiles) and by Opening.fs (the rest); shown to people by `refold inspect`.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// The ways of opening; each can be switched off. With all of them off, only an empty directory opens.
[<NoComparison>]
type internal OpeningWays =
    {
        /// By a checkpoint and the footers it follows on.
        Checkpoint: bool
        /// By the footers of sealed segments.
        Footers: bool
        /// By reading every frame.
        Scan: bool
    }

    /// Every way.
    static member All: OpeningWays = { Checkpoint = true; Footers = true; Scan = true }

/// What lies in the directory. Nothing here is believed; bytes are read when they are asked for.
[<NoEquality; NoComparison>]
type internal FoundFiles =
    {
        /// Name and length in bytes of every file; names that mean nothing are ignored.
        Files: (string * int64) list
        /// Reads so many bytes of a file at an offset; fewer where it ends before.
        Read: string -> int64 -> int -> ReadOnlyMemory<byte>
        /// Which ways may be taken.
        Ways: OpeningWays
    }

/// The way that was taken.
[<RequireQualifiedAccess; Struct>]
type internal OpeningPath =
    /// There is no journal yet.
    | Empty
    /// A checkpoint, footers, and a tail.
    | Checkpoint
    /// Footers, and a tail.
    | Footers
    /// Every frame.
    | Scan

    /// The name in reports: "empty", "checkpoint", "footers", "scan".
    override this.ToString() =
        match this with
        | Empty -> "empty"
        | Checkpoint -> "checkpoint"
        | Footers -> "footers"
        | Scan -> "scan"

/// A segment of the journal, in the order in which the journal runs.
[<NoComparison>]
type internal PlannedSegment =
    {
        /// Its name.
        Name: SegmentName
        /// Bytes of the file.
        Length: int64
        /// Its header; `None` only for the last segment, where the scan judges what it has.
        Header: SegmentHeader option
        /// Its trailer, where its rows are read from its footer and its frames are not scanned.
        Trailer: SegmentTrailer option
    }

/// Something that was found and not used, although the journal is in order.
[<NoComparison>]
type internal IgnoredFile =
    {
        /// The file.
        File: string
        /// Why; a few words without a full stop.
        Reason: string
    }

/// Where the tail begins: everything before it is known from footers and the checkpoint, everything from there on is scanned.
[<Struct; NoComparison>]
type internal TailPlace =
    {
        /// Index into the segments of the plan.
        Segment: int
        /// The offset of the first frame to scan.
        Offset: int64
    }

/// How to open a journal.
[<NoComparison>]
type internal OpeningPlan =
    {
        /// The way.
        Path: OpeningPath
        /// The journal; `None` where there is none yet.
        JournalId: Guid option
        /// Its segments, in order, sources or target of an interrupted compaction left out.
        Segments: PlannedSegment list
        /// Name and root of the checkpoint whose rows stand for the beginning of the segment in which the tail begins.
        Checkpoint: (string * CheckpointRoot) option
        /// Where the tail begins; `None` where there is no segment.
        Tail: TailPlace option
        /// Entries that footers and checkpoint have rows of.
        Restored: int64
        /// The head before the tail.
        Head: Head
        /// The number of the last frame before the tail; 0 for none.
        LastFrame: int64
        /// The highest epoch that anything speaks of; a writer takes the next one.
        Epoch: uint32
        /// The number of the last frame that is known to be flushed before the tail is read: of COMMIT, any checkpoint of this journal, and
        /// every segment that another one follows.
        Flushed: int64
        /// Whether the journal was closed.
        IsClosed: bool
        /// What the valid slot of COMMIT says.
        Commit: CommitSlot option
        /// The set generation, after an interrupted compaction was healed.
        SetGeneration: int64
        /// Keys of batches that begin before this position are forgotten, as far as is known before the tail is read; 0 for none.
        KeysBefore: int64
        /// What a writer does, in order, before it does anything else.
        Steps: HealStep list
        /// The compaction that was interrupted, and whether its target counts.
        Interrupted: (CompactionMarker * bool) option
        /// What was not used, and why.
        Ignored: IgnoredFile list
    }
