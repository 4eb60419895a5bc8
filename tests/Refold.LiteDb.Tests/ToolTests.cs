// The tool with `litedb:FILE`: every verb answers as over segment files, or says in one sentence why not.
// Run by `dotnet test`.
using System.Globalization;
using Xunit;

namespace Refold.LiteDb;

public class ToolTests
{
    [Fact]
    public void EveryVerbThatReads_AnswersAsOverSegmentFiles()
    {
        using var directory = new TemporaryDirectory();
        var log = directory.Write("log", string.Concat(Enumerable.Range(0, 40).Select(Line)));
        string[] journals = [directory.Journal(), "litedb:" + directory.File("j.db")];
        string[][] questions =
        [
            ["record", "--scenario", "dispatch", "--input", log, "--seed", "7"], ["replay"], ["replay", "--choices", "3"], ["streams"],
            ["runs"], ["read", "--stream", "dispatch", "--from", "3", "--max", "5"],
            ["state", "--stream", "dispatch", "--at", "9"], ["state", "--stream", "none"], ["export"], ["export", "--raw", "--from", "8"],
            ["verify"], ["verify", "--head", "1:" + new string('0', 64)], ["export", "--stream", "none"],
            ["record", "--scenario", "dispatch", "--input", log, "--seed", "7", "--resume"], ["replay", "--json"], ["verify", "--json"],
            ["streams", "--json"],
        ];
        Assert.All(questions, question =>
        {
            var (segments, file) = (Ask(journals[0]), Ask(journals[1]));
            Assert.Equal(segments, file);

            string Ask(string journal)
            {
                var (code, output, error) = RefoldTool.Run([.. question, "--journal", journal]);
                return string.Create(CultureInfo.InvariantCulture, $"{code}\n{output}\n{error}")
                    .Replace(journal, "JOURNAL", StringComparison.Ordinal);
            }
        });
        var head = RefoldTool.Run("inspect", "--json", "--journal", journals[1]).Expect(0).Json.GetProperty("head");
        RefoldTool.Run(
            "verify", "--head", $"{head.GetProperty("position")}:{head.GetProperty("hash")}", "--journal", journals[1]).Expect(0);
        RefoldTool.Run(["diff", .. journals]).Expect(0);
    }

    [Fact]
    public void CompactingForgetsKeys_AndInspectShowsTheHorizon()
    {
        using var directory = new TemporaryDirectory();
        var uri = "litedb:" + directory.File("j.db");
        var input = directory.Write("in", string.Concat(Enumerable.Range(1, 6).Select(number =>
            $$"""{"stream":"s","type":"t","idempotencyKey":"k{{number}}","data":{{number}}}""" + "\n")));
        RefoldTool.Run("import", input, "--batch", "1", "--journal", uri).Expect(0);
        Assert.DoesNotContain("keys forgotten", RefoldTool.Run("inspect", "--journal", uri).Expect(0).Output, StringComparison.Ordinal);
        RefoldTool.Run("compact", "--forget-keys-before", "9", "--journal", uri).ExpectError(2);
        RefoldTool.Run("compact", "--forget-keys-before", "4", "--journal", uri).Expect(0);
        Assert.Contains("position 4", RefoldTool.Run("inspect", "--journal", uri).Expect(0).Output, StringComparison.Ordinal);
        RefoldTool.Run("verify", "--journal", uri).Expect(0);
    }

    [Fact]
    public void TheTool_WorksOnAFile_OrSaysWhyNot()
    {
        using var directory = new TemporaryDirectory();
        var uri = "litedb:" + directory.File("j.db");
        var input = directory.Write("in", string.Concat(Enumerable.Range(1, 9).Select(number =>
            $$"""{"stream":"s{{number % 2}}","type":"t","data":{{number}}}""" + "\n")));
        RefoldTool.Run("inspect", "--journal", uri).ExpectError(3);
        RefoldTool.Run("import", input, "--journal", uri).Expect(0);
        var inspected = RefoldTool.Run("inspect", "--json", "--journal", uri).Expect(0).Json;
        Assert.Equal(9, inspected.GetProperty("entries").GetInt64());
        Assert.Equal("checkpoint", inspected.GetProperty("opened").GetProperty("path").GetString());
        RefoldTool.Run("backup", directory.File("copy.db"), "--journal", uri).Expect(0);
        RefoldTool.Run("diff", uri, "litedb:" + directory.File("copy.db")).Expect(0);
        RefoldTool.Run("backup", directory.File("copy.db"), "--journal", uri).ExpectError(3);
        RefoldTool.Run("compact", "--delete-stream", "s1", "--journal", uri).Expect(0);
        RefoldTool.Run("compact", "--retain-from", "3", "--journal", uri).ExpectError(2);
        RefoldTool.Run("export", "--salvage", "--journal", uri).ExpectError(2);
        RefoldTool.Run("copy", uri, "memory:").ExpectError(2);
        RefoldTool.Run("copy", uri, uri).ExpectError(3);
        Assert.Equal(4, RefoldTool.Run("export", "--journal", uri).Expect(0).Lines.Length);
        var bytes = File.ReadAllBytes(directory.File("j.db"));
        bytes.AsSpan(2 * 8192).Clear();
        File.WriteAllBytes(directory.File("j.db"), bytes);
        Assert.Contains(RefoldTool.Run("verify", "--json", "--journal", uri).ExitCode, (int[])[1, 3]);
    }

    private static string Line(int number) => number == 17
        ? "no request at all\n"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"10.0.0.{number} - - [17/May/2015:10:05:{number:00} +0000] "
            + $"\"GET /page/{number} HTTP/1.1\" 200 {number * 997} \"-\" \"agent\"\n");
}
