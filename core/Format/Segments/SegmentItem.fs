// What a scan finds in a segment, and how a segment ends. FORMAT.md, "Recovery".
// Made by Segment.Scan.fs; read by stores, compaction and salvage.
namespace Refold.Format

open Refold.Core
open Refold

/// A batch, deletion or base, and the bytes it takes.
[<NoEquality; NoComparison>]
type internal SegmentItem =
    {
        /// What it is.
        Content: SegmentContent
        /// The offset of its first frame.
        Start: int
        /// The offset behind its last frame.
        End: int
        /// The number of its last frame.
        LastFrame: int64
    }

/// What was found in part of a file.
[<RequireQualifiedAccess>]
module internal SegmentItem =

    /// The item as it lies in the file of which the part begins at `origin`.
    let moved (origin: int) (item: SegmentItem) : SegmentItem =
        let content =
            match item.Content with
            | SegmentContent.Batch stored -> SegmentContent.Batch { stored with Offsets = stored.Offsets |> Array.map ((+) origin) }
            | content -> content

        { item with
            Content = content
            Start = item.Start + origin
            End = item.End + origin
        }

/// How a segment ends.
[<RequireQualifiedAccess; NoComparison>]
type internal SegmentEnd =
    /// Nothing but zeros behind the last whole batch.
    | Whole
    /// An interrupted write, from this offset on; only the last segment can end so.
    | Torn of offset: int64 * reason: string
    /// The bytes are not what was written, or no segment of this journal, or of a newer format.
    | Refused of error: FrameError

/// What a segment holds.
[<NoEquality; NoComparison>]
type internal SegmentScan =
    {
        /// Its header, where it is readable.
        Header: SegmentHeader option
        /// What was taken, in order.
        Items: SegmentItem list
        /// The offset behind what was taken; 0 where not even the header is whole.
        TakenTo: int
        /// The offset behind the last byte that is not zero.
        WrittenTo: int
        /// Its trailer, where it is sealed and footer and trailer are what was written.
        Trailer: SegmentTrailer option
        /// How it ends.
        End: SegmentEnd
    }
