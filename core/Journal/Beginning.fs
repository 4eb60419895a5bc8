// What a journal remembers of a beginning that was dropped: streams and kept keys.
// Kept by base frames of segment files and by other stores; copied with a journal.
namespace Refold.Core

open Refold

/// A stream of a dropped beginning.
[<NoComparison>]
type internal BaseStream =
    {
        /// The stream.
        Stream: StreamId
        /// The highest version it ever had.
        Highest: int64
        /// The last version that was dropped; 0 for none.
        Floor: int64
    }

/// A number of batches for which a dropped beginning keeps a proof that the tree goes on from it.
[<NoComparison>]
type internal ProvableSize =
    {
        /// The number of batches, below that of the beginning.
        Size: int64
        /// The consistency proof from it to the beginning.
        Proof: Hash list
    }

/// What a journal remembers of a beginning that was dropped.
[<NoComparison>]
type internal BaseContent =
    {
        /// The streams of the dropped beginning.
        Streams: BaseStream list
        /// The keys that were kept.
        Keys: KnownKey list
        /// Keys of batches that begin before this position are forgotten; 0 for none.
        KeysBefore: int64
        /// What its batches come to.
        Tree: TreePlace
        /// Smaller numbers of batches that stay provable, ascending.
        Provable: ProvableSize list
    }
