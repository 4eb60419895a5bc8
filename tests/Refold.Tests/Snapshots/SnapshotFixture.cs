// What the tests of snapshots share: runs with snapshots, and a journal with a snapshot of each version.
// Used by every test of this folder.
using Microsoft.Extensions.Logging;
using Orders;
using Xunit;

namespace Refold.Tests.Snapshots;

internal static class SnapshotFixture
{
    /// <summary>A run that keeps hardly any state, so that it asks for snapshots all the time.</summary>
    public static RunOptions Options(ISnapshotStore? store, long interval = 2, Hosting.LogLines? logs = null) =>
        RunFixture.Options() with
        {
            Snapshots = store,
            SnapshotInterval = interval,
            CachedStreams = 1,
            LoggerFactory = logs is null ? null : LoggerFactory.Create(builder => builder.AddProvider(logs)),
        };

    /// <summary>Draws on one order, each its own step.</summary>
    public static async Task DrawAsync(this Run run, int count, StreamId? stream = null)
    {
        for (var index = 0; index < count; index++) await run.Orders().ExecuteAsync(stream ?? RunFixture.Stream, new Draw());
    }

    /// <summary>Done when something is so that nothing tells of; fails after a minute.</summary>
    public static async Task UntilAsync(Func<bool> isSo)
    {
        for (var looks = 0; !isSo(); looks++)
        {
            Assert.True(looks < 6000, "It did not come to be within a minute.");
            await Task.Delay(10);
        }
    }

    /// <summary>Done when the newest snapshot of the stream is of this version: it is saved beside the run.</summary>
    public static Task SavedAsync(this InMemorySnapshotStore store, long version) =>
        UntilAsync(() => store.Load(RunFixture.Stream).Snapshot?.Version == version);

    public static ValueTask<RehydratedState<OrderState>> RehydrateAsync(this IJournal journal, ISnapshotStore store) =>
        journal.RehydrateAsync(RunFixture.Stream, Order.Aggregate, store);

    public static async Task<OrderState> FullAsync(this IJournal journal, StreamId? stream = null) =>
        (await journal.FoldAsync(stream ?? RunFixture.Stream, Order.Aggregate)).State;

    /// <summary>A journal with one order of so many draws, and a snapshot of each version.</summary>
    public static async Task<(InMemoryJournal Journal, IReadOnlyList<Snapshot> Snapshots)> RecordAsync(int draws)
    {
        var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore(new SnapshotOptions { Retention = draws });
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(store, interval: 0));
        for (var draw = 0; draw < draws; draw++)
        {
            await run.DrawAsync(1);
            await run.Orders().TakeSnapshotAsync(RunFixture.Stream);
        }

        return (journal, [.. Enumerable.Range(1, draws).Select(version => store.Load(RunFixture.Stream, version).Snapshot!)]);
    }
}
