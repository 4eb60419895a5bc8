// Long work on a terminal shows a bar with rate and time left; in a pipe nothing.
// Run by `dotnet test`.
using Refold.Cli.Demo;
using Refold.Cli.Shell;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class ProgressTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("import {in} --journal {new}", "importing [####################] 100% 3 of 3 entries")]
    [InlineData("record --scenario dispatch --input {log} --journal {new}", "of 12 lines")]
    [InlineData("replay", "replaying [")]
    [InlineData("replay --with {tool}", "replaying [####################] 100%")]
    [InlineData("replay --with {tool}", "looking through [")]
    [InlineData("verify", "verifying [")]
    [InlineData("diff {journal} {journal}", "comparing [")]
    [InlineData("backup {path}", "copying and checking [")]
    [InlineData("copy {journal} {new}", "copying [")]
    public void LongWork_ShowsABarOnATerminal_ThatIsGoneAtTheEnd_AndNothingInAPipe(string line, string bar)
    {
        string log = directory.File("log");
        File.WriteAllBytes(log, SampleLog.Create(12));
        RefoldTool.Run("record", "--scenario", "dispatch", "--input", log, "--journal", directory.Journal()).Expect(0);
        string file = directory.Write("in", string.Concat(Enumerable.Range(1, 3).Select(number =>
            $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n")));
        string[] Words(string place) =>
        [
            .. line.Split(' ').Select(word => word
                .Replace("{in}", file, StringComparison.Ordinal).Replace("{log}", log, StringComparison.Ordinal)
                .Replace("{tool}", RefoldProcess.Assembly, StringComparison.Ordinal)
                .Replace("{path}", directory.File(place), StringComparison.Ordinal)
                .Replace("{new}", directory.Journal(place), StringComparison.Ordinal)
                .Replace("{journal}", directory.Journal(), StringComparison.Ordinal)),
            .. line.Contains("--journal", StringComparison.Ordinal) ? Array.Empty<string>() : ["--journal", directory.Journal()],
        ];

        Assert.Equal("", RefoldTool.Run(Words("pipe")).Expect(0).Error);
        var shown = RefoldTool.RunOnScreen(100, Words("screen")).Expect(0);
        Assert.Contains(bar, shown.Error, StringComparison.Ordinal);
        Assert.EndsWith("\r\e[K", shown.Error, StringComparison.Ordinal);
        Assert.All(shown.Error.Split("\r\e[K"), line => Assert.InRange(line.Length, 0, 99));
    }

    [Theory]
    [InlineData(500, 1000, 5, "importing [##########..........]  50% 500 of 1,000 entries  100/s  5 s left")]
    [InlineData(100, 100_000, 10, "importing [....................]   0% 100 of 100,000 entries  10/s  3 h left")]
    [InlineData(9000, 99_000, 9, "importing [#...................]   9% 9,000 of 99,000 entries  1,000/s  2 min left")]
    [InlineData(1000, 1000, 2, "importing [####################] 100% 1,000 of 1,000 entries  500/s")]
    [InlineData(70, 0, 7, "importing 70 entries  10/s")]
    public void TheBar_TellsRateAndTimeLeft(long done, long total, int seconds, string line)
    {
        Assert.Equal(line, Progress.Line("importing", "entries", done, done, total, TimeSpan.FromSeconds(seconds), 100));
        string narrow = Progress.Line("importing", "entries", done, done, total, TimeSpan.FromSeconds(seconds), 40);
        Assert.InRange(narrow.Length, 1, 39);
    }

    [Fact]
    public async Task Compacting_ShowsABarOnATerminal_WhereThereIsSomethingToJoin()
    {
        var small = new JournalOptions { Segments = new() { SegmentBytes = SegmentJournal.MinSegmentBytes } };
        await using (var journal = Journal.Open(directory.Journal(), small))
        {
            for (var number = 0; number < 40; number++)
                (await journal.TryAppendAsync(new AppendRequest([new EntryData("s", "t", new byte[1000])]))).ReceiptOrThrow();
        }

        var shown = RefoldTool.RunOnScreen(100, "compact", "--merge", "--journal", directory.Journal()).Expect(0);
        Assert.Contains("compacting ", shown.Error, StringComparison.Ordinal);
        Assert.Equal("", RefoldTool.Run("compact", "--merge", "--journal", directory.Journal()).Expect(0).Error);
    }

    [Fact]
    public void TheBarHasNoRoomOnANarrowScreen_TheCountsHave()
    {
        string file = directory.Write("in", """{"stream":"s","type":"t","data":1}""" + "\n");
        string error = RefoldTool.RunOnScreen(40, "import", file, "--journal", directory.Journal()).Expect(0).Error;
        Assert.Contains("importing 100% 1 of 1 entries", error, StringComparison.Ordinal);
        Assert.DoesNotContain("importing [", error, StringComparison.Ordinal);
    }
}
