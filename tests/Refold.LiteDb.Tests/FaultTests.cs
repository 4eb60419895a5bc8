// Devices that fail: each operation once, a disk that fills up and is freed, a flush that fails. Nobody is told something that is not so.
// Run by `dotnet test`.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.LiteDb;

public class FaultTests
{
    private const int Appends = 12;

    private static readonly IOException Failure = new("The device failed (simulated).");

    [Theory]
    [InlineData(FileVerb.Write, FileRole.Log)]
    [InlineData(FileVerb.Flush, FileRole.Log)]
    [InlineData(FileVerb.SetLength, FileRole.Log)]
    [InlineData(FileVerb.Write, FileRole.Data)]
    [InlineData(FileVerb.Flush, FileRole.Data)]
    [InlineData(FileVerb.Write, FileRole.Mark)]
    [InlineData(FileVerb.Flush, FileRole.Mark)]
    internal async Task Line4_WhenTheNthOperationFails_EveryAnswerIsTrue(FileVerb verb, FileRole role)
    {
        var hit = 0;
        for (var number = 1; number <= 40; number++)
        {
            var files = new SimulatedFiles();
            await using (LiteDbJournal.Open(files))
            {
                // Made without faults.
            }

            var left = number;
            files.Fails = operation => operation.Verb == verb && operation.Role == role && --left == 0 ? Failure : null;
            var (answers, seen) = await AppendAsync(files);
            if (left <= 0) hit++;
            files.Fails = _ => null;

            await using var journal = LiteDbJournal.Open(new SimulatedFiles(files.Contents()));
            var found = journal.ReadAll().Select(entry => entry.IdempotencyKey).ToHashSet();
            Assert.Superset(seen, found);
            for (var append = 0; append < Appends; append++)
            {
                var key = "k" + append;
                var answer = answers.GetValueOrDefault(key);
                if (answer is AppendResult.Appended) Assert.Contains(key, found);
                if (answer is AppendResult.NotAppended) Assert.DoesNotContain(key, found);
                // Whatever was said, a retry with the same key settles it, once.
                var retry = await journal.TryAppendAsync(Request(key));
                Assert.IsType<AppendResult.Appended>(retry);
            }

            Assert.Equal(2 * Appends, journal.ReadAll().Count());
            Assert.Equal(Appends, journal.ReadAll().Select(entry => entry.IdempotencyKey).Distinct().Count());
        }

        Assert.True(hit > 0, "the fault was never met");
    }

    /// <summary>From some operation on nothing works, until the device does again: what was answered is read then, or it is said that the
    /// device had failed.</summary>
    [Fact]
    public async Task ADeviceThatFailsForAWhile_IsNotCalledADamage()
    {
        var closed = 0;
        for (var number = 1; number <= 60; number++)
        {
            var files = new SimulatedFiles();
            await using var journal = LiteDbJournal.Open(
                files, checkpointBytes: Workload.CheckpointBytes, places: new PlaceLimits(Entries: 1, Names: 1));
            var left = number;
            for (var append = 0; append < Appends; append++)
            {
                files.Fails = _ => --left <= 0 ? Failure : null;
                var answer = await journal.TryAppendAsync(Request("k" + append));
                // Behind it comes what no answer waits for.
                await journal.TryAppendAsync(Request("k" + append));
                files.Fails = _ => null;
                if (answer is not AppendResult.Appended) break;
                try
                {
                    Assert.Equal(append + 1, journal.ReadAll().Select(entry => entry.IdempotencyKey).Distinct().Count());
                }
                catch (JournalException exception)
                {
                    Assert.Equal("io", exception.Code);
                    closed++;
                }
            }
        }

        Assert.NotEqual(0, closed);
    }

    [Fact]
    public async Task Line4_AFullDisk_IsNoRoom_AndTheSameProcessGoesOnWhenThereIs()
    {
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files, checkpointBytes: Workload.CheckpointBytes);
        await journal.Append(Samples.Entry("s"));
        files.Fails = operation =>
            operation.Verb == FileVerb.Write && operation.Role is FileRole.Log or FileRole.Data
                && operation.Offset >= 30 * EngineStream.PageSize
                ? new IOException("No space left on device (simulated).")
                : null;
        AppendResult last;
        var appended = 1;
        while ((last = await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", new string('x', 3000))))) is AppendResult.Appended)
            appended++;
        var refused = Assert.IsType<AppendFailure.NoRoom>(Assert.IsType<AppendResult.NotAppended>(last).Failure);
        Assert.Contains("No space", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(appended, journal.ReadAll().Count());
        Assert.IsType<AppendFailure.NoRoom>(
            Assert.IsType<AppendResult.NotAppended>(
                await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", new string('x', 3000))))).Failure);

        files.Fails = _ => null;
        await journal.Append(Samples.Entry("s"));
        Assert.Equal(appended + 1, journal.ReadAll().Count());
        Assert.Equal(appended + 1, journal.Head.Position);
    }

    [Fact]
    public async Task Line4_AFlushThatFails_PoisonsUntilItIsOpenedAgain()
    {
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files);
        await journal.Append(Samples.Entry("s"));
        var failed = false;
        files.Fails = operation => operation is { Verb: FileVerb.Flush, Role: FileRole.Log } && !failed && (failed = true) ? Failure : null;
        var unknown = Assert.IsType<AppendResult.OutcomeUnknown>(await journal.TryAppendAsync(Request("k")));
        Assert.Same(Failure, unknown.Cause);
        var flushes = files.History.Count(operation => operation.Verb == FileVerb.Flush);
        var later = Assert.IsType<AppendFailure.Unavailable>(
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(Request("l"))).Failure);
        Assert.Same(Failure, later.Cause);
        await Assert.ThrowsAsync<NotAppendedException>(async () => await journal.DeleteToAsync(StreamId.Create("s"), 1));
        Assert.Equal(["s"], journal.Streams().Select(stream => stream.Stream.Value));
        Assert.Single(journal.ReadAll());
        Assert.Equal(flushes, files.History.Count(operation => operation.Verb == FileVerb.Flush));
    }

    [Fact]
    public async Task Line5_CommittedButNeverAnswered_IsSettledByARetryWithTheSameKey()
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        // The second flush of a commit: the confirmation is written, and may be there.
        var flushes = 0;
        files.Fails = operation => operation is { Verb: FileVerb.Flush, Role: FileRole.Log } && ++flushes == 2 ? Failure : null;
        Assert.IsType<AppendResult.OutcomeUnknown>(await journal.TryAppendAsync(Request("k")));
        Assert.Equal(0, journal.Head.Position);

        await using var opened = LiteDbJournal.Open(new SimulatedFiles(files.Contents()));
        Assert.Equal(2, opened.Head.Position);
        var receipt = Assert.IsType<AppendResult.Appended>(await opened.TryAppendAsync(Request("k"))).Receipt;
        Assert.Equal(1, receipt.FirstPosition);
        Assert.Equal(2, opened.Head.Position);
        var reused = await opened.TryAppendAsync(new AppendRequest(Samples.Entry("other")) { IdempotencyKey = "k" });
        Assert.IsType<AppendFailure.KeyReused>(Assert.IsType<AppendResult.NotAppended>(reused).Failure);
    }

    [Fact]
    public async Task Line9_AStreamsHighestVersionThatLagsBehindItsEntries_IsDamage_AndNoVersionIsGivenTwice()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
            await journal.Append(Samples.Entry("a"), Samples.Entry("a"));

        using (var database = Database.Open(files, readOnly: false))
        {
            var document = database.Get(Collections.Streams, Keys.OfStream(StreamId.Create("a")))!;
            document["v"] = 1L;
            database.Write(engine => engine.Upsert(Collections.Streams, [document.Sealed()], LiteDB.BsonAutoId.ObjectId));
        }

        await using var opened = LiteDbJournal.Open(files);
        Assert.Throws<JournalCorruptedException>(() => opened.HighestVersion("a"));
        var refused = Assert.IsType<AppendResult.NotAppended>(
            await opened.TryAppendAsync(new AppendRequest(Samples.Entry("b"), Samples.Entry("a"), Samples.Entry("c"))));
        Assert.IsType<JournalCorruptedException>(Assert.IsType<AppendFailure.Unavailable>(refused.Failure).Cause);
        Assert.Equal(2, opened.ReadAll().Count());
        Assert.Equal(0, opened.HighestVersion("b"));
    }

    [Fact]
    public async Task Line9_ADuplicateKeyForcedPastTheRule_RollsTheWholeGroupBack_AndTheJournalGoesOn()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(Samples.Entry("a"));

        // A gap that nobody has: the one of a restored batch is another document with its key.
        using (var database = Database.Open(files, readOnly: false))
            database.Write(engine =>
                engine.Insert(
                    Collections.Gaps, [new LiteDB.BsonDocument { ["_id"] = 2L, ["l"] = 1L }.Sealed()], LiteDB.BsonAutoId.ObjectId));

        await using var opened = LiteDbJournal.Open(files);
        var refused = Assert.IsType<AppendResult.NotAppended>(
            await opened.TryRestoreAsync([new JournalEntry(4, 2, 4, Samples.Entry("a")), new JournalEntry(5, 1, 4, Samples.Entry("b"))]));
        Assert.IsType<LiteDB.LiteException>(Assert.IsType<AppendFailure.Unavailable>(refused.Failure).Cause);
        Assert.Single(opened.ReadAll());
        Assert.Equal(0, opened.HighestVersion("b"));
        await opened.Append(Samples.Entry("b"));
        Assert.Equal([1, 2], opened.ReadAll().Select(entry => entry.Position));
    }

    private static AppendRequest Request(string key) =>
        new(Samples.Entry("s", new string('x', 2500)), Samples.Entry("t")) { IdempotencyKey = key };

    /// <summary>Appends, and notes what reads showed meanwhile.</summary>
    private static async Task<(Dictionary<string, AppendResult> Answers, HashSet<string?> Seen)> AppendAsync(SimulatedFiles files)
    {
        var answers = new Dictionary<string, AppendResult>();
        var seen = new HashSet<string?>();
        LiteDbJournal journal;
        try
        {
            journal = LiteDbJournal.Open(files, checkpointBytes: Workload.CheckpointBytes);
        }
        catch (JournalOpenException)
        {
            return (answers, seen);
        }

        for (var number = 0; number < Appends; number++)
        {
            answers["k" + number] = await journal.TryAppendAsync(Request("k" + number));
            seen.UnionWith(journal.ReadAll().Select(entry => entry.IdempotencyKey));
        }

        await journal.DisposeAsync();
        return (answers, seen);
    }
}
