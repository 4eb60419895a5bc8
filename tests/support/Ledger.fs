// A projection over several streams, and a small journal for it: what was placed, counted and summed.
// Used by the tests of projections and evidence and, linked, by their properties.
module Refold.Support.Ledger

open System
open Refold
open Refold.Core

type Total = { Count: int64; Sum: int64 }

let placed: Codec<int64> =
    Aggregates.textCodec "placed" (fun amount -> amount.ToString Globalization.CultureInfo.InvariantCulture) (fun text ->
        match Int64.TryParse(text, Globalization.NumberStyles.AllowLeadingSign, Globalization.CultureInfo.InvariantCulture) with
        | true, amount -> Some amount
        | false, _ -> None)

let state: Codec<Total> = Codec.json<Total> "total"

let add (total: Total option) (amount: int64) : Total option =
    let before = total |> Option.defaultValue { Count = 0L; Sum = 0L }
    Some { Count = before.Count + 1L; Sum = before.Sum + amount }

let relevant = ProjectionSourceRef.RelevantKind "placed"

/// What was placed, in any stream.
let totals: Projection<Total> =
    Projection.ofEvents "totals" 1 [ relevant ] placed add |> Projection.withState state

/// The same of other sources.
let over (sources: ProjectionSourceRef list) : Projection<Total> =
    Projection.ofEvents "totals" 1 sources placed add |> Projection.withState state

/// Every entry of any stream, counted.
let counting (sources: ProjectionSourceRef list) : Projection<int64> =
    Projection.ofEntries "counting" 1 sources (fun count _ -> Some(defaultArg count 0L + 1L))
    |> Projection.withState (Codec.int64 "count")

let entry (stream: string) (typeName: string) (payload: string) : EntryData =
    EntryData.create (StreamId.Create stream) Role.Event typeName (Bytes.OfText payload)

let at (time: string) (data: EntryData) : EntryData =
    { data with
        Time = Some(DateTimeOffset.Parse(time, Globalization.CultureInfo.InvariantCulture))
    }

/// order/1 placed 5, shipped | order/2 placed 7 (earlier, tagged) | note/1 noted, without a time.
let journal: Journal =
    Journal.empty
    |> Examples.append
        [
            entry "order/1" "placed" "5" |> at "2026-01-02T03:04:05.6789Z"
            entry "order/1" "shipped" "true" |> at "2026-01-02T03:04:05.1Z"
        ]
    |> Examples.append
        [
            entry "order/2" "placed" "7" |> at "2026-01-02T03:04:04Z" |> Examples.tagged [ "eu" ]
        ]
    |> Examples.append [ entry "note/1" "noted" "{\"text\":\"\\u20ac\"}" ]

/// The journal with one order more.
let longer: Journal =
    journal |> Examples.append [ entry "order/3" "placed" "11" |> at "2026-01-03T00:00:00Z" ]

let consistent = ProjectionRunRequestedFreshness.Consistent

/// A run that finds this in its cache.
let internal withCache
    (freshness: ProjectionRunRequestedFreshness)
    (answer: CacheAnswer)
    (projection: Projection<'State>)
    (journal: Journal)
    =
    ProjectionRun.over projection { Evidence.request freshness with Cache = answer } (JournalEvidence.reader journal)

/// What a run leaves for a cache.
let internal rowOf (projection: Projection<'State>) (journal: Journal) : ProjectionRow =
    match withCache consistent CacheAnswer.Absent projection journal with
    | Ok outcome -> outcome.Keep.Value
    | Error error -> failwith (error.ToString())

/// The report of a run, failed or not.
let reportOf (result: Result<'State option * ProjectionRunEvidenceReport, ProjectionRunReportError>) : ProjectionRunEvidenceReport =
    match result with
    | Ok(_, report) -> report
    | Error(ProjectionRunReportError.ProjectionFailed(_, report)) -> report
    | Error error -> failwith (error.ToString())
