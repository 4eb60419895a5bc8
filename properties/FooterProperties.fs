// The promises of FORMAT.md about footers: their rows are what a scan of the frames gives, and each can be found alone.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.FooterProperties

open System
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening
open Refold.Properties.SegmentSamples
open Refold.Properties.ColumnSamples
open Refold.Support

let private ok result =
    match result with
    | Ok value -> value
    | Error error -> invalidOp $"{error}"

let private arbitrary = Arb.fromGen (Gen.map build genSteps)

let internal readAt (file: byte[]) = slice (Map.ofList [ "", file ]) ""

let private sourceOf (file: byte[]) =
    let header = headerOf file
    let tail = readAt file (int64 (file.Length - SegmentTrailer.bytes)) SegmentTrailer.bytes

    match SegmentTrailer.decode header (int64 file.Length) tail |> ok with
    | Some trailer -> FooterDecoding.sourceOf header trailer (readAt file)
    | None -> invalidOp "not sealed"

/// What the batches before a sealed segment come to.
let private beforeOf (file: byte[]) = (FooterReader.Open(sourceOf file) |> ok).Before() |> ok

let private sealedOnes sample = sealAllButLast sample.Segments |> List.truncate (sample.Segments.Length - 1)

/// Whether the rows of the first items, put into a checkpoint and read back, extended by the rest, are the rows of all at every cut.
let internal extendEverywhere (header: SegmentHeader) (before: TreePlace) (items: SegmentItem list) : bool =
    let ofItems = IndexRows.ofItems header.HasIds before
    let all = ofItems items
    let name = { FirstPosition = header.FirstPosition; Generation = header.Generation }

    [ 0 .. items.Length ]
    |> List.forall (fun count ->
        let first, rest = List.splitAt count items
        let known = { Position = header.FirstPosition - 1L; Hash = header.HeadBefore }
        let head = first |> List.fold (fun (head: Head) item -> headBehind [ item ] head) known

        let place = {
            SetGeneration = 3L
            Segments = [ name ]
            Header = header
            Offset = first |> List.tryLast |> Option.map (fun item -> int64 item.End) |> Option.defaultValue 128L
            LastFrame = first |> List.tryLast |> Option.map _.LastFrame |> Option.defaultValue 0L
            Head = head
            Epoch = 1u
        }

        let keysBefore = first |> List.fold IndexRows.keysBefore 0L
        let made = Checkpoint.make place (ofItems first) keysBefore
        let file = Array.append (made.Root.ToArray()) (made.Pages.ToArray())
        let root = Checkpoint.decode (ReadOnlyMemory file)
        let judged = Checkpoint.judge header.JournalId [ name ] made.Name (int64 file.Length) root |> ok
        let rows = FooterDecoding.readCheckpoint header judged (readAt file) |> ok

        let columns = IndexColumns(header.HasIds, ValueSome before)
        columns.Restore(rows, judged.Head.Position, judged.KeysBefore)
        List.iter (addTo columns) rest
        let cut = columns.Cut()

        judged.KeysBefore = keysBefore
        && rows = ofItems first
        && ColumnRows.upTo cut columns = all
        && cut.KeysBefore = List.fold IndexRows.keysBefore 0L items
        && IndexRows.extend rows judged.Head.Position rest = all)
    && columnsEverywhere header before items

let private wordOf (reader: FooterReader) kind text =
    match kind with
    | WordKind.Type -> reader.Type text
    | WordKind.Tag -> reader.Tag text
    | WordKind.Run -> reader.Run text
    |> ok

let private shuffled =
    gen {
        let! sample = Gen.map build genSteps
        let files = sealedOnes sample |> List.map fst |> List.indexed
        let! order = Gen.shuffle (Array.ofList files)
        return files, List.ofArray order
    }

[<Tests>]
let tests =
    properties "Index / footers" [
        testProperty
            "rows of a checkpoint, extended by what comes behind it, are the rows of all frames, and so are those of columns"
            (Prop.forAll arbitrary (fun sample ->
                sealedOnes sample
                |> List.forall (fun (file, scan) -> extendEverywhere (headerOf file) (beforeOf file) scan.Items)))

        testProperty
            "rows of a footer are what a scan of the frames gives"
            (Prop.forAll arbitrary (fun sample ->
                sealedOnes sample
                |> List.forall (fun (file, scan) ->
                    let rows = FooterDecoding.read (sourceOf file) |> ok
                    let expected = { ofItems scan.Items Head.empty with Head = 0L, "" }

                    let tags (batch: AcceptedBatch) =
                        Seq.zip batch.Positions batch.Entries
                        |> Seq.collect (fun (position, data) -> Tags.toOutward data.Role data.Tags |> Seq.map (fun tag -> tag, position))

                    let tagged =
                        scan.Items
                        |> Seq.collect (fun item ->
                            match item.Content with
                            | SegmentContent.Batch stored -> tags stored.Batch
                            | _ -> Seq.empty)
                        |> Seq.sort

                    let found =
                        rows.Words
                        |> Seq.filter (fun word -> word.Kind = WordKind.Tag)
                        |> Seq.collect (fun word ->
                            Seq.init word.Count (fun place -> word.Text, rows.Entries[rows.Postings[word.First + place]].Position))
                        |> Seq.sort

                    rows = IndexRows.ofItems true (beforeOf file) scan.Items
                    && ofRows file rows = Ok expected
                    && List.ofSeq found = List.ofSeq tagged)))

        testProperty
            "a sealed segment scans as it did before it was sealed, and says so"
            (Prop.forAll arbitrary (fun sample ->
                let files = sealAllButLast sample.Segments |> List.map fst
                let _, scans = scan files
                let last = files.Length - 1

                foundIn scans = (sample.Writes |> List.map _.Found)
                && scans |> List.forall _.End.IsWhole
                && scans |> List.indexed |> List.forall (fun (index, scan) -> scan.Trailer.IsSome = (index < last))))

        testProperty
            "footers of several segments give the same index in whatever order they are read"
            (Prop.forAll (Arb.fromGen shuffled) (fun (files, order) ->
                let read = List.map (fun (index, file) -> index, FooterDecoding.read (sourceOf file) |> ok)
                List.sortBy fst (read order) = read files))

        testCase "a filter lets every name through that is there, and few others, at the cost of one page" (fun () ->
            let names = [ for number in 0..499 -> number, 1 ]
            let sample = build [ List.chunkBySize 2 names |> List.map Append; [ Append [ 0, 1 ] ] ]
            let file = sealedOnes sample |> List.head |> fst
            let source = sourceOf file
            let rows = FooterDecoding.read source |> ok
            let mutable pages = 0

            let counting = {
                source with
                    Read =
                        fun offset count ->
                            pages <- pages + 1
                            source.Read offset count
            }

            let reader = FooterReader.Open counting |> ok

            for row in rows.Streams do
                equal (Some row) (reader.Stream row.Stream |> ok)

            for row in rows.Keys do
                isTrue (reader.MayHaveKey row.Key |> ok)
                isTrue (reader.Key row.Key |> ok |> Option.isSome)

            for row in rows.Words do
                equal (Some row) (wordOf reader row.Kind row.Text)

            pages <- 0

            for number in 1..1000 do
                equal None (reader.Stream(Refold.StreamId.Create $"nobody {number}") |> ok)

            // One page for each, and the rows for one in a hundred or so.
            inRange 1000 1200 pages
            // The same words of another kind are other names.
            let others = rows.Streams |> Seq.filter (fun row -> reader.MayHaveKey row.Stream.Value |> ok)
            inRange 0 30 (Seq.length others))

        testCase "nodes and leaves in footers are those of the batch tree over all batches" (fun () ->
            let names = [ for number in 0..399 -> number, 1 ]

            let sample =
                build ((List.chunkBySize 2 names |> List.map Append |> List.chunkBySize 60) @ [ [ Append [ 0, 1 ] ] ])

            let readers =
                sealedOnes sample |> List.map (fun (file, scan) -> scan, FooterReader.Open(sourceOf file) |> ok)

            let leaves = [|
                for scan, _ in readers do
                    for item in scan.Items do
                        match item.Content with
                        | SegmentContent.Batch stored -> TreePlace.leafOf stored.Batch.FirstPosition stored.Batch.Leaves
                        | _ -> ()
            |]

            let rec rootOf first count =
                if count = 1 then
                    leaves[first]
                else
                    BatchTree.join (rootOf first (count / 2)) (rootOf (first + count / 2) (count / 2))

            equal 200 leaves.Length
            let mutable first = 0L
            let mutable nodes = 0

            for _, reader in readers do
                equal first (reader.Before() |> ok).Batches
                let behind = reader.Behind() |> ok
                equal (BatchTree.fold behind.Peaks) (TreePlace.peaks behind).Root

                for last in first .. behind.Batches - 1L do
                    for height in 0..8 do
                        let count = 1 <<< height
                        let ends = (last + 1L) % int64 count = 0L

                        let expected = if height >= 4 && ends then Some(rootOf (int last + 1 - count) count) else None

                        nodes <- nodes + (if expected.IsSome then 1 else 0)
                        equal expected (reader.Node(first, last, height) |> ok)

                first <- behind.Batches

            // Of 16, 32, 64 and 128 batches.
            equal (12 + 6 + 3 + 1) nodes)

        testProperty
            "every row is found alone, and what is not there is not"
            (Prop.forAll arbitrary (fun sample ->
                sealedOnes sample
                |> List.forall (fun (file, _) ->
                    let rows = FooterDecoding.read (sourceOf file) |> ok
                    let reader = FooterReader.Open(sourceOf file) |> ok
                    let positions = rows.Entries |> Array.map _.Position |> Set.ofArray

                    let covered position =
                        rows.Batches
                        |> Array.tryFind (fun row -> row.FirstPosition <= position && position < row.FirstPosition + int64 row.Count)

                    let perStream =
                        rows.Streams
                        |> Array.forall (fun stream ->
                            reader.Stream stream.Stream |> ok = Some stream
                            && [ 0L .. stream.Highest + 1L ]
                               |> List.forall (fun version ->
                                   let expected =
                                       rows.Entries
                                       |> Array.tryFind (fun row ->
                                           rows.Streams[row.Stream].Stream = stream.Stream && row.Version = version)

                                   reader.EntryOf(stream, version) |> ok = expected))

                    reader.Entries = rows.Entries.Length
                    && perStream
                    && [ 0L .. (List.fold max 0L (List.ofSeq positions)) + 2L ]
                       |> List.forall (fun position ->
                           (reader.EntryAt position |> ok |> Option.isSome) = positions.Contains position
                           && reader.BatchIndexAt position |> ok |> Option.map (Array.get rows.Batches) = covered position)
                    && rows.Entries
                       |> Array.indexed
                       |> Array.forall (fun (index, row) ->
                           reader.BatchIndexOf(index, row.Position) |> ok = row.Batch
                           && reader.BatchIndexOf(index, row.Position + 1L) |> Result.isError)
                    && readInPlace reader rows
                    && rows.Entries |> Array.forall (fun row -> reader.EntryAt row.Position |> ok = Some row)
                    && rows.Words |> Array.forall (fun row -> wordOf reader row.Kind row.Text = Some row)
                    && rows.Keys |> Array.forall (fun row -> reader.Key row.Key |> ok |> Option.map _.Content = Some row.Content)
                    && wordOf reader WordKind.Tag "Happened" = None
                    && rows.Ids
                       |> Array.forall (fun row ->
                           let same = rows.Ids |> Seq.filter (fun other -> other.Id = row.Id) |> Seq.map _.Entry
                           reader.ById row.Id |> ok = List.ofSeq same)
                    && rows.Causes
                       |> Array.forall (fun row ->
                           let same = rows.Causes |> Seq.filter (fun other -> other.Id = row.Id) |> Seq.map _.Entry
                           reader.ByCause row.Id |> ok = List.ofSeq same)
                    && rows.Nodes
                       |> Array.forall (fun row ->
                           // Also where the number before leads to another row, or to none.
                           [ (reader.Before() |> ok).Batches; 0L; row.Last ]
                           |> List.forall (fun before -> reader.Node(before, row.Last, row.Height) |> ok = Some row.Hash))
                    && reader.Behind() |> ok = rows.Behind
                    && reader.ById(System.Guid.NewGuid()) |> ok = []
                    && reader.Key "no such key" |> ok |> Option.isNone
                    && reader.Stream(Refold.StreamId.Create "no such stream") |> ok = None)))
    ]
