// Whole journals: backed up while they are written, compacted, moved between stores, opened by hosts and by the tool.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Refold.Segments;
using Xunit;

namespace Refold.LiteDb;

public class WholeJournalTests
{
    [Fact]
    public async Task Line16_ABackupUnderLoad_HoldsWhatWasAnsweredBefore_AndVerifies()
    {
        using var directory = new TemporaryDirectory();
        await using var journal = LiteDbJournal.Open(directory.File("j.db"));
        using var stopped = new CancellationTokenSource();
        var writer = Task.Run(async () =>
        {
            while (!stopped.IsCancellationRequested) await journal.Append(Samples.Entry("s", "{}", "a"), Samples.Entry("t"));
        });
        for (var number = 0; number < 5; number++)
        {
            await journal.Append(Samples.Entry("u"));
            var before = journal.Head;
            var made = await journal.BackupAsync(directory.File($"copy{number}.db"));
            Assert.True(made.Ok);
            await using var copy = LiteDbJournal.Open(directory.File($"copy{number}.db"));
            Assert.Equal(before, copy.HeadAt(before.Position));
            Assert.Equal(journal.HeadAt(copy.Head.Position), copy.Head);
            await copy.Append(Samples.Entry("u"));
        }

        await Assert.ThrowsAsync<JournalOpenException>(() => journal.BackupAsync(directory.File("copy0.db")));
        stopped.Cancel();
        await writer;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Line16_Compaction_KeepsPositionsVersionsHeadsKeysAndFloors(ulong seed)
    {
        var files = new SimulatedFiles();
        var random = SeededRng.FromSeed(seed).AsRandom();
        await using var model = new InMemoryJournal();
        for (var round = 0; round < 4; round++)
        {
            await using (var journal = LiteDbJournal.Open(files))
            {
                for (var step = 0; step < 15; step++)
                {
                    var request = new AppendRequest(
                        [
                            .. Enumerable.Range(0, random.Next(1, 6))
                                .Select(_ => Samples.Entry("s" + random.Next(3), new string('x', random.Next(200)), "a"))])
                    {
                        IdempotencyKey = $"k{round}/{step}"
                    };
                    Assert.Equal(await model.AppendAsync(request), await journal.AppendAsync(request));
                }

                var (stream, version) = (StreamId.Create("s" + random.Next(3)), random.Next(1, 40));
                await model.DeleteToAsync(stream, version);
                await journal.DeleteToAsync(stream, version);
            }

            LiteDbFiles.Compact(files);
            await using var compacted = LiteDbJournal.Open(files);
            Assert.Equal(model.Everything(), compacted.Everything());
            for (var step = 0; step < 15; step++)
                Assert.Equal(model.FindByKey($"k{round}/{step}"), compacted.FindByKey($"k{round}/{step}"));
            foreach (var asOf in (long[])[0, model.Head.Position / 2, model.Head.Position])
            {
                var condition = new AppendRequest(Samples.Entry("never"))
                {
                    Condition = new AppendCondition(Query.WithTags("no such"), asOf),
                    IdempotencyKey = "k0/0"
                };
                Assert.Equal((await model.TryAppendAsync(condition)).ToString(), (await compacted.TryAppendAsync(condition)).ToString());
                condition = condition with
                {
                    IdempotencyKey = null,
                    Expected = new Dictionary<StreamId, ExpectedVersion> { ["never"] = ExpectedVersion.Exactly(9) }
                };
                Assert.Equal((await model.TryAppendAsync(condition)).ToString(), (await compacted.TryAppendAsync(condition)).ToString());
            }
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
    }

    [Fact]
    public async Task Line16_Compaction_ForgetsKeysForGood()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            for (var number = 1; number <= 4; number++) await journal.AppendAsync(new AppendRequest(Samples.Entry("s"))
            {
                IdempotencyKey = "k" + number
            });
        }

        LiteDbFiles.Compact(files, forgetKeysBefore: 3);
        LiteDbFiles.Compact(files);
        await using (var journal = LiteDbJournal.Open(files))
        {
            Assert.Equal(3, journal.KeysForgottenBefore);
            Assert.Null(journal.FindByKey("k2"));
            Assert.Equal(3, journal.FindByKey("k3")!.FirstPosition);
            Assert.Equal(5, (await journal.AppendAsync(new AppendRequest(Samples.Entry("other")) { IdempotencyKey = "k2" })).FirstPosition);
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
    }

    [Fact]
    public async Task Line16_Compaction_GivesRoomBack()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("j.db");
        await using (var journal = LiteDbJournal.Open(path))
        {
            for (var number = 0; number < 200; number++)
                await journal.Append(Samples.Entry("large", new string('x', 20_000)), Samples.Entry("small"));
            await journal.DeleteToAsync(StreamId.Create("large"), long.MaxValue);
        }

        var (before, after) = LiteDbJournal.Compact(path);
        Assert.InRange(after, 1, before / 4);
        await using var compacted = LiteDbJournal.Open(path);
        Assert.Equal(200, compacted.ReadAll().Count());
        Assert.Equal(200, compacted.HighestVersion(StreamId.Create("large")));
    }

    [Fact]
    public async Task Line17_TheSameCalls_MakeTheSameExports()
    {
        var exports = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            await using var journal = LiteDbJournal.Open(new SimulatedFiles());
            for (var number = 0; number < 50; number++) await journal.Append(Samples.Entry("s" + number % 3, $"{number}", "a"));
            await journal.DeleteToAsync(StreamId.Create("s1"), 4);
            exports.Add(string.Join('\n', journal.Everything()));
        }

        Assert.Equal(exports[0], exports[1]);
    }

    [Fact]
    public void Receipt_IntoLiteDb_ToSegmentsAndBack_IsTheSameJournal()
    {
        var receipt = Vectors.PathOf("receipt.ndjson");
        using var directory = new TemporaryDirectory();
        string[] journals = ["litedb:" + directory.File("first.db"), directory.Journal("segments"), "litedb:" + directory.File("back.db")];
        RefoldTool.Run("import", receipt, "--batch", "50", "--journal", journals[0]).Expect(0);
        for (var copy = 1; copy < journals.Length; copy++) RefoldTool.Run("copy", journals[copy - 1], journals[copy]).Expect(0);
        RefoldTool.Run("verify", "--journal", journals[^1]).Expect(0);
        Assert.Single(
            journals.Select(journal =>
                RefoldTool.Run("inspect", "--json", "--journal", journal).Expect(0).Json.GetProperty("head").ToString()).Distinct());
        string[][] questions = [["export"], ["export", "--raw"]];
        Assert.All(questions, question =>
            Assert.Single(journals.Select(journal => RefoldTool.Run([.. question, "--journal", journal]).Expect(0).Output).Distinct()));
    }

    [Fact]
    public async Task ACopy_KeepsDeletedEntriesKeysAndADroppedBeginning()
    {
        using var directory = new TemporaryDirectory();
        var source = directory.File("segments");
        await using (var journal = SegmentJournal.Open(source, Samples.Small))
        {
            for (var number = 0; number < 60; number++)
                await journal.AppendAsync(new AppendRequest(Samples.Entry("s" + number % 3, new string('x', 100), "a"), Samples.Entry("t"))
                {
                    IdempotencyKey = "k" + number
                });
            await journal.DeleteToAsync(StreamId.Create("s1"), 8);
            await journal.DeleteToAsync(StreamId.Create("t"), 3);
            await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(70));
            await journal.AppendAsync(new AppendRequest(Samples.Entry("again")) { IdempotencyKey = "k0" });
            await journal.CompactAsync(new CompactionRequest.RetainFrom(40));
        }

        var path = directory.File("j.db");
        RefoldTool.Run("copy", "segments:" + source, "litedb:" + path).Expect(0);
        RefoldTool.Run("verify", "--journal", "litedb:" + path).Expect(0);
        RefoldTool.Run("compact", "--merge", "--journal", "litedb:" + path).Expect(0);
        RefoldTool.Run("copy", "litedb:" + path, directory.Journal("back")).Expect(0);
        await using var first = SegmentJournal.Open(source, Samples.ReadOnly);
        await using var second = LiteDbJournal.Open(path);
        await using var third = SegmentJournal.Open(directory.File("back"), Samples.ReadOnly);
        Assert.Equal(first.Everything(), second.Everything());
        Assert.Equal(first.Everything(), third.Everything());
        Assert.Equal(70, second.KeysForgottenBefore);
        Assert.Equal(70, third.KeysForgottenBefore);
        Assert.NotEqual(0, first.Begin.Position);
        Assert.Equal(first.Begin, second.Begin);
        Assert.Equal(first.Begin, third.Begin);
        Assert.Null(second.FindByKey("k30"));
        Assert.Equal(121, second.FindByKey("k0")!.FirstPosition);
        Assert.All(Enumerable.Range(0, 60), number =>
        {
            Assert.Equal(first.FindByKey("k" + number), second.FindByKey("k" + number));
            Assert.Equal(first.FindByKey("k" + number), third.FindByKey("k" + number));
        });
    }

    [Fact]
    public async Task AHost_OpensTheJournalByItsUri()
    {
        using var directory = new TemporaryDirectory();
        var services = new ServiceCollection();
        services.AddRefold(options => options.UseJournal("litedb:" + directory.File("j.db")));
        await using var provider = services.BuildServiceProvider();
        var journal = provider.GetRequiredService<IJournal>();
        Assert.IsType<LiteDbJournal>(journal);
        await using var run = await journal.StartRunAsync(new RunPin("p", "m", "1", 1));
        await journal.Append(Samples.Entry("s"));
        Assert.Equal(["$run/" + run.Id, "s"], (await journal.StreamsAsync()).Select(stream => stream.Stream.Value));
    }
}
