// Opening a directory of segment files as a store does that only reads: plan, rows, tail.
// Called by OpeningTests.fs, OpeningTests.Refusal.fs and GoldenTests.fs, and by the properties of opening.
module internal Refold.Support.SegmentOpening

open System
open Refold
open Refold.Core
open Refold.Format
open Refold.Support.SegmentDirectory

let slice (files: Files) (name: string) (offset: int64) (count: int) : ReadOnlyMemory<byte> =
    let bytes = Map.tryFind name files |> Option.defaultValue [||]
    let start = int (max 0L (min offset (int64 bytes.Length)))
    ReadOnlyMemory(bytes, start, max 0 (min count (bytes.Length - start)))

/// The directory as opening finds it.
let filesFound (ways: OpeningWays) (files: Files) : FoundFiles =
    {
        Files = files |> Map.toList |> List.map (fun (name, bytes) -> name, int64 bytes.Length)
        Read = slice files
        Ways = ways
    }

let private rowsOf (files: Files) (plan: OpeningPlan) : Result<(string * SegmentRows) list, string> =
    let footers =
        plan.Segments
        |> List.choose (fun segment ->
            match segment.Header, segment.Trailer with
            | Some header, Some trailer ->
                let file = string segment.Name
                Some(file, FooterDecoding.read (FooterDecoding.sourceOf header trailer (slice files file)))
            | _ -> None)

    let checkpoint =
        match plan.Checkpoint, List.tryLast plan.Segments with
        | Some(name, root), Some { Name = segment; Header = Some header } ->
            let source = FooterDecoding.sourceOfCheckpoint header root (slice files name)
            [ string segment, FooterDecoding.read source ]
        | _ -> []

    let parts = footers @ checkpoint

    match
        parts
        |> List.tryPick (fun (file, rows) ->
            match rows with
            | Error error -> Some $"{file}: {error}"
            | Ok _ -> None)
    with
    | Some reason -> Error reason
    | None ->
        Ok(
            parts
            |> List.choose (fun (file, rows) ->
                match rows with
                | Ok rows -> Some(file, rows)
                | Error _ -> None)
        )

/// Opens as a store does that only reads: what is known then, or why it is refused.
let openBy (ways: OpeningWays) (files: Files) : Result<OpeningPlan * Known, string> =
    match Opening.plan (filesFound ways files) with
    | Error refusal -> Error(refusal.ToString())
    | Ok plan ->
        rowsOf files plan
        |> Result.bind (fun parts ->
            let highest (stream: StreamId) =
                parts
                |> List.collect (fun (_, rows) -> List.ofArray rows.Streams)
                |> List.filter (fun row -> row.Stream = stream)
                |> List.fold (fun most row -> max most row.Highest) 0L

            let restored =
                parts
                |> List.fold
                    (fun known (file, rows) -> known |> Result.bind (fun known -> ofRows files[file] rows |> Result.map (join known)))
                    (Ok nothing)

            let scanner = SegmentScanner(Opening.scanStart plan highest)
            let first = plan.Tail |> Option.map _.Segment |> Option.defaultValue 0

            let scanned =
                plan.Segments
                |> List.indexed
                |> List.skip first
                |> List.fold
                    (fun scanned (index, segment) ->
                        scanned
                        |> Result.bind (fun items ->
                            let from = if index = first then int plan.Tail.Value.Offset else SegmentHeader.bytes
                            let bytes = files[string segment.Name]
                            let scan = scanner.Scan(ReadOnlyMemory bytes, (index = plan.Segments.Length - 1), from)

                            match scan.End with
                            | SegmentEnd.Refused error -> Error $"{segment.Name}: {error}"
                            | SegmentEnd.Whole
                            | SegmentEnd.Torn _ -> Ok(items @ scan.Items)))
                    (Ok [])

            match restored, scanned with
            | Error reason, _
            | _, Error reason -> Error reason
            | Ok restored, Ok items -> Ok(plan, join restored (ofItems items scanner.Head)))

/// Each way alone, with what it falls back to.
let byCheckpoint = { Checkpoint = true; Footers = false; Scan = false }

let byFooters = { Checkpoint = false; Footers = true; Scan = true }

let byScan = { Checkpoint = false; Footers = false; Scan = true }
