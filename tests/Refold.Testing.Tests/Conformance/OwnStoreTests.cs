// The store of the page "write your own store": it holds, and the page shows its code.
// Run by `dotnet test`.
using System.Diagnostics;
using System.Text.RegularExpressions;
using OwnStore;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public partial class OwnStoreTests(ITestOutputHelper output)
{
    private static readonly JournalConformance Suite = new("records", () => new RecordFixture());

    public static TheoryData<string> Cases => [.. Suite.Cases.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Case(string name) => output.WriteLine((await Suite.RunAsync(name)).ThrowIfFailed().ToString());

    [Fact]
    public async Task AsAPlainProgram_ItReportsEachCase()
    {
        using var sample = Process.Start(
            new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "OwnStore.dll")]) { RedirectStandardOutput = true })!;
        var lines = (await sample.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await sample.WaitForExitAsync();
        Assert.Equal(0, sample.ExitCode);
        Assert.Equal(Suite.Cases.Count + 1, lines.Length);
        Assert.Equal($"records: {Suite.Cases.Count - 4} held, 0 failed, 4 not shown", lines[^1]);
    }

    [Fact]
    public void EachBlockOfThePage_IsCodeThatTheTestsCompile()
    {
        var root = Root();
        var page = File.ReadAllText(Path.Combine(root, "facade", "Refold.Testing", "write-your-own-store.md"));
        var sources = Directory.EnumerateFiles(Path.Combine(root, "facade", "samples", "OwnStore"), "*.cs")
            .Append(Path.Combine(root, "tests", "Refold.Testing.Tests", "Conformance", "OwnStoreTests.cs"))
            .Select(file => Unindented(File.ReadAllText(file)))
            .ToList();
        var blocks = Block().Matches(page).Select(block => Unindented(block.Groups[1].Value)).ToList();
        Assert.Equal(8, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(sources, source => source.Contains(block, StringComparison.Ordinal)));
        Assert.Contains(
            "facade/Refold.Testing/write-your-own-store.md", File.ReadAllText(Path.Combine(root, "README.md")), StringComparison.Ordinal);
    }

    private static string Unindented(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()));

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Functional.sln"))) directory = directory.Parent!;
        return directory.FullName;
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
