// Directories of segment files as a store makes them: sealed segments, COMMIT, a checkpoint; and what their rows and frames know.
// Called by SmallDirectory.fs and SegmentOpening.fs, and by the properties of footers and of opening.
module internal Refold.Support.SegmentDirectory

open System
open Refold
open Refold.Core
open Refold.Format

/// What an index must know, in a form that can be compared.
type Known =
    {
        Entries: (int64 * int64 * string) list
        Batches: (int64 * int * string) list
        Keys: (string * string * string) list
        Deletions: (string * int64) list
        Head: int64 * string
    }

/// Files by name.
type Files = Map<string, byte[]>

let headerOf (bytes: byte[]) =
    match SegmentHeader.decode (ReadOnlyMemory bytes) with
    | Ok header -> header
    | Error error -> invalidOp $"{error}"

let nameOf (bytes: byte[]) : SegmentName =
    let header = headerOf bytes
    { FirstPosition = header.FirstPosition; Generation = header.Generation }

let private receiptText (receipt: Receipt) =
    let versions =
        receipt.Versions |> List.map (fun item -> $"{item.Stream.Value}:{item.First}-{item.Last}")

    $"{receipt.FirstPosition} {receipt.Count} {receipt.Head.Position} {receipt.Head.Hash} "
    + String.concat "," versions

let private hex (bytes: ReadOnlyMemory<byte>) = Convert.ToHexStringLower bytes.Span

/// Of two batches with one key, which forgetting it allows, the later one counts.
let private lastOfEach (keys: (string * string * string) list) : (string * string * string) list =
    keys |> List.rev |> List.distinctBy (fun (key, _, _) -> key) |> List.sort

/// What a scan of frames knows.
let ofItems (items: SegmentItem list) (head: Head) : Known =
    let batches =
        items
        |> List.choose (fun item ->
            match item.Content with
            | SegmentContent.Batch stored -> Some stored.Batch
            | _ -> None)

    {
        Entries =
            [
                for batch in batches do
                    for place in 0 .. batch.Entries.Length - 1 do
                        batch.Positions[place], batch.Versions[place], hex batch.Canonical[place]
            ]
        Batches =
            [
                for batch in batches -> batch.FirstPosition, batch.Receipt.Count, string batch.Receipt.Head.Hash
            ]
        Keys =
            [
                for item in items do
                    match item.Content with
                    | SegmentContent.Base(content, _) ->
                        for key in content.Keys do
                            yield key.Key, string key.Content, receiptText key.Receipt
                    | SegmentContent.Batch stored ->
                        match stored.Batch.Key with
                        | Some(key, content) -> yield key, string content, receiptText stored.Batch.Receipt
                        | None -> ()
                    | SegmentContent.Deletion _
                    | SegmentContent.KeysForgotten _ -> ()
            ]
            |> lastOfEach
        Deletions =
            items
            |> List.choose (fun item ->
                match item.Content with
                | SegmentContent.Deletion(stream, version) -> Some(stream.Value, version)
                | _ -> None)
        Head = head.Position, string head.Hash
    }

/// What rows know of a segment with these bytes: each frame is read where its row says, and has to agree with it.
let ofRows (segment: byte[]) (rows: SegmentRows) : Result<Known, string> =
    let seed = Checksum.seed (headerOf segment).JournalId

    let entry (row: EntryRow) =
        match FrameDecoding.read seed (ReadOnlyMemory segment) (int row.Offset) with
        | Ok found when found.Size = row.Length && found.Frame.Position = row.Position && found.Frame.Version = row.Version ->
            match found.Frame.Body with
            | FrameBody.Entry(place, canonical) when place.First = rows.Batches[row.Batch].FirstPosition ->
                match CanonicalBytes.tryRead canonical with
                | Some data when
                    data.Stream = rows.Streams[row.Stream].Stream && data.Type = rows.Words[row.Type].Text && data.Role = row.Role
                    ->
                    Ok(row.Position, row.Version, hex canonical)
                | _ -> Error $"the frame at {row.Offset} is not what its row says"
            | _ -> Error $"the frame at {row.Offset} is not of its batch"
        | _ -> Error $"there is no such frame at {row.Offset}"

    let entries = rows.Entries |> Array.map entry


    match
        entries
        |> Array.tryPick (function
            | Error reason -> Some reason
            | Ok _ -> None)
    with
    | Some reason -> Error reason
    | None ->
        Ok
            {
                Entries = entries |> Array.map (Result.defaultValue (0L, 0L, "")) |> List.ofArray
                Batches = [ for row in rows.Batches -> row.FirstPosition, row.Count, string row.Head ]
                Keys =
                    RowKeys.known rows
                    |> Seq.map (fun key -> key.Key, string key.Content, receiptText key.Receipt)
                    |> List.ofSeq
                    |> lastOfEach
                Deletions =
                    [
                        for row in rows.Deletions -> rows.Streams[row.Stream].Stream.Value, row.Version
                    ]
                Head = 0L, ""
            }

/// Two parts of a journal, one behind the other.
let join (first: Known) (second: Known) : Known =
    {
        Entries = first.Entries @ second.Entries
        Batches = first.Batches @ second.Batches
        Keys = lastOfEach (first.Keys @ second.Keys)
        Deletions = first.Deletions @ second.Deletions
        Head = second.Head
    }

let nothing: Known = { Entries = []; Batches = []; Keys = []; Deletions = []; Head = 0L, "" }

/// A segment file with what seals it.
let withSeal (bytes: byte[]) (seal: SegmentSeal) : byte[] =
    let file = Array.zeroCreate (int seal.TrailerOffset + seal.Trailer.Length)
    bytes.CopyTo(file, 0)
    seal.Footer.CopyTo(Memory(file, int seal.FooterOffset, seal.Footer.Length))
    seal.Trailer.CopyTo(Memory(file, int seal.TrailerOffset, seal.Trailer.Length))
    file

/// The segments, all but the last sealed; with the scan of each.
let sealAllButLast (segments: byte[] list) : (byte[] * SegmentScan) list =
    let scanner = SegmentScanner()
    let last = segments.Length - 1
    let mutable before = TreePlace.none

    segments
    |> List.mapi (fun index bytes ->
        let scan = scanner.Scan(ReadOnlyMemory bytes, (index = last))
        let first = before
        before <- IndexRows.placeBehind before scan.Items

        if index = last then
            bytes, scan
        else
            let seal =
                FooterEncoding.seal
                    (headerOf bytes)
                    (int64 bytes.Length)
                    first
                    scan.Items
                    (int64 scan.TakenTo)
                    scanner.LastFrame
                    scanner.Head
                    scanner.Epoch

            withSeal bytes seal, scan)

/// The head behind items.
let headBehind (items: SegmentItem list) (before: Head) =
    items
    |> List.fold
        (fun head item ->
            match item.Content with
            | SegmentContent.Batch stored -> stored.Batch.Receipt.Head
            | _ -> head)
        before

/// What the batches of all segments but the last come to.
let treeBefore (segments: byte[] list) : TreePlace =
    let scanner = SegmentScanner()

    segments
    |> List.truncate (segments.Length - 1)
    |> List.fold (fun before bytes -> IndexRows.placeBehind before (scanner.Scan(ReadOnlyMemory bytes, false)).Items) TreePlace.none

/// The file of a checkpoint over the first items of the last segment.
let checkpointFile (segments: byte[] list) (items: SegmentItem list) : string * byte[] =
    let bytes = List.last segments
    let header = headerOf bytes
    let names = segments |> List.map nameOf
    let owner = { Seed = Checksum.seed header.JournalId; FirstFrame = header.FirstFrame }
    let rows = IndexRows.ofItems header.HasIds (treeBefore segments) items
    let pages = FooterEncoding.pages owner rows
    let covered = List.tryLast items
    let lastFrame = covered |> Option.map _.LastFrame |> Option.defaultValue (header.FirstFrame - 1L)

    let root =
        {
            JournalId = header.JournalId
            SetGeneration = 0L
            Segments = names.Length
            SetHash = Checkpoint.setHash names
            Watermark = List.last names
            Offset = covered |> Option.map _.End |> Option.defaultValue SegmentHeader.bytes |> int64
            LastFrame = lastFrame
            Head = headBehind items { Position = header.FirstPosition - 1L; Hash = header.HeadBefore }
            Epoch = 1u
            Entries = rows.Entries.Length
            Pages = pages.Length / Page.bytes
            KeysBefore = 0L
            // As the first files were written.
            PagesChecksum = 0u
        }

    FileName.checkpoint 0L lastFrame, Array.append ((Checkpoint.encode root).ToArray()) (pages.ToArray())

/// A COMMIT file that ends behind these items of the last segment.
let commitFile (segments: byte[] list) (items: SegmentItem list) (isClosed: bool) : byte[] =
    let header = headerOf (List.last segments)
    let covered = List.tryLast items

    let slot sequence =
        {
            JournalId = header.JournalId
            Sequence = sequence
            Epoch = 1u
            SetGeneration = 0L
            Segment = nameOf (List.last segments)
            EndOffset = covered |> Option.map _.End |> Option.defaultValue SegmentHeader.bytes |> int64
            LastFrame = covered |> Option.map _.LastFrame |> Option.defaultValue (header.FirstFrame - 1L)
            Head = headBehind items { Position = header.FirstPosition - 1L; Hash = header.HeadBefore }
            IsClosed = isClosed
        }

    let file = Array.zeroCreate Commit.fileBytes

    for sequence in [ 6L; 7L ] do
        let at = int (Commit.slotOffset sequence)
        (Commit.encode (slot sequence)).CopyTo(Memory(file, at, Commit.slotBytes))

    file
