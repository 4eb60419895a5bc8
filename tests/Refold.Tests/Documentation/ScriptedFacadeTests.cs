// The facade from F# scripts. `dotnet fsi` brings an FSharp.Core of its own, with less in it than the one that the facade is built against.
// Run by `dotnet test`.
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace Refold.Tests.Documentation;

public class ScriptedFacadeTests
{
    [Theory]
    [InlineData("Refold.Core")]
    [InlineData("Refold")]
    [InlineData("refold-cli")]
    public void Assembly_UsesNoBuilderOfFSharpCollectionsThatScriptsLack(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        var metadata = file.GetMetadataReader();
        var builders = metadata.TypeReferences
            .Select(metadata.GetTypeReference)
            .Where(type => metadata.GetString(type.Namespace) == "Microsoft.FSharp.Collections")
            .Select(type => metadata.GetString(type.Name))
            .Where(name => name is "FSharpList" or "FSharpSet" or "FSharpMap");
        Assert.Empty(builders);
    }

    [Fact]
    public void Script_RecordsFoldsQueriesAndVerifiesThroughTheFacade()
    {
        using var folder = ScriptFolder.WithBuild();
        folder.Write("facade.fsx", """
            // Records three requests of the tool's scenario through the facade.
            // Run by the test.
            #load "core/scripts/refold.fsx"
            #r "refold-cli.dll"
            open System
            open Refold
            open Refold.Cli.Scenarios

            let journal = Journal.Open "memory:"
            let settings = dict [ "choices", "2"; "backends", "8" ]
            let pin = RunPin("dispatch", "script", "1", 42UL, settings)
            let run = journal.StartRunAsync(pin, RunOptions(RunId = RunId.Create "first")).Result
            let stream = StreamId.Create "dispatch"
            let execute (command: DispatchCommand) = run.Streams(Dispatch.Aggregate).ExecuteAsync(stream, command).Result.IsAccepted
            let at = DateTimeOffset(2015, 5, 17, 10, 5, 3, TimeSpan.Zero)
            printfn "%b" (execute (Request("192.0.2.1", "-", "-", at, "GET / HTTP/1.1", 200, 5000L, "-", "curl")))
            printfn "%b" (execute (RawLine "not in the combined format"))
            run.FinishAsync().Wait()
            printfn "version %d" (journal.FoldAsync(stream, Dispatch.Aggregate).Result.Version)
            printfn "%d" (Seq.length (journal.Query(Query.WithTags "kind:derived").Entries))
            printfn "%O" (journal.VerifyAsync(run.Id, Dispatch.Aggregate).Result)
            """);
        var result = folder.Run("facade.fsx").Expect(0);
        Assert.Equal(["true", "false", "version 1", "2", "run 'first' matches: 4 entries, 2 made again"], result.Lines);
    }
}
