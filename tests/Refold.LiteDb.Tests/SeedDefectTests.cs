// What a plain LiteDB does to a journal, one test each: commits that are never flushed, a second process, transactions that overlap.
// Run by `dotnet test`; prints its seed.
using System.Diagnostics;
using LiteDB;
using LiteDB.Engine;
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class SeedDefectTests(ITestOutputHelper output)
{
    private const int Appenders = 8;
    private const int Lives = 12;

    [Fact]
    public async Task Defect33_ACommit_IsFlushedBeforeItIsConfirmed_AndBeforeItIsAnswered()
    {
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files);
        for (var append = 0; append < 5; append++)
        {
            var before = files.Count;
            await journal.Append(Samples.Entry("s", new string('x', 30_000), "a"), Samples.Entry("t"));
            var log = files.History.Skip(before).Where(operation => operation.Role == FileRole.Log).ToList();
            // Whatever pages there are, then the last one without its confirmation, a flush, the same with it, a flush.
            var writes = log.Where(operation => operation.Verb == FileVerb.Write).ToList();
            Assert.True(writes.Count > 3);
            Assert.All(writes[..^1], write => Assert.Equal(0, write.Bytes[LogStream.ConfirmByte]));
            Assert.Equal(1, writes[^1].Bytes[LogStream.ConfirmByte]);
            Assert.Equal(writes[^2].Offset, writes[^1].Offset);
            Assert.Equal([FileVerb.Write, FileVerb.Flush, FileVerb.Write, FileVerb.Flush], log[^4..].Select(operation => operation.Verb));
            Assert.Equal(2, log.Count(operation => operation.Verb == FileVerb.Flush));
        }
    }

    [Fact]
    public async Task Defect34_ASecondProcess_IsRefused_AndTheLockIsGoneWithItsProcess()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("j.db");
        using var writer = Process.Start(
            new ProcessStartInfo("dotnet", [Program.Assembly, WritingProcess.Verb, path, "34"]) { RedirectStandardOutput = true })!;
        // It is open, and has written.
        for (var line = 0; line < 5; line++) Assert.NotNull(await writer.StandardOutput.ReadLineAsync());
        Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(path));
        Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(path, Samples.ReadOnly));
        Assert.Throws<JournalInUseException>(() => LiteDbSnapshotStore.Open(path));
        Assert.Throws<JournalInUseException>(() => LiteDbJournal.Verify(path));
        Assert.Throws<JournalInUseException>(() => LiteDbJournal.Compact(path));
        RefoldTool.Run("import", directory.Write("in", """{"stream":"s","type":"t","data":1}"""), "--journal", "litedb:" + path)
            .ExpectError(4);
        writer.Kill();
        await writer.WaitForExitAsync();
        await using (var journal = LiteDbJournal.Open(path)) await journal.Append(Samples.Entry("s"));
        Assert.Null(LiteDbJournal.Verify(path).First);
    }

    [Fact]
    public async Task Defect35_AppendsFromManyThreads_AndCrashesInCommits_NeverBringADeadTransactionBack()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var files = new SimulatedFiles();
        var acknowledged = new HashSet<string>();
        for (var life = 0; life < Lives; life++)
        {
            List<(string Key, int Operations)> answers;
            await using (var journal = LiteDbJournal.Open(files))
            {
                Assert.Superset(acknowledged, Keys(journal));
                answers =
                [
                    .. (
                        await Task.WhenAll(
                            Enumerable.Range(0, Appenders)
                                .Select(appender => Task.Run(() => AppendAsync(journal, files, $"{life}/{appender}")))))
                    .SelectMany(some => some)
                ];
            }

            // Killed behind a page of a transaction that was not confirmed yet.
            var moments = files.History.Select((operation, place) => (operation, place))
                .Where(item =>
                    item.operation is { Verb: FileVerb.Write, Role: FileRole.Log } write && write.Bytes[LogStream.ConfirmByte] == 0)
                .ToList();
            var killed = moments[random.Next(moments.Count)].place + 1;
            acknowledged.UnionWith(answers.Where(answer => answer.Operations <= killed).Select(answer => answer.Key));
            files = new SimulatedFiles(files.Crash(killed, Loss.Kill, random).Contents());
            Assert.Null(LiteDbJournal.Verify(files).First);
        }
    }

    [Fact]
    public void Defect35_Control_TransactionsThatOverlap_BringADeadOneBack()
    {
        var files = new SimulatedFiles();
        using (var engine = StockEngine.Open(files))
        {
            engine.Insert("a", [Document(0, 10)], BsonAutoId.Int32);
            engine.Insert("b", [Document(0, 10)], BsonAutoId.Int32);
            engine.Checkpoint();
            Overlap(engine);
        }

        files = new SimulatedFiles(files.Contents());
        int begun;
        using (var engine = StockEngine.Open(files))
        {
            begun = files.Count;
            engine.BeginTrans();
            engine.Insert("b", Enumerable.Range(100, 20).Select(number => Document(number, 3000)), BsonAutoId.Int32);
            engine.Commit();
        }

        // Killed before the page that confirms it: none of its twenty documents was committed.
        var last = files.History.Select((operation, place) => (operation, place))
            .Last(item => item.operation is { Verb: FileVerb.Write, Role: FileRole.Log } && item.place >= begun).place;
        var (found, reason) = StockEngine.Read(files.Crash(last, Loss.Kill, new Random(0)), "b");
        output.WriteLine(reason);
        Assert.NotEqual([0, 2], found ?? []);
    }

    /// <summary>The older transaction commits last.</summary>
    private static void Overlap(LiteEngine engine)
    {
        using var older = new ManualResetEventSlim();
        using var younger = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            engine.BeginTrans();
            engine.Insert("a", [Document(1, 10)], BsonAutoId.Int32);
            older.Set();
            younger.Wait();
            engine.Commit();
        });
        thread.Start();
        older.Wait();
        engine.BeginTrans();
        engine.Insert("b", [Document(2, 10)], BsonAutoId.Int32);
        engine.Commit();
        younger.Set();
        thread.Join();
    }

    private static async Task<List<(string Key, int Operations)>> AppendAsync(LiteDbJournal journal, SimulatedFiles files, string name)
    {
        var answers = new List<(string, int)>();
        for (var number = 0; number < 6; number++)
        {
            var key = $"{name}/{number}";
            await journal.AppendAsync(new AppendRequest(Samples.Entry("s" + name, new string('x', 3000), "a"), Samples.Entry("all"))
            {
                IdempotencyKey = key
            });
            answers.Add((key, files.Count));
        }

        return answers;
    }

    private static HashSet<string> Keys(LiteDbJournal journal) => [.. journal.ReadAll().Select(entry => entry.IdempotencyKey!)];

    private static BsonDocument Document(int number, int size) => new() { ["_id"] = number, ["d"] = new byte[size] };
}
