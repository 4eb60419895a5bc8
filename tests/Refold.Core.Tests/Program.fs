// The program of the test project: `dotnet run` takes Expecto's options, such as --filter and --sequenced.
// Called by people; `dotnet test` finds the same tests through the adapter.
module Refold.Core.Tests.Program

open Expecto

[<EntryPoint>]
let main arguments = runTestsInAssemblyWithCLIArgs [] arguments
