// The versions that a batch has in one stream. Written for both languages.
// In receipts, and where compaction has dropped entries.
namespace Refold

/// The versions a batch got in one stream.
[<NoComparison>]
type StreamVersions =
    {
        /// The stream.
        Stream: StreamId
        /// The version of the batch's first entry in it.
        First: int64
        /// The version of the batch's last entry in it.
        Last: int64
    }

    /// Whether both are equal by content.
    static member op_Equality(left: StreamVersions | null, right: StreamVersions | null) : bool = System.Object.Equals(left, right)

    /// Whether they differ.
    static member op_Inequality(left: StreamVersions | null, right: StreamVersions | null) : bool = not (System.Object.Equals(left, right))
