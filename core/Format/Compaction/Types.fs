// The types of a compaction: what is there, what goes, which segments are replaced by which. FORMAT.md, "Compaction".
// Handed to and answered by Compaction.fs; stores carry the steps out under a marker (Marker.fs).
namespace Refold.Format

open Refold.Core
open Refold
open System

/// A segment that was scanned whole, with its bytes.
[<NoEquality; NoComparison>]
type internal CompactionSource =
    {
        /// Its header.
        Header: SegmentHeader
        /// Its bytes, as they were scanned.
        Bytes: ReadOnlyMemory<byte>
        /// What the scan took from it.
        Items: SegmentItem list
        /// What the batches before it come to.
        Tree: TreePlace
    }

    /// The name the header gives it.
    member this.Name: SegmentName =
        {
            FirstPosition = this.Header.FirstPosition
            Generation = this.Header.Generation
        }

/// Something that a compaction drops. Positions and versions are never renumbered, and the head stays.
[<RequireQualifiedAccess>]
type internal CompactionDrop =
    /// Batches that end before this position, 1 or more; the last sealed batch stays in any case.
    | Before of position: int64
    /// A whole stream, as far as it goes now; of an outbox, all but the last entry. What is not deleted yet has to be deleted first: see
    /// `CompactionPlan.Deletions`.
    | Stream of stream: StreamId
    /// What deletions hide: leaves that lie wholly at or below the floor of their stream.
    | Deleted
    /// Keys of batches that begin before this position and have lost entries. A batch that is whole keeps its key in its own bytes, where
    /// nobody looks for it once a frame says that it is forgotten.
    | KeysBefore of position: int64
    /// Nothing: where a beginning goes that has so many batches or more, growth from that size stays provable.
    | Provable of size: int64

/// What a compaction is asked for. Nothing dropped and no merging is nothing to do.
type internal CompactionRequest =
    {
        /// What goes; none: segments are merged only.
        Drop: CompactionDrop list
        /// Sealed segments that follow one another are merged as long as what is left of them takes at most this many bytes, 2^30
        /// at most; 0: none are.
        MergeBytes: int64
    }

/// What a store knows of its journal before it plans: nothing here needs a frame.
[<NoEquality; NoComparison>]
type internal CompactionView =
    {
        /// The headers of all segments, in order; the last one is written to.
        Segments: SegmentHeader list
        /// The highest version a stream ever had; 0 for none.
        HighestVersion: StreamId -> int64
        /// The version up to which each stream is gone or deleted; streams that are whole may be left out.
        Floors: Map<StreamId, int64>
        /// Keys of batches that begin before this position are forgotten; 0 for none.
        KeysBefore: int64
    }

/// What goes, with every rounding done: the same rule over the same segments makes the same bytes.
type internal CompactionRule =
    {
        /// Batches that end before this position go; 1: none.
        Before: int64
        /// Leaves at or below these versions of their streams go.
        Floors: Map<StreamId, int64>
        /// Keys that are kept for batches that begin before this position go; 1: none.
        KeysBefore: int64
        /// Sizes that stay provable behind a beginning that goes, beside those that are.
        Provable: Set<int64>
    }

/// Some segments and the one that replaces them.
type internal CompactionStep =
    {
        /// The segments that are replaced, at least one, in order.
        Sources: SegmentName list
        /// The segment that replaces them; a name nobody had.
        Target: SegmentName
        /// What goes.
        Rule: CompactionRule
    }

/// What is decided before a frame is read.
[<NoComparison>]
type internal CompactionDecision =
    {
        /// What goes.
        Rule: CompactionRule
        /// Streams to be deleted up to a version, flushed before the first step.
        Deletions: (StreamId * int64) list
        /// What is left of merged segments takes at most this many bytes; 0: none are merged.
        MergeBytes: int64
    }

/// What a compaction does, in this order. Each step leaves a whole journal behind.
type internal CompactionPlan =
    {
        /// Streams to be deleted up to a version, flushed before the first step.
        Deletions: (StreamId * int64) list
        /// The steps; at least one.
        Steps: CompactionStep list
    }

/// Why there is no plan. Nothing was changed.
[<RequireQualifiedAccess>]
type internal CompactionRefusal =
    /// Every sealed segment would stay as it is; the segment that is written to is never touched. Remedy: none is needed.
    | NothingToDo
    /// The position lies behind what is sealed, which ends at `lastSealed`. Remedy: a lower position, or a compaction later on.
    | BeyondSealed of position: int64 * lastSealed: int64
    /// A position is 1 or more.
    | OutOfRange of position: int64

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | NothingToDo -> "there is nothing to compact"
        | BeyondSealed(position, lastSealed) ->
            "position "
            + Numbers.text position
            + " is not in a sealed segment; the last position that is sealed is "
            + Numbers.text lastSealed
        | OutOfRange position -> "position " + Numbers.text position + " is below 1"
