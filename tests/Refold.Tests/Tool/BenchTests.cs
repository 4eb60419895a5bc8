// `refold bench` and the benchmark program from outside: what they print, what they refuse, and which of the two measures where.
// Run by `dotnet test`. Nothing here asks how long anything took.
using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class BenchTests : IDisposable
{
    private static readonly string[] Members = ["name", "ours", "peer", "peerName", "ratio", "target", "unit"];

    private readonly TemporaryDirectory directory = new();

    // bin/Debug/net10.0 of this project and of those that are started.
    private static string Built => Path.Combine(
        "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, new DirectoryInfo(AppContext.BaseDirectory).Name);

    private static string Program => SourceTree.PathOf(Path.Combine("tests/Refold.Benchmarks", Built, "Refold.Benchmarks.dll"));

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Json_HasTheDocumentedMembersOfEachRow_AndTheRatioIsThatOfItsFigures()
    {
        var rows = Rows(Start(Program, "--row", "next_u64", "--json", "--quick").Expect(0));
        Assert.Equal(["next_u64.bouncy_castle", "next_u64.system_random"], rows.Select(Name).Order(StringComparer.Ordinal));
        foreach (var row in rows)
        {
            Assert.Equal(Members, row.EnumerateObject().Select(member => member.Name));
            double ours = row.GetProperty("ours").GetDouble(), peer = row.GetProperty("peer").GetDouble();
            Assert.True(ours > 0 && peer > 0, row.ToString());
            // Both are printed with five digits.
            Assert.InRange(row.GetProperty("ratio").GetDouble(), peer / ours * 0.999, peer / ours * 1.001);
        }
    }

    [Fact]
    public void EveryRow_RunsInShort_AndAMissingFigureIsExplained()
    {
        var run = Start(Program, "--json", "--quick", "--entries", "5000").Expect(0);
        var rows = Rows(run);
        Assert.Equal(Listed(), rows.Select(Name));
        Assert.All(
            rows.Where(row => row.GetProperty("ours").ValueKind == JsonValueKind.Null),
            row => Assert.Contains($"\n{Name(row)}: ", "\n" + run.Error, StringComparison.Ordinal));
        Assert.All(
            rows.Where(row =>
                row.GetProperty("ratio").ValueKind == JsonValueKind.Null && row.GetProperty("peerName").GetString() != "none"),
            row => Assert.Contains($"\n{Name(row)}: ", "\n" + run.Error, StringComparison.Ordinal));
        // Durable figures are read beside the raw flush of the same run.
        Assert.Contains("\nappend.one.raw: a raw fdatasync", "\n" + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_AreGoneAfterwards()
    {
        Start(Program, "--row", "append.one.raw", "--row", "memory.disk", "--quick", "--directory", directory.Root).Expect(0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Root));
        // Directories that were made for it too; those that were there stay.
        string kept = Directory.CreateDirectory(directory.File("kept")).FullName;
        Start(Program, "--row", "append.one.raw", "--quick", "--directory", Path.Combine(kept, "made", "below")).Expect(0);
        Assert.Equal([kept], Directory.EnumerateFileSystemEntries(directory.Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void List_NamesEachRowOnce_WithWhatItMeasures()
    {
        var lines = Start(Program, "--list").Expect(0).Lines;
        Assert.All(lines, line => Assert.Matches("^[a-z0-9_.]+ +[A-Z0-9].{20,}", line));
        Assert.Equal(Listed().Distinct(), Listed());
    }

    [Fact]
    public void List_AsJson_HasTheSameRows()
    {
        using var document = JsonDocument.Parse(Start(Program, "--list", "--json").Expect(0).Output);
        Assert.Equal(Listed(), document.RootElement.EnumerateArray().Select(row => row.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("--row is empty", "--row", "")]
    [InlineData("--growth prints one table", "--growth", "--row", "fill")]
    [InlineData("--growth prints one table", "--growth", "--json")]
    public void WhatCannotBeMeant_IsRefused_AndNothingIsMeasured(string message, params string[] arguments) =>
        Assert.Contains(message, Start(Program, arguments).Expect(2).Error, StringComparison.Ordinal);

    [Fact]
    public void UnknownRow_IsRefusedByItsName() =>
        Assert.Contains("'next_u65'", Start(Program, "--row", "next_u65", "--quick").ExpectError(2), StringComparison.Ordinal);

#if DEBUG
    [Fact]
    public void DebugBuild_MeasuresNothing_AndSaysHowElse() =>
        Assert.Contains("-c Release", Start(Program, "--row", "next_u64").ExpectError(2), StringComparison.Ordinal);
#endif

    [Fact]
    public void Growth_IsAMarkdownTableForEntries_ForStreams_ForProofsAndForCauses()
    {
        var lines = Start(Program, "--growth", "--quick", "--rounds", "1", "--entries", "10000", "--streams", "10").Expect(0).Lines;
        Assert.StartsWith("| by entries | unit | 10,000 | last / first |", lines[0], StringComparison.Ordinal);
        int at = Array.FindIndex(lines, line => line.StartsWith("| by streams | unit | 1 | 10 | last / first |", StringComparison.Ordinal));
        Assert.True(at > 0, string.Join('\n', lines));
        int proofs = Array.FindIndex(lines, line => line.StartsWith("| by batches | unit | 1,000 | 10,000 |", StringComparison.Ordinal));
        Assert.True(proofs > at, string.Join('\n', lines));
        foreach (string cost in (string[])[
            "inclusion: the path", "inclusion: the record", "inclusion: read", "consistency: the path", "causes"])
            Assert.Contains(lines[proofs..], line => HasCost(line, cost));
        foreach (string cost in (string[])[
            "append", "read", "query", "open", "fold", "verify", "compact", "streams", "look up a key", "look up an id"])
            Assert.All(
                (IEnumerable<string[]>)[lines[..at], lines[at..proofs]], table => Assert.Contains(table, line => HasCost(line, cost)));
    }

    [Fact]
    public void InstalledTool_MeasuresTheRowsWithoutPeers_AndSaysWhereTheOthersAre()
    {
        string tool = CopyTool("");
        var rows = Rows(Start(tool, "bench", "--row", "next_u64", "--json", "--quick").Expect(0));
        Assert.Equal("next_u64.system_random", Name(Assert.Single(rows)));
        string refused = Start(tool, "bench", "--row", "read.one_stream", "--quick").ExpectError(2);
        Assert.Contains("'read.one_stream'", refused, StringComparison.Ordinal);
        Assert.Contains("clone", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void ToolOfAClone_StartsTheBenchmarkProgramOfThatClone_WithItsOptionsAndItsExitCode()
    {
        string tool = CopyTool("facade/Refold.Cli/bin");
        Write("Functional.sln", "");
        Write("tests/Refold.Benchmarks/Refold.Benchmarks.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
            </Project>
            """);
        Write("tests/Refold.Benchmarks/Program.cs", """
            System.Console.WriteLine(string.Join(' ', args));
            return args.Length == 0 ? 0 : 1;
            """);
        var run = Start(
            tool, "bench", "--row", "fill", "--row", "read", "--json", "--quick", "--rounds", "7", "--entries", "1000").Expect(1);
        Assert.Contains("--row fill --row read --json --quick --entries 1000 --rounds 7", run.Lines);
    }

    // A row of that cost whose figures are numbers.
    private static bool HasCost(string line, string cost) =>
        line.StartsWith("| " + cost, StringComparison.Ordinal) && line.Split('|')[3].Trim() is not ("-" or "0");

    private static IReadOnlyList<string> Listed() =>
        [.. Start(Program, "--list").Expect(0).Lines.Select(line => line[..line.IndexOf(' ', StringComparison.Ordinal)])];

    private static List<JsonElement> Rows(ToolResult run) => [.. run.Json.EnumerateArray()];

    private static string Name(JsonElement row) => row.GetProperty("name").GetString()!;

    private static ToolResult Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The test host is a child of the build: what it hands down would steer a build that is none of it.
        string[] inherited =
            [.. start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase))];
        foreach (string name in inherited)
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return RefoldProcess.Finish(process);
    }

    // The tool as it was built, in a place that knows nothing of these sources.
    private string CopyTool(string folder)
    {
        string target = Path.Combine(directory.Root, folder);
        Directory.CreateDirectory(target);
        string source = SourceTree.PathOf(Path.Combine("facade/Refold.Cli", Built));
        foreach (string file in Directory.EnumerateFiles(source)) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        return Path.Combine(target, "refold-cli.dll");
    }

    private void Write(string name, string text)
    {
        string path = Path.Combine(directory.Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
