// Journals as segment bytes beside the in-memory journal that specifies them, compacted, and what can be known of them afterwards.
// Called by CompactionTests.fs and by the properties of compaction.
module internal Refold.Support.CompactionJournal

open System
open Refold
open Refold.Core
open Refold.Format

/// What happens to a journal.
[<NoComparison>]
type Change =
    | Append of AppendRequest
    | Delete of StreamId * int64
    /// Keys of batches that begin before the position, one more than the head's at most.
    | Forget of int64
    /// A batch restored with this many positions that nothing is known about before its only entry.
    | Hole of int

/// A journal, twice: as it is specified, and as bytes.
[<NoComparison; NoEquality>]
type Written =
    {
        Journal: Journal
        Segments: byte[] list
        NextFrame: int64
        /// Every entry there ever was.
        Ever: Entry list
    }

let journalId = Guid "00112233-4455-6677-8899-aabbccddeeff"

let seed = Checksum.seed journalId

let private rotated (written: Written) : Written =
    let head = Journal.head written.Journal

    let generation =
        match List.tryLast written.Segments with
        | Some last when (SegmentDirectory.nameOf last).FirstPosition = head.Position + 1L -> (SegmentDirectory.nameOf last).Generation + 1
        | _ -> 0

    let header =
        {
            JournalId = journalId
            Generation = generation
            FirstPosition = head.Position + 1L
            FirstFrame = written.NextFrame
            HeadBefore = head.Hash
            FileBytes = int64 SegmentHeader.bytes
            HasIds = true
        }

    { written with
        Segments = written.Segments @ [ (SegmentHeader.encode header).ToArray() ]
    }

let private withBytes (written: Written) (write: FrameContext -> ByteWriter -> int64) : Written =
    let writer = ByteWriter 1024
    let last = written.Segments.Length - 1
    let next = write { Seed = seed; Epoch = 1u; Flushed = written.NextFrame - 1L } writer

    { written with
        NextFrame = next
        Segments =
            written.Segments
            |> List.mapi (fun index bytes -> if index = last then Array.append bytes (writer.Written.ToArray()) else bytes)
    }

let private withBatch (written: Written) (batch: AcceptedBatch) (journal: Journal) : Written =
    let ever = written.Ever @ Journal.readAll batch.FirstPosition Int32.MaxValue journal

    let write context writer =
        let struct (_, next) = FrameBatch.write context written.NextFrame batch [] writer
        next

    { withBytes written write with Journal = journal; Ever = ever }

/// Makes a change in both; what is refused changes nothing.
let apply (written: Written) (change: Change) : Written =
    let journal = written.Journal
    let head = Journal.head journal

    match change with
    | Append request ->
        match Append.encode request |> Result.bind (Append.accept (Journal.index journal)) with
        | Ok(Acceptance.Fresh batch) -> withBatch written batch (Examples.ok (Journal.appendRequest request journal) |> snd)
        | _ -> written
    | Hole gap ->
        let entry =
            {
                Position = head.Position + 1L + int64 gap
                Version = Journal.highestVersion (StreamId.Create "hole") journal + 1L
                Batch = head.Position + 1L
                Data = Examples.event "hole" "1"
            }

        let batch = Append.restore (Journal.index journal) [ entry ] |> Examples.ok
        withBatch written batch (Journal.restore [ entry ] journal |> Examples.ok |> snd)
    | Forget position ->
        let before = min position (head.Position + 1L)

        let write context writer =
            FrameBatch.writeForgetKeys context written.NextFrame head.Position before writer
            written.NextFrame + 1L

        { withBytes written write with
            Journal = Journal.forgetKeysBefore before journal
        }
    | Delete(stream, version) ->
        let after = Journal.deleteTo stream version journal
        let floor = Journal.floor stream after

        if floor = Journal.floor stream journal then
            written
        else
            let write context writer =
                FrameBatch.writeDelete context written.NextFrame head.Position stream floor writer
                written.NextFrame + 1L

            { withBytes written write with Journal = after }

/// The changes, segment by segment.
let write (segments: Change list list) : Written =
    let empty = { Journal = Journal.empty; Segments = []; NextFrame = 1L; Ever = [] }
    segments |> List.fold (fun written changes -> List.fold apply (rotated written) changes) empty

/// Every segment with what a scan takes from it, and where that leads; fails where one is not whole.
let scan (segments: byte[] list) : CompactionSource list * Head =
    let scanner = SegmentScanner()
    let last = segments.Length - 1

    let sources =
        segments
        |> List.mapi (fun index bytes ->
            let scan = scanner.Scan(ReadOnlyMemory bytes, (index = last))

            if not scan.End.IsWhole then
                failwith $"segment {index}: {scan.End}"

            {
                Header = scan.Header.Value
                Bytes = ReadOnlyMemory bytes
                Items = scan.Items
                Tree = SegmentDirectory.treeBefore (List.truncate (index + 1) segments)
            })

    sources, scanner.Head

/// The set of segments after one step.
let switch (segments: byte[] list) (step: CompactionStep) : byte[] list =
    let target = Compaction.target step (fst (scan segments))

    (target.ToArray())
    :: (segments |> List.filter (fun bytes -> not (List.contains (SegmentDirectory.nameOf bytes) step.Sources)))
    |> List.sortBy SegmentDirectory.nameOf

/// The journal after a compaction, and after each of its steps; the deletions come first, as a store makes them.
let compact (request: CompactionRequest) (written: Written) : Result<Written * byte[] list list, CompactionRefusal> =
    Compaction.plan request (fst (scan written.Segments))
    |> Result.map (fun plan ->
        let forgotten =
            request.Drop
            |> List.choose (function
                | CompactionDrop.KeysBefore position -> Some(Forget position)
                | _ -> None)

        let deleted = forgotten @ List.map Delete plan.Deletions |> List.fold apply written
        let stages = plan.Steps |> List.scan switch deleted.Segments
        { deleted with Segments = List.last stages }, stages)

let hex (bytes: ReadOnlyMemory<byte>) = Convert.ToHexStringLower bytes.Span

/// What a store knows after opening.
[<NoComparison; NoEquality>]
type Known =
    {
        /// Head behind a dropped beginning.
        Begin: Head
        Head: Head
        Batches: StoredBatch list
        Floors: Map<StreamId, int64>
        Highest: Map<StreamId, int64>
        Keys: Map<string, KnownKey>
        /// Where forgetting ends; 0 for nowhere.
        KeysBefore: int64
    }

let private versionOf stream versions : int64 = Map.tryFind stream versions |> Option.defaultValue 0L

let private raiseTo stream version versions = Map.add stream (max version (versionOf stream versions)) versions

let private take (known: Known) (content: SegmentContent) : Known =
    match content with
    | SegmentContent.Base(content, head) ->
        { known with
            Begin = head
            Floors = Map.ofList [ for stream in content.Streams -> stream.Stream, stream.Floor ]
            Highest = Map.ofList [ for stream in content.Streams -> stream.Stream, stream.Highest ]
            Keys = Map.ofList [ for key in content.Keys -> key.Key, key ]
            KeysBefore = content.KeysBefore
        }
    | SegmentContent.Deletion(stream, version) -> { known with Floors = raiseTo stream version known.Floors }
    | SegmentContent.KeysForgotten before ->
        { known with
            Keys = known.Keys |> Map.filter (fun _ key -> key.Receipt.FirstPosition >= before)
            KeysBefore = max before known.KeysBefore
        }
    | SegmentContent.Batch stored ->
        let batch = stored.Batch
        let versions = Seq.zip (batch.Entries |> Seq.map _.Stream) batch.Versions

        let highest =
            versions |> Seq.fold (fun known (stream, version) -> raiseTo stream version known) known.Highest

        { known with
            Batches = known.Batches @ [ stored ]
            Floors =
                stored.Dropped
                |> List.fold (fun known gone -> raiseTo gone.Versions.Stream gone.Versions.Last known) known.Floors
            Highest = stored.Dropped |> List.fold (fun known gone -> raiseTo gone.Versions.Stream gone.Versions.Last known) highest
            Keys =
                match batch.KnownKey with
                | Some key -> Map.add key.Key key known.Keys
                | None -> known.Keys
        }

/// What is known of a journal by its bytes alone.
let know (segments: byte[] list) : Known =
    let sources, head = scan segments

    let start =
        {
            Begin = Head.empty
            Head = head
            Batches = []
            Floors = Map.empty
            Highest = Map.empty
            Keys = Map.empty
            KeysBefore = 0L
        }

    sources |> Seq.collect _.Items |> Seq.map _.Content |> Seq.fold take start

let floorOf (stream: StreamId) (known: Known) = versionOf stream known.Floors

/// Position, version, data and canonical bytes of the entries that can be read.
let readable (known: Known) : (int64 * int64 * EntryData * string) list =
    [
        for stored in known.Batches do
            for index in 0 .. stored.Batch.Entries.Length - 1 do
                let data = stored.Batch.Entries[index]

                if stored.Batch.Versions[index] > floorOf data.Stream known then
                    stored.Batch.Positions[index], stored.Batch.Versions[index], data, hex stored.Batch.Canonical[index]
    ]

/// The head after the batch that holds the position.
let headAt (position: int64) (known: Known) : Head option =
    if position = known.Begin.Position then
        Some known.Begin
    else
        known.Batches
        |> List.map _.Batch.Receipt
        |> List.tryFind (fun receipt -> receipt.FirstPosition <= position && position <= receipt.Head.Position)
        |> Option.map _.Head

/// Appending is decided over this: an entry that is gone counts as a match.
let index (known: Known) : IAppendIndex =
    let there = Map.ofList [ for position, _, data, _ in readable known -> position, data ]

    { new IAppendIndex with
        member _.Head = known.Head
        member _.HighestVersion stream = versionOf stream known.Highest
        member _.Covers position = position >= known.Begin.Position
        member _.TryFindKey key = Map.tryFind key known.Keys

        member _.FirstMatchAfter(query, after) =
            seq { after + 1L .. known.Head.Position }
            |> Seq.tryFind (fun position ->
                match Map.tryFind position there with
                | Some data -> Query.matches data query
                | None -> true)
            |> Option.defaultValue 0L
    }

/// The bytes of every entry's frame.
let entryFrames (segments: byte[] list) : Set<string> =
    set
        [
            for source in fst (scan segments) do
                for item in source.Items do
                    match item.Content with
                    | SegmentContent.Batch stored ->
                        for offset in stored.Offsets do
                            let found = FrameDecoding.read seed source.Bytes offset |> Examples.ok
                            yield hex (source.Bytes.Slice(offset, found.Size))
                    | _ -> ()
        ]
