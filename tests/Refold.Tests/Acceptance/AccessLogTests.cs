// The main job on a real log: record, replay, the same head in every process, culture, store and build.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Acceptance;

public class AccessLogTests
{
    // Frozen: a Debug and a Release build, on every machine, give these.
    private const string StateHash = "2fbb0bd07b7ecc332ccb7bad7fddaadd7a71457ef72838f19f741828e1d3f3f0";
    private const string Head = "c2f3ccc1e3c93fe1d5717bdae2d2448e99cc1ffd069535e05459c8293c75f570";

    [Fact]
    public void RecordedRun_IsTheSameEverywhere_AndReplays()
    {
        var log = Vectors.PathOf("access.log");
        using var directory = new TemporaryDirectory();
        foreach (var (uri, culture) in (ReadOnlySpan<(string, string)>)[(directory.Journal(), "tr_TR.UTF-8"), ("memory:", "sv_SE.UTF-8")])
        {
            var recorded = RefoldProcess.RunWith(
                new() { ["LC_ALL"] = culture },
                "record", "--scenario", "dispatch", "--input", log, "--seed", "42", "--journal", uri, "--json").Expect(0).Json;
            Assert.Equal((300, 1), (recorded.GetProperty("external").GetInt32(), recorded.GetProperty("refused").GetInt32()));
            Assert.Equal(StateHash, recorded.GetProperty("stateHash").GetString());
            Assert.Equal(Head, recorded.GetProperty("head").GetProperty("hash").GetString());
        }

        var replayed = RefoldTool.Run("replay", "--journal", directory.Journal(), "--json").Expect(0).Json;
        Assert.True(replayed.GetProperty("matched").GetBoolean());
        Assert.Equal(StateHash, replayed.GetProperty("stateHash").GetString());
        Assert.Equal(600, replayed.GetProperty("entries").GetInt32());
    }

    [Fact]
    public void Receipts_SurviveTwoJournals_ByteForByte()
    {
        var receipts = Vectors.PathOf("receipt.ndjson");
        using var directory = new TemporaryDirectory();
        string first = RefoldTool.Run("import", receipts, "--journal", directory.Journal("one"), "--json")
            .Expect(0).Json.GetProperty("head")
            .GetRawText();
        string one = RefoldTool.Run("export", "--journal", directory.Journal("one")).Expect(0).Output;
        string second = RefoldTool.Run("import", directory.Write("one.ndjson", one), "--journal", directory.Journal("two"), "--json")
            .Expect(0).Json.GetProperty("head")
            .GetRawText();
        Assert.Equal(first, second);
        Assert.Equal(one, RefoldTool.Run("export", "--journal", directory.Journal("two")).Expect(0).Output);

        // Payload bytes as they came: in both forms the payload is the last member.
        static string Payload(string line) => line[line.IndexOf(",\"data\":", StringComparison.Ordinal)..];
        Assert.Equal(File.ReadLines(receipts).Select(Payload), one.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Payload));
    }
}
