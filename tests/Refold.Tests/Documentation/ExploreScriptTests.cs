// The script that records and explores a run through the F# face, as a user runs it: twice, in two processes.
// Run by `dotnet test`.
using System.Security.Cryptography;
using Xunit;

namespace Refold.Tests.Documentation;

public class ExploreScriptTests
{
    [Fact]
    public void ExploreARun_RecordsDurably_AndAnotherProcessFoldsVerifiesAndShowsTheEntriesAroundADivergence()
    {
        using var folder = ScriptFolder.WithBuild();
        string[] first = folder.Run("core/scripts/03-explore-a-run.fsx", "segments:journal").Expect(0).Lines;
        Assert.StartsWith("Roll: [Rolled ", first[0], StringComparison.Ordinal);
        Assert.Equal("Cheat: refused, no such move", first[2]);
        Assert.StartsWith("state hash ", first[5], StringComparison.Ordinal);

        string directory = Path.Combine(folder.Root, "journal");
        var before = Contents(directory);
        string[] lines = folder.Run("core/scripts/03-explore-a-run.fsx", "segments:journal", "2").Expect(0).Lines;
        Assert.StartsWith("segments:journal: 12 entries, head ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(": dice scripts 1.0 seed 42", lines[0], StringComparison.Ordinal);
        Assert.Equal("dice/1 at version 2: " + first[1].Split(", ")[^1].Split(" at ")[0], lines[1]);
        Assert.Contains(" matches: 10 entries, 5 made again", lines[2], StringComparison.Ordinal);
        Assert.Equal("loaded dice, first difference:", lines[3]);
        string position = lines[4].Split(' ', ',')[1];
        Assert.StartsWith("/data/face", lines[5], StringComparison.Ordinal);
        Assert.Equal("the entries around it:", lines[7]);
        Assert.Contains(lines[8..], line => line.StartsWith($"  {position} dice/1/", StringComparison.Ordinal));
        Assert.Equal(before, Contents(directory));
        Assert.Equal(first[6..8], folder.Run("core/scripts/03-explore-a-run.fsx", "segments:journal").Expect(0).Lines[..2]);
    }

    private static Dictionary<string, string> Contents(string directory) =>
        Directory.EnumerateFiles(directory)
            .ToDictionary(file => file, file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
}
