// Accepted batches and deletions as frames. FORMAT.md, "Frame".
// Called by stores that keep segments, once an append is accepted; the other direction is Segment.Scan.fs.
namespace Refold.Core

open System

/// What a writer puts into every frame of one write.
[<Struct; NoComparison>]
type FrameContext =
    {
        /// `Checksum.seed` of the journal id.
        Seed: uint32
        /// Which opening for writing this is, from 1.
        Epoch: uint32
        /// The last frame number that is known to be flushed; 0 for none.
        Flushed: int64
    }

/// Writing what was accepted.
[<RequireQualifiedAccess>]
module FrameBatch =

    /// The leaves one after another: those whose entries are there call `entry` with each index, the others `stub`.
    let private walk (batch: AcceptedBatch) (entry: int -> unit) (stub: int64 -> Leaf -> unit) : unit =
        let mutable position = batch.FirstPosition
        let mutable next = 0

        for leaf in batch.Leaves do
            if next < batch.Positions.Length && batch.Positions[next] = position then
                for _ in 1 .. leaf.Count do
                    entry next
                    next <- next + 1
            else
                stub position leaf

            position <- position + int64 leaf.Count

    /// The bytes that `write` will append.
    let size (batch: AcceptedBatch) : int64 =
        let mutable total = 0L
        let mutable last = 0

        let add bodyBytes =
            last <- bodyBytes
            total <- total + int64 (FrameLayout.size bodyBytes false)

        walk batch (fun index -> add batch.Canonical[index].Length) (fun _ _ -> add FrameLayout.stubBytes)
        total - int64 (FrameLayout.size last false) + int64 (FrameLayout.size last true)

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

    /// Appends the frames of the batch, numbered from `number` on. Returns the offset in the writer of each entry's frame, and
    /// the number after the last.
    let write
        (context: FrameContext)
        (number: int64)
        (batch: AcceptedBatch)
        (writer: ByteWriter)
        : struct (int[] * int64) =
        let offsets = Array.zeroCreate batch.Entries.Length
        let mutable number = number
        let endPosition = batch.FirstPosition + int64 batch.Receipt.Count

        let place position : BatchPlace =
            {
                First = batch.FirstPosition
                Index = int (position - batch.FirstPosition)
                Count = batch.Receipt.Count
            }

        let frame position version count body =
            let isLast = (position + int64 count = endPosition)
            let head = if isLast then ValueSome batch.Receipt.Head.Hash else ValueNone
            writeFrame context number position version body head writer
            number <- number + 1L

        let entry index =
            offsets[index] <- writer.Length
            let position = batch.Positions[index]
            frame position batch.Versions[index] 1 (FrameBody.Entry(place position, batch.Canonical[index]))

        let stub position (leaf: Leaf) =
            frame position leaf.FirstVersion leaf.Count (FrameBody.Stub(place position, leaf.Count, leaf.Hash))

        walk batch entry stub
        struct (offsets, number)

    /// The bytes that `writeDelete` will append.
    let deleteSize (stream: StreamId) : int64 =
        int64 (FrameLayout.size (Text.Encoding.UTF8.GetByteCount stream.Value) false)

    /// Appends a deletion of the stream's entries up to a version, at a head position.
    let writeDelete
        (context: FrameContext)
        (number: int64)
        (head: int64)
        (stream: StreamId)
        (version: int64)
        (writer: ByteWriter)
        : unit =
        writeFrame context number head version (FrameBody.DeleteTo stream) ValueNone writer
