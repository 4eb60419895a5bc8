// A frame: the unit in which a journal lies in a segment. FORMAT.md, "Frame".
// Made by Frame.Batch.fs, written by Frame.Encoding.fs, read by Frame.Decoding.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// An idempotency key whose batch has lost entries, so that its bytes no longer tell content and versions.
[<NoComparison>]
type internal KeptKey =
    {
        /// The key.
        Key: string
        /// The content it stands for.
        Content: Hash
        /// The versions the batch got, streams in order of appearance.
        Versions: StreamVersions list
    }

/// What compaction leaves of a leaf.
[<NoComparison>]
type internal DroppedLeaf =
    {
        /// The stream of its entries.
        Stream: StreamId
        /// How many positions it covers.
        Count: int
        /// The leaf hash: the head still recomputes.
        Hash: Hash
        /// The batch's key, on one of its dropped leaves at most.
        Key: KeptKey option
    }

/// Where a frame stands in its batch.
[<Struct; NoComparison>]
type internal BatchPlace =
    {
        /// The first position of the batch.
        First: int64
        /// Positions of the batch before this frame.
        Index: int
        /// Positions the whole batch takes.
        Count: int
    }

/// What a frame holds.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal FrameBody =
    /// The canonical bytes of one entry.
    | Entry of place: BatchPlace * canonical: ReadOnlyMemory<byte>
    /// Positions of a batch about which nothing else is known: a hole with 32 zero bytes, or a leaf by its hash alone.
    | Stub of place: BatchPlace * count: int * leaf: Hash
    /// A leaf that compaction dropped. The frame has the number of the leaf's last frame and stands for one number per position.
    | Dropped of place: BatchPlace * leaf: DroppedLeaf
    /// The stream's entries up to the frame's version are deleted.
    | DeleteTo of stream: StreamId
    /// The journal's beginning up to the frame's position was dropped.
    | Base of content: BaseContent
    /// The keys of batches that begin before the frame's version, which is a position, are forgotten.
    | ForgetKeys

/// A frame without its checksums.
[<NoEquality; NoComparison>]
type internal Frame =
    {
        /// Which opening for writing wrote it, from 1.
        Epoch: uint32
        /// Its number, from 1, dense over all segments; a dropped leaf has the last number of those it stands for.
        Number: int64
        /// The last frame number that was known to be flushed when it was written; 0 for none.
        Flushed: int64
        /// The entry's position, or the first a stub stands for, or the head position.
        Position: int64
        /// The entry's version, a stub's first version, or the last version deleted; of a base and of forgotten keys the position before
        /// which keys are forgotten, 0 for none.
        Version: int64
        /// What it holds.
        Body: FrameBody
        /// The head after the batch, on its last frame, and the head of a base.
        Head: Hash voption
    }

/// Sizes and codes of FORMAT.md.
[<RequireQualifiedAccess>]
module internal FrameLayout =

    /// Bytes before the body.
    let headerBytes = 72

    /// Bytes of the length and its checksum, which are checked before the length is believed.
    let prefixBytes = 8

    /// Frames begin and end at multiples of this.
    let alignment = 8

    /// Bytes of the shortest frame: no body, no head.
    let shortest = 80

    /// Bytes of a block: zeros behind a batch, deletion or base may reach to the next multiple of this, where frames go on.
    let block = 4096

    /// The first multiple of a block at or behind an offset.
    let nextBlock (offset: int64) : int64 = (offset + int64 block - 1L) / int64 block * int64 block

    /// Bytes of a stub's body; that of a dropped leaf is longer.
    let stubBytes = 36

    /// The kinds a frame can have, by their code.
    let entryKind, deleteToKind, stubKind, baseKind, forgetKeysKind = 1uy, 2uy, 3uy, 4uy, 5uy

    /// The flag of a frame that carries a head.
    let headFlag = 1uy

    /// Numbers that a frame stands for before its own: a dropped leaf has the last of as many as it covers positions.
    let internal numbersBefore (body: FrameBody) : int64 =
        match body with
        | FrameBody.Dropped(_, leaf) -> int64 leaf.Count - 1L
        | _ -> 0L

    /// Bytes of a whole frame with a body of this length.
    let size (bodyBytes: int) (hasHead: bool) : int =
        let content = headerBytes + bodyBytes + (if hasHead then 32 else 0) + 4
        (content + alignment - 1) / alignment * alignment
