// Entries by their ids, by what brought them about and by their runs: in memory, in runs, in runs that are being merged; the answers are
// those that reading every entry gives.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;
using Search = Refold.LiteDb.Storage.Search;

namespace Refold.LiteDb;

public class EntryIdTests(ITestOutputHelper output)
{
    /// <summary>So that a few entries make a run, and two of those are merged.</summary>
    internal static readonly PlaceLimits Few = new(Entries: 8, Names: 100, PieceSize: 50, ChunkSize: 4, Fan: 2);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task LookUps_AnswerAsReadingEverythingDoes_WhereverThePairsAre(ulong seed)
    {
        var random = SeededRng.FromSeed(seed).AsRandom();
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files, places: Few);
        for (var step = 0; step < 150; step++)
        {
            switch (random.Next(12))
            {
                case 0:
                    await journal.DeleteToAsync("s" + random.Next(4), random.Next(1, 30));
                    break;
                case 1:
                    // As after a process that was killed; or as after one that was not.
                    var left = files.Contents();
                    await journal.DisposeAsync();
                    if (random.Next(2) == 0) files = new SimulatedFiles(left);
                    journal = LiteDbJournal.Open(files, places: Few);
                    break;
                default:
                    await journal.Append([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Entry(random))]);
                    break;
            }

            if (step % 5 == 0) RequireSame(journal);
        }

        RequireSame(journal);
        Assert.Null(LiteDbJournal.Verify(new SimulatedFiles(files.Contents())).First);
        await journal.DisposeAsync();
        Assert.Null(LiteDbJournal.Verify(files).First);
        var found = Runs(files);
        output.WriteLine(string.Join(' ', found));
        Assert.InRange(found.Count, 2, 40);
        // Without what was deleted.
        LiteDbFiles.Compact(files);
        await using (var compacted = LiteDbJournal.Open(files, Samples.ReadOnly)) RequireSame(compacted);
        var copy = new SimulatedFiles();
        LiteDbFiles.Write(copy, LiteDbFiles.Read(files));
        await using var copied = LiteDbJournal.Open(copy);
        RequireSame(copied);
        await copied.Append(Entry(random), Entry(random));
        RequireSame(copied);
    }

    [Fact]
    public async Task LookUpsWhilePairsMove_MissNothing_AndFindNothingTwice()
    {
        var journal = LiteDbJournal.Open(new SimulatedFiles(), places: Few);
        using var stopped = new CancellationTokenSource();
        await journal.Append(Samples.Entry("s") with { Id = Id(1), Run = RunId.Create("r") });
        var readers = Enumerable.Range(0, 3).Select(reader => Task.Run(() =>
        {
            var asked = 0;
            for (; !stopped.IsCancellationRequested; asked++)
            {
                var head = journal.Head.Position;
                Assert.Equal([1L], journal.FindById(Id(1)));
                var id = (reader + asked) % head + 1;
                Assert.Equal([id], journal.FindById(Id((int)id)));
                if (asked % 10 > 0) continue;
                var ofRun = journal.OfRun(RunId.Create("r")).Select(entry => entry.Position).ToList();
                Assert.True(ofRun.Count >= head);
                Assert.Equal(Enumerable.Range(1, ofRun.Count).Select(number => (long)number), ofRun);
            }

            return asked;
        })).ToList();
        for (var number = 2; number <= 400; number++)
            await journal.Append(Samples.Entry("s") with { Id = Id(number), Run = RunId.Create("r") });
        stopped.Cancel();
        Assert.All(await Task.WhenAll(readers), asked => Assert.NotEqual(0, asked));
        await journal.DisposeAsync();
    }

    /// <summary>However large or small the transactions are.</summary>
    [Theory]
    [InlineData("even")]
    [InlineData("one by one")]
    [InlineData("uneven")]
    public void RunsAndReadsGrowWithTheLogarithm_AndNoTransactionWritesMuchMoreThanItsOwn(string kind)
    {
        var limits = new PlaceLimits(ChunkSize: 8, Fan: 4);
        var random = new Random(7);
        using var database = Database.Open(new SimulatedFiles(), readOnly: false);
        var (position, most, written, times, next) = (0L, 0, 0L, 0, 1000L);
        var counts = new List<(long Entries, int Runs, double Reads, double Written)>();
        while (position < 64_000)
        {
            var recent = new RecentPlaces(limits);
            var count = kind switch { "even" => 100, "uneven" => random.Next(10) == 0 ? 900 : random.Next(1, 9), _ => 1 };
            for (var added = 0; added < count; added++)
            {
                position++;
                recent.Add(new JournalEntry(position, position, position, Samples.Entry("s") with { Id = Id((int)position) }), position);
            }

            var change = new IdChange(database, recent);
            database.Write(engine => change.WriteTo(engine));
            database.CheckpointIfDue();
            written += change.Added;
            times++;
            var own = (count + limits.ChunkSize - 1) / limits.ChunkSize;
            most = Math.Max(most, change.Added / own);
            if (position < next) continue;
            var reads = Enumerable.Range(0, 100).Average(_ =>
            {
                var id = random.Next(1, (int)position + 1);
                var search = new IdSearch(database, IdKey.HashOfEntry(Id(id)));
                Assert.Equal([id], search.Find(new RecentIds()));
                return search.Documents;
            });
            var runs = IdRuns.Read(database.Get(Collections.Meta, IdRuns.Id));
            Assert.Equal(position, Pairs(database).Distinct().Count());
            counts.Add((position, runs.Count, reads, (double)written / times));
            if (kind == "one by one" && next == 4000) break;
            next *= 4;
        }

        foreach (var (entries, runs, reads, each) in counts)
        {
            output.WriteLine($"{entries} entries: {runs} runs, {reads:0.0} documents a look-up, {each:0.0} chunks written at a time");
            Assert.InRange(runs, 1, 4 * Math.Log(entries, limits.Fan));
            Assert.InRange(reads, 1, 2.5 + runs);
        }

        output.WriteLine($"at most {most} times its own");
        Assert.InRange(most, 1, 1 + 2 * Math.Log(position, limits.Fan));
    }

    [Fact]
    public void Chunks_AreReadAsTheyWereWritten_OrRefused()
    {
        IdPair[] pairs =
            [new(0, 1), new(0, 2), new(0, 1L << 62), new(1, 1), new(1UL << 63, 5), new(ulong.MaxValue, 4), new(ulong.MaxValue, 7)];
        for (var first = 0; first < pairs.Length; first++)
        {
            var written = IdChunk.Write(3, pairs.AsSpan(first));
            Assert.Equal(pairs[first..], IdChunk.Read(written));
            Assert.Equal(3, IdChunk.RunOf(written));
        }

        foreach (byte[] bytes in (byte[][])[
            [1], [0, 0], [1, 0], [0x81], [1, 0x80], [.. Enumerable.Repeat((byte)0xFF, 9), 2, 1], [.. Enumerable.Repeat((byte)0xFF, 20), 1],
            [.. Enumerable.Repeat((byte)0xFF, 9), 1, 1, 1, 1]])
        {
            var document = IdChunk.Write(1, pairs.AsSpan(3, 1));
            document["p"] = bytes;
            Assert.ThrowsAny<Exception>(() => IdChunk.Read(document));
        }

        List<IdRun> runs = [new(2, 7, 9), new(5, 1, 0), new(9, 1L << 40, 0)];
        Assert.Equal(runs, IdRuns.Read(IdRuns.Write(runs)));
        Assert.Empty(IdRuns.Read(null));
        foreach (IdRun[] wrong in (IdRun[][])[[new(1, 1, 2)], [new(1, 1, 2), new(2, 1, 3), new(3, 1, 0)], [new(1, 0, 0)], [new(0, 1, 0)]])
            Assert.Throws<InvalidDataException>(() => IdRuns.Read(IdRuns.Write(wrong)));
    }

    private static IEnumerable<IdPair> Pairs(Database database) =>
        database.All(first => Search.ByIds(Collections.Ids, first, BsonValue.MaxValue), BsonValue.MinValue).SelectMany(IdChunk.Read);

    private static List<IdRun> Runs(SimulatedFiles files)
    {
        using var database = Database.Open(files, readOnly: true);
        return IdRuns.Read(database.Get(Collections.Meta, IdRuns.Id));
    }

    // Given ids come again and again, also as causes; some entries have neither, some a run.
    private static EntryData Entry(Random random) => Samples.Entry("s" + random.Next(4), new string('x', random.Next(100))) with
    {
        Id = random.Next(2) == 0 ? Id(random.Next(20)) : null,
        CausationId = random.Next(2) == 0 ? Id(random.Next(20)) : null,
        Run = random.Next(3) > 0 ? RunId.Create("r" + random.Next(2)) : null,
    };

    private static void RequireSame(LiteDbJournal journal)
    {
        var all = journal.ReadAll().ToList();
        foreach (var id in all.Select(entry => entry.Id).Concat(Enumerable.Range(0, 21).Select(Id)).Distinct())
        {
            Assert.Equal(all.Where(entry => entry.Id == id).Select(entry => entry.Position), journal.FindById(id));
            Assert.Equal(all.Where(entry => entry.CausationId == id).Select(entry => entry.Position), journal.CausedBy(id));
        }

        foreach (var run in (RunId[])[RunId.Create("r0"), RunId.Create("r1"), RunId.Create("r2")])
            Assert.Equal(all.Where(entry => entry.Run == run), journal.OfRun(run));
    }

    internal static Guid Id(int number) => new(number, 7, 7, [1, 2, 3, 4, 5, 6, 7, 8]);
}
