// The main job on a real log: record, replay, the same head in every process, culture, store and build.
// Run by `dotnet test` where the shared data are there.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Acceptance;

public class AccessLogTests(ITestOutputHelper output)
{
    // Frozen: a Debug and a Release build, on every machine, give these.
    private const string StateHash = "c8fc490bdcfcd965423f69fd6a4653a70115a18172541006aa968c474f61a86a";
    private const string Head = "641056b6856817c8de115a569700ea953de6135eabca200f78c4087e922f92ef";

    [Fact]
    public void RecordedRun_IsTheSameEverywhere_AndReplays()
    {
        if (SharedData.Find(output, "data/access.log") is not { } log)
            return;
        using var directory = new TemporaryDirectory();
        foreach (var (uri, culture) in (ReadOnlySpan<(string, string)>)[(directory.Journal(), "tr_TR.UTF-8"), ("memory:", "sv_SE.UTF-8")])
        {
            var recorded = RefoldProcess.RunWith(
                new() { ["LC_ALL"] = culture },
                "record", "--scenario", "dispatch", "--input", log, "--seed", "42", "--journal", uri, "--json").Expect(0).Json;
            Assert.Equal((10_000, 1), (recorded.GetProperty("external").GetInt32(), recorded.GetProperty("refused").GetInt32()));
            Assert.Equal(StateHash, recorded.GetProperty("stateHash").GetString());
            Assert.Equal(Head, recorded.GetProperty("head").GetProperty("hash").GetString());
        }

        var replayed = RefoldProcess.Run("replay", "--journal", directory.Journal(), "--json").Expect(0).Json;
        Assert.True(replayed.GetProperty("matched").GetBoolean());
        Assert.Equal(StateHash, replayed.GetProperty("stateHash").GetString());
        Assert.Equal(20_000, replayed.GetProperty("entries").GetInt32());
    }

    [Fact]
    public void Receipts_SurviveTwoJournals_ByteForByte()
    {
        if (SharedData.Find(output, "data/receipt.ndjson") is not { } receipts)
            return;
        using var directory = new TemporaryDirectory();
        string first = RefoldProcess.Run("import", receipts, "--journal", directory.Journal("one"), "--json").Expect(0).Json.GetProperty("head").GetRawText();
        string one = RefoldProcess.Run("export", "--journal", directory.Journal("one")).Expect(0).Output;
        string second = RefoldProcess.Run("import", directory.Write("one.ndjson", one), "--journal", directory.Journal("two"), "--json").Expect(0).Json.GetProperty("head").GetRawText();
        Assert.Equal(first, second);
        Assert.Equal(one, RefoldProcess.Run("export", "--journal", directory.Journal("two")).Expect(0).Output);

        // Payload bytes as they came: in both forms the payload is the last member.
        static string Payload(string line) => line[line.IndexOf(",\"data\":", StringComparison.Ordinal)..];
        Assert.Equal(File.ReadLines(receipts).Select(Payload), one.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Payload));
    }
}
