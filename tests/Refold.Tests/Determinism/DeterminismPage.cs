// The page core/determinism.md as the tests read it: sections, and the divergences that each of them promises.
// Called by the tests that provoke them, one for each section and under its name.
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Determinism;

internal static partial class DeterminismPage
{
    private static readonly Dictionary<string, string> sections = Section().Split(SourceTree.Read("core/determinism.md")).Skip(1)
        .ToDictionary(text => NameOf(text.Split('\n')[0]), StringComparer.Ordinal);

    /// <summary>The names that the tests of the sections have, in the order of the page.</summary>
    public static IReadOnlyList<string> Tests { get; } = [.. sections.Keys];

    /// <summary>A heading as the name of its test: its words, each with a capital.</summary>
    public static string NameOf(string heading) => string.Concat(
        Word().Matches(heading.Replace("'", "", StringComparison.Ordinal)).Select(word => word.Value)
            .Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    /// <summary>Checks that the section of this name promises what was found: all of it, and nothing else.</summary>
    public static void Promises(IEnumerable<Found> found, [CallerMemberName] string test = "")
    {
        var promised = Promise().Matches(sections[test]).Select(match => (match.Groups[1].Value, match.Groups[2].Value)).Order().ToList();
        Assert.NotEmpty(promised);
        Assert.Equal(promised, found.Select(divergence => (divergence.Cause, divergence.Path)).Distinct().Order());
    }

    /// <summary>Checks that the section of this name says a sentence about itself.</summary>
    public static void Says(string sentence, [CallerMemberName] string test = "") =>
        Assert.Contains(sentence, sections[test], StringComparison.Ordinal);

    [GeneratedRegex("^## ", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex("[A-Za-z0-9]+")]
    private static partial Regex Word();

    [GeneratedRegex("`([a-z-]+)` at (?:`([^`]+)`|the entry)")]
    private static partial Regex Promise();
}
