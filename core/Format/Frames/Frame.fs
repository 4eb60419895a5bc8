// A frame: the unit in which a journal lies in a segment. FORMAT.md, "Frame".
// Made by Frame.Batch.fs, written by Frame.Encoding.fs, read by Frame.Decoding.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What compaction leaves of a leaf, and positions about which nothing else is known.
[<NoComparison>]
type internal StubLeaf =
    {
        /// How many positions it stands for.
        Count: int
        /// The leaf hash, so that the head still recomputes; zero for a hole.
        Hash: Hash
        /// The latest time of its entries, in 100 ns steps since 0001-01-01 (UTC); -1 where none had one, or none is known.
        Latest: int64
        /// The stream of its entries; none where it is not known.
        Stream: StreamId option
        /// The key of a batch that has lost entries, on one of its stubs at most.
        Key: KnownKey option
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
    /// Positions of a batch without their entries. The frame has the number of the last, and stands for one number per position.
    | Stub of place: BatchPlace * leaf: StubLeaf
    /// The stream's entries up to the version are deleted.
    | DeleteTo of stream: StreamId * version: int64
    /// The journal's beginning up to the frame's position was dropped.
    | Base of content: BaseContent
    /// The keys of batches that begin before the position are forgotten.
    | ForgetKeys of before: int64

/// A frame without its checksums.
[<NoEquality; NoComparison>]
type internal Frame =
    {
        /// Which opening for writing wrote it, from 1.
        Epoch: uint32
        /// Its number, from 1, dense over all segments; a stub has the last number of those it stands for.
        Number: int64
        /// The last frame number that was known to be flushed when it was written; 0 for none.
        Flushed: int64
        /// The entry's position, or the first a stub stands for, or the head position.
        Position: int64
        /// The entry's version, or a stub's first version; 0 outside a batch.
        Version: int64
        /// What it holds.
        Body: FrameBody
        /// The head after the batch, on its last frame, and the head of a base.
        Head: Hash voption
    }

/// Sizes and codes of FORMAT.md.
[<RequireQualifiedAccess>]
module internal FrameLayout =

    /// Bytes of the header of a frame without a head.
    let headerBytes = 88

    /// Bytes of the header, which the body follows.
    let headerSize (hasHead: bool) : int = if hasHead then headerBytes + 32 else headerBytes

    /// Frames begin and end at multiples of this.
    let alignment = 8

    /// Bytes of the shortest frame: no body, no head.
    let shortest = headerBytes

    /// Bytes of a block: zeros behind a batch, deletion or base may reach to the next multiple of this, where frames go on.
    let block = 4096

    /// The first multiple of a block at or behind an offset.
    let nextBlock (offset: int64) : int64 = (offset + int64 block - 1L) / int64 block * int64 block

    /// The kinds a frame can have, by their code.
    let entryKind, deleteToKind, stubKind, baseKind, forgetKeysKind = 1uy, 2uy, 3uy, 4uy, 5uy

    /// The flag of a frame that carries a head.
    let headFlag = 1uy

    /// Offsets in the header.
    let kindOffset, flagsOffset, bodyBytesOffset, checksumOfBodyOffset, headOffset = 4, 5, 60, 76, 84

    /// Numbers that a frame stands for before its own: a stub has the last of as many as it has positions.
    let internal numbersBefore (body: FrameBody) : int64 =
        match body with
        | FrameBody.Stub(_, leaf) -> int64 leaf.Count - 1L
        | _ -> 0L

    /// Bytes of a whole frame with a body of this length.
    let size (bodyBytes: int) (hasHead: bool) : int = (headerSize hasHead + bodyBytes + alignment - 1) / alignment * alignment
