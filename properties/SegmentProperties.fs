// The promises of FORMAT.md about damaged bytes: torn and corrupt are told apart, and nothing wrong is ever taken.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.SegmentProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold.Properties.SegmentSamples
open Refold.Support

let private samples = Arb.fromGen (Gen.map build genSteps)

/// Small enough to be damaged at every bit.
let private small =
    build [
        [ Append [ 0, 3; 1, 5 ]; Delete 0 ]
        [ Append [ 0, 1 ]; Restore(1, 1, 2); Append [ 2, 9 ] ]
    ]

let private expected (sample: Sample) = sample.Writes |> List.map _.Found

/// Whether one list begins another.
let private isPrefixOf (whole: 'Item list) (part: 'Item list) = part.Length <= whole.Length && List.truncate part.Length whole = part

let private replaceAt index (bytes: byte[]) (segments: byte[] list) =
    List.mapi (fun place old -> if place = index then bytes else old) segments

let private ending (scans: SegmentScan list) = (List.last scans).End

let private flip (bit: int) (bytes: byte[]) =
    let flipped = Array.copy bytes
    flipped[bit / 8] <- flipped[bit / 8] ^^^ (1uy <<< bit % 8)
    flipped

/// A sample with one bit of one segment.
let private flips =
    gen {
        let! sample = Gen.map build genSteps
        let! segment = Gen.choose (0, sample.Segments.Length - 1)
        let! bits = Gen.listOfLength 20 (Gen.choose (0, sample.Segments[segment].Length * 8 - 1))
        return sample, segment, bits
    }
    |> Arb.fromGen

let private judgeFlip (sample: Sample) segment bit =
    let offset = bit / 8
    let lastIndex = sample.Segments.Length - 1
    let lastWrite = List.last sample.Writes
    let damaged = replaceAt segment (flip bit sample.Segments[segment]) sample.Segments
    let _, scans = scan damaged
    let neverWrong = isPrefixOf (expected sample) (foundIn scans)

    let hit =
        sample.Writes
        |> List.tryFind (fun write -> write.Segment = segment && offset >= write.Start && offset < write.End)

    let verdict =
        match hit, ending scans with
        | Some write, ending when write = lastWrite -> not ending.IsWhole
        | Some write, SegmentEnd.Refused(FrameError.Corrupt(at, _, _, _)) ->
            // The offset names the frame that was hit, in the segment that was hit.
            let start, _ = write.Frames |> List.find (fun (start, finish) -> offset >= start && offset < finish)
            at = int64 start && scans.Length = segment + 1
        | Some _, _ -> false
        | None, ending when segment = lastIndex && offset >= SegmentHeader.bytes -> ending.IsTorn
        | None, SegmentEnd.Refused _ -> scans.Length = segment + 1
        | None, _ -> false

    neverWrong && verdict

let private cut step keepLength (sample: Sample) =
    let last = List.last sample.Segments
    let lastIndex = sample.Segments.Length - 1

    [ 0..step .. last.Length - 1 ]
    |> List.forall (fun length ->
        let bytes = Array.truncate length last
        let bytes = if keepLength then Array.append bytes (Array.zeroCreate (last.Length - length)) else bytes
        let _, scans = scan (replaceAt lastIndex bytes sample.Segments)

        // Where the bytes that are missing were zeros, nothing is missing.
        let isWhole (write: Write) =
            write.Segment < lastIndex
            || write.End <= bytes.Length
               && Span(bytes, write.Start, write.End - write.Start).SequenceEqual(ReadOnlySpan(last, write.Start, write.End - write.Start))

        let unchanged = ReadOnlySpan(bytes).SequenceEqual(ReadOnlySpan last)
        let headerWhole = length >= SegmentHeader.bytes || unchanged

        let whole =
            sample.Writes
            |> List.filter (fun write -> isWhole write && (headerWhole || write.Segment < lastIndex))
            |> List.map _.Found

        // A cut between two batches of a file that keeps its length cannot be seen.
        let unseen = keepLength && (ending scans).IsWhole
        foundIn scans = whole && ((ending scans).IsTorn || unseen))

let private garbage =
    gen {
        let! sample = Gen.map build genSteps
        let! segment = Gen.choose (0, sample.Segments.Length - 1)
        let bytes = sample.Segments[segment]
        let! start = Gen.choose (0, bytes.Length - 1)
        let! noise = Gen.arrayOf (Gen.choose (0, 255) |> Gen.map byte)
        let! length = Gen.choose (0, bytes.Length)
        return sample, segment, start, noise, length
    }
    |> Arb.fromGen

[<Tests>]
let tests =
    properties "Segments / segments" [
        testProperty
            "whole segments give back what was written"
            (Prop.forAll samples (fun sample ->
                let scanner, scans = scan sample.Segments

                foundIn scans = expected sample
                && (ending scans).IsWhole
                && scanner.Head.Hash = sample.Head.Hash
                && scanner.Head.Position = sample.Head.Position
                && scanner.JournalId = Some journalId))

        // Seven goes through all remainders of eight.
        testProperty
            "prefixes of the last segment are whole batches and a torn tail"
            (Prop.forAll samples (fun sample -> cut 7 false sample && cut 7 true sample))

        testCase "every prefix of a small journal's last segment is whole batches and a torn tail" (fun () ->
            isTrue (cut 1 false small && cut 1 true small))

        testProperty
            "a flipped bit is found where it is, and in the last batch at least seen"
            (Prop.forAll flips (fun (sample, segment, bits) -> bits |> List.forall (judgeFlip sample segment)))

        testCase "every single bit of a small journal is guarded" (fun () ->
            for segment in 0..1 do
                for bit in 0 .. small.Segments[segment].Length * 8 - 1 do
                    isTrueFor ($"segment {segment}, bit {bit}") (judgeFlip small segment bit))

        testProperty
            "garbage is refused without an exception and without a wrong entry"
            (Prop.forAll garbage (fun (sample, segment, start, noise, length) ->
                let bytes = Array.copy sample.Segments[segment]
                let noise = Array.truncate (bytes.Length - start) noise
                noise.CopyTo(bytes, start)

                let replaced = replaceAt segment (Array.truncate length bytes) sample.Segments
                let _, scans = scan replaced
                // Nothing of the journal is known where the bytes begin with noise.
                SegmentScanner().Scan(ReadOnlyMemory noise, true) |> ignore
                isPrefixOf (expected sample) (foundIn scans)))

        testProperty
            "a missing segment, other than empty ones, is refused"
            (Prop.forAll samples (fun sample ->
                let holds segment = sample.Writes |> List.exists (fun write -> write.Segment = segment)

                [ 0 .. sample.Segments.Length - 2 ]
                |> List.filter holds
                |> List.forall (fun missing ->
                    let _, scans = scan (List.removeAt missing sample.Segments)
                    (ending scans).IsRefused)))
    ]
