// Each batch has its ordinal, its tree leaf and the latest time up to it: those of the segment store, and verified.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Segments;
using Refold.Transfers;
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

    [Theory]
    [InlineData("no row")]
    [InlineData("another row")]
    [InlineData("another position")]
    [InlineData("another hash")]
    [InlineData("another ordinal")]
    [InlineData("another time")]
    [InlineData("another count at the head")]
    [InlineData("another time at the head")]
    [InlineData("an entry behind the head")]
    [InlineData("a row in an empty journal")]
    [InlineData("a count in an empty journal")]
    [InlineData("a time in an empty journal")]
    public async Task Opening_RefusesALastBatchThatIsNotTheOneOfTheHead(string what)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            for (var number = 0; number < 5 && !what.EndsWith("empty journal", StringComparison.Ordinal); number++)
                await journal.AppendAsync(Request(number));
        }

        using (var database = Database.Open(files, readOnly: false))
        {
            Change(database, what);
            database.Checkpoint();
        }

        foreach (var readOnly in new[] { true, false })
        {
            var refused = Assert.Throws<JournalCorruptedException>(() => Database.Open(files, readOnly));
            Assert.Equal("the last batch", refused.What);
        }
    }

    [Theory]
    [InlineData("another count at the head")]
    [InlineData("another time at the head")]
    [InlineData("a count in an empty journal")]
    [InlineData("a time in an empty journal")]
    public async Task Verification_FindsAHeadWhoseCountOrTimeDoesNotFollow(string what)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            for (var number = 0; number < 5 && !what.EndsWith("empty journal", StringComparison.Ordinal); number++)
                await journal.AppendAsync(Request(number));
        }

        // Of a database that is open, as a copy is verified: opening it would refuse it.
        using var database = Database.Open(files, readOnly: false);
        Assert.Null(LiteDbVerification.Of(database, files.Place).First);
        Change(database, what);
        Assert.Contains("batches up to", LiteDbVerification.Of(database, files.Place).First!.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("another count at the head")]
    [InlineData("another time at the head")]
    [InlineData("another position")]
    [InlineData("another hash behind the beginning")]
    public async Task AJournalThatHasNothingButADroppedBeginning_IsOpened_AndGoesOn_WhereItsHeadIsTheOneBehindIt(string what)
    {
        using var directory = new TemporaryDirectory();
        var (source, files) = (directory.File("segments"), new SimulatedFiles());
        await using (var journal = SegmentJournal.Open(source, Samples.Small))
        {
            for (var number = 0; number < 60; number++) await journal.AppendAsync(Request(number));
            await journal.CompactAsync(new CompactionRequest.RetainFrom(40));
        }

        RefoldTool.Run("copy", "segments:" + source, "litedb:" + directory.File("j.db")).Expect(0);
        var beginning = LiteDbFiles.Read(new LocalDatabaseFiles(directory.File("j.db"))).First();
        var summary = Assert.IsType<TransferItem.Beginning>(beginning).Content.Summary;
        LiteDbFiles.Write(files, [beginning]);
        using (var database = Database.Open(files, readOnly: false))
        {
            if (what.Length > 0) Change(database, what);
            database.Checkpoint();
        }

        if (what.Length > 0)
        {
            Assert.Equal("the last batch", Assert.Throws<JournalCorruptedException>(() => Database.Open(files, readOnly: true)).What);
            return;
        }

        await using (var journal = LiteDbJournal.Open(files)) await journal.AppendAsync(Request(60));
        Assert.Null(LiteDbJournal.Verify(files).First);
        using var reopened = Database.Open(files, readOnly: true);
        var row = BatchRow.Read(reopened.First(Search.ByIds(Collections.Batches, 0L, long.MaxValue))!);
        Assert.Equal(summary.Batches, row.Tree.Ordinal);
    }

    private static void Change(Database database, string what)
    {
        var last = database.First(Search.ByIds(Collections.Batches, 10L, long.MaxValue));
        var head = database.Get(Collections.Meta, Progress.Id)!;
        database.Write(engine =>
        {
            switch (what)
            {
                case "no row":
                    engine.Delete(Collections.Batches, [last!["_id"]]);
                    break;
                case "another row":
                    last!["_id"] = 12L;
                    Put(Collections.Batches, last);
                    break;
                case "another position":
                    // Of its entry, too, nothing is left.
                    engine.Delete(Collections.Entries, [10L]);
                    head["pos"] = head["pos"].AsInt64 - 1;
                    Put(Collections.Meta, head);
                    break;
                case "another hash":
                    last!["h"] = last["t"];
                    Put(Collections.Batches, last);
                    break;
                case "another ordinal":
                    last!["n"] = last["n"].AsInt64 + 1;
                    Put(Collections.Batches, last);
                    break;
                case "another time":
                    last!["u"] = last["u"].AsInt64 + 1;
                    Put(Collections.Batches, last);
                    break;
                case "another count at the head" or "a count in an empty journal":
                    head["b"] = head["b"].AsInt64 + 1;
                    Put(Collections.Meta, head);
                    break;
                case "another time at the head" or "a time in an empty journal":
                    head["u"] = Begin.UtcTicks;
                    Put(Collections.Meta, head);
                    break;
                case "another hash behind the beginning":
                    var basis = database.Get(Collections.Meta, Base.Id)!;
                    basis["hash"] = new byte[32];
                    Put(Collections.Meta, basis);
                    break;
                case "an entry behind the head":
                    var entry = database.First(Search.ByIds(Collections.Entries, 10L, long.MaxValue))!;
                    entry["_id"] = 11L;
                    engine.Insert(Collections.Entries, [entry], BsonAutoId.ObjectId);
                    break;
                default:
                    var none = new TreeRow(0, default, null);
                    Put(Collections.Batches, new BatchRow(1, new Head(1, default), [], null, 0, none).Write());
                    break;
            }

            void Put(string collection, BsonDocument document) =>
                engine.Upsert(collection, [document.Sealed()], BsonAutoId.ObjectId);
        });
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
