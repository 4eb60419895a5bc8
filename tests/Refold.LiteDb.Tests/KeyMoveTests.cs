// Idempotency keys that were forgotten, kept or used again: through compaction, verification and copies between stores.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Segments;
using Xunit;

namespace Refold.LiteDb;

public class KeyMoveTests
{
    [Theory]
    [InlineData(6)]
    [InlineData(1000)]
    [InlineData(-1)]
    public async Task ForgettingKeysBeforeAPositionThatTheJournalDoesNotHave_IsRefused_AndNothingIsForgotten(long position)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("j.db");
        await using (var journal = LiteDbJournal.Open(path))
        {
            for (var number = 0; number < 4; number++) await journal.AppendAsync(Keyed(number));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => LiteDbJournal.Compact(path, position));
        LiteDbJournal.Compact(path, forgetKeysBefore: 5);
        await using var again = LiteDbJournal.Open(path);
        Assert.Null(again.FindByKey("k3"));
        var first = await again.AppendAsync(Keyed(9));
        Assert.Equal(first, await again.AppendAsync(Keyed(9)));
    }

    [Fact]
    public async Task KeysOfADroppedBeginningThatWereForgotten_AreNotMissed()
    {
        using var directory = new TemporaryDirectory();
        await using (var journal = SegmentJournal.Open(directory.File("segments"), Samples.Small))
        {
            for (var number = 0; number < 20; number++) await journal.AppendAsync(Keyed(number));
            await journal.CompactAsync(new CompactionRequest.RetainFrom(10));
        }

        var path = directory.File("j.db");
        RefoldTool.Run("copy", "segments:" + directory.File("segments"), "litedb:" + path).Expect(0);
        LiteDbJournal.Compact(path, forgetKeysBefore: 5);
        Assert.Null(LiteDbJournal.Verify(path).First);
        LiteDbJournal.Compact(path);
        RefoldTool.Run("copy", "litedb:" + path, "segments:" + directory.File("back")).Expect(0);
        await using var back = SegmentJournal.Open(directory.File("back"));
        Assert.Null(back.FindByKey("k3"));
        Assert.Equal(6, back.FindByKey("k5")!.FirstPosition);
        Assert.Null(SegmentJournal.Verify(directory.File("back")).First);
    }

    [Fact]
    public async Task TwoBatchesWithOneKey_AsAnExportHasThem_AreInOrder_AndTheLaterOneCounts()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            (await journal.TryRestoreAsync([new JournalEntry(1, 1, 1, Samples.Entry("s"), "k")])).ReceiptOrThrow();
            (await journal.TryRestoreAsync([new JournalEntry(2, 2, 2, Samples.Entry("s"), "k")])).ReceiptOrThrow();
            Assert.Equal(2, journal.FindByKey("k")!.FirstPosition);
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
    }

    [Theory]
    [InlineData("h")]
    [InlineData("f")]
    [InlineData("gone")]
    public async Task AKeyThatStandsForSomethingElse_OrIsLost_IsFound(string field)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            for (var number = 0; number < 4; number++) await journal.AppendAsync(Keyed(number));
        }

        using (var database = Database.Open(files, readOnly: false))
        {
            var document = database.First(Storage.Search.ByIds(Collections.Keys, Array.Empty<byte>(), Keys.AboveNames))!;
            if (field == "h") document["h"] = new byte[32];
            if (field == "f") document["f"] = document["f"].AsInt64 + 1;
            database.Write(engine =>
            {
                if (field == "gone") engine.Delete(Collections.Keys, [document["_id"]]);
                else engine.Upsert(Collections.Keys, [document.Sealed()], BsonAutoId.ObjectId);
            });
            database.Checkpoint();
        }

        Assert.Contains("the idempotency key of the batch", LiteDbJournal.Verify(files).First!.What, StringComparison.Ordinal);
    }

    private static AppendRequest Keyed(int number) => new(Samples.Entry("s", $"{number}")) { IdempotencyKey = $"k{number}" };
}
