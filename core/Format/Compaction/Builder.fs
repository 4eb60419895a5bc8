// The bytes of a compaction's target, made of one segment after the other. FORMAT.md, "Compaction".
// Called by stores, which flush it, switch to it under a marker (Marker.fs) and unlink what it replaces.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// A sealed segment that is scanned without those before it.
[<RequireQualifiedAccess>]
module internal SegmentAlone =

    /// Scans it. `isFirst`: the journal begins with it, at position 1 or with a base.
    let scan (isFirst: bool) (bytes: ReadOnlyMemory<byte>) : Result<struct (SegmentScanner * SegmentScan), FrameError> =
        let start (header: SegmentHeader) =
            if isFirst then
                ScanStart.Beginning
            else
                { ScanStart.Beginning with
                    From =
                        Some
                            {
                                JournalId = header.JournalId
                                Head = { Position = header.FirstPosition - 1L; Hash = header.HeadBefore }
                                LastFrame = header.FirstFrame - 1L
                                Epoch = 0u
                                HighestVersion = fun _ -> 0L
                                HasIds = header.HasIds
                            }
                }

        SegmentHeader.decode bytes
        |> Result.bind (fun header ->
            let scanner = SegmentScanner(start header)
            let scan = scanner.Scan(bytes, false)

            match scan.End with
            | SegmentEnd.Refused error -> Error error
            | SegmentEnd.Torn(offset, reason) -> Error(FrameError.Torn(offset, reason))
            | SegmentEnd.Whole -> Ok(struct (scanner, scan)))

/// A compaction's target, ready to be written.
[<NoComparison; NoEquality>]
type internal CompactionTarget =
    {
        /// Header and frames.
        Bytes: ReadOnlyMemory<byte>
        /// Footer and trailer.
        Seal: SegmentSeal
    }

/// Makes the target of a step. Its sources are handed over in order, so that one is in memory at a time. Not thread-safe.
[<Sealed>]
type internal CompactionBuilder(step: CompactionStep) =
    let writer = ByteWriter(64 * 1024)
    let target = step.Target
    let mutable expected = step.Sources
    let mutable first: SegmentHeader voption = ValueNone
    let mutable before = TreePlace.none
    let mutable hasBase = false

    let keep (source: CompactionSource) (found: ReadFrame) = writer.Raw (source.Bytes.Slice(found.Offset, found.Size)).Span

    let replace (frame: Frame) = FrameEncoding.write (Checksum.seed first.Value.JournalId) writer frame

    let pass = CompactionPass(step.Rule, ValueNone, keep, replace)

    do writer.Zeros SegmentHeader.bytes

    let header () =
        let header = first.Value

        let header =
            match pass.Start with
            | ValueNone -> header
            | ValueSome(struct (frame, head)) -> { header with FirstFrame = frame.Number; HeadBefore = head.Hash }

        { header with
            FirstPosition = target.FirstPosition
            Generation = target.Generation
            FileBytes = int64 writer.Length
        }

    /// What a scan takes from the target. It has to lead where the sources led, before anything is replaced by it.
    let seal (header: SegmentHeader) (bytes: ReadOnlyMemory<byte>) : SegmentSeal =
        match SegmentAlone.scan hasBase bytes with
        | Ok(struct (scanner, scan)) when struct (scanner.LastFrame, scanner.Head) = pass.Reached ->
            let length = int64 bytes.Length
            FooterEncoding.seal header length before scan.Items length scanner.LastFrame scanner.Head scanner.Epoch
        | Ok _ -> invalidOp (target.ToString() + " does not lead where its sources led")
        | Error error -> invalidOp (target.ToString() + " would not be whole: " + error.ToString())

    /// Takes the next source. Throws `ArgumentException` where it is not the one that comes next in the step, or does
    /// not go on where the one before it ends.
    member _.Add(source: CompactionSource) : unit =
        match expected with
        | next :: rest when next = source.Name ->
            if first.IsNone then
                first <- ValueSome source.Header
                before <- source.Tree
                hasBase <- source.Items |> List.exists _.Content.IsBase

            pass.Add source
            expected <- rest
        | _ ->
            let name = source.Name
            invalidArg (nameof source) (name.ToString() + " is not the next of the sources")

    /// The target, once all sources were handed over. Throws `InvalidOperationException` before that.
    member _.Finish() : CompactionTarget =
        for name in List.truncate 1 expected do
            invalidOp (name.ToString() + " is missing")

        pass.Finish()
        hasBase <- hasBase || ValueOption.isSome pass.Start
        let header = header ()
        let bytes = writer.Written.ToArray()
        (SegmentHeader.encode header).CopyTo(Memory bytes)
        { Bytes = ReadOnlyMemory bytes; Seal = seal header (ReadOnlyMemory bytes) }
