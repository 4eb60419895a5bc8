// The repository that the packages are made from, and the examples in its README.
// Used by the tests of this project.
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Packages.Tests;

internal static partial class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The first block of a language in README.md.</summary>
    public static string Example(string language) => Blocks().First(block => block.Language == language).Text;

    /// <summary>What README.md says that the first block of a language prints.</summary>
    public static string OutputOf(string language) =>
        Blocks().SkipWhile(block => block.Language != language).First(block => block.Language == "text").Text;

    /// <summary>The F# example with other lines in place of the one that loads the repository's build.</summary>
    public static string FSharpExample(string lines)
    {
        string example = Example("fsharp");
        Assert.StartsWith(LoadLine, example, StringComparison.Ordinal);
        return lines + example[LoadLine.Length..];
    }

    /// <summary>A section of README.md, from its heading to the next of the same rank.</summary>
    public static string Section(string heading)
    {
        string text = File.ReadAllText(Path.Combine(Root, "README.md"));
        int start = text.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"README.md has no section '{heading}'.");
        int end = text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return text[start..(end < 0 ? text.Length : end)];
    }

    private const string LoadLine = "#load \"core/scripts/refold.fsx\"\n";

    private static IEnumerable<(string Language, string Text)> Blocks() =>
        Fence().Matches(File.ReadAllText(Path.Combine(Root, "README.md"))).Select(block => (block.Groups[1].Value, block.Groups[2].Value));

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Functional.sln")))
                return directory.FullName;
        }

        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }

    [GeneratedRegex("^```([a-z]*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
