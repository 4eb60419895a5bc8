// The README as it stands: its examples are run and print what it says they print, its verbs are the tool's, its links lead somewhere.
// Run by `dotnet test`.
using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class ReadmeTests
{
    private static readonly string Readme = SourceTree.Read("README.md");

    [Fact]
    public void CSharpExample_IsTheSampleProgram()
    {
        string program = SourceTree.Read("facade/samples/Readme/Program.cs");
        Assert.Equal(string.Concat(program.Split('\n').Skip(2).Select(line => line + "\n")).TrimEnd(), Block("csharp").TrimEnd());
    }

    [Fact]
    public void CSharpExample_PrintsWhatTheReadmeSays()
    {
        using var sample = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Readme.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var result = RefoldProcess.Finish(sample).Expect(0);
        Assert.Equal(OutputAfter("csharp"), result.Output);
    }

    [Fact]
    public void FSharpExample_PrintsWhatTheReadmeSays()
    {
        using var folder = ScriptFolder.WithBuild();
        folder.Write("readme.fsx", Block("fsharp"));
        var result = folder.Run("readme.fsx").Expect(0);
        Assert.Equal("", result.Error);
        Assert.Equal(OutputAfter("fsharp"), result.Output);
    }

    [Theory]
    [InlineData("csharp")]
    [InlineData("fsharp")]
    public void Example_IsShort(string language) => Assert.InRange(Block(language).Split('\n').Count(line => line.Length > 0), 15, 25);

    [Fact]
    public void Verbs_AreTheToolsVerbs()
    {
        string help = RefoldTool.Run("--help").Expect(0).Output;
        var verbs = HelpVerb().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(verb => verb.Groups[1].Value);
        var rows = Readme[Readme.IndexOf("| verb |", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(row => row.StartsWith('|'));
        var listed = rows.SelectMany(row => QuotedWord().Matches(row.Split('|')[1])).Select(verb => verb.Groups[1].Value);
        Assert.Equal(verbs.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("core/determinism.md")]
    [InlineData("core/evidence.md")]
    [InlineData("core/Format/FORMAT.md")]
    [InlineData("facade/docs/changing-events.md")]
    [InlineData("facade/docs/codecs.md")]
    [InlineData("facade/docs/harness.md")]
    [InlineData("facade/docs/signing.md")]
    [InlineData("facade/docs/testing.md")]
    public void Links_LeadToFilesThatAreThere(string document)
    {
        string text = SourceTree.Read(document);
        string directory = Path.GetDirectoryName(SourceTree.PathOf(document))!;
        var broken = Link().Matches(text)
            .Select(link => link.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal))
            .Where(target => target.StartsWith('#') ? !HasHeading(text, target[1..]) : !Path.Exists(Path.Combine(directory, target)));
        Assert.Empty(broken);
    }

    private static bool HasHeading(string text, string anchor) =>
        text.Split('\n').Any(line => line.StartsWith('#') && line.TrimStart('#', ' ').ToLowerInvariant().Replace(' ', '-') == anchor);

    private static string Block(string language) => Blocks().First(block => block.Language == language).Text;

    private static string OutputAfter(string language) =>
        Blocks().SkipWhile(block => block.Language != language).First(block => block.Language == "text").Text;

    private static IEnumerable<(string Language, string Text)> Blocks() =>
        Fence().Matches(Readme).Select(block => (block.Groups[1].Value, block.Groups[2].Value));

    [GeneratedRegex("^```([a-z]*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("^  ([a-z]+) ", RegexOptions.Multiline)]
    private static partial Regex HelpVerb();

    [GeneratedRegex("`([a-z]+)`")]
    private static partial Regex QuotedWord();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();
}
