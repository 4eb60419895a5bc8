// Entries in blocks: which of them lie together, that a damaged one is named and the others are read, and what reads ask of them.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Xunit;
using Search = Refold.LiteDb.Storage.Search;

namespace Refold.LiteDb;

public class EntryBlockTests
{
    [Fact]
    public async Task ABatch_LiesInFewBlocks_AndALargeEntryInOneOfItsOwn()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            await journal.Append([.. Enumerable.Range(0, 100).Select(number => Samples.Entry("s" + number, new string('x', 250)))]);
            await journal.Append(Samples.Entry("s"), Samples.Entry("s", new string('x', 100_000)), Samples.Entry("s"));
            await journal.Append(Samples.Entry("s"));
        }

        var blocks = Blocks(files);
        Assert.InRange(blocks.Count(block => block.Last <= 100), 2, 4);
        Assert.All(blocks.Where(block => block.Count > 1), block => Assert.InRange(block.Bytes.Length, 1, 16_000));
        Assert.Equal([101, 102, 103, 104], blocks.Where(block => block.Last > 100).Select(block => block.Last));
        Assert.Equal(Enumerable.Range(1, 104).Select(position => (long)position), blocks.SelectMany(block => block.Positions));
        Assert.Equal(104, (await ReadAsync(files)).Count);
    }

    [Fact]
    public async Task AnEntryWhoseBytesAreNotWhatWasWritten_IsNamed_AndThoseBesideItAreRead()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
            await journal.Append([.. Enumerable.Range(1, 9).Select(number => Samples.Entry("s" + number, $"{number}", "a"))]);
        Change(files, 9, (block, bytes) => bytes[block.Starts[5] - 1] ^= 1);
        Assert.Contains("position 5", Fault(files), StringComparison.Ordinal);
        await using var damaged = LiteDbJournal.Open(files);
        Assert.Equal(4, damaged.ReadAll(maxCount: 4).Count());
        foreach (var read in (Func<IEnumerable<JournalEntry>>[])[
            () => damaged.ReadAll(), () => damaged.ReadAll(5, 1), () => damaged.ReadStream("s5"),
            () => damaged.Query(Query.WithTags("a")).Entries])
        {
            var found = Assert.Throws<JournalCorruptedException>(() => read().Count());
            Assert.Equal("the checksum of the entry at position 5", found.What);
        }

        Assert.Single(damaged.ReadStream("s4"));
        Assert.Equal(4, damaged.ReadAll(6).Count());
    }

    [Theory]
    [InlineData("cut short")]
    [InlineData("another length")]
    [InlineData("an entry twice")]
    [InlineData("an entry less at the end")]
    [InlineData("an entry less at the beginning")]
    [InlineData("nothing")]
    [InlineData("another version")]
    public async Task ABlockThatIsNotWhatWasWritten_IsFound_ByEveryReadOfIt(string what)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
            await journal.Append([.. Enumerable.Range(1, 5).Select(number => Samples.Entry("s", $"{number}", "a"))]);
        Rewrite(files, 5, block => what switch
        {
            "cut short" => block.Bytes[..^1],
            "another length" => With(block.Bytes, block.Starts[2] + 16),
            "an entry twice" => [.. block.Bytes[..block.Starts[1]], .. block.Bytes],
            "an entry less at the end" => block.Bytes[..block.Starts[4]],
            "an entry less at the beginning" => block.Bytes[block.Starts[1]..],
            "nothing" => [],
            _ => With(block.Bytes, block.Starts[0] + 8),
        });
        Assert.NotEmpty(Fault(files));
        await using var damaged = LiteDbJournal.Open(files);
        Assert.Throws<JournalCorruptedException>(() => damaged.ReadAll().Count());
        Assert.Throws<JournalCorruptedException>(() => damaged.ReadStream("s").Count());
        Assert.Throws<JournalCorruptedException>(() => damaged.Query(Query.WithTags("a")));

        static byte[] With(byte[] bytes, int place) => [.. bytes[..place], (byte)(bytes[place] + 1), .. bytes[(place + 1)..]];
    }

    [Fact]
    public async Task ABlockThatIsThereTwice_IsFoundByVerify()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
            await journal.Append([.. Enumerable.Range(1, 5).Select(number => Samples.Entry("s", $"{number}"))]);
        using (var database = Database.Open(files, readOnly: false))
        {
            var document = database.Get(Collections.Entries, 5L)!;
            var block = new EntryBlocks(database.Journal, files.Place).Read(document);
            (document["_id"], document["d"]) = (2L, block.Bytes[..block.Starts[2]]);
            database.Write(engine => engine.Insert(Collections.Entries, [document], BsonAutoId.ObjectId));
        }

        Assert.Equal(5, (await ReadAsync(files)).Count);
        Assert.NotEmpty(Fault(files));
    }

    [Fact]
    public async Task ACompaction_WritesBlocksWithoutTheLeavesItDrops()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            await journal.Append(Samples.Entry("s"), Samples.Entry("s"), Samples.Entry("t"), Samples.Entry("u"));
            await journal.DeleteToAsync("s", 2);
            await journal.DeleteToAsync("u", 1);
        }

        Assert.Equal([1, 2, 3, 4], Assert.Single(Blocks(files)).Positions);
        LiteDbFiles.Compact(files);
        Assert.Equal([3], Assert.Single(Blocks(files)).Positions);
        Assert.Equal(3, Assert.Single(await ReadAsync(files)).Position);
        Assert.Empty(Fault(files));
    }

    private static async Task<List<JournalEntry>> ReadAsync(SimulatedFiles files)
    {
        await using var journal = LiteDbJournal.Open(files);
        return [.. journal.ReadAll()];
    }

    private static string Fault(SimulatedFiles files) => LiteDbJournal.Verify(files).First?.What ?? "";

    private static List<EntryBlock> Blocks(SimulatedFiles files)
    {
        using var database = Database.Open(files, readOnly: true);
        var blocks = new EntryBlocks(database.Journal, files.Place);
        return [.. database.Find(Search.ByIds(Collections.Entries, 0L, long.MaxValue)).Select(blocks.Read)];
    }

    private static void Change(SimulatedFiles files, long last, Action<EntryBlock, byte[]> change) => Rewrite(files, last, block =>
    {
        var bytes = block.Bytes.ToArray();
        change(block, bytes);
        return bytes;
    });

    private static void Rewrite(SimulatedFiles files, long last, Func<EntryBlock, byte[]> change)
    {
        using var database = Database.Open(files, readOnly: false);
        var document = database.Get(Collections.Entries, last)!;
        document["d"] = change(new EntryBlocks(database.Journal, files.Place).Read(document));
        database.Write(engine => engine.Upsert(Collections.Entries, [document], BsonAutoId.ObjectId));
    }
}
