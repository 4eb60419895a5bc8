// The buffer that a codec's function writes a payload into, kept for the next one.
// Lent by Codec.Plain.fs, the folds and the facade's codecs; what is kept of a payload is copied out of it first.
namespace Refold.Core

open System
open System.Buffers
open System.Threading

/// A buffer writer for one payload at a time. What it hands out is zeroed, so that a place that was passed over and not written shows
/// nothing of an earlier payload. It refuses whoever writes after the function that it was lent to, until it is lent again, as a fold does.
[<Sealed>]
type internal PayloadWriter(kept: byte[]) =

    // Where a function does not say how much it wants.
    static let unasked = 256

    let mutable buffer = kept
    let mutable length = 0
    let mutable handedOut = 0
    let mutable isLent = false

    let requireLent () =
        if not isLent then
            raise (InvalidOperationException "The payload was taken: what wrote it has ended.")

    let grow (needed: int64) =
        if needed > int64 Array.MaxLength then
            raise (OutOfMemoryException "A payload is larger than an array.")

        Array.Resize(&buffer, int (max needed (min (2L * int64 buffer.Length) (int64 Array.MaxLength))))

    let handOut (sizeHint: int) =
        requireLent ()
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint, nameof sizeHint)
        let size = if sizeHint = 0 then unasked else sizeHint

        if buffer.Length - length < size then
            grow (int64 length + int64 size)

        handedOut <- size
        Span(buffer, length, size).Clear()

    /// With a buffer of its own.
    new() = PayloadWriter(Array.zeroCreate 256)

    /// What it writes into.
    member _.Buffer: byte[] = buffer

    /// Lends the writer, with nothing in it.
    member _.Lend() : unit =
        length <- 0
        handedOut <- 0
        isLent <- true

    /// Ends the loan.
    member _.Take() : unit = isLent <- false

    /// How many bytes fit without growing.
    member _.Capacity: int = buffer.Length

    /// What was written, valid until the writer is lent again.
    member _.Written: ReadOnlyMemory<byte> = ReadOnlyMemory(buffer, 0, length)

    interface IBufferWriter<byte> with

        member _.Advance(count: int) =
            requireLent ()
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof count)

            if count > handedOut then
                raise (InvalidOperationException "The writer is advanced beyond what it handed out.")

            length <- length + count
            handedOut <- handedOut - count

        member _.GetSpan(sizeHint: int) =
            handOut sizeHint
            Span(buffer, length, handedOut)

        member _.GetMemory(sizeHint: int) =
            handOut sizeHint
            Memory(buffer, length, handedOut)

/// What a codec keeps for one payload after the other: the buffer, not the writer. Two at once, on two threads or one inside the other,
/// have one each.
[<Sealed>]
type internal PayloadWriters() =

    // A larger buffer is not kept.
    static let mostKept = 64 * 1024

    let mutable kept: byte[] | null = null

    /// A writer, to be given back. One that is not is lost, and nothing else.
    member _.Take() : PayloadWriter =
        match Interlocked.Exchange(&kept, null) with
        | null -> PayloadWriter()
        | buffer -> PayloadWriter buffer

    /// Takes back what a writer wrote into: nothing that it wrote may be used any more. Who kept the writer has one that refuses
    /// for good.
    member _.GiveBack(writer: PayloadWriter) : unit =
        if writer.Capacity <= mostKept then
            Volatile.Write(&kept, writer.Buffer)
