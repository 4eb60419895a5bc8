// The page core/determinism.md is complete: every section has its test, and every cause of a divergence stands on it.
// Run by `dotnet test`.
module Refold.Core.Tests.DeterminismPageTests

open System
open FSharp.Reflection
open Refold.Core
open Refold.Core.Tests.DeterminismPage
open Xunit

let private testNames =
    [
        typeof<DeterminismTests>
        typeof<DeterminismChangeTests>
        typeof<DeterminismCodecTests>
    ]
    |> List.collect (fun tests -> List.ofArray (tests.GetMethods()))
    |> List.filter (fun test -> test.IsDefined(typeof<FactAttribute>, false))
    |> List.map _.Name
    |> Set.ofList

[<Fact>]
let ``every section is provoked by the test of its name, or says that one machine cannot`` () =
    Assert.NotEmpty sections

    for heading, section in sections do
        Assert.True(
            Set.contains heading testNames <> cannotBeProvoked section,
            "The section '" + heading + "' needs a test of its name, or the sentence that there can be none."
        )

[<Fact>]
let ``every section says what happens, which divergence it causes, and what to do instead`` () =
    for heading, section in sections do
        for part in [ "\n\nWhat happens: "; "\n\nDivergence: "; "\n\nInstead: " ] do
            Assert.True(section.Contains(part, StringComparison.Ordinal), heading + " lacks" + part)

        Assert.True(cannotBeProvoked section || not (promised section).IsEmpty, heading)

[<Fact>]
let ``every cause stands on the page`` () =
    let causes =
        [
            for case in FSharpType.GetUnionCases typeof<DivergenceCause> do
                let arguments = case.GetFields() |> Array.map (fun _ -> box List.empty<string>)
                (nonNull (FSharpValue.MakeUnion(case, arguments)) :?> DivergenceCause).Name
        ]

    let onPage = sections |> List.collect (fun (_, section) -> promised section |> List.map fst)
    Assert.Equal<string list>([], causes |> List.except onPage)
