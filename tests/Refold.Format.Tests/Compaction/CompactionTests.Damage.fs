// Targets that are damaged, missing or wrong, and what defects 13, 14 and 19 would have lost.
// Run by `dotnet test`.
module Refold.Format.Tests.CompactionDamageTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Format
open Refold.Format.Tests.CompactionExamples
open Refold.Support.CompactionJournal
open Refold.Support.Examples
open Refold.Support

[<Tests>]
let tests =
    testList "Compaction / damaged segments" [
        testCase "bytes that are not those of the plan are no target" (fun () ->
            let segments = fst (scan sample.Segments)
            let step = (Compaction.plan mergeOnly segments |> ok).Steps.Head
            let damaged = Array.copy sample.Segments[0]
            damaged[SegmentHeader.bytes + 80] <- damaged[SegmentHeader.bytes + 80] ^^^ 1uy
            let withDamage = { segments[0] with Bytes = ReadOnlyMemory damaged } :: segments.Tail
            throws<ArgumentException>(fun () -> Compaction.target step withDamage |> ignore) |> ignore
            throws<ArgumentException>(fun () -> Compaction.target step segments.Tail |> ignore) |> ignore)

        testCase "a dropped leaf with another number, stream version or hash is no journal" (fun () ->
            let lost = done' (request [ CompactionDrop.Stream(stream "b") ]) sample
            let source = (fst (scan lost.Segments))[1]
            let first = FrameDecoding.read seed source.Bytes source.Items.Head.Start |> ok

            let leaf =
                match first.Frame.Body with
                | FrameBody.Stub(place, leaf) -> place, leaf
                | _ -> failwith "a dropped leaf comes first"

            // b2 and b3 had frames 5 and 6: what is left of them has the last one's number.
            equal 6L first.Frame.Number

            let scanned frame =
                let writer = ByteWriter 256
                FrameEncoding.write seed writer frame
                let bytes = Array.copy lost.Segments[1]
                equal first.Size writer.Length
                writer.Written.CopyTo(Span(bytes, first.Offset, first.Size))
                let scanner = SegmentScanner()
                scanner.Scan(ReadOnlyMemory lost.Segments[0], false) |> ignore
                (scanner.Scan(ReadOnlyMemory bytes, false)).End

            let place, body = leaf
            isTrue ((scanned first.Frame).IsWhole)

            for wrong in
                [
                    { first.Frame with Number = 5L }
                    { first.Frame with Number = 7L }
                    { first.Frame with Version = 3L }
                    {
                        first.Frame with
                            Body = FrameBody.Stub(place, { body with Hash = Hash.Zero })
                    }
                    {
                        first.Frame with
                            Body = FrameBody.Stub(place, { body with Stream = Some(stream "a") })
                    }
                ] do
                isTrue ((scanned wrong).IsRefused))

        testCase "defect 13, a target that is not whole is refused and never passes for the journal" (fun () ->
            let segments = fst (scan sample.Segments)
            let step = (Compaction.plan mergeOnly segments |> ok).Steps.Head
            let target = (Compaction.target step segments).ToArray()

            for length in 0 .. target.Length - 1 do
                let cut = Array.truncate length target
                isFalseFor ($"{length} bytes") ((SegmentScanner().Scan(ReadOnlyMemory cut, false)).End.IsWhole))

        testCase "defect 14, a journal without one of its segments is refused, before and after a compaction" (fun () ->
            for written in [ sample; done' (request [ CompactionDrop.Stream(stream "b") ]) sample ] do
                equal 3 written.Segments.Length
                equal 8L ((know written.Segments).Head.Position)

                for missing in 0..1 do
                    let scanner = SegmentScanner()

                    let ends =
                        List.removeAt missing written.Segments
                        |> List.mapi (fun index bytes -> scanner.Scan(ReadOnlyMemory bytes, (index = 1)).End)

                    isTrueFor $"%A{ends}" (ends |> List.exists _.IsRefused))

        testCase "defect 19, what survives retention and merging reads back byte for byte at its positions, with its receipts" (fun () ->
            let all = { Drop = [ CompactionDrop.Before 2L ]; MergeBytes = 1_000_000L }
            let after = done' all sample

            let read written =
                readable (know written.Segments) |> List.map (fun (position, version, _, bytes) -> position, version, bytes)

            equal (List.skip 1 (read sample)) (read after)
            isTrue (Set.isSubset (entryFrames after.Segments) (entryFrames sample.Segments))

            let receipts written = (know written.Segments).Batches |> List.map (fun stored -> string stored.Batch.Receipt)

            equal (List.skip 1 (receipts sample)) (receipts after)
            sameHeads sample after)
    ]
