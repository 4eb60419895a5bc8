// Accepted batches and deletions as frames. FORMAT.md, "Frame".
// Called by stores that keep segments, once an append is accepted; the other direction is Segment.Scan.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers

/// What a writer puts into every frame of one write.
[<Struct; NoComparison>]
type internal FrameContext =
    {
        /// `Checksum.seed` of the journal id.
        Seed: uint32
        /// Which opening for writing this is, from 1.
        Epoch: uint32
        /// The last frame number that is known to be flushed; 0 for none.
        Flushed: int64
    }

/// A leaf that compaction dropped, as far as the batch's leaves do not say it.
[<NoComparison>]
type internal DroppedLeaf =
    {
        /// The versions it had.
        Versions: StreamVersions
        /// The latest time of its entries; -1 where none had one.
        Latest: int64
    }

/// Writing what was accepted.
[<RequireQualifiedAccess>]
module internal FrameBatch =

    let private placeOf (receipt: PlacedReceipt) (position: int64) : BatchPlace =
        {
            First = receipt.FirstPosition
            Index = int (position - receipt.FirstPosition)
            Count = receipt.Count
        }

    /// Whether the versions are those of the leaf; a hole has none.
    let private isOf (versions: StreamVersions) (leaf: Leaf) =
        versions.First = leaf.FirstVersion
        && versions.Last - versions.First + 1L = int64 leaf.Count
        && not (Hash.isZero leaf.Hash)

    /// The leaves one after another: those whose entries are there call `entry` with each index, the others `stub` with the body of their
    /// frame. `dropped`: each leaf that compaction dropped, in order; the first of them keeps the batch's key.
    let private walk
        (receipt: PlacedReceipt)
        (leaves: Leaf list)
        (positions: int64[])
        (key: KnownKey option)
        (dropped: DroppedLeaf list)
        (entry: int -> unit)
        (stub: int64 -> Leaf -> FrameBody -> unit)
        : unit =
        let mutable position = receipt.FirstPosition
        let mutable next = 0
        let mutable gone = dropped
        let mutable key = key

        for leaf in leaves do
            if next < positions.Length && positions[next] = position then
                for _ in 1 .. leaf.Count do
                    entry next
                    next <- next + 1
            else
                let unknown =
                    {
                        Count = leaf.Count
                        Hash = leaf.Hash
                        Latest = TreePlace.noTime
                        Stream = None
                        Key = None
                    }

                let body =
                    match gone with
                    | found :: rest when isOf found.Versions leaf ->
                        let body =
                            { unknown with
                                Stream = Some found.Versions.Stream
                                Latest = found.Latest
                                Key = key
                            }

                        gone <- rest
                        key <- None
                        body
                    | _ -> unknown

                stub position leaf (FrameBody.Stub(placeOf receipt position, body))

            position <- position + int64 leaf.Count

    let private writeFrame context number position version body head (writer: ByteWriter) =
        FrameEncoding.write
            context.Seed
            writer
            {
                Epoch = context.Epoch
                Number = number
                Flushed = context.Flushed
                Position = position
                Version = version
                Body = body
                Head = head
            }

    /// Appends the frames of the batch, numbered from `number` on, where they have at most `room` bytes; else it appends nothing.
    /// `dropped`: each leaf that compaction dropped, in order; none but where a compacted batch is copied. Returns how many
    /// bytes the frames have, the offset in the writer of each entry's frame (rented, and longer, where the batch is lent), and the number
    /// after the last.
    let tryWrite
        (context: FrameContext)
        (number: int64)
        (batch: AcceptedBatch)
        (dropped: DroppedLeaf list)
        (room: int64)
        (writer: ByteWriter)
        : struct (int64 * int[] * int64) =
        let receipt = batch.Placed

        // Of a batch whose every position has an entry the leaves tell nothing.
        let walk entry stub =
            if batch.IsDense then
                for index in 0 .. batch.Count - 1 do
                    entry index
            else
                walk receipt batch.Leaves batch.Positions batch.KnownKey dropped entry stub

        let bytes =
            let mutable total = 0L
            let mutable last = 0

            let add bodyBytes =
                last <- bodyBytes
                total <- total + int64 (FrameLayout.size bodyBytes false)

            walk (fun index -> add (batch.CanonicalBytes index).Length) (fun _ _ body -> add (FrameEncoding.bodyBytes body))
            total - int64 (FrameLayout.size last false) + int64 (FrameLayout.size last true)

        if bytes > room then
            struct (bytes, [||], number)
        else
            let offsets =
                if batch.IsLent then ArrayPool<int>.Shared.Rent batch.Count else Array.zeroCreate batch.Count

            let mutable number = number
            let endPosition = batch.FirstPosition + int64 receipt.Count

            let frame position version count body =
                let isLast = (position + int64 count = endPosition)
                let head = if isLast then ValueSome receipt.Head.Hash else ValueNone
                writeFrame context number position version body head writer
                number <- number + 1L

            let entry index =
                offsets[index] <- writer.Length
                let position = batch.Position index
                let isLast = (position + 1L = endPosition)

                FrameEncoding.writeEntry
                    context.Seed
                    writer
                    context.Epoch
                    number
                    context.Flushed
                    position
                    (batch.Version index)
                    (placeOf receipt position)
                    (batch.CanonicalBytes index).Span
                    (if isLast then ValueSome receipt.Head.Hash else ValueNone)

                number <- number + 1L

            let stub position (leaf: Leaf) body =
                // A stub has the number that its last entry had.
                number <- number + FrameLayout.numbersBefore body
                frame position leaf.FirstVersion leaf.Count body

            walk entry stub
            struct (bytes, offsets, number)

    /// Appends the frames as `tryWrite` does, however many bytes they have.
    let write context number batch dropped writer : struct (int[] * int64) =
        let struct (_, offsets, next) = tryWrite context number batch dropped System.Int64.MaxValue writer
        struct (offsets, next)

    /// The bytes that `write` will append.
    let size (batch: AcceptedBatch) (dropped: DroppedLeaf list) : int64 =
        let struct (bytes, _, _) =
            tryWrite { Seed = 0u; Epoch = 0u; Flushed = 0L } 0L batch dropped -1L (ByteWriter 16)

        bytes

    /// The bytes that `writeDelete` will append.
    let deleteSize (stream: StreamId) : int64 = int64 (FrameLayout.size (FrameEncoding.bodyBytes (FrameBody.DeleteTo(stream, 0L))) false)

    /// Appends a deletion of the stream's entries up to a version, at a head position.
    let writeDelete (context: FrameContext) (number: int64) (head: int64) (stream: StreamId) (version: int64) (writer: ByteWriter) : unit =
        writeFrame context number head 0L (FrameBody.DeleteTo(stream, version)) ValueNone writer

    /// The bytes that `writeForgetKeys` will append.
    let forgetKeysSize: int64 = int64 (FrameLayout.size 8 false)

    /// Appends that keys of batches that begin before a position are forgotten, at a head position.
    let writeForgetKeys (context: FrameContext) (number: int64) (head: int64) (before: int64) (writer: ByteWriter) : unit =
        writeFrame context number head 0L (FrameBody.ForgetKeys before) ValueNone writer
