// The rule of cached states: each line of it, and what the report says.
// Run by `dotnet test`.
module Refold.Core.Tests.ProjectionCacheTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support
open Refold.Support.Ledger

let private hit = ProjectionRunCacheStatus.Hit

let private miss = ProjectionRunCacheStatus.Miss

let private fresh = ProjectionRunFreshnessStatus.Fresh

let private stale = ProjectionRunFreshnessStatus.StaleAllowed

let private maybe (ms: uint64) = ProjectionRunRequestedFreshness.MaybeStale ms

let private full = Some { Count = 3L; Sum = 23L }

let private before = Some { Count = 2L; Sum = 12L }

let private kept (age: int64) (row: ProjectionRow) = CacheAnswer.Found(row, age, CachePlace.Kept)

let private inMemory (row: ProjectionRow) = CacheAnswer.Found(row, 0L, CachePlace.InMemory)

let private row () = rowOf totals journal

/// State, observed freshness, cache and position of a run over the longer journal.
let private runOn (journal: Journal) freshness answer =
    let outcome = withCache freshness answer totals journal |> Examples.ok

    let position =
        match outcome.Report.Body.InputFrontier with
        | Some(ProjectionRunInputFrontier.Visible(_, position)) -> position
        | None -> 0L

    outcome.State, outcome.Report.Body.ObservedFreshness, outcome.Report.Body.CacheStatus, position

let private run freshness answer = runOn longer freshness answer

let private notUsed (change: ProjectionRow -> ProjectionRow) =
    for freshness in [ consistent; maybe 1000UL ] do
        equal (full, fresh, miss, 5L) (run freshness (kept 1L (change (row ()))))

[<Tests>]
let tests =
    testList "Projections / cache" [
        testCase "maybe-stale serves what is younger than the bound: below the head it is stale" (fun () ->
            equal (before, stale, hit, 4L) (run (maybe 10UL) (kept 9L (row ()))))

        testCase "the bound is strict: what is as old as the bound is gone on from" (fun () ->
            equal (full, fresh, hit, 5L) (run (maybe 10UL) (kept 10L (row ()))))

        testCase "a bound of 0 never serves" (fun () ->
            equal (full, fresh, hit, 5L) (run (maybe 0UL) (kept 0L (row ())))
            equal (full, fresh, hit, 5L) (run (maybe 0UL) (kept -5L (row ()))))

        testCase "where the clock went back the age is 0" (fun () ->
            equal (before, stale, hit, 4L) (run (maybe 1UL) (kept Int64.MinValue (row ()))))

        testCase "a large bound takes any age" (fun () ->
            equal (before, stale, hit, 4L) (run (maybe UInt64.MaxValue) (kept Int64.MaxValue (row ()))))

        testCase "served at the head it is fresh, whatever was asked for" (fun () ->
            for freshness in [ consistent; maybe 10UL; maybe 0UL ] do
                equal (before, fresh, hit, 4L) (runOn journal freshness (kept 5L (row ()))))

        testCase "consistent goes on from what is kept: a hit, and fresh" (fun () ->
            equal (full, fresh, hit, 5L) (run consistent (kept 0L (row ()))))

        testCase "a watermark ahead of the head is not used" (fun () ->
            let ahead = rowOf totals longer
            equal (before, fresh, miss, 4L) (runOn journal (maybe 10UL) (kept 1L ahead))
            equal (before, fresh, miss, 4L) (runOn journal consistent (kept 1L ahead)))

        testCase "a row of another history is not used" (fun () ->
            notUsed (fun row -> {
                row with
                    Watermark = { row.Watermark with Hash = Hash.Compute(ReadOnlySpan "other"B) }
            }))

        testCase "a watermark inside a batch is not used" (fun () ->
            notUsed (fun row -> { row with Watermark = { row.Watermark with Position = 1L } }))

        testCase "a row of another schema version is not used" (fun () -> notUsed (fun row -> { row with SchemaVersion = 2 }))

        testCase "a row of another query is not used" (fun () ->
            notUsed (fun row -> { row with QueryHash = Selection.hash (Selection.create Query.all []) }))

        testCase "a state that cannot be decoded is not used" (fun () ->
            notUsed (fun row -> { row with State = Some { row.State.Value with Payload = Bytes.OfText "{" } }))

        testCase "a state that its codec writes otherwise now is not used" (fun () ->
            notUsed (fun row -> {
                row with
                    State = Some { row.State.Value with Payload = Bytes.OfText """{ "Count":"2","Sum":"12"}""" }
            }))

        testCase "a codec that throws makes a row unusable, not the run fail" (fun () ->
            let throwing = { state with Decode = fun _ -> invalidOp "no" }
            let projection = totals |> Projection.withState throwing
            let outcome = withCache consistent (kept 0L (row ())) projection longer |> Examples.ok
            equal full outcome.State
            equal miss outcome.Report.Body.CacheStatus)

        testCase "a row into which nothing was folded is not used" (fun () ->
            notUsed (fun row -> { row with EntriesHash = EntriesHash.zero }))

        testCase "a projection without a state codec uses no row with a state" (fun () ->
            let projection = Projection.ofEvents "totals" 1 [ relevant ] placed add
            let outcome = withCache consistent (kept 0L (row ())) projection longer |> Examples.ok
            equal full outcome.State
            equal miss outcome.Report.Body.CacheStatus)

        testCase "a cache that cannot be read: everything is folded, the observation says so, and the state is fresh" (fun () ->
            let unavailable = ProjectionRunCacheStatus.Unavailable "cache_get_failed"
            equal (full, fresh, unavailable, 5L) (run consistent CacheAnswer.Failed)
            equal (full, fresh, unavailable, 5L) (run (maybe 10UL) CacheAnswer.Failed))

        testCase "a cache that has nothing is missed" (fun () -> equal (full, fresh, miss, 5L) (run consistent CacheAnswer.Absent))

        testCase "no cache is bypassed" (fun () ->
            equal (full, fresh, ProjectionRunCacheStatus.Bypassed, 5L) (run (maybe 10UL) CacheAnswer.Bypassed))

        testCase "in memory only an equal watermark is a hit" (fun () ->
            equal (before, fresh, hit, 4L) (runOn journal consistent (inMemory (row ())))
            equal (before, fresh, hit, 4L) (runOn journal (maybe 10UL) (inMemory (row ())))
            equal (full, fresh, miss, 5L) (run consistent (inMemory (row ())))
            equal (full, fresh, miss, 5L) (run (maybe 1000UL) (inMemory (row ()))))

        testCase "what is worth keeping is as of the head; what was served is there already" (fun () ->
            let outcome freshness answer = withCache freshness answer totals longer |> Examples.ok
            equal (Some(rowOf totals longer)) (outcome consistent (kept 0L (row ()))).Keep
            equal None (outcome (maybe 10UL) (kept 0L (row ()))).Keep
            equal None (withCache consistent (kept 0L (row ())) totals journal |> Examples.ok).Keep
            equal None (withCache consistent CacheAnswer.Absent totals Journal.empty |> Examples.ok).Keep)

        testCase "nothing matched: the cache is bypassed, whatever it answered" (fun () ->
            for answer in
                [
                    CacheAnswer.Absent
                    CacheAnswer.Failed
                    CacheAnswer.Bypassed
                    kept 0L (row ())
                ] do
                let outcome =
                    withCache consistent answer (over [ ProjectionSourceRef.Entity "nobody" ]) longer |> Examples.ok

                equal ProjectionRunCacheStatus.Bypassed outcome.Report.Body.CacheStatus
                equal None outcome.State)

        testCase "a row of a fold that gave nothing is served as nothing" (fun () ->
            let nothing = Projection.ofEvents "totals" 1 [ relevant ] placed (fun (_: Total option) _ -> None)
            let row = rowOf nothing journal
            equal None row.State
            let outcome = withCache (maybe 10UL) (kept 0L row) nothing longer |> Examples.ok
            equal None outcome.State
            equal hit outcome.Report.Body.CacheStatus
            equal stale outcome.Report.Body.ObservedFreshness
            equal ProjectionRunOutputHash.NotApplicable outcome.Report.Body.OutputHash)
    ]
