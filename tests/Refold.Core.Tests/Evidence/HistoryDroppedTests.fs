// Runs over journals of which something is gone: what the query could match fails a fold without a cached state.
// Run by `dotnet test`.
module Refold.Core.Tests.HistoryDroppedTests

open System
open Expecto
open Refold.Core
open Refold.Support
open Refold.Support.Ledger

let private outcome projection answer journal = withCache consistent answer projection journal

let private isDropped result =
    match result with
    | Error(ProjectionRunReportError.ProjectionFailed(source, report)) ->
        equal "history-dropped" (source :?> ProjectionException).Code
        startsWith "history-dropped" source.Message
        contains ProjectionRunFinding.ProjectionFailed report.Body.Findings
    | _ -> failtest "the run was to fail"

let private bypassed = CacheAnswer.Bypassed

let private kept row = CacheAnswer.Found(row, 0L, CachePlace.Kept)

let private order (number: int) = ProjectionSourceRef.Entity("order/" + string number)

let private deleted = Journal.deleteTo (Examples.stream "order/1") 1L longer

let private full = Some { Count = 3L; Sum = 23L }

[<Tests>]
let tests =
    testList "Evidence / history dropped" [
        testCase "a deleted stream that the query does not exclude fails the run" (fun () ->
            isDropped (outcome totals bypassed deleted)
            isDropped (outcome (over [ order 1 ]) bypassed deleted))

        testCase "a stream that the query excludes does not" (fun () ->
            let projection = over [ relevant; order 2; order 3 ]
            equal (Some { Count = 2L; Sum = 18L }) (outcome projection bypassed deleted |> Examples.ok).State)

        testCase "a range behind what is gone does not fail" (fun () ->
            let projection = over [ relevant; ProjectionSourceRef.Range(3L, Int64.MaxValue) ]
            equal (Some { Count = 2L; Sum = 18L }) (outcome projection bypassed deleted |> Examples.ok).State)

        testCase "what is gone counts also where nothing that is left matches" (fun () ->
            let gone = Journal.deleteTo (Examples.stream "order/1") 9L longer
            isDropped (outcome (over [ order 1 ]) bypassed gone))

        testCase "with a usable row the run goes on from there" (fun () ->
            let row = rowOf totals journal
            let whole = outcome totals (kept row) longer |> Examples.ok
            let holed = outcome totals (kept row) deleted |> Examples.ok
            equal full holed.State
            equal whole.Report holed.Report)

        testCase "a row does not help where something behind it is gone" (fun () ->
            let gone = Journal.deleteTo (Examples.stream "order/3") 1L longer
            isDropped (outcome totals (kept (rowOf totals journal)) gone))

        testCase "a row of another query does not help" (fun () -> isDropped (outcome totals (kept (rowOf (counting []) journal)) deleted))

        testCase "a dropped beginning fails a query of any stream, and of the streams that lost something" (fun () ->
            let dropped = Journal.dropTo 3L longer
            isDropped (outcome totals bypassed dropped)
            isDropped (outcome (over [ order 2 ]) bypassed dropped)
            equal (Some { Count = 1L; Sum = 11L }) (outcome (over [ order 3 ]) bypassed dropped |> Examples.ok).State
            equal full (outcome totals (kept (rowOf totals journal)) dropped |> Examples.ok).State)

        testCase "tree size, root, time and head are the same behind a dropped beginning" (fun () ->
            let row = rowOf totals journal
            let dropped = Journal.dropTo 3L longer
            let whole = outcome totals (kept row) longer |> Examples.ok
            equal whole.Report (outcome totals (kept row) dropped |> Examples.ok).Report)

        testCase "a state as of the end of a dropped beginning is served as before" (fun () ->
            let beginning =
                Journal.empty
                |> Examples.append (Examples.all journal |> List.take 2 |> List.map _.Data)
                |> Examples.append [ (List.item 2 (Examples.all journal)).Data ]

            let answer = kept (rowOf totals beginning)
            let stale journal = withCache (ProjectionRunRequestedFreshness.MaybeStale 5UL) answer totals journal |> Examples.ok
            let body = (stale (Journal.dropTo 3L longer)).Report.Body
            equal (Some(Journal.head beginning)) body.Head
            equal (Some 2L) body.TreeSize
            equal (stale longer).Report.Body body)

        testCase "positions of a restored journal that nothing is known about count for every stream" (fun () ->
            let entries = Examples.all longer |> List.filter (fun entry -> entry.Position >= 3L)

            let restored =
                (Journal.empty, entries)
                ||> List.fold (fun journal entry -> Journal.restore [ entry ] journal |> Examples.ok |> snd)

            isDropped (outcome totals bypassed restored)
            isDropped (outcome (over [ order 2 ]) bypassed restored)
            let later = over [ relevant; ProjectionSourceRef.Range(3L, 9L) ]
            equal (Some { Count = 2L; Sum = 18L }) (outcome later bypassed restored |> Examples.ok).State)
    ]
