// Names that look alike, cultures, and every boundary of the limits: the same order, the same answers as in memory.
// Run by `dotnet test`.
using System.Globalization;
using Xunit;

namespace Refold.LiteDb;

public class NameTests
{
    // Differing by case, normal form, an invisible hyphen, above and below the surrogates: no two are one stream.
    private static readonly string[] Alike =
    [
        "Order-1", "order-1", "order1", "order\u00AD1", "\u00E9", "e\u0301", "\U0001F600", "\uFFFD", "I", "i", "\u0130", "\u0131", "a b",
        "a", "Z", "\u00E5", "\u00E4"
    ];

    [Theory]
    [InlineData("")]
    [InlineData("tr-TR")]
    [InlineData("sv-SE")]
    public async Task Line10_NamesKeepTheirOrder_UnderEveryCulture(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        try
        {
            await using var journal = LiteDbJournal.Open(new SimulatedFiles());
            await using var model = new InMemoryJournal();
            foreach (var name in Alike)
            {
                await journal.Append(Samples.Entry(name, "{}", name), Samples.Entry(name));
                await model.Append(Samples.Entry(name, "{}", name), Samples.Entry(name));
            }

            Assert.Equal(model.Everything(), journal.Everything());
            Assert.All(Alike, name => Assert.Equal(model.Query(Query.WithTags(name)), journal.Query(Query.WithTags(name))));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Line10_WithoutCultures_AnotherProcessReadsTheSame()
    {
        using var directory = new TemporaryDirectory();
        var lines = string.Concat(Alike.Select((name, number) =>
            $$"""{"stream":"{{name}}","type":"t","data":{{number}},"tags":["{{name}}"]}""" + "\n"));
        var (input, uri) = (directory.Write("in", lines), "litedb:" + directory.File("j.db"));
        RefoldTool.Run("import", input, "--journal", uri).Expect(0);
        string[] environments = ["", "tr_TR.UTF-8", "sv_SE.UTF-8"];
        var exports = environments.Select(language =>
            RefoldProcess.RunWith(new() { ["LC_ALL"] = language }, "export", "--raw", "--journal", uri).Expect(0).Output)
            .Append(
                RefoldProcess.RunWith(
                    new() { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1" }, "export", "--raw", "--journal", uri).Expect(0).Output);
        Assert.Single(exports.Distinct());
        RefoldProcess.RunWith(
            new() { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1" }, "import", input, "--again", "--journal", uri).Expect(0);
        RefoldTool.Run("verify", "--journal", uri).Expect(0);
    }

    [Fact]
    public void Line10_ANulAndALoneSurrogate_AreNoNames() =>
        Assert.All((string[])["nul\0", "lone\uD800"], name => Assert.ThrowsAny<ArgumentException>(() => StreamId.Create(name)));

    [Fact]
    public async Task Line10_TheLongestNamesAndTags_AndNoneLonger()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            var name = new string('n', 512);
            await journal.AppendAsync(
                new AppendRequest(Samples.Entry(
                    name, "{}", [.. Enumerable.Range(0, 64).Select(number => number.ToString("D256", CultureInfo.InvariantCulture))]))
                {
                    IdempotencyKey = new string('k', 128)
                });
            Assert.NotNull(journal.FindByKey(new string('k', 128)));
            Assert.Single(journal.Query(Query.WithTags(63.ToString("D256", CultureInfo.InvariantCulture))).Entries);
            Assert.Single(journal.ReadStream(StreamId.Create(name)));
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
        Assert.ThrowsAny<ArgumentException>(() => StreamId.Create(new string('n', 513)));
    }

    [Fact]
    public async Task Line11_TheLargestEntry_AndNoneLarger_AndAnEmptyOne()
    {
        const int Most = 15 * 1024 * 1024;
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files);
        var around = new JournalEntry(1, 1, 1, Samples.Entry("s", "")).ToCanonicalBytes().Length;
        var largest = new EntryData("s", "Happened", new byte[Most - around]);
        await journal.Append(largest);
        await journal.Append(new EntryData("s", "Happened", ReadOnlyMemory<byte>.Empty));
        var failure = Assert.IsType<AppendResult.NotAppended>(
            await journal.TryAppendAsync(new AppendRequest(new EntryData("s", "Happened", new byte[Most - around + 1])))).Failure;
        Assert.Equal(Most, Assert.IsType<AppendFailure.LimitExceeded>(failure).Limit);
        Assert.Equal([Most - around, 0], journal.ReadAll().Select(entry => entry.Payload.Length));
    }

    [Fact]
    public async Task Line11_TheHighestPositionsAndVersions_ThatEntriesMayHave()
    {
        const long High = 1L << 62;
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            Assert.IsType<AppendResult.Appended>(
                await journal.TryRestoreAsync([new JournalEntry(High - 1, High - 1, High - 1, Samples.Entry("s", "{}", "a"))]));
            await journal.Append(Samples.Entry("s", "{}", "a"));
            Assert.Equal([High - 1, High], journal.ReadAll().Select(entry => entry.Position));
            Assert.Equal([High - 1, High], journal.Query(Query.WithTags("a")).Entries.Select(entry => entry.Version));
            Assert.Equal([High], journal.ReadStream(StreamId.Create("s"), High).Select(entry => entry.Position));
            Assert.Equal(
                new AppendFailure.LimitExceeded("position", High + 1, High),
                Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("t")))).Failure);
            Assert.IsType<AppendFailure.Invalid>(
                Assert.IsType<AppendResult.NotAppended>(
                    await journal.TryRestoreAsync([new JournalEntry(long.MaxValue, 1, long.MaxValue, Samples.Entry("t"))])).Failure);
            Assert.Null(journal.HeadAt(long.MaxValue));
            Assert.Null(journal.HeadAt(-1));
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
    }

    [Fact]
    public async Task Line12_AfterDeletingAll_VersionsGoOn_AlsoAfterOpeningAgain_AndReadsBelowSayDeleted()
    {
        var files = new SimulatedFiles();
        var stream = StreamId.Create("s");
        await using (var journal = LiteDbJournal.Open(files))
        {
            await journal.Append([.. Enumerable.Repeat(Samples.Entry("s"), 5)]);
            await journal.DeleteToAsync(stream, long.MaxValue);
        }

        await using (var journal = LiteDbJournal.Open(files))
        {
            Assert.Equal(5, journal.HighestVersion(stream));
            Assert.Equal(5, Assert.Throws<EntriesDroppedException>(() => journal.ReadStream(stream)).UpTo);
            Assert.Empty(journal.ReadAll());
            var receipt = await journal.AppendAsync(stream, ExpectedVersion.Exactly(5), [Samples.Entry("s")]);
            Assert.Equal(6, receipt.Versions[0].First);
            Assert.Equal(6, receipt.FirstPosition);
            Assert.Equal([6], journal.ReadStream(stream, 6).Select(entry => entry.Version));
        }
    }
}
