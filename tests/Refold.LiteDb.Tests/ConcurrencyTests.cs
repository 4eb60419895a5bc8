// Many callers at once: one winner a version, dense positions, readers that never keep the log from being carried over.
// Run by `dotnet test`.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.LiteDb;

public class ConcurrencyTests
{
    private const int Callers = 8;

    [Fact]
    public void CallersThatBlockEveryThreadOfThePool_AreAnswered()
    {
        using var directory = new TemporaryDirectory();
        BlockingCallers.AreAnswered("litedb:" + directory.File("j.db"));
    }

    [Fact]
    public async Task Line7_ManyAppenders_OneWinnerAVersion_DensePositions()
    {
        await using var journal = LiteDbJournal.Open(new SimulatedFiles());
        var wins = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var won = 0;
            for (var turn = 0; turn < 25; turn++)
            {
                var version = journal.HighestVersion(StreamId.Create("one"));
                var expected = version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version);
                var result = await journal.TryAppendAsync(StreamId.Create("one"), expected, [Samples.Entry("one")]);
                if (result is AppendResult.Appended) won++;
                else Assert.IsType<AppendFailure.Conflict>(Assert.IsType<AppendResult.NotAppended>(result).Failure);
                await journal.Append(Samples.Entry("own" + caller));
            }

            return won;
        })));
        Assert.Equal(wins.Sum(), journal.HighestVersion(StreamId.Create("one")));
        Assert.Equal(
            Enumerable.Range(1, wins.Sum() + Callers * 25).Select(position => (long)position),
            journal.ReadAll().Select(entry => entry.Position));
        Assert.Equal(
            Enumerable.Range(1, wins.Sum()).Select(version => (long)version),
            journal.ReadStream(StreamId.Create("one")).Select(entry => entry.Version));
    }

    [Fact]
    public async Task Line7_ACancelledCaller_LeavesNoHalfWrite_AndNothingIsAppendedBeforeItIsQueued()
    {
        await using var journal = LiteDbJournal.Open(new SimulatedFiles());
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s")), cancelled.Token));
        for (var turn = 0; turn < 30; turn++)
        {
            using var cancelling = new CancellationTokenSource();
            var append = journal.TryAppendAsync(new AppendRequest(Samples.Entry("s"), Samples.Entry("s")), cancelling.Token).AsTask();
            cancelling.Cancel();
            try
            {
                Assert.IsType<AppendResult.Appended>(await append);
            }
            catch (OperationCanceledException)
            {
                // The waiting was cancelled; the write may go on.
            }
        }

        await journal.Append(Samples.Entry("s"));
        var entries = journal.ReadAll().ToList();
        Assert.Equal(Enumerable.Range(1, entries.Count).Select(number => (long)number), entries.Select(entry => entry.Version));
        Assert.Equal(1, entries.Count % 2);
    }

    [Fact]
    public async Task Line8_AReaderThatIsAbandoned_OrEndsOnAnotherThread_DoesNotKeepTheLogFromBeingCarriedOver()
    {
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files, checkpointBytes: Workload.CheckpointBytes);
        for (var number = 0; number < 600; number++) _ = journal.TryAppendAsync(new AppendRequest(Samples.Entry("s")));
        await journal.Append(Samples.Entry("s"));
        var abandoned = journal.ReadAll().GetEnumerator();
        Assert.True(abandoned.MoveNext());
        var elsewhere = journal.ReadStream(StreamId.Create("s")).GetEnumerator();
        Assert.True(elsewhere.MoveNext());
        await Task.Run(elsewhere.Dispose);
        await BoundedAsync(journal, files);
        // It goes on as of the moment it began.
        var count = 1;
        while (abandoned.MoveNext()) count++;
        Assert.Equal(601, count);
    }

    [Fact]
    public async Task Line8_UnderConstantReads_TheLogStaysSmall()
    {
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files, checkpointBytes: Workload.CheckpointBytes);
        using var stopped = new CancellationTokenSource();
        var begun = Enumerable.Range(0, 3)
            .Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
            .ToArray();
        var readers = begun.Select(first => Task.Run(() =>
        {
            while (!stopped.IsCancellationRequested)
            {
                Assert.Equal(journal.Query(Query.WithTags("a")).AsOf, journal.Query(Query.All).AsOf, (left, right) => left <= right);
                first.TrySetResult();
            }
        })).ToArray();
        await Task.WhenAny(Task.WhenAll(begun.Select(first => first.Task)), Task.WhenAny(readers));
        await BoundedAsync(journal, files);
        stopped.Cancel();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task Subscriptions_SeeEachEntryOnce_InOrder_AndEndWithTheJournal()
    {
        var journal = LiteDbJournal.Open(new SimulatedFiles());
        await journal.Append(Samples.Entry("s"), Samples.Entry("t"));
        var seen = new List<long>();
        var subscription = Task.Run(async () =>
        {
            await foreach (var entry in journal.SubscribeAsync()) seen.Add(entry.Position);
        });
        for (var number = 0; number < 50; number++) await journal.Append(Samples.Entry("s"));
        while (Volatile.Read(ref seen).Count < 52 && !subscription.IsCompleted) await Task.Yield();
        await journal.DisposeAsync();
        await subscription;
        Assert.Equal(Enumerable.Range(1, 52).Select(position => (long)position), seen);
        Assert.IsType<AppendFailure.Unavailable>(
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s")))).Failure);
        Assert.Throws<ObjectDisposedException>(() => journal.ReadAll().Any());
    }

    private static async Task BoundedAsync(LiteDbJournal journal, SimulatedFiles files)
    {
        // A commit takes several pages, so the log would be longer than that many times over.
        for (var number = 0; number < 70; number++)
        {
            await journal.Append(Samples.Entry("s", new string('x', 2000), "a"));
            Assert.InRange(files.Length(FileRole.Log), 0, 3 * Workload.CheckpointBytes);
        }

        Assert.InRange(files.Length(FileRole.Data), Workload.CheckpointBytes, long.MaxValue);
    }
}
