// What the writer asks the database: a version once, and with expressions that are parsed once.
// Run by `dotnet test`.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.LiteDb;

public class WriterVersionsTests
{
    [Fact]
    public async Task AVersionThatIsKnown_IsNotAskedForAgain()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(Samples.Entry("s"), Samples.Entry("s"));
        var database = Database.Open(files, readOnly: true);
        var reader = new Reader(database, new EntryBlocks(database.Journal, database.Place), database.Place);
        var index = new LiteDbIndex(database, new JournalState(database), reader, new WriterVersions());
        Assert.Equal(2, index.HighestVersion(StreamId.Create("s")));
        Assert.Equal(0, index.HighestVersion(StreamId.Create("none")));
        database.Dispose();
        Assert.Equal(2, index.HighestVersion(StreamId.Create("s")));
        Assert.Equal(0, index.HighestVersion(StreamId.Create("none")));
        Assert.Throws<ObjectDisposedException>(() => index.HighestVersion(StreamId.Create("other")));
        index.BeginAnew();
        Assert.Throws<ObjectDisposedException>(() => index.HighestVersion(StreamId.Create("s")));
    }

    [Fact]
    public void MoreStreamsThanAreKept_AreAskedForAgain_AndRight()
    {
        var known = new WriterVersions();
        var asked = 0;
        for (var round = 0; round < 2; round++)
        {
            for (var number = 1; number <= 70_000; number++)
                Assert.Equal(number, known.Of(StreamId.Create("s" + number), stream =>
                {
                    asked++;
                    return long.Parse(stream.Value.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
                }));
        }

        Assert.InRange(asked, 70_001, 140_000);
    }

    [Fact]
    public void ASearch_IsParsedOnceAThread_AndAsksForItsOwnValues()
    {
        var first = Search.ByIds(Collections.Batches, 3L, 4L).ToQuery(1);
        var expression = first.Where[0];
        Assert.Equal(3L, expression.Parameters["0"].AsInt64);
        var second = Search.ByIds(Collections.Batches, 5L, 6L).ToQuery(1);
        Assert.Same(expression, second.Where[0]);
        Assert.Equal([5L, 6L], expression.Parameters.Values.Select(value => value.AsInt64));
        LiteDB.Query? other = null;
        var thread = new Thread(() => other = Search.ByIds(Collections.Batches, 7L, 8L).ToQuery(1));
        thread.Start();
        thread.Join();
        Assert.NotSame(expression, other!.Where[0]);
        Assert.Equal(5L, expression.Parameters["0"].AsInt64);
    }
}
