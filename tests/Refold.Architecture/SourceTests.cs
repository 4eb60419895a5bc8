// Rules of the source files, as tests: length, two opening lines, nothing left open.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Architecture;

public class SourceTests
{
    private const int MaxLines = 300;

    [Fact]
    public void SourceFile_IsNotLongerThan300Lines()
    {
        var tooLong = Repository.Sources(".fs", ".fsx", ".cs")
            .Select(file => (file, lines: File.ReadAllLines(file).Length))
            .Where(item => item.lines > MaxLines)
            .Select(item => $"{Path.GetRelativePath(Repository.Root, item.file)}: {item.lines} lines");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void SourceFile_OpensWithTwoLinesThatSayWhatItIsAndWhoCallsIt()
    {
        var silent = Repository.Sources(".fs", ".fsx", ".cs")
            .Where(file => !File.ReadLines(file).Take(2).All(line => line.StartsWith("// ", StringComparison.Ordinal)))
            .Select(file => Path.GetRelativePath(Repository.Root, file));
        Assert.Empty(silent);
    }

    [Fact]
    public void SourceFile_LeavesNothingOpen()
    {
        string[] open = ["TO" + "DO", "FIX" + "ME", "NotImpl" + "ementedException", "Skip" + " = \""];
        var found =
            from file in Repository.Sources(".fs", ".fsx", ".cs")
            from line in File.ReadLines(file)
            where open.Any(word => line.Contains(word, StringComparison.Ordinal))
            select $"{Path.GetRelativePath(Repository.Root, file)}: {line.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void TopLevel_IsClosed()
    {
        string[] allowed =
        [
            "core", "facade", "tests", "properties", "Functional.sln", "paket.dependencies", "paket.lock", "README.md", "CHANGELOG.md",
            "LICENSE",
            "Directory.Build.props", "Directory.Build.targets", "global.json",
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
}
