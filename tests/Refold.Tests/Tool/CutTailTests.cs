// A tail that was cut off cleanly, zeros in its place: no checksum can tell, a head that was kept can.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Tool;

public class CutTailTests
{
    [Fact]
    public void KeptHead_FindsBatchesThatWereReplacedByZeros()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", string.Concat(Enumerable.Range(1, 9).Select(number => $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n")));
        RefoldProcess.Run("import", file, "--journal", directory.Journal()).Expect(0);
        var kept = RefoldProcess.Run("verify", "--json", "--journal", directory.Journal()).Expect(0).Json.GetProperty("head");
        string hash = kept.GetProperty("hash").GetString()!;
        string place = $"9:{hash}";
        RefoldProcess.Run("verify", "--head", place, "--journal", directory.Journal()).Expect(0);

        string segment = Directory.EnumerateFiles(directory.File("journal"), "*.seg").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        var found = new Core.SegmentScanner().Scan(bytes, true);
        bytes.AsSpan(found.Items.ElementAt(6).Start).Clear();
        File.WriteAllBytes(segment, bytes);
        // What says where the end was goes with the tail.
        if (File.Exists(Path.Combine(directory.File("journal"), "COMMIT")))
            File.Delete(Path.Combine(directory.File("journal"), "COMMIT"));

        RefoldProcess.Run("verify", "--head", hash, "--journal", directory.Journal()).Expect(1);
        var verdict = RefoldProcess.Run("verify", "--head", place, "--json", "--journal", directory.Journal()).Expect(1).Json;
        Assert.False(verdict.GetProperty("ok").GetBoolean());
        Assert.Equal(9, verdict.GetProperty("first").GetProperty("position").GetInt32());
    }
}
