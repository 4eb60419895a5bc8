// Leaves and the head: chained SHA-256 over canonical bytes, the same in every store. FORMAT.md, "Leaves and head".
// Leaves are hashed when a batch is encoded, heads made in commit order by Append.Rule.fs. Both types are written for both languages.
namespace Refold

open Refold.Core

/// The last position of a journal and the hash that vouches for everything up to it. The default is an empty journal's.
[<Struct; NoComparison>]
type Head =
    {
        /// The last position; 0 for an empty journal.
        Position: int64
        /// The head hash after the batch that ends there; 32 zero bytes for an empty journal.
        Hash: Hash
    }

    /// "position:hash".
    override this.ToString() = Numbers.text this.Position + ":" + this.Hash.ToString()

    /// Whether both name the same place of the same history.
    static member op_Equality(left: Head, right: Head) : bool = left.Equals right

    /// Whether they differ.
    static member op_Inequality(left: Head, right: Head) : bool = not (left.Equals right)

/// Consecutive entries of one stream inside a batch, hashed in one piece.
[<Struct; NoComparison>]
type Leaf =
    {
        /// How many positions it covers.
        Count: int
        /// The version of its first entry; 0 for a hole, positions of a restored batch that nothing is known about.
        FirstVersion: int64
        /// SHA-256(0 | canonical bytes of its entries); 32 zero bytes for a hole.
        Hash: Hash
    }

namespace Refold.Core

open System
open Refold

/// The last position of a journal and its hash.
type Head = Refold.Head

/// Consecutive entries of one stream inside a batch, hashed in one piece.
type Leaf = Refold.Leaf

/// Functions of leaves.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Leaf =

    /// A leaf is cut before it would pass this many canonical bytes; a longer entry is a leaf alone.
    let maxBytes = 16 * 1024

    /// The leaf hash of the canonical bytes of consecutive entries.
    let hash (canonical: ReadOnlyMemory<byte> seq) : Hash =
        let writer = ScratchWriter.Take()
        writer.Byte 0uy

        for bytes in canonical do
            writer.Raw bytes.Span

        let hash = Hash.Compute writer.Written
        ScratchWriter.GiveBack writer
        hash

    /// The leaf hash of canonical bytes that lie one after the other.
    let hashOf (canonical: ReadOnlySpan<byte>) : Hash =
        let writer = ScratchWriter.Take()
        writer.Byte 0uy
        writer.Raw canonical
        let hash = Hash.Compute writer.Written
        ScratchWriter.GiveBack writer
        hash

    /// The same of bytes behind a first byte, which is another one meanwhile: nothing is copied.
    let hashBehind (bytes: Span<byte>) : Hash =
        let before = bytes[0]
        bytes[0] <- 0uy
        let hash = Hash.Compute(Span.op_Implicit bytes)
        bytes[0] <- before
        hash

    /// Cuts a batch into leaves: index of the first entry and number of entries of each.
    /// `follows index` says whether the entry at `index` continues the one before it (same stream, next position).
    let cut (lengths: int[]) (follows: int -> bool) : struct (int * int)[] =
        let leaves = ResizeArray()
        let mutable start = 0
        let mutable size = 0

        for index in 0 .. lengths.Length - 1 do
            if index > start && (not (follows index) || size + lengths[index] > maxBytes) then
                leaves.Add(struct (start, index - start))
                start <- index
                size <- 0

            size <- size + lengths[index]

        if lengths.Length > 0 then
            leaves.Add(struct (start, lengths.Length - start))

        leaves.ToArray()

/// Functions of heads.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Head =

    /// The head of an empty journal: position 0, 32 zero bytes.
    let empty: Head = { Position = 0L; Hash = Hash.Zero }

    /// The record of a batch, which the head and the tree are made of: first position | count | per leaf: count, first version, leaf hash;
    /// integers little-endian, positions and versions in 8 bytes, counts in 4.
    let writeRecord (writer: ByteWriter) (firstPosition: int64) (leaves: Leaf list) : unit =
        writer.Int64 firstPosition
        writer.Int32(leaves |> List.sumBy _.Count)

        for leaf in leaves do
            writer.Int32 leaf.Count
            writer.Int64 leaf.FirstVersion
            Hash.write writer leaf.Hash

    /// The record of a batch.
    let record (firstPosition: int64) (leaves: Leaf list) : byte[] =
        let writer = ScratchWriter.Take()
        writeRecord writer firstPosition leaves
        let bytes = writer.Written.ToArray()
        ScratchWriter.GiveBack writer
        bytes

    /// Begins what the head after a batch is the SHA-256 of, 1 | previous head | record of the batch: the record is to be written, then
    /// `ended` to be called.
    let beginning (previous: Hash) : ByteWriter =
        let writer = ScratchWriter.Take()
        writer.Byte 1uy
        Hash.write writer previous
        writer

    /// The head after a batch of so many positions, whose record was written.
    let ended (writer: ByteWriter) (firstPosition: int64) (count: int) : Head =
        let hash = Hash.Compute writer.Written
        ScratchWriter.GiveBack writer
        { Position = firstPosition + int64 count - 1L; Hash = hash }

    /// The head after a batch.
    let next (previous: Hash) (firstPosition: int64) (leaves: Leaf list) : Head =
        let writer = beginning previous
        writeRecord writer firstPosition leaves
        ended writer firstPosition (leaves |> List.sumBy _.Count)
