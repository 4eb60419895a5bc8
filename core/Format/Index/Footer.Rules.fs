// What rows of a footer have to fit before they are followed. FORMAT.md, "Footer".
// Asked by Footer.Decoding.fs, Footer.Reader.fs and those who read whole footers.
namespace Refold.Format

open Refold.Core
open Refold

/// Whether a row speaks of something that is there. A row is asked before it is followed.
[<RequireQualifiedAccess>]
module internal RowRules =

    /// Whether so many rows from one on lie in a table of this length.
    let inRange (count: int) (length: int) (first: int) : bool = first >= 0 && count >= 0 && first <= length && count <= length - first

    /// An entry, whose frame has to lie before the end of the frames.
    let ofEntry (framesEnd: int64) (streams: int) (words: int) (batches: int) (row: EntryRow) : bool =
        row.Offset <= framesEnd - int64 row.Length && row.Stream < streams && row.Type < words && row.Batch < batches

    /// A batch and the one behind it, or what ends the entries: its entries are among its positions.
    let ofBatch (entries: int) (row: BatchRow) (behind: int) : bool =
        row.Count >= 1
        && row.Count <= Limits.batchEntries
        && inRange (behind - row.FirstEntry) entries row.FirstEntry
        && behind - row.FirstEntry <= row.Count
