// What a user does with the packages, outside the repository: a C# project, an F# project and a script run the README's examples; the tool.
// Run by `dotnet test`.
using System.Text.Json;
using Xunit;

namespace Refold.Packages.Tests;

[Collection(nameof(PackageFolder))]
public class InstallTests(PackageFolder folder)
{
    [Fact]
    public void CSharpProject_WithEveryLibraryRunsTheReadmesExample() =>
        RunProject("csharp", "App.csproj", "Program.cs", Repository.Example("csharp"), "Refold", "Refold.LiteDb", "Refold.Testing");

    [Fact]
    public void FSharpProject_RunsTheReadmesExample() =>
        RunProject("fsharp", "App.fsproj", "Program.fs", Repository.FSharpExample(""), "Refold.Core");

    [Fact]
    public void FSharpProject_ExecutesTheReadmesDiceOnAJournalInFiles_AndVerifiesThem()
    {
        // The README's aggregate, then the F# face instead of the run in memory.
        string aggregate = Repository.FSharpExample("").Split("let table, noon")[0];
        Build("face", "App.fsproj", "Program.fs", aggregate + """
            open Refold.FSharp

            let work =
                task {
                    use! journal = Journal.openAt "segments:data"
                    use! run = Run.start (RunPin("dice", "readme", "1.0", 42UL)) journal
                    let dice = diceBy 1

                    for command in [ Roll; Cheat; Roll ] do
                        match! Run.execute dice "dice/1" command run with
                        | Ok accepted -> printfn "total %d" accepted.State
                        | Error(Refused reason) -> printfn "refused: %s" reason
                        | Error(Conflict conflict) -> printfn "%O is at version %d" conflict.Stream conflict.Actual

                    let! report = Run.verify run.Id [ dice ] journal
                    printfn "%b" report.Matched
                }

            work.Wait()
            """, "Refold.FSharp");
        string[] lines = folder.RunIn("face", "dotnet", "out/App.dll").InOrder().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["total 1", "refused: no such move", "total 3", "true"], lines.Select(line => line.Trim()));
    }

    [Fact]
    public void FSharpScript_RunsTheReadmesExample()
    {
        string example = Repository.FSharpExample($"""
            #i "nuget: {folder.PathOf("packages")}"
            #r "nuget: Refold.Core, {folder.Version}"

            """);
        folder.Write("script/readme.fsx", example);
        var run = folder.RunIn("script", "dotnet", "fsi", "--quiet", "--warnaserror", "readme.fsx").InOrder();
        Assert.Equal(Repository.OutputOf("fsharp"), run.Output);
        Assert.Equal("", run.Error);
    }

    // F# Interactive's task has `use!` for IDisposable only. A script is optimised, so what the package inlines into it must be public.
    [Fact]
    public void FSharpScript_ReadsAJournal()
    {
        string aggregate = Repository.FSharpExample("").Split("let table, noon")[0];
        folder.Write("script/face.fsx", $"""
            #i "nuget: {folder.PathOf("packages")}"
            #r "nuget: Refold.FSharp, {folder.Version}"

            """ + aggregate + """
            open Refold.FSharp

            let work =
                task {
                    let! journal = Journal.openAt "memory:"
                    let! run = Run.start (RunPin("dice", "readme", "1.0", 42UL)) journal
                    let! _ = Run.execute (diceBy 1) "dice/1" Roll run
                    let! stream = Journal.readStream "dice/1" 1L 10L journal
                    let! all = Journal.readAll 1L 10L journal
                    let! streams = Journal.streams journal
                    let! memory = Journal.toMemory journal
                    let! folded = Journal.fold (diceBy 1) "dice/1" journal
                    printfn "%d %d %d %d %d" stream.Length all.Length streams.Length (Refold.Core.Journal.head memory).Position folded.State
                }

            work.Wait()
            """);
        var run = folder.RunIn("script", "dotnet", "fsi", "--quiet", "--optimize+", "--warnaserror", "face.fsx").InOrder();
        Assert.Equal(("1 3 2 3 1", ""), (run.Output.Trim(), run.Error));
    }

    [Fact]
    public void DecisionsAreCheckedInFurtherProcesses_FromTheInstalledPackage()
    {
        Build("check", "App.csproj", "Program.cs", """
            using Refold;
            using Refold.Testing;

            await using var journal = new InMemoryJournal();
            await using (var run = await journal.StartRunAsync(new RunPin("words", "acme", "1.0", seed: 42)))
            {
                await run.Streams(Rule.Steady).ExecuteAsync("steady/1", "i");
                await run.Streams(Rule.Loose).ExecuteAsync("loose/1", "i");
                await run.FinishAsync();
            }

            var report = await Determinism.CheckAsync(journal, typeof(Rule));
            foreach (var culture in report.Cultures)
                Console.WriteLine($"{culture.Culture}: {culture.Matched} {culture.Difference?.Stream} {culture.Difference?.Cause}");

            public static class Rule
            {
                public static Aggregate<string, string, string, string> Steady { get; } = Make("steady", text => text.ToUpperInvariant());
                public static Aggregate<string, string, string, string> Loose { get; } = Make("loose", text => text.ToUpper());

                private static Aggregate<string, string, string, string> Make(string category, Func<string, string> upper) =>
                    Aggregate.Create(
                        category, "", (step, state, text) => Decision.Accept<string, string>([upper(text)]), (state, said) => said,
                        Codec.Text("say"), Codec.Text("said"), Codec.Text("refused"), Codec.Text("state"));
            }
            """, "Refold", "Refold.Testing");
        var run = folder.RunIn("check", "dotnet", "out/App.dll").InOrder();
        string[] lines = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim())];
        Assert.Equal([": True", "tr-TR: False loose/1 Payload", "sv-SE: True", "ar-SA: True"], lines);
    }

    // The values of an F# module: an aggregate and an operation. A script records, and the tool replays what it recorded.
    [Fact]
    public void Tool_ReplaysARunOverALibraryInFSharp()
    {
        string aggregate = Repository.FSharpExample("").Split("let table, noon")[0];
        Build("rules", "Rules.fsproj", "Rules.fs", "module Rules\n\n" + aggregate + """

            let fair = diceBy 1

            let bet =
                Refold.FSharp.Operation.create "bet" (Codec.json<string> "Bet") (Codec.json<string> "Answer") (fun fx player ->
                    task {
                        let at = Refold.FSharp.Fx.now fx
                        let! rolled = fx |> Refold.FSharp.Fx.execute fair ("dice/" + player) Roll

                        return
                            match rolled with
                            | Ok accepted -> $"{at:O}: {accepted.State}"
                            | Error reason -> reason
                    })
            """, "Refold.FSharp");
        folder.Write("rules/record.fsx", $"""
            #i "nuget: {folder.PathOf("packages")}"
            #r "nuget: Refold.FSharp, {folder.Version}"
            #r "out/Rules.dll"
            open Refold
            open Refold.FSharp

            let work =
                task {"{"}
                    let! journal = Journal.openAt "segments:data"
                    let! run = Run.start (RunPin("dice", "readme", "1.0", 42UL)) journal
                    let! _ = run |> Run.operate Rules.bet "1" "ann"
                    let! _ = Run.finish run
                    do! run.DisposeAsync()
                    do! journal.DisposeAsync()
                {"}"}

            work.Wait()
            """);
        folder.RunIn("rules", "dotnet", "fsi", "--quiet", "record.fsx").InOrder();
        var run = folder.RunIn("rules", Tool(), "replay", "--with", "out/Rules.dll", "--journal", "segments:data").InOrder();
        Assert.Contains("1 command decided anew, 1 derived entries compared", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("were not replayed", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Tool_IsInstalledAndDraws()
    {
        var run = folder.RunIn(".", Tool(), "rng", "--seed", "1", "--u32", "1", "--json").InOrder();
        using var line = JsonDocument.Parse(run.Output);
        Assert.Equal("1346647962", Assert.Single(line.RootElement.GetProperty("u32").EnumerateArray()).GetString());
    }

    [Fact]
    public void Tool_MeasuresWhatNeedsNoOtherPackage()
    {
        var run = folder.RunIn(".", Tool(), "bench", "--row", "next_u64", "--json", "--quick").InOrder();
        using var rows = JsonDocument.Parse(run.Output);
        Assert.Equal("next_u64.system_random", Assert.Single(rows.RootElement.EnumerateArray()).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("dotnet pack Functional.sln -c Release -o packages")]
    [InlineData("dotnet add package Refold")]
    [InlineData("dotnet tool install --global Refold.Cli")]
    [InlineData("dotnet add package Refold.FSharp")]
    [InlineData("#r \"nuget: Refold.FSharp\"")]
    public void Readme_SaysHow(string line) => Assert.Contains(line, Repository.Section("Install"), StringComparison.Ordinal);

    private string Tool()
    {
        string tool = folder.PathOf("tools/refold");
        if (!File.Exists(tool))
            folder.RunIn(".", "dotnet", "tool", "install", "Refold.Cli", "--version", folder.Version, "--tool-path", "tools").InOrder();
        return tool;
    }

    /// <summary>Builds a program in a directory that is named after its language, and compares what it prints with README.md.</summary>
    private void RunProject(string language, string project, string source, string program, params string[] packages)
    {
        Build(language, project, source, program, packages);
        var run = folder.RunIn(language, "dotnet", "out/App.dll").InOrder();
        Assert.Equal(Repository.OutputOf(language), run.Output);
    }

    private void Build(string language, string project, string source, string program, params string[] packages)
    {
        string compile = project.EndsWith(".fsproj", StringComparison.Ordinal) ? $"""<Compile Include="{source}" />""" : "";
        var references = packages.Select(id => $"""<PackageReference Include="{id}" Version="{folder.Version}" />""");
        folder.Write($"{language}/{project}", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>{(source == "Rules.fs" ? "Library" : "Exe")}</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <UseSharedCompilation>false</UseSharedCompilation>
              </PropertyGroup>
              <ItemGroup>
                {string.Join("\n    ", references)}
                {compile}
              </ItemGroup>
            </Project>
            """);
        folder.Write($"{language}/{source}", program);
        folder.RunIn(language, "dotnet", "build", "--nologo", "-v", "quiet", "-o", "out").InOrder();
    }
}
