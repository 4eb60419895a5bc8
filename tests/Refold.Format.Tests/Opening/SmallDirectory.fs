// A small journal as files, the same in every run: three segments, two of them sealed, COMMIT and a checkpoint.
// Called by OpeningTests.fs, OpeningTests.Refusal.fs, CompactionMarkerTests.fs and GoldenTests.fs.
module internal Refold.Format.Tests.SmallDirectory

open System
open Refold
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening

let journalId = Guid "00112233-4455-6677-8899-aabbccddeeff"

let private seed = Checksum.seed journalId

let private data number : EntryData =
    let stream = if number % 2L = 0L then "even" else "odd"

    { EntryData.create (StreamId.Create stream) Role.Event "Counted" (Bytes.OfText $"{number}") with
        Tags = [ Tag.Create "counter" ]
        Key = Some $"key-{number}"
    }

/// One entry as a batch of its own.
let private batchFrame (number: int64) (previous: Head) : Frame * Head =
    let position = previous.Position + 1L
    let version = (position + 1L) / 2L
    let canonical = (CanonicalBytes.ofData (data position)).Memory
    let leaf = { Count = 1; FirstVersion = version; Hash = Leaf.hash [ canonical ] }
    let head = Head.next previous.Hash position [ leaf ]

    {
        Epoch = 1u
        Number = number
        Flushed = number - 1L
        Position = position
        Version = version
        Body = FrameBody.Entry({ First = position; Index = 0; Count = 1 }, canonical)
        Head = ValueSome head.Hash
    },
    head

let private deletionFrame (number: int64) (head: Head) : Frame =
    {
        Epoch = 1u
        Number = number
        Flushed = number - 1L
        Position = head.Position
        Version = 0L
        Body = FrameBody.DeleteTo(StreamId.Create "odd", 1L)
        Head = ValueNone
    }

/// Three segments of 1,024 bytes with three frames each, the last of the second a deletion; none sealed.
let unsealed: byte[] list =
    let mutable head = Head.empty

    [
        for segment in 0L .. 2L do
            let first = segment * 3L + 1L
            let writer = ByteWriter 1024

            writer.Raw
                (SegmentHeader.encode
                    {
                        JournalId = journalId
                        Generation = 0
                        FirstPosition = head.Position + 1L
                        FirstFrame = first
                        HeadBefore = head.Hash
                        FileBytes = 1024L
                        HasIds = true
                    })
                    .Span

            for number in first .. first + 2L do
                if number = 6L then
                    FrameEncoding.write seed writer (deletionFrame number head)
                else
                    let frame, next = batchFrame number head
                    FrameEncoding.write seed writer frame
                    head <- next

            writer.Zeros(1024 - writer.Length)
            writer.Written.ToArray()
    ]

let private parts = sealAllButLast unsealed

/// The segments, all but the last sealed.
let segments: byte[] list = List.map fst parts

/// The names of the segments.
let names: string list = segments |> List.map (fun bytes -> string (nameOf bytes))

/// What the last segment holds: entries at positions 6 to 8.
let lastItems: SegmentItem list = (snd (List.last parts)).Items

/// The whole directory: COMMIT behind everything, a checkpoint that covers the first entry of the last segment.
let files: Files =
    [
        yield! List.zip names segments
        FileName.commit, commitFile segments lastItems false
        checkpointFile segments (List.truncate 1 lastItems)
    ]
    |> Map.ofList

/// The name of the checkpoint.
let checkpointName: string = FileName.checkpoint 0L 7L

let planBy ways (files: Files) =
    match Opening.plan (filesFound ways files) with
    | Ok plan -> plan
    | Error refusal -> invalidOp (refusal.ToString())

let plan = planBy OpeningWays.All

let refused (files: Files) : string * FrameError =
    match Opening.plan (filesFound OpeningWays.All files) with
    | Error(Refusal.Damaged(file, error)) -> file, error
    | Error other -> invalidOp (other.ToString())
    | Ok plan -> invalidOp $"opened by {plan.Path}"

let opened ways files =
    match openBy ways files with
    | Ok(plan, known) -> plan, known
    | Error reason -> invalidOp reason

let without name (files: Files) : Files = Map.remove name files

/// What a compaction of the sealed segments is called.
let target: SegmentName = { FirstPosition = 1L; Generation = 1 }

/// The marker of that compaction.
let marker: CompactionMarker =
    {
        JournalId = journalId
        SetGeneration = 1L
        Sources = segments |> List.truncate 2 |> List.map nameOf
        Target = target
    }
