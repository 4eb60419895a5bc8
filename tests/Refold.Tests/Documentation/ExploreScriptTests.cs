// The script that explores a recorded run, over a journal that the tool wrote.
// Run by `dotnet test`.
using System.Security.Cryptography;
using Xunit;

namespace Refold.Tests.Documentation;

public class ExploreScriptTests
{
    [Fact]
    public void ExploreARun_OpensWhatRecordWroteFoldsItAndShowsTheEntriesAroundADivergence()
    {
        using var folder = ScriptFolder.WithBuild();
        folder.Write("access.log", AccessLog(40));
        string directory = Path.Combine(folder.Root, "journal");
        RefoldProcess.Run("record", "--scenario", "dispatch", "--input", Path.Combine(folder.Root, "access.log"), "--seed", "42", "--journal", "segments:" + directory).Expect(0);
        var before = Contents(directory);

        string[] lines = folder.Run("core/scripts/03-explore-a-run.fsx", "segments:journal", "7").Expect(0).Lines;
        Assert.StartsWith("segments:journal: 82 entries, head ", lines[0], StringComparison.Ordinal);
        Assert.Equal("run dispatch-42: dispatch refold 1 seed 42 backends=8 choices=2", lines[1]);
        Assert.Equal("dispatch at version 7, requests outstanding at each backend:", lines[2]);
        Assert.Equal("the recorded rule: run 'dispatch-42' matches: 80 entries, 40 made again", lines[4]);
        Assert.Equal("one more choice, first difference:", lines[5]);
        string position = lines[6].Split(' ', ',')[1];
        Assert.StartsWith("/data/", lines[7], StringComparison.Ordinal);
        Assert.Equal("the entries around it:", lines[9]);
        Assert.Contains(lines[10..], line => line.StartsWith($"  {position} dispatch/", StringComparison.Ordinal));
        Assert.Equal(before, Contents(directory));
    }

    private static Dictionary<string, string> Contents(string directory) =>
        Directory.EnumerateFiles(directory).ToDictionary(file => file, file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));

    private static string AccessLog(int lines) => string.Concat(Enumerable.Range(0, lines).Select(line =>
        FormattableString.Invariant($"192.0.2.{line + 1} - - [17/May/2015:10:05:{line:00} +0000] \"GET /page/{line} HTTP/1.1\" 200 {line * 5000} \"-\" \"curl/7.22.0\"\n")));
}
