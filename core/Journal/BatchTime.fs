// The last batch up to a time: batches carry the latest time so far, which never goes back, so it is found by halving.
// Called by the facade for every local journal.
namespace Refold.Core

/// A batch as the search by time sees it.
[<Struct; NoComparison>]
type internal TimedBatch =
    {
        /// Its first position.
        First: int64
        /// Its last position.
        Last: int64
        /// The latest time of its entries and of all before, in 100 ns steps; `TreePlace.noTime` where there was none.
        Latest: int64
    }

/// Finding batches by time.
[<RequireQualifiedAccess>]
module internal BatchTime =

    /// The last position of the last batch whose latest time is at most a time; `beginning` where none is that old.
    let upTo
        // In the same steps.
        (time: int64)
        // The position behind which there are batches, and the last position of all.
        (beginning: int64)
        (head: int64)
        // The first batch that ends at a position or behind it.
        (next: int64 -> TimedBatch voption)
        : int64 =
        // Up to `low` all are old enough; what begins behind `high` is not.
        let rec search low high =
            if low >= high then
                low
            else
                let middle = low + 1L + (high - low - 1L) / 2L

                match next middle with
                | ValueSome batch when batch.Latest <= time -> search batch.Last high
                | ValueSome batch -> search low (min batch.First middle - 1L)
                | ValueNone -> search low (middle - 1L)

        search beginning head
