// Each batch has its ordinal, its tree leaf and the latest time up to it: those of the segment store, and verified.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Segments;
using Xunit;
using Search = Refold.LiteDb.Storage.Search;

namespace Refold.LiteDb;

public class BatchTreeRowTests
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Batches_HaveTheirPlacesInTheTree_AsInTheSegmentStore(bool dropsTheBeginning)
    {
        using var directory = new TemporaryDirectory();
        var (source, path) = (directory.File("segments"), directory.File("j.db"));
        await using (var journal = SegmentJournal.Open(source, Samples.Small))
        {
            for (var number = 0; number < 60; number++) await journal.AppendAsync(Request(number));
            await journal.DeleteToAsync(StreamId.Create("s1"), 8);
            await journal.DeleteToAsync(StreamId.Create("latest"), 1);
            if (dropsTheBeginning) await journal.CompactAsync(new CompactionRequest.RetainFrom(40));
        }

        RefoldTool.Run("copy", "segments:" + source, "litedb:" + path).Expect(0);
        // Leaves that are dropped here keep what they say of the tree.
        RefoldTool.Run("compact", "--merge", "--journal", "litedb:" + path).Expect(0);
        AssertSame(source, path);
        await using (var segments = SegmentJournal.Open(source, Samples.Small))
        await using (var journal = LiteDbJournal.Open(path))
        {
            for (var number = 60; number < 90; number++)
                Assert.Equal(await segments.AppendAsync(Request(number)), await journal.AppendAsync(Request(number)));
        }

        AssertSame(source, path);
        Assert.Null(LiteDbJournal.Verify(path).First);
    }

    [Theory]
    [InlineData("n")]
    [InlineData("t")]
    [InlineData("u")]
    public async Task Verification_FindsAPlaceInTheTreeThatDoesNotFollow(string field)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            for (var number = 0; number < 5; number++) await journal.AppendAsync(Request(number));
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
        using (var database = Database.Open(files, readOnly: false))
        {
            var document = database.First(Search.ByIds(Collections.Batches, 3L, long.MaxValue))!;
            BsonValue other = field == "t" ? document["h"] : document[field].AsInt64 + 1;
            document[field] = other;
            database.Write(engine => engine.Upsert(Collections.Batches, [document.Sealed()], BsonAutoId.ObjectId));
            database.Checkpoint();
        }

        Assert.Contains("in the batch tree", LiteDbJournal.Verify(files).First!.What, StringComparison.Ordinal);
    }

    // Times come and go, run backwards, and the latest of all lies in an entry that is deleted.
    private static AppendRequest Request(int number) =>
        new(
            Samples.Entry("s" + number % 3, new string('x', 100), "a") with
            {
                Time = number % 4 == 0 ? null : Begin.AddMinutes(number % 7)
            },
            number == 20 ? Samples.Entry("latest") with { Time = Begin.AddDays(1) } : Samples.Entry("t"))
        {
            IdempotencyKey = "k" + number
        };

    private static void AssertSame(string segments, string path)
    {
        using var database = Database.Open(new LocalDatabaseFiles(path), readOnly: true);
        var found = database.All(first => Search.ByIds(Collections.Batches, first, long.MaxValue), 0L).Select(BatchRow.Read);
        var expected = TreeRows.Of(new DirectoryDevice(segments));
        Assert.NotEmpty(expected);
        Assert.Equal(expected, found.Select(row => new PlacedRow(row.Head, row.Tree.Ordinal, row.Tree.Leaf, row.Tree.Latest)));
    }
}
