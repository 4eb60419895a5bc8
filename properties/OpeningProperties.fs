// The promises of FORMAT.md about opening: every way gives the same journal, and damage never gives a wrong one.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.OpeningProperties

open System
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening
open Refold.Properties.OpeningSamples
open Refold.Properties.SegmentSamples
open Refold.Support

let private arbitrary = Arb.fromGen directories

let private whole (files: Files) =
    match openBy byScan files with
    | Ok(_, known) -> known
    | Error reason -> invalidOp reason

let private flips (files: Files) =
    gen {
        let! name =
            Gen.elements (files |> Map.filter (fun _ bytes -> bytes.Length > 0) |> Map.toList |> List.map fst)

        let! bit = Gen.choose (0, files[name].Length * 8 - 1)
        return name, bit
    }

let private flip (files: Files) (name: string, bit: int) : Files =
    let bytes = Array.copy files[name]
    bytes[bit / 8] <- bytes[bit / 8] ^^^ (1uy <<< bit % 8)
    Map.add name bytes files

let private isPrefix (whole: 'Item list) (part: 'Item list) = part.Length <= whole.Length && List.truncate part.Length whole = part

/// What damage may do: nothing, a refusal, or a torn tail of batches that nothing says were flushed.
let private isHarmless (committed: int64) (expected: Known) (result: Result<OpeningPlan * Known, string>) =
    match result with
    | Error _ -> true
    | Ok(_, known) ->
        isPrefix expected.Entries known.Entries
        && isPrefix expected.Batches known.Batches
        && isPrefix expected.Deletions known.Deletions
        && known.Keys |> List.forall (fun key -> List.contains key expected.Keys)
        && fst known.Head >= committed

let private committedTo (files: Files) =
    match Commit.read (ReadOnlyMemory files[FileName.commit]) with
    | Ok { Slot = Some slot } -> slot.Head.Position
    | _ -> invalidOp "no slot"

/// Files under the names that mean something, with bytes of a journal, pieces of them, and noise.
let private garbage =
    gen {
        let! sample, choices = directories
        let files = directory sample choices
        let pool = files |> Map.toList |> List.map snd

        let names =
            (files |> Map.toList |> List.map fst)
            @ [
                FileName.pending
                FileName.pendingUnfinished
                FileName.targetUnfinished
                "index.0.1"
                "index.9223372036854775807.9223372036854775807"
                "0000000000000001.0.seg"
                "9223372036854775807.2147483647.seg"
                "99999999999999999999.0.seg"
                ".seg"
                "index."
                ""
            ]

        let noise = Gen.arrayOf (Gen.choose (0, 255) |> Gen.map byte)

        let piece =
            gen {
                let! bytes = Gen.elements pool
                let! start = Gen.choose (0, bytes.Length)
                let! length = Gen.choose (0, bytes.Length - start)
                return Array.sub bytes start length
            }

        let content = Gen.oneof [ Gen.elements pool; piece; noise; Gen.map2 Array.append piece noise ]
        let! others = Gen.listOf (Gen.zip (Gen.elements names) content)
        let! keep = Gen.elements [ true; false ]
        let start = if keep then files else Map.empty
        let! checkpoint, footers, scan = Gen.three (Gen.elements [ true; false ])
        let ways = { Checkpoint = checkpoint; Footers = footers; Scan = scan }
        return ways, List.fold (fun files (name, bytes) -> Map.add name bytes files) start others
    }

let private damaged =
    gen {
        let! sample, choices = directories
        let files = directory sample choices
        let! bits = Gen.listOfLength 20 (flips files)
        return files, bits
    }

[<Tests>]
let tests =
    properties "Opening / opening" [
        testProperty
            "every way of opening gives the same journal"
            (Prop.forAll arbitrary (fun (sample, choices) ->
                let files = directory sample choices
                let expected = whole files

                let same ways path =
                    match openBy ways files with
                    | Ok(plan, known) -> plan.Path = path && known = expected
                    | Error reason -> invalidOp reason

                let footers = if sample.Segments.Length > 1 then OpeningPath.Footers else OpeningPath.Scan

                expected.Head = (sample.Head.Position, string sample.Head.Hash)
                && expected.Entries.Length =
                    (foundIn (snd (scan sample.Segments))
                     |> List.sumBy (function
                         | Batch(_, positions, _, _, _) -> positions.Length
                         | _ -> 0))
                && same OpeningWays.All OpeningPath.Checkpoint
                && same byCheckpoint OpeningPath.Checkpoint
                && same byFooters footers
                && same byScan OpeningPath.Scan))

        testProperty
            "a flipped bit anywhere never gives a wrong entry and never hides one that was committed"
            (Prop.forAll (Arb.fromGen damaged) (fun (files, bits) ->
                let expected = whole files
                let committed = committedTo files

                bits
                |> List.forall (fun bit ->
                    let files = flip files bit

                    [ OpeningWays.All; byFooters; byScan ]
                    |> List.forall (fun ways -> openBy ways files |> isHarmless committed expected))))

        testProperty
            "a missing file other than COMMIT and checkpoint is refused, or what was committed is there"
            (Prop.forAll arbitrary (fun (sample, choices) ->
                let files = directory sample choices
                let expected = whole files
                let committed = committedTo files

                files
                |> Map.forall (fun name _ ->
                    let left = Map.remove name files
                    let least = if name = FileName.commit then 0L else committed

                    [ OpeningWays.All; byFooters; byScan ]
                    |> List.forall (fun ways -> openBy ways left |> isHarmless least expected))))

        testProperty
            "a plan is made or refused whatever the files are"
            (Prop.forAll (Arb.fromGen garbage) (fun (ways, files) ->
                match openBy ways files, Opening.plan (filesFound ways files) with
                | Error reason, _ -> reason <> ""
                | Ok(first, _), Ok second -> first = second
                | Ok _, Error _ -> false))
    ]
