// The core's identity as an assembly: the names other projects rely on.
// Run by `dotnet test`.
module Refold.Core.Tests.AssemblyTests

open System.IO
open System.Reflection
open Xunit

[<Fact>]
let ``the core is named Refold.Core and lies beside the tests`` () =
    let directory = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)
    let name = AssemblyName.GetAssemblyName(Path.Combine(nonNull directory, "Refold.Core.dll"))
    Assert.Equal("Refold.Core", name.Name)
