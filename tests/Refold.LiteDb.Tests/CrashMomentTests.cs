// A crash behind each single operation of creation, commit, checkpoint, deletion and snapshot replacement, with every kind of loss.
// Run by `dotnet test`.
using Xunit;

namespace Refold.LiteDb;

public class CrashMomentTests
{
    private static readonly StreamId Stream = StreamId.Create("s");

    [Theory]
    [MemberData(nameof(Losses.All), MemberType = typeof(Losses))]
    internal async Task Line3_ACrashAtEachOperation_OfCreationCommitDeletionAndCheckpoint(Loss loss)
    {
        var files = new SimulatedFiles();
        var states = new List<(int Acknowledged, string State)> { (0, "0 of 0") };
        await using (var journal = LiteDbJournal.Open(files))
        {
            await Step(async () => await journal.AppendAsync(new AppendRequest(Samples.Entry("s"))), 1, 0);
            await Step(async () => await journal.AppendAsync(new AppendRequest([.. Enumerable.Repeat(Samples.Entry("s"), 40)])), 41, 0);
            await Step(async () => await journal.DeleteToAsync(Stream, 7), 41, 7);
        }

        // Closing carried the log over into the data file.
        await using (var journal = LiteDbJournal.Open(files)) await Step(async () => await journal.DeleteToAsync(Stream, 9), 41, 9);
        var random = new Random(1);
        for (var operations = 0; operations <= files.Count; operations++)
        {
            var crashed = files.Crash(operations, loss, random);
            await using var journal = LiteDbJournal.Open(crashed);
            var floor = journal.Streams() is [var info] ? info.Floor : 0;
            var found = states.FindIndex(state => state.State == $"{floor} of {journal.Head.Position}");
            Assert.InRange(found, states.FindLastIndex(state => state.Acknowledged <= operations), states.Count - 1);
            Assert.Equal(journal.Head.Position - floor, journal.ReadAll().LongCount());
            await journal.AppendAsync(new AppendRequest(Samples.Entry("s")));
        }

        async Task Step(Func<Task> action, int position, int floor)
        {
            await action();
            states.Add((files.Count, $"{floor} of {position}"));
        }
    }

    [Theory]
    [MemberData(nameof(Losses.All), MemberType = typeof(Losses))]
    internal async Task Line3_ACrashAtEachOperation_OfSnapshotReplacement(Loss loss)
    {
        var files = new SimulatedFiles();
        var acknowledged = new List<int>();
        await using (var store = LiteDbSnapshotStore.Open(files, new SnapshotOptions { Retention = 1 }))
        {
            for (var version = 1; version <= 4; version++)
            {
                await store.SaveAsync(SnapshotStoreTests.Made(Stream, version, 3000));
                acknowledged.Add(files.Count);
            }
        }

        var random = new Random(2);
        for (var operations = 0; operations <= files.Count; operations++)
        {
            await using var store = LiteDbSnapshotStore.Open(files.Crash(operations, loss, random));
            var answer = store.Load(Stream);
            Assert.Empty(answer.Findings);
            Assert.InRange(answer.Snapshot?.Version ?? 0, acknowledged.Count(item => item <= operations), 4);
            if (answer.Snapshot is { } snapshot) Assert.Equal(SnapshotStoreTests.Made(Stream, snapshot.Version, 3000), snapshot);
            await store.SaveAsync(SnapshotStoreTests.Made(Stream, 9, 10));
        }
    }

    [Theory]
    [MemberData(nameof(Losses.All), MemberType = typeof(Losses))]
    internal async Task Line3_ACrashAtEachOperation_OfCompaction(Loss loss)
    {
        var before = new SimulatedFiles();
        Head head;
        await using (var journal = LiteDbJournal.Open(before))
        {
            for (var step = 0; step < 5; step++) await journal.AppendAsync(new AppendRequest(Samples.Entry("s"), Samples.Entry("t")));
            await journal.DeleteToAsync(Stream, 4);
            head = journal.Head;
        }

        var files = new SimulatedFiles(before.Contents());
        LiteDbFiles.Compact(files);
        var random = new Random(3);
        for (var operations = 0; operations <= files.Count; operations++)
        {
            var crashed = files.Crash(operations, loss, random);
            await using (var journal = LiteDbJournal.Open(crashed))
            {
                Assert.Equal(head, journal.Head);
                Assert.Equal(6, journal.ReadAll().Count());
                await journal.AppendAsync(new AppendRequest(Samples.Entry("s")));
            }

            Assert.Null(LiteDbJournal.Verify(crashed).First);
        }
    }
}
