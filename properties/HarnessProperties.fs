// The properties of the harness itself: a failing property is reported, with the command that runs it again.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.HarnessProperties

open System
open Xunit

[<Fact>]
let ``a failing property throws and names the seed`` () =
    let thrown =
        Assert.Throws<InvalidOperationException>(fun () -> Harness.check (fun (number: int) -> number > number))

    Assert.Contains("--seed", thrown.Message, StringComparison.Ordinal)

[<Fact>]
let ``one seed draws the same cases twice`` () =
    let draw () =
        let cases = ResizeArray<int>()

        Harness.check (fun (number: int) ->
            cases.Add number
            true)

        List.ofSeq cases

    Assert.Equal<int list>(draw (), draw ())
