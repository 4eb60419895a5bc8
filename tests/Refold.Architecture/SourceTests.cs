// Rules of the source files, as tests: length and width, two opening lines, nothing left open.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Architecture;

public class SourceTests
{
    private const int MaxLines = 300;
    private const int MaxColumns = 140;

    private static IEnumerable<string> Sources => Repository.Sources(".fs", ".fsi", ".fsx", ".cs");

    [Theory]
    [InlineData("core", ".fs")]
    [InlineData("core", ".fsx")]
    [InlineData("facade", ".cs")]
    [InlineData("tests", ".cs")]
    [InlineData("tests", ".fs")]
    [InlineData("properties", ".fs")]
    public void Rules_HoldForTheSourcesOfBothLanguages(string folder, string extension) =>
        Assert.Contains(Sources, file =>
            Path.GetExtension(file) == extension && Named(file).StartsWith(folder + "/", StringComparison.Ordinal));

    [Fact]
    public void SourceFile_IsNotLongerThan300Lines()
    {
        var tooLong = Sources
            .Select(file => (file, lines: File.ReadAllLines(file).Length))
            .Where(item => item.lines > MaxLines)
            .Select(item => $"{Named(item.file)}: {item.lines} lines");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void SourceLine_IsNotLongerThan140Columns()
    {
        var tooLong =
            from file in Sources
            from item in File.ReadLines(file).Select((line, index) => (Columns: line.Length, Number: index + 1))
            where item.Columns > MaxColumns
            select $"{Named(file)}, line {item.Number}: {item.Columns} columns";
        Assert.Empty(tooLong);
    }

    [Fact]
    public void SourceFile_OpensWithTwoLinesThatSayWhatItIsAndWhoCallsIt()
    {
        var silent = Sources
            .Where(file => !File.ReadLines(file).Take(2).All(line => line.StartsWith("// ", StringComparison.Ordinal)))
            .Select(file => Named(file));
        Assert.Empty(silent);
    }

    [Fact]
    public void SourceFile_LeavesNothingOpen()
    {
        string[] open = ["TO" + "DO", "FIX" + "ME", "NotImpl" + "ementedException", "Skip" + " = \""];
        var found =
            from file in Sources
            from line in File.ReadLines(file)
            where open.Any(word => line.Contains(word, StringComparison.Ordinal))
            select $"{Named(file)}: {line.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void TopLevel_IsClosed()
    {
        string[] allowed =
        [
            "core", "facade", "tests", "properties", "Functional.sln", "paket.dependencies", "paket.lock", "README.md", "CHANGELOG.md",
            "LICENSE", "Directory.Build.props", "Directory.Build.targets", "Directory.Solution.targets", "global.json",
        ];
        // What builds and demos leave lies in ignored folders; only what is named like source counts here.
        var unexpected = File.ReadAllLines(Path.Combine(Repository.Root, ".gitignore")) is { } ignored
            ? Directory.EnumerateFileSystemEntries(Repository.Root)
                .Select(entry => Path.GetFileName(entry))
                .Where(name => !name.StartsWith('.') && !allowed.Contains(name))
                .Where(name => !ignored.Any(line => line.Trim('/') == name))
            : [];
        Assert.Empty(unexpected);
    }

    private static string Named(string file) => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/');
}
