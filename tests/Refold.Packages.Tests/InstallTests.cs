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

    [Fact]
    public void Tool_IsInstalledAndDraws()
    {
        folder.RunIn(".", "dotnet", "tool", "install", "Refold.Cli", "--version", folder.Version, "--tool-path", "tools").InOrder();
        var run = folder.RunIn(".", folder.PathOf("tools/refold"), "rng", "--seed", "1", "--u32", "1", "--json").InOrder();
        using var line = JsonDocument.Parse(run.Output);
        Assert.Equal("1346647962", Assert.Single(line.RootElement.GetProperty("u32").EnumerateArray()).GetString());
    }

    [Theory]
    [InlineData("dotnet pack Functional.sln -c Release -o packages")]
    [InlineData("dotnet add package Refold")]
    [InlineData("dotnet tool install --global Refold.Cli")]
    [InlineData("dotnet add package Refold.FSharp")]
    [InlineData("#r \"nuget: Refold.FSharp\"")]
    public void Readme_SaysHow(string line) => Assert.Contains(line, Repository.Section("Install"), StringComparison.Ordinal);

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
                <OutputType>Exe</OutputType>
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
