// A tail that was cut off cleanly, zeros in its place: no checksum can tell, a head that was kept can.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Tool;

public class CutTailTests
{
    /// <summary>The whole directory as it was before: COMMIT is right for what is there.</summary>
    [Fact]
    public void KeptHead_FindsADirectoryThatWasPutBack()
    {
        using var directory = new TemporaryDirectory();
        string Lines(int from) => string.Concat(Enumerable.Range(from, 5).Select(number =>
            $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n"));
        RefoldTool.Run("import", directory.Write("1.ndjson", Lines(1)), "--journal", directory.Journal()).Expect(0);
        RefoldTool.Run("backup", directory.File("older"), "--journal", directory.Journal()).Expect(0);
        string first = Head("older");
        RefoldTool.Run("import", directory.Write("2.ndjson", Lines(6)), "--journal", directory.Journal()).Expect(0);
        string kept = Head("journal");

        RefoldTool.Run("verify", "--journal", directory.Journal("older")).Expect(0);
        Assert.Contains(
            "the journal ends at position 5",
            RefoldTool.Run("verify", "--head", kept, "--journal", directory.Journal("older")).Expect(1).Output,
            StringComparison.Ordinal);
        // What was kept earlier is in either.
        RefoldTool.Run("verify", "--head", first, "--journal", directory.Journal("older")).Expect(0);
        RefoldTool.Run("verify", "--head", first, "--journal", directory.Journal()).Expect(0);

        string Head(string name)
        {
            var head = RefoldTool.Run("verify", "--json", "--journal", directory.Journal(name)).Expect(0).Json.GetProperty("head");
            return $"{head.GetProperty("position").GetInt32()}:{head.GetProperty("hash").GetString()}";
        }
    }

    [Fact]
    public void KeptHead_FindsBatchesThatWereReplacedByZeros()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", string.Concat(Enumerable.Range(1, 9).Select(number =>
            $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n")));
        RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
        var kept = RefoldTool.Run("verify", "--json", "--journal", directory.Journal()).Expect(0).Json.GetProperty("head");
        string hash = kept.GetProperty("hash").GetString()!;
        string place = $"9:{hash}";
        RefoldTool.Run("verify", "--head", place, "--journal", directory.Journal()).Expect(0);

        string segment = Directory.EnumerateFiles(directory.File("journal"), "*.seg").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        var found = new Format.SegmentScanner().Scan(bytes, true);
        bytes.AsSpan(found.Items.ElementAt(6).Start).Clear();
        File.WriteAllBytes(segment, bytes);
        // What says where the end was goes with the tail.
        if (File.Exists(Path.Combine(directory.File("journal"), "COMMIT")))
            File.Delete(Path.Combine(directory.File("journal"), "COMMIT"));

        RefoldTool.Run("verify", "--head", hash, "--journal", directory.Journal()).Expect(1);
        var verdict = RefoldTool.Run("verify", "--head", place, "--json", "--journal", directory.Journal()).Expect(1).Json;
        Assert.False(verdict.GetProperty("ok").GetBoolean());
        Assert.Equal(9, verdict.GetProperty("first").GetProperty("position").GetInt32());
    }
}
