// Projections by id: what is registered is what runs.
// Run by `dotnet test`.
module Refold.Core.Tests.ProjectionRegistryTests

open Expecto
open Refold.Core
open Refold.Support
open Refold.Support.Ledger

let private named (id: string) : Projection<int64> =
    Projection.ofEntries id 1 [] (fun count _ -> Some(defaultArg count 0L + 1L))
    |> Projection.withState (Codec.int64 "count")

let private run id registry = ProjectionRegistry.run id (Evidence.request consistent) (JournalEvidence.reader journal) registry

[<Tests>]
let tests =
    testList "Evidence / registry" [
        testCase "an empty registry has nothing" (fun () ->
            equal [] (ProjectionRegistry.ids ProjectionRegistry.empty)
            isFalse (ProjectionRegistry.contains "totals" ProjectionRegistry.empty))

        testCase "a projection of an id that is there takes its place" (fun () ->
            let registry =
                ProjectionRegistry.empty |> ProjectionRegistry.register (named "totals") |> ProjectionRegistry.register totals

            equal [ "totals" ] (ProjectionRegistry.ids registry)
            let outcome = run "totals" registry |> Option.get |> Examples.ok
            equal (Some(box { Count = 2L; Sum = 12L })) outcome.State)

        testCase "ids are sorted by UTF-8 bytes" (fun () ->
            let registry =
                [ "b"; "\U0001F600"; "a"; "\uFF5E"; "B" ]
                |> List.fold (fun registry id -> ProjectionRegistry.register (named id) registry) ProjectionRegistry.empty

            equal [ "B"; "a"; "b"; "\uFF5E"; "\U0001F600" ] (ProjectionRegistry.ids registry)
            isTrue (ProjectionRegistry.contains "a" registry)
            isFalse (ProjectionRegistry.contains "A" registry))

        testCase "an unknown id is none" (fun () ->
            isTrue (run "nobody" (ProjectionRegistry.register totals ProjectionRegistry.empty)).IsNone)

        testCase "a run by id is a direct run, failed ones too" (fun () ->
            let failing = Projection.ofEntries "failing" 1 [] (fun (_: int64 option) _ -> failwith "boom")

            let registry =
                ProjectionRegistry.empty |> ProjectionRegistry.register totals |> ProjectionRegistry.register failing

            let direct = withCache consistent CacheAnswer.Bypassed totals journal |> Examples.ok
            let byId = run "totals" registry |> Option.get |> Examples.ok
            equal (direct.State |> Option.map box) byId.State
            equal direct.Report byId.Report
            equal direct.Keep byId.Keep

            let report result =
                result |> Result.map (fun (outcome: ProjectionOutcome<_>) -> outcome.State, outcome.Report) |> reportOf

            equal (report (withCache consistent CacheAnswer.Bypassed failing journal)) (report (run "failing" registry |> Option.get)))
    ]
