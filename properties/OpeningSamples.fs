// Whole directories of small journals.
// Called by OpeningProperties.fs.
module internal Refold.Properties.OpeningSamples

open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Properties.SegmentSamples

/// What a directory is made of besides its journal.
type Choices = { Covered: int; Committed: int; IsClosed: bool }

let genChoices =
    Gen.map3
        (fun covered committed isClosed -> { Covered = covered; Committed = committed; IsClosed = isClosed })
        (Gen.choose (0, 4))
        (Gen.choose (0, 4))
        (Gen.elements [ true; false ])

/// The directory of a journal: segments, COMMIT behind some items of the last segment or all where it was closed, a checkpoint.
let directory (sample: Sample) (choices: Choices) : Files =
    let parts = sealAllButLast sample.Segments
    let segments = List.map fst parts
    let items = (snd (List.last parts)).Items
    let committed = if choices.IsClosed then items else List.truncate choices.Committed items
    let name, checkpoint = checkpointFile segments (List.truncate choices.Covered items)

    [
        for bytes in segments do
            string (nameOf bytes), bytes
        name, checkpoint
        FileName.commit, commitFile segments committed choices.IsClosed
        "lock", [||]
        "notes.txt", [| 1uy |]
    ]
    |> Map.ofList

let directories = Gen.map2 (fun steps choices -> build steps, choices) genSteps genChoices
