// What can be wrong with the runs of ids, each found by the verification and told; and what a look-up makes of it.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;
using Search = Refold.LiteDb.Storage.Search;

namespace Refold.LiteDb;

public class EntryIdDamageTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("a pair is lost")]
    [InlineData("a pair is another")]
    [InlineData("a pair is there twice")]
    [InlineData("a pair too many")]
    [InlineData("a chunk is lost")]
    [InlineData("a chunk of an unknown run")]
    [InlineData("a chunk of another run")]
    [InlineData("chunks overlap")]
    [InlineData("a run is lost")]
    [InlineData("a run is not in the list")]
    [InlineData("a run is counted wrong")]
    [InlineData("the list is lost")]
    [InlineData("a merge that is none")]
    [InlineData("a merge that is forgotten")]
    [InlineData("a merged pair is another")]
    [InlineData("a merged chunk is there again")]
    public async Task WhatIsWrongWithIds_IsFoundByVerify(string what)
    {
        var files = new SimulatedFiles(await MergingAsync());
        Assert.Null(LiteDbJournal.Verify(files).First);
        using (var database = Database.Open(files, readOnly: false))
        {
            var runs = IdRuns.Read(database.Get(Collections.Meta, IdRuns.Id));
            var (source, other) = (runs.Find(run => run.Into > 0), runs.FindLast(run => run.Into == 0));
            var target = runs.Find(run => run.Number == source.Into);
            var ofTarget = Chunks(database, target.Number);
            // At the seam of a merge, a chunk of which a part is in both.
            var seam = runs.Where(run => run.Into == target.Number).Select(run => Chunks(database, run.Number)[0])
                .First(chunk => IdChunk.Read(chunk)[0] <= IdChunk.Read(ofTarget[^1])[^1]);
            var (chunk, pairs) = (Chunks(database, other.Number)[0], IdChunk.Read(Chunks(database, other.Number)[0]));
            List<BsonDocument> added = [];
            List<BsonValue> removed = [];
            BsonDocument? list = null;
            switch (what)
            {
                case "a pair is lost":
                    Put(other.Number, pairs[1..], isCounted: true);
                    break;
                case "a pair is another":
                    Put(other.Number, [.. pairs[..^1], pairs[^1] with { Position = pairs[^1].Position + 1 }]);
                    break;
                case "a pair is there twice":
                    added.Add(IdChunk.Write(target.Number, IdChunk.Read(Chunks(database, source.Number)[^1])[^1..]));
                    list = Counted(target, 1);
                    break;
                case "a pair too many":
                    Put(other.Number, [.. pairs, new(pairs[^1].Hash + 1, 1)], isCounted: true);
                    break;
                case "a chunk is lost":
                    removed.Add(chunk["_id"]);
                    break;
                case "a chunk of an unknown run":
                    added.Add(IdChunk.Write(runs[^1].Number + 7, pairs));
                    break;
                case "a chunk of another run":
                    removed.Add(chunk["_id"]);
                    added.Add(IdChunk.Write(source.Number, pairs));
                    break;
                case "chunks overlap":
                    removed.Add(ofTarget[0]["_id"]);
                    removed.Add(ofTarget[1]["_id"]);
                    IdPair[] both = [.. IdChunk.Read(ofTarget[0]), .. IdChunk.Read(ofTarget[1])];
                    added.Add(IdChunk.Write(target.Number, [.. both[..2], .. both[4..6]]));
                    added.Add(IdChunk.Write(target.Number, [.. both[2..4], .. both[6..]]));
                    break;
                case "a run is lost":
                    removed.AddRange(Chunks(database, other.Number).Select(document => document["_id"]));
                    break;
                case "a run is not in the list":
                    list = IdRuns.Write([.. runs.Where(run => run != other)]);
                    break;
                case "a run is counted wrong":
                    list = Counted(other, 1);
                    break;
                case "the list is lost":
                    break;
                case "a merge that is none":
                    list = IdRuns.Write([.. runs.Select(run => run == other ? run with { Into = runs[^1].Number + 1 } : run)]);
                    break;
                case "a merge that is forgotten":
                    list = IdRuns.Write([.. runs.Select(run => run with { Into = 0 })]);
                    break;
                case "a merged pair is another":
                    removed.Add(seam["_id"]);
                    added.Add(IdChunk.Write(
                        IdChunk.RunOf(seam),
                        [IdChunk.Read(seam)[0] with { Hash = IdChunk.Read(seam)[0].Hash - 1 }, .. IdChunk.Read(seam)[1..]]));
                    break;
                case "a merged chunk is there again":
                    added.Add(IdChunk.Write(source.Number, IdChunk.Read(ofTarget[0])));
                    list = Counted(source, IdChunk.Read(ofTarget[0]).Length);
                    break;
            }

            database.Write(engine =>
            {
                if (removed.Count > 0) engine.Delete(Collections.Ids, removed);
                if (added.Count > 0) engine.Upsert(Collections.Ids, [.. added.Select(item => item.Sealed())], BsonAutoId.ObjectId);
                if (list is not null) engine.Upsert(Collections.Meta, [list.Sealed()], BsonAutoId.ObjectId);
                if (what == "the list is lost") engine.Delete(Collections.Meta, [IdRuns.Id]);
            });
            database.Checkpoint();

            void Put(long run, IdPair[] others, bool isCounted = false)
            {
                removed.Add(chunk["_id"]);
                added.Add(IdChunk.Write(run, others));
                if (isCounted) list = Counted(other, others.Length - pairs.Length);
            }

            BsonDocument Counted(IdRun changed, long more) =>
                IdRuns.Write([.. runs.Select(run => run == changed ? run with { Pairs = run.Pairs + more } : run)]);
        }

        var found = LiteDbJournal.Verify(files).First;
        Assert.NotNull(found);
        output.WriteLine(found.What);
        // Look-ups would find nothing, and the next run would take the place of an older one.
        if (what == "the list is lost") Assert.Throws<JournalCorruptedException>(() => LiteDbJournal.Open(files));
        Assert.Contains("ids", found.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APairOfAnEntryThatIsNotThere_IsDamage_AndOneOfAnotherEntryHarmsNoLookUp()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(Samples.Entry("s") with { Id = EntryIdTests.Id(1) });
        using (var database = Database.Open(files, readOnly: false))
        {
            database.Write(engine =>
            {
                foreach (var number in (int[])[1, 2])
                    engine.Insert(Collections.Ids, [IdChunk.Write(1, [Pair(number + 8, number)]).Sealed()], BsonAutoId.ObjectId);
            });
            database.Checkpoint();
        }

        await using (var journal = LiteDbJournal.Open(files))
        {
            Assert.Empty(journal.FindById(EntryIdTests.Id(9)));
            // Behind the journal's end nothing is looked for.
            Assert.Empty(journal.FindById(EntryIdTests.Id(10)));
            Assert.Equal([1L], journal.FindById(EntryIdTests.Id(1)));
            await journal.DeleteToAsync("s", 1);
            Assert.Empty(journal.FindById(EntryIdTests.Id(1)));
            Assert.NotNull(LiteDbJournal.Verify(new SimulatedFiles(files.Contents())).First);
        }

        using (var database = Database.Open(files, readOnly: false))
        {
            database.Write(engine => engine.Insert(
                Collections.Ids, [IdChunk.Write(1, [Pair(3, 0)]).Sealed()], BsonAutoId.ObjectId));
            database.Checkpoint();
        }

        await using (var journal = LiteDbJournal.Open(files))
            Assert.Throws<JournalCorruptedException>(() => journal.FindById(EntryIdTests.Id(3)));
        Assert.NotNull(LiteDbJournal.Verify(files).First);
    }

    /// <summary>A journal in the middle of merges, as a process that was killed left it.</summary>
    internal static async Task<Dictionary<FileRole, byte[]>> MergingAsync()
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files, places: EntryIdTests.Few with { ChunkSize = 5 });
        for (var number = 1; number < 1000; number++)
        {
            await journal.Append(Samples.Entry("s" + number % 3) with
            {
                Id = EntryIdTests.Id(number),
                CausationId = EntryIdTests.Id(-1),
                Run = RunId.Create("r")
            });
            if (number < 120) continue;
            var left = files.Contents();
            using var database = Database.Open(new SimulatedFiles(left), readOnly: false);
            var runs = IdRuns.Read(database.Get(Collections.Meta, IdRuns.Id));
            if (
                runs.Find(run => run.Into > 0) is { Into: > 0 } source && runs.Exists(run => run.Into == 0 && run.Number > source.Into)
                && Chunks(database, source.Into) is { Count: > 1 } target
                && runs.Exists(run =>
                    run.Into == source.Into && IdChunk.Read(Chunks(database, run.Number)[0])[0] <= IdChunk.Read(target[^1])[^1]))
            {
                await journal.DisposeAsync();
                return left;
            }
        }

        throw new InvalidOperationException("No merge was met that has come so far.");
    }

    private static IdPair Pair(int id, long position) => new(IdKey.HashOfEntry(EntryIdTests.Id(id)), position);

    private static List<BsonDocument> Chunks(Database database, long run) =>
        database.Find(Search.ByIds(Collections.Ids, IdChunk.First(run), IdChunk.Last(run)));
}
