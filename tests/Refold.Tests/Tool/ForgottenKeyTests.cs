// Journals in which an idempotency key was forgotten and used again, from outside: exported, imported, copied, backed up.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class ForgottenKeyTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    /// <summary>The key "again" at positions 1 and 7; what begins before position 6 is forgotten, with
    /// the key "once" at position 2.</summary>
    private async Task MakeAsync()
    {
        await using var journal = SegmentJournal.Open(directory.File("journal"), Samples.Small);
        await journal.AppendAsync(Keyed("again", "first"));
        await journal.AppendAsync(Keyed("once", "first"));
        for (var number = 0; number < 4; number++) await journal.Append(Samples.Entry("s", new string('x', 200)));
        await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(6));
        Assert.Equal(7, (await journal.AppendAsync(Keyed("again", "second"))).FirstPosition);
        for (var number = 0; number < 4; number++) await journal.Append(Samples.Entry("s", new string('x', 200)));
    }

    private static AppendRequest Keyed(string key, string payload) => new(Samples.Entry("a", payload)) { IdempotencyKey = key };

    private string Export(string name = "journal") =>
        RefoldTool.Run("export", "--raw", "--journal", directory.Journal(name)).Expect(0).Output;

    [Fact]
    public async Task AnExport_IsImportedWithTheSameHead_AndTheLaterBatchHasTheKey()
    {
        await MakeAsync();
        var export = RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0);
        Assert.Contains("keys of batches before position 6 are forgotten", export.Error, StringComparison.Ordinal);
        var file = directory.Write("in.ndjson", export.Output);
        var import = RefoldTool.Run("import", file, "--journal", directory.Journal("imported")).Expect(0);
        Assert.Contains("line 7 uses the idempotency key 'again' again", import.Error, StringComparison.Ordinal);
        Assert.Equal(Export(), Export("imported"));
        RefoldTool.Run("diff", directory.Journal(), directory.Journal("imported")).Expect(0);
        RefoldTool.Run("import", file, "--journal", "memory:").Expect(0);

        // Also when both batches become one base.
        foreach (var drop in new long?[] { null, 9 })
        {
            await using var journal = SegmentJournal.Open(directory.File("imported"), Samples.Small);
            if (drop is { } position) await journal.CompactAsync(new CompactionRequest.RetainFrom(position));
            Assert.Equal(drop is null ? 0 : 8, journal.Begin.Position);
            Assert.Equal(7, journal.FindByKey("again")?.FirstPosition);
            Assert.Equal(7, (await journal.AppendAsync(Keyed("again", "second"))).FirstPosition);
            Assert.Equal(
                new AppendFailure.KeyReused("again", 7),
                Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(Keyed("again", "first"))).Failure);
        }

        RefoldTool.Run("verify", "--journal", directory.Journal("imported")).Expect(0);
    }

    [Fact]
    public async Task WhereItWouldBeRenumbered_ItIsRefused_AndNothingIsWritten()
    {
        await MakeAsync();
        var file = directory.Write("in.ndjson", RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0).Output);
        var error = RefoldTool.Run("import", file, "--renumber", "--journal", directory.Journal("new")).ExpectError(3);
        Assert.Contains("line 7: the idempotency key 'again' was used by an earlier batch", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("new")));
        await using (var other = SegmentJournal.Open(directory.File("other"))) await other.Append(Samples.Entry("s"));
        var before = Export("other");
        RefoldTool.Run("import", file, "--journal", directory.Journal("other")).ExpectError(3);
        Assert.Equal(before, Export("other"));
    }

    [Fact]
    public async Task BackupAndCopy_ForgetTheSameKeys()
    {
        await MakeAsync();
        RefoldTool.Run("backup", directory.File("backup"), "--journal", directory.Journal()).Expect(0);
        RefoldTool.Run("copy", directory.Journal(), directory.Journal("copy")).Expect(0);
        foreach (var name in (string[])["backup", "copy"])
        {
            Assert.Equal(
                6,
                RefoldTool.Run("inspect", "--json", "--journal", directory.Journal(name))
                    .Expect(0).Json.GetProperty("keysForgottenBefore")
                    .GetInt64());
            await using var journal = SegmentJournal.Open(directory.File(name));
            Assert.Null(journal.FindByKey("once"));
            Assert.Equal(7, journal.FindByKey("again")?.FirstPosition);
            Assert.Equal(12, (await journal.AppendAsync(Keyed("once", "second"))).FirstPosition);
        }
    }
}
