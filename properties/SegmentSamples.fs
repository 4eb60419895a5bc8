// Small journals as segment bytes, with what has to be found in them.
// Called by SegmentProperties.fs.
module internal Refold.Properties.SegmentSamples

open System
open System.Collections.Generic
open FsCheck.FSharp
open Refold.Core
open Refold.Format

/// What one write holds, in a form that can be compared.
type Found =
    | Batch of first: int64 * positions: int64 list * versions: int64 list * canonical: string list * head: string
    | Deletion of stream: string * version: int64
    | Base of position: int64
    | Forgotten of before: int64

/// A write as it lies in its segment.
type Write = { Segment: int; Start: int; End: int; Frames: (int * int) list; Found: Found }

/// A journal as bytes.
[<NoComparison>]
type Sample = { Segments: byte[] list; Writes: Write list; Head: Head }

let journalId = Guid "00112233-4455-6677-8899-aabbccddeeff"

let private seed = Checksum.seed journalId

let private ofBatch (batch: AcceptedBatch) =
    let canonical =
        batch.Canonical |> Array.map (fun bytes -> Convert.ToHexStringLower bytes.Span) |> List.ofArray

    let head = batch.Receipt.Head.Hash
    Batch(batch.FirstPosition, List.ofArray batch.Positions, List.ofArray batch.Versions, canonical, string head)

/// What a scan found, in the same form.
let found (item: SegmentItem) =
    match item.Content with
    | SegmentContent.Batch stored -> ofBatch stored.Batch
    | SegmentContent.Deletion(stream, version) -> Deletion(stream.Value, version)
    | SegmentContent.Base(_, head) -> Base head.Position
    | SegmentContent.KeysForgotten before -> Forgotten before

/// What is to be written next.
type Step =
    | Append of (int * int) list
    | Restore of skipped: int * gap: int * stream: int
    | Delete of stream: int
    | Forget of below: int

let private genStep =
    Gen.frequency
        [
            6, Gen.nonEmptyListOf (Gen.zip (Gen.choose (0, 2)) (Gen.choose (0, 40))) |> Gen.map Append
            1,
            Gen.map3 (fun skipped gap stream -> Restore(skipped, gap, stream)) (Gen.choose (0, 2)) (Gen.choose (0, 2)) (Gen.choose (0, 2))
            1, Gen.choose (0, 2) |> Gen.map Delete
            1, Gen.choose (0, 5) |> Gen.map Forget
        ]

/// What to write, segment by segment; the last segment has at least one step.
let genSteps =
    Gen.listOfLength 3 (Gen.listOf genStep)
    |> Gen.resize 6
    |> Gen.map2
        (fun last segments -> segments @ [ [ last ] ])
        (Gen.nonEmptyListOf (Gen.zip (Gen.choose (0, 2)) (Gen.choose (0, 40))) |> Gen.resize 4 |> Gen.map Append)

type private Index(head: Head, highest: Dictionary<StreamId, int64>) =
    interface IAppendIndex with
        member _.Head = head

        member _.HighestVersion stream =
            match highest.TryGetValue stream with
            | true, version -> version
            | false, _ -> 0L

        member _.Covers _ = true
        member _.TryFindKey _ = None
        member _.FirstMatchAfter(_, _) = 0L

let private stream number =
    StreamId.Create("stream-" + (number: int).ToString System.Globalization.CultureInfo.InvariantCulture)

/// The size of the payload also chooses role, type and tags, so that an index has something to tell apart.
let private entry streamNumber payloadBytes =
    let role = List.item (payloadBytes % 7) [ yield! Role.all ]
    let name = if payloadBytes % 3 = 0 then "Happened" else "Changed"

    { EntryData.create (stream streamNumber) role name (Bytes.Copy(ReadOnlySpan(Array.init payloadBytes byte))) with
        Tags = List.truncate (payloadBytes % 4) [ Tag.Create "a"; Tag.Create "b:1"; Tag.Create "\U0001F600" ]
    }

let private ok result =
    match result with
    | Ok value -> value
    | Error error -> invalidOp $"{error}"

/// The offsets at which frames begin and end between two offsets.
let private framesOf (bytes: ReadOnlyMemory<byte>) start finish =
    List.unfold
        (fun offset ->
            if offset >= finish then
                None
            else
                let size = (FrameDecoding.read seed bytes offset |> ok).Size
                Some((offset, offset + size), offset + size))
        start

/// Writes the steps, each write flushed before the next, as a single caller does.
let build (segments: Step list list) : Sample =
    let highest = Dictionary<StreamId, int64>()
    let writes = ResizeArray<Write>()
    let mutable head = Head.empty
    let mutable number = 1L

    let accept (step: Step) =
        let index = Index(head, highest)

        match step with
        | Append entries ->
            let data = entries |> List.map (fun (stream, size) -> entry stream size)
            let key = if entries.Length % 2 = 0 then Some $"key-{number}" else None
            let request = { Append.request data with Key = key }

            match Append.encode request |> Result.bind (Append.accept index) |> ok with
            | Acceptance.Fresh batch -> Choice1Of4 batch
            | Acceptance.Repeated _ -> invalidOp "no key was given"
        | Restore(skipped, gap, streamNumber) ->
            let version = (index :> IAppendIndex).HighestVersion(stream streamNumber) + 1L
            let batch = head.Position + 1L + int64 skipped

            let restored position version =
                {
                    Position = position
                    Version = version
                    Batch = batch
                    Data = entry streamNumber 3
                }

            [
                restored (batch + int64 gap) version
                restored (batch + 2L * int64 gap + 1L) (version + 1L)
            ]
            |> Append.restore index
            |> ok
            |> Choice1Of4
        | Delete streamNumber ->
            match (index :> IAppendIndex).HighestVersion(stream streamNumber) with
            | 0L -> Choice4Of4()
            | version -> Choice2Of4(stream streamNumber, version)
        | Forget below -> Choice3Of4(max 1L (head.Position + 1L - int64 below))

    let writeSegment segment steps =
        let writer = ByteWriter 1024
        writer.Zeros SegmentHeader.bytes
        let before, firstFrame = head, number

        for step in steps do
            let context = { Seed = seed; Epoch = 1u; Flushed = number - 1L }
            let start = writer.Length

            let add found =
                writes.Add
                    {
                        Segment = segment
                        Start = start
                        End = writer.Length
                        Frames = []
                        Found = found
                    }

            match accept step with
            | Choice1Of4 batch ->
                let struct (_, next) = FrameBatch.write context number batch [] writer

                if int64 (writer.Length - start) <> FrameBatch.size batch [] then
                    invalidOp "size"

                number <- next
                head <- batch.Receipt.Head
                Array.iteri (fun index (data: EntryData) -> highest[data.Stream] <- batch.Versions[index]) batch.Entries
                add (ofBatch batch)
            | Choice2Of4(stream, version) ->
                FrameBatch.writeDelete context number head.Position stream version writer
                number <- number + 1L
                add (Deletion(stream.Value, version))
            | Choice3Of4 before ->
                FrameBatch.writeForgetKeys context number head.Position before writer
                number <- number + 1L
                add (Forgotten before)
            | Choice4Of4() -> ()

        writer.Zeros 64
        let bytes = writer.Written.ToArray()

        (SegmentHeader.encode
            {
                JournalId = journalId
                Generation = segment
                FirstPosition = before.Position + 1L
                FirstFrame = firstFrame
                HeadBefore = before.Hash
                FileBytes = int64 bytes.Length
                HasIds = true
            })
            .CopyTo(Memory bytes)

        bytes

    let segments = List.mapi writeSegment segments

    let writes =
        [
            for write in writes ->
                { write with
                    Frames = framesOf (ReadOnlyMemory segments[write.Segment]) write.Start write.End
                }
        ]

    { Segments = segments; Writes = writes; Head = head }

/// All segments of a journal, until one does not end whole.
let scan (segments: byte[] list) =
    let scanner = SegmentScanner()
    let count = segments.Length

    let folder (scans: SegmentScan list, ended) (index, bytes: byte[]) =
        if ended then
            scans, true
        else
            let scan = scanner.Scan(ReadOnlyMemory bytes, (index = count - 1))
            scans @ [ scan ], not scan.End.IsWhole

    let scans, _ = segments |> List.indexed |> List.fold folder ([], false)
    scanner, scans

/// Everything that was taken.
let foundIn (scans: SegmentScan list) = scans |> List.collect (fun scan -> List.map found scan.Items)
