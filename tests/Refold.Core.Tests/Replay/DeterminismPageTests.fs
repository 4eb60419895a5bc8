// The page core/determinism.md is complete: every section has its test, and every cause of a divergence stands on it.
// Run by `dotnet test`.
module Refold.Core.Tests.DeterminismPageTests

open System
open Expecto
open FSharp.Reflection
open Refold.Core
open Refold.Core.Tests.DeterminismPage
open Refold.Support

let private testNames =
    [
        DeterminismTests.tests
        DeterminismChangeTests.tests
        DeterminismCodecTests.tests
    ]
    |> List.collect Test.toTestCodeList
    |> List.map (fun test -> List.last test.name)
    |> Set.ofList

[<Tests>]
let tests =
    testList "Replay / the page on determinism" [
        testCase "every section is provoked by the test of its name, or says that one machine cannot" (fun () ->
            isNotEmpty sections

            for heading, section in sections do
                isTrueFor
                    ("The section '" + heading + "' needs a test of its name, or the sentence that there can be none.")
                    (Set.contains heading testNames <> cannotBeProvoked section))

        testCase "every section says what happens, which divergence it causes, and what to do instead" (fun () ->
            for heading, section in sections do
                for part in [ "\n\nWhat happens: "; "\n\nDivergence: "; "\n\nInstead: " ] do
                    isTrueFor (heading + " lacks" + part) (section.Contains(part, StringComparison.Ordinal))

                isTrueFor
                    heading
                    (cannotBeProvoked section
                     || isRefusedAtStep section
                     || isFoundByCheckCodecs section
                     || not (promised section).IsEmpty))

        testCase "every cause stands on the page" (fun () ->
            let causes = [
                for case in FSharpType.GetUnionCases typeof<DivergenceCause> do
                    let arguments = case.GetFields() |> Array.map (fun _ -> box List.empty<string>)
                    (nonNull (FSharpValue.MakeUnion(case, arguments)) :?> DivergenceCause).Name
            ]

            let onPage = sections |> List.collect (fun (_, section) -> promised section |> List.map fst)
            equal [] (causes |> List.except onPage))
    ]
