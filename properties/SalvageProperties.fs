// The promises of FORMAT.md about salvage: damage costs the frames it lies in, and nothing wrong is ever given.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.SalvageProperties

open System
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold.Properties.SegmentSamples
open Refold.Support

let private seed = Checksum.seed journalId

/// Position, version and canonical bytes of an entry, and where its frame lies.
type private Lying = {
    Position: int64
    Version: int64
    Canonical: string
    Segment: int
    Start: int
    End: int
}

/// Every entry that was written, with its frame. Stubs have frames too, so frames are told by reading them.
let private written (sample: Sample) : Lying list = [
    for write in sample.Writes do
        for start, finish in write.Frames do
            match FrameDecoding.read seed (ReadOnlyMemory sample.Segments[write.Segment]) start with
            | Ok found ->
                match found.Frame.Body with
                | FrameBody.Entry(_, canonical) -> {
                    Position = found.Frame.Position
                    Version = found.Frame.Version
                    Canonical = Convert.ToHexStringLower canonical.Span
                    Segment = write.Segment
                    Start = start
                    End = finish
                  }
                | _ -> ()
            | Error error -> invalidOp $"{error}"
]

let private streamOf (lying: Lying) =
    match CanonicalBytes.tryRead (ReadOnlyMemory(Convert.FromHexString lying.Canonical)) with
    | Some data -> data.Stream
    | None -> invalidOp "the sample is wrong"

/// The deletions whose frames do not lie at the damaged offset.
let private deletions (sample: Sample) (isDamaged: int -> int -> int -> bool) = [
    for write in sample.Writes do
        match write.Found with
        | Deletion(stream, version) when not (isDamaged write.Segment write.Start write.End) -> stream, version
        | _ -> ()
]

/// What has to be given when a place is damaged: all entries but those of the damaged frame, and without those that were deleted.
let private surviving (sample: Sample) isDamaged =
    let deletions = deletions sample isDamaged

    written sample
    |> List.filter (fun lying ->
        let stream = (streamOf lying).Value
        let isDeleted = deletions |> List.exists (fun (name, upTo) -> name = stream && lying.Version <= upTo)
        not isDeleted && not (isDamaged lying.Segment lying.Start lying.End))
    |> List.map (fun lying -> lying.Position, lying.Version, lying.Canonical)

/// What a store does: with the seed of the headers, or else the only one that frames give.
let private salvage (segments: byte[] list) : (uint32 * SalvageReport) option =
    let memories = segments |> List.map (fun bytes -> ReadOnlyMemory bytes)

    let seeds =
        match memories |> List.choose (SegmentHeader.decode >> Result.toOption) with
        | header :: _ -> [ Checksum.seed header.JournalId ]
        | [] -> memories |> List.collect Salvage.seeds |> List.distinct

    match seeds with
    | [ seed ] -> Some(seed, memories |> List.mapi (Salvage.scan seed) |> SalvageReport.make None)
    | _ -> None

/// Without a header, and with every frame damaged but one whose length checksum alone is, the seed is another; the entry is right.
let private given (segments: byte[] list) (seed: uint32, report: SalvageReport) =
    report.Entries
    |> List.map (fun row ->
        match FrameDecoding.read seed (ReadOnlyMemory segments[row.File]) row.Offset with
        | Ok { Frame = { Body = FrameBody.Entry(_, canonical) } } -> row.Position, row.Version, Convert.ToHexStringLower canonical.Span
        | other -> invalidOp $"{other}")

let private hasHoles (report: SalvageReport) = not (report.Skipped.IsEmpty && report.Missing.IsEmpty && report.Incomplete.IsEmpty)

let private undamaged _ _ _ = false

let private replaceAt index bytes (segments: byte[] list) = List.mapi (fun place old -> if place = index then bytes else old) segments

/// One byte changed: nothing but its frame is lost, and the place is named unless it lies in the zeros of a header or an end.
let private losesOnlyItsFrame (sample: Sample) (segment: int, offset: int, change: byte) =
    let bytes = Array.copy sample.Segments[segment]
    bytes[offset] <- bytes[offset] ^^^ change
    let segments = replaceAt segment bytes sample.Segments
    let isDamaged at start finish = at = segment && start <= offset && offset < finish

    match salvage segments with
    | None -> surviving sample isDamaged |> List.isEmpty
    | Some found ->
        let named =
            (snd found).Skipped
            |> List.exists (fun skipped -> skipped.File = segment && skipped.From <= int64 offset && int64 offset < skipped.To)

        given segments found = surviving sample isDamaged && named

let private places (sample: Sample) =
    gen {
        let! segment = Gen.choose (0, sample.Segments.Length - 1)
        let! offset = Gen.choose (0, sample.Segments[segment].Length - 1)
        let! change = Gen.choose (1, 255)
        return segment, offset, byte change
    }

let private samples = Gen.map build genSteps

let private damaged =
    gen {
        let! sample = samples
        let! places = Gen.listOfLength 10 (places sample)
        return sample, places
    }

let private muchDamaged =
    gen {
        let! sample = samples
        let! places = Gen.nonEmptyListOf (places sample)
        return sample, places
    }

[<Tests>]
let tests =
    properties "Salvage / salvage" [
        testProperty
            "a journal without damage is given whole, without holes"
            (Prop.forAll (Arb.fromGen samples) (fun sample ->
                match salvage sample.Segments with
                | Some found -> given sample.Segments found = surviving sample undamaged && not (hasHoles (snd found))
                | None -> false))

        testProperty
            "a damaged byte costs its frame and nothing else, and is named"
            (Prop.forAll (Arb.fromGen damaged) (fun (sample, places) -> places |> List.forall (losesOnlyItsFrame sample)))

        testProperty
            "any damage gives a part of what was written, each entry once and in order"
            (Prop.forAll (Arb.fromGen muchDamaged) (fun (sample, places) ->
                let segments = sample.Segments |> List.map Array.copy

                for segment, offset, change in places do
                    segments[segment][offset] <- segments[segment][offset] ^^^ change

                match salvage segments with
                | None -> true
                | Some found ->
                    let all = written sample |> List.map (fun lying -> lying.Position, lying.Version, lying.Canonical)
                    let given = given segments found
                    List.forall (fun entry -> List.contains entry all) given && given = List.distinct (List.sort given)))

        testCase "copies of segments and a lost one: entries once, the gap named" (fun () ->
            let sample =
                build [
                    [ Append [ 0, 3; 1, 5 ] ]
                    [ Append [ 0, 1 ]; Append [ 2, 9 ] ]
                    [ Append [ 1, 2 ] ]
                ]

            let twice = salvage (sample.Segments @ sample.Segments) |> Option.get |> snd
            equal 5 twice.Entries.Length
            isFalse (hasHoles twice)

            let lost = salvage [ sample.Segments[0]; sample.Segments[2] ] |> Option.get |> snd
            equal [ 1L; 2L; 5L ] (lost.Entries |> List.map _.Position)
            let gap = List.exactlyOne lost.Missing
            equal (3L, 4L, 3L, 4L) (gap.FirstFrame, gap.LastFrame, gap.FirstPosition, gap.LastPosition))

        testCase "without any header the frames themselves name their journal" (fun () ->
            let withoutHeader (bytes: byte[]) =
                let bytes = Array.copy bytes
                Array.fill bytes 0 SegmentHeader.bytes 0xFFuy
                bytes

            let sample = build [ [ Append [ 0, 3; 1, 5 ] ]; [ Append [ 2, 9 ]; Delete 0 ] ]
            let segments = List.map withoutHeader sample.Segments
            equal [ seed ] (Salvage.seeds (ReadOnlyMemory segments[0]))
            let report = salvage segments |> Option.get |> snd
            equal [ 2L; 3L ] (report.Entries |> List.map _.Position)
            equal 1L report.Deleted
            equal 2 report.Skipped.Length
            isEmpty report.Missing)

        testCase "garbage and crafted lengths take bounded work" (fun () ->
            let size = 1 <<< 20
            let garbage = Array.init size (fun index -> byte ((uint32 index * 2654435761u) >>> 13))
            let prefix = ByteWriter 8
            // Every 8 bytes a length that checks and leads to nothing.
            prefix.Int32(size / 2)
            prefix.UInt32(Checksum.seeded seed (prefix.Written.Slice(0, 4)))
            let lengths = Array.init size (fun index -> prefix.Written[index % 8])

            for bytes in [ garbage; lengths ] do
                let file = Salvage.scan seed 0 (ReadOnlyMemory bytes)
                isEmpty file.Frames
                let skipped = List.exactlyOne file.Skipped
                let writtenTo = Array.FindLastIndex(bytes, fun value -> value <> 0uy) + 1
                equal (0L, int64 writtenTo) (skipped.From, skipped.To)
                isEmpty (Salvage.seeds (ReadOnlyMemory bytes)))
    ]
