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
    [InlineData("#r \"nuget: Refold.Core\"")]
    public void Readme_SaysHow(string line) => Assert.Contains(line, Repository.Section("Install"), StringComparison.Ordinal);

    /// <summary>Builds a program in a directory that is named after its language, and compares what it prints with README.md.</summary>
    private void RunProject(string language, string project, string source, string program, params string[] packages)
    {
        string compile = language == "fsharp" ? $"""<Compile Include="{source}" />""" : "";
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
        var run = folder.RunIn(language, "dotnet", "out/App.dll").InOrder();
        Assert.Equal(Repository.OutputOf(language), run.Output);
    }
}
