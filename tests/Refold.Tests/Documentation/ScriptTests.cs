// The scripts of core/scripts, run as a user runs them: `dotnet fsi`, in a process of its own.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Documentation;

public class ScriptTests
{
    [Fact]
    public void EveryScript_OpensWithTwoCommentLinesAndLoadsRefold()
    {
        string[] scripts =
        [
            .. Directory.EnumerateFiles(SourceTree.PathOf("core/scripts"), "*.fsx")
                .Where(script => Path.GetFileName(script) != "refold.fsx")
        ];
        Assert.Equal(4, scripts.Length);
        foreach (string[] lines in scripts.Select(File.ReadAllLines))
        {
            Assert.All(lines[..2], line => Assert.StartsWith("// ", line, StringComparison.Ordinal));
            Assert.Equal("#load \"refold.fsx\"", lines[2]);
        }
    }

    [Theory]
    [InlineData("01-counter.fsx")]
    [InlineData("03-explore-a-run.fsx")]
    public void WithoutABuild_TheOneErrorSaysWhatToBuild(string script)
    {
        using var folder = ScriptFolder.WithoutBuild();
        var result = folder.Run("core/scripts/" + script).Expect(1);
        Assert.Equal("", result.Output.Trim());
        Assert.Contains("run 'dotnet build -c Release' first, then this script", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n'), line => line.Contains(": error ", StringComparison.Ordinal));
        Assert.DoesNotContain("warning", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AProjectionWithEvidence_TellsThreeReports()
    {
        using var folder = ScriptFolder.WithBuild("Debug");
        var result = folder.Run("core/scripts/04-project-with-evidence.fsx").Expect(0);
        Assert.Equal("", result.Error);
        Assert.Equal(
            [
                "now: Some 1450L, frontier Some (Visible (1767362400000L, 3L)), "
                + "body 3cdc81b278e7187a1677f5e79087adcc1efb5a7b0c8500a77d40a9e7a64d67c6",
                "an hour after noon: Some 1150L, frontier Some (Visible (1767358800000L, 2L)), "
                + "body a26101b9a736d00dbe5e6d1a977427254091645b1f816ce6e3bc0323657e4a48",
                "once something is deleted: history-dropped: an entry at position 1 that the query could match was deleted or dropped; "
                + "run it over a backup that is whole, or from a state that a cache kept behind them, "
                + "body 4a7d9d62a17a95f4a171924eeaf708047cef31fba94adac87915e9775830d050",
            ],
            result.Lines);
    }

    [Theory]
    [InlineData("Debug")]
    [InlineData("Release")]
    public void Counter_RecordsFoldsAndVerifies(string configuration)
    {
        using var folder = ScriptFolder.WithBuild(configuration);
        var result = folder.Run("core/scripts/01-counter.fsx").Expect(0);
        Assert.Equal("", result.Error);
        Assert.Equal(
            [
                "  version 1 at position 3: Added {\"amount\":3}",
                "  version 2 at position 7: WasReset {}",
                "  version 3 at position 10: Added {\"amount\":10}",
            ],
            result.Lines[1..4]);
        Assert.Equal(
            [
                "the total at version 2: 0",
                "the total now: 10",
                "run 'first' matches: 9 entries, 4 made again",
                "head: position 11, 61c7514bf9f4799949e559945db0bff1b11b541e7f35c491a2b8fd83ccd70ff8",
            ],
            result.Lines[^4..]);
    }

    [Fact]
    public void Dice_RestoreWhereTheyStoodAndShowALoadedDie()
    {
        using var folder = ScriptFolder.WithBuild();
        string[] lines = folder.Run("core/scripts/02-dice.fsx").Expect(0).Lines;
        Assert.Equal("faces of seed 42: [6; 4; 4; 3; 1; 1; 5; 2; 4; 1]", lines[0]);
        Assert.Equal(After(lines[2], ": "), After(lines[3], ": "));
        Assert.Equal("a split of each: 2 and 2", lines[4]);
        Assert.Equal("named early: 2, named late: 2", lines[5]);
        Assert.Equal("version 2: {\"face\":2}", lines[7]);
        Assert.Equal("the step behind version 1 rolls 2", lines[9]);
        Assert.Equal(
            [
                "fair dice: run 'fair' matches: 8 entries, 4 made again; 2 findings; 2 kinds of members not compared",
                "loaded dice:",
                "position 3, stream 'dice/1' version 1",
                "/data/face: payload",
                "expected 1, actual 4",
            ],
            lines[10..]);
    }

    private static string After(string line, string mark) => line[(line.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..];
}
