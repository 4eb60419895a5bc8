// The core's identity as an assembly: the names other projects rely on.
// Run by `dotnet test`.
module Refold.Core.Tests.AssemblyTests

open System.IO
open System.Reflection
open Expecto
open Refold.Support

[<Tests>]
let tests =
    testList "Foundation / the assembly" [
        testCase "the core is named Refold.Core and lies beside the tests" (fun () ->
            let directory = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)
            let name = AssemblyName.GetAssemblyName(Path.Combine(nonNull directory, "Refold.Core.dll"))
            equal "Refold.Core" (nonNull name.Name))
    ]
