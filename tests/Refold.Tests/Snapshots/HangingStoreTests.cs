// A snapshot store that hangs, in every call and on whatever thread, costs a run its snapshots and nothing else.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Orders;
using Xunit;

namespace Refold.Tests.Snapshots;

public class HangingStoreTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EveryCommandIsAnswered_TheRunEndsAndVerifies_AndTheLossIsLoggedAndCounted(bool onItsThread)
    {
        using var logs = new Hosting.LogLines();
        using var counted = new Outcomes();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var journal = new InMemoryJournal();
        await using var kept = new InMemorySnapshotStore();
        var store = new StagedSnapshotStore(kept)
        {
            Loading = (_, _) => Hang(),
            Saving = (_, _) => Hang(),
        };
        var permits = new RecoveryPermits(2);
        var options = SnapshotFixture.Options(store, interval: 2, logs) with
        {
            SnapshotLoadTimeout = TimeSpan.FromMilliseconds(20),
            DisposeTimeout = TimeSpan.FromMilliseconds(200),
            RecoveryPermits = permits,
        };
        var run = await journal.StartRunAsync(RunFixture.Pin, options);
        for (var turn = 0; turn < 20; turn++)
        {
            foreach (var stream in new[] { "order/1", "order/2", "order/3" }) await run.DrawAsync(1, stream).WaitAsync(minute);
        }

        Assert.Equal(0, permits.InFlight);
        await run.FinishAsync().WaitAsync(minute);
        await run.DisposeAsync().AsTask().WaitAsync(minute);
        Assert.True(kept.IsEmpty);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
        var doubts = logs.All.Where(line => line.Id == RefoldEventIds.SnapshotNotUsed).Select(line => line.Text).ToList();
        Assert.Contains(doubts, text => text.Contains("did not answer within", StringComparison.Ordinal));
        // Asked once; while that hangs it is not asked again.
        Assert.Equal(1, store.Asked);
        Assert.Contains(doubts, text => text.Contains("still does not", StringComparison.Ordinal));
        await SnapshotFixture.UntilAsync(() => logs.Ids.Contains(RefoldEventIds.SnapshotSkipped));
        Assert.Contains(RefoldEventIds.SnapshotNotSaved, logs.Ids);
        Assert.Superset(new HashSet<string> { "not-used" }, counted.Of(RefoldTelemetry.SnapshotLoads));
        Assert.Superset(new HashSet<string> { "replaced", "left" }, counted.Of(RefoldTelemetry.SnapshotSaves));
        held.SetResult();

        Task Hang()
        {
            if (onItsThread) held.Task.Wait(CancellationToken.None);
            return held.Task;
        }
    }

    // Each gives up before the bound: the store would be asked anew by each, and no command be answered.
    [Fact]
    public async Task CallersOfLittlePatience_FindOutTogether()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var journal = new InMemoryJournal();
        await using var kept = new InMemorySnapshotStore();
        var store = new StagedSnapshotStore(kept) { Loading = (_, _) => held.Task };
        var options = SnapshotFixture.Options(store, interval: 0) with { SnapshotLoadTimeout = TimeSpan.FromMinutes(10) };
        await using var run = await journal.StartRunAsync(RunFixture.Pin, options);
        var answered = 0;
        for (var caller = 1; caller <= 20 && answered == 0; caller++)
        {
            using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
            try
            {
                var command = run.Streams(Order.Aggregate).ExecuteAsync(
                    StreamId.Create($"order/{caller}"), new Place("sku", 1), impatient.Token);
                Assert.True((await command.WaitAsync(minute)).IsAccepted);
                answered = caller;
            }
            catch (OperationCanceledException)
            {
                // Had enough.
            }
        }

        Assert.InRange(answered, 2, 20);
        held.SetResult();
    }

    [Fact]
    public async Task AStoreThatAnswersAgain_IsAskedAgain()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var journal = new InMemoryJournal();
        await using var kept = new InMemorySnapshotStore();
        var store = new StagedSnapshotStore(kept) { Loading = (_, _) => held.Task };
        var options = SnapshotFixture.Options(store, interval: 0) with { SnapshotLoadTimeout = TimeSpan.FromMilliseconds(20) };
        await using var run = await journal.StartRunAsync(RunFixture.Pin, options);
        await run.DrawAsync(1, "order/1").WaitAsync(minute);
        await run.DrawAsync(1, "order/2").WaitAsync(minute);
        Assert.Equal(1, store.Asked);
        held.SetResult();
        await SnapshotFixture.UntilAsync(() =>
        {
            run.DrawAsync(1, "order/1").Wait();
            run.DrawAsync(1, "order/2").Wait();
            return store.Asked > 1;
        });
    }

    [Fact]
    public async Task WhatASaveThrows_IsCounted_AndAManualSnapshotIsTakenWhenAskedFor()
    {
        using var counted = new Outcomes();
        await using var journal = new InMemoryJournal();
        await using var kept = new InMemorySnapshotStore();
        var store = new StagedSnapshotStore(kept) { Fails = snapshot => snapshot.Version == 2 ? new IOException("full") : null };
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(store, interval: 2)))
        {
            await run.DrawAsync(2);
            await SnapshotFixture.UntilAsync(() => counted.Of(RefoldTelemetry.SnapshotSaves).Contains("failed"));
            await run.DrawAsync(2);
            await kept.SavedAsync(4);
        }

        await SnapshotFixture.UntilAsync(() => counted.Of(RefoldTelemetry.SnapshotSaves).Contains("saved"));
        await using var manual = await journal.ResumeRunAsync(
            RunId.Create("test"), RunFixture.Pin, SnapshotFixture.Options(store, interval: 0));
        await manual.DrawAsync(300);
        Assert.Equal(4, kept.Load(RunFixture.Stream).Snapshot!.Version);
        Assert.Equal(304, (await manual.Orders().TakeSnapshotAsync(RunFixture.Stream))!.Version);
        Assert.Equal(304, kept.Load(RunFixture.Stream).Snapshot!.Version);
    }

    /// <summary>The outcomes that were counted, of whatever run of the process.</summary>
    private sealed class Outcomes : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly ConcurrentDictionary<(string Name, string Outcome), bool> seen = [];

        public Outcomes()
        {
            listener.InstrumentPublished = (instrument, found) =>
            {
                if (instrument.Meter.Name == RefoldTelemetry.MeterName) found.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
            {
                foreach (var tag in tags)
                {
                    if (tag.Key == RefoldTelemetry.OutcomeTag) seen[(instrument.Name, (string)tag.Value!)] = true;
                }
            });
            listener.Start();
        }

        public HashSet<string> Of(string name) => [.. seen.Keys.Where(one => one.Name == name).Select(one => one.Outcome)];

        public void Dispose() => listener.Dispose();
    }
}
