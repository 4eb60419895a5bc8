// COMMIT: two slots, written in turn, that say how far the journal is flushed. FORMAT.md, "COMMIT".
// Stores write a slot after every flush; Opening.fs and readers in other processes read both.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What one slot says.
[<NoComparison>]
type internal CommitSlot =
    {
        /// The journal it speaks of.
        JournalId: Guid
        /// One more than that of the slot before it, from 1. The slot is `sequence % 2`.
        Sequence: int64
        /// Which opening for writing wrote it, from 1.
        Epoch: uint32
        /// Goes up by one with every compaction, from 0.
        SetGeneration: int64
        /// The active segment.
        Segment: SegmentName
        /// The offset behind the last flushed frame in it.
        EndOffset: int64
        /// The number of the last flushed frame; 0 for none.
        LastFrame: int64
        /// The head behind that frame.
        Head: Head
        /// Whether the journal was closed there: nothing may be torn or missing.
        IsClosed: bool
    }

/// What a COMMIT file says.
[<NoComparison>]
type internal CommitReading =
    {
        /// The valid slot with the higher sequence; `None` where no slot was ever written, or none is valid.
        Slot: CommitSlot option
        /// Why a slot that is not zero is not valid, or what lies outside them: an interrupted write, or damage.
        Damaged: FrameError list
    }

/// Writing and reading COMMIT.
[<RequireQualifiedAccess>]
module internal Commit =

    /// Bytes of the file.
    let fileBytes = 4096

    /// Bytes of a slot.
    let slotBytes = 128

    let private magic = "REFOLDCM"B

    /// The offset of the slot that a sequence is written to: 0 or 2,048, in separate sectors.
    let slotOffset (sequence: int64) : int64 = (sequence &&& 1L) * 2048L

    /// The 128 bytes of a slot.
    let encode (slot: CommitSlot) : ReadOnlyMemory<byte> =
        Block.encode magic slotBytes Block.unseeded (fun writer ->
            writer.UInt32(if slot.IsClosed then 1u else 0u)
            writer.Guid slot.JournalId
            writer.Int64 slot.Sequence
            writer.UInt32 slot.Epoch
            writer.Int32 slot.Segment.Generation
            writer.Int64 slot.SetGeneration
            writer.Int64 slot.Segment.FirstPosition
            writer.Int64 slot.EndOffset
            writer.Int64 slot.LastFrame
            writer.Int64 slot.Head.Position
            Hash.write writer slot.Head.Hash)

    let private readFields (reader: ByteReader) : CommitSlot =
        let flags = reader.UInt32()

        if flags > 1u then
            reader.Fail()

        let journalId = reader.Guid()
        let sequence = Block.atLeast 1L reader
        let epoch = reader.UInt32()
        let generation = Block.count reader
        let setGeneration = Block.atLeast 0L reader
        let firstPosition = Block.atLeast 1L reader
        let endOffset = Block.atLeast (int64 SegmentHeader.bytes) reader
        let lastFrame = Block.atLeast 0L reader
        let position = Block.atLeast 0L reader

        {
            JournalId = journalId
            Sequence = sequence
            Epoch = epoch
            SetGeneration = setGeneration
            Segment = { FirstPosition = firstPosition; Generation = generation }
            EndOffset = endOffset
            LastFrame = lastFrame
            Head = { Position = position; Hash = Block.hash reader }
            IsClosed = (flags = 1u)
        }

    /// Reads the slot whose 128 bytes lie at this offset: `None` where they are zeros. A slot in the other's place is corrupt.
    let decode (offset: int64) (memory: ReadOnlyMemory<byte>) : Result<CommitSlot option, FrameError> =
        if Block.isZero memory.Span then
            Ok None
        else
            match Block.decode "a COMMIT slot" magic Block.unseeded offset memory readFields with
            | Error error -> Error error
            | Ok slot ->
                match Misfit.number "the place of a COMMIT slot" (slotOffset slot.Sequence) offset with
                | Some misfit -> Error(Misfit.corrupt offset misfit)
                | None -> Ok(Some slot)

    let private slotAt (file: ReadOnlyMemory<byte>) (offset: int64) =
        let start = min (int offset) file.Length
        decode offset (file.Slice(start, min slotBytes (file.Length - start)))

    /// Reads both slots and chooses. `Error` only for a slot of another format version.
    let read (file: ReadOnlyMemory<byte>) : Result<CommitReading, FrameError> =
        let slots = [ slotAt file 0L; slotAt file 2048L ]

        let future =
            slots
            |> List.tryPick (function
                | Error((FrameError.FutureVersion _ | FrameError.PastVersion _) as error) -> Some error
                | _ -> None)

        let between =
            [ slotBytes, 2048; 2048 + slotBytes, fileBytes ]
            |> List.choose (fun (start, finish) ->
                let start, finish = min start file.Length, min finish file.Length

                match file.Span.Slice(start, finish - start).IndexOfAnyExcept 0uy with
                | -1 -> None
                | index -> Some(FrameError.Corrupt(int64 (start + index), "what lies outside the slots", "zeros", "other bytes")))

        match future with
        | Some error -> Error error
        | None ->
            let valid = slots |> List.choose (Result.defaultValue None)

            Ok
                {
                    Slot = if valid.IsEmpty then None else Some(valid |> List.maxBy _.Sequence)
                    Damaged =
                        (slots
                         |> List.choose (function
                             | Error error -> Some error
                             | Ok _ -> None))
                        @ between
                }
