// Snapshots are saved beside the run: no command and no end waits for their store, and only disposal does, within its bound.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using Orders;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Snapshots;

public class SnapshotSavingTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AStoreThatHangs_DelaysNoCommandAndNoEnd_AndTheNewestThatIsDueMeanwhileWaits(bool onItsThread)
    {
        using var logs = new Hosting.LogLines();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        var begun = new ConcurrentQueue<long>();
        var hanging = new StagedSnapshotStore(store)
        {
            Saving = (snapshot, _) =>
            {
                begun.Enqueue(snapshot.Version);
                if (onItsThread) held.Task.Wait(CancellationToken.None);
                return held.Task;
            },
        };
        var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(hanging, interval: 2, logs));
        await run.DrawAsync(2).WaitAsync(minute);
        await SnapshotFixture.UntilAsync(() => !begun.IsEmpty);
        await run.DrawAsync(8).WaitAsync(minute);
        await run.FinishAsync().WaitAsync(minute);
        Assert.True(store.IsEmpty);
        await SnapshotFixture.UntilAsync(() => logs.Ids.Count(id => id == RefoldEventIds.SnapshotSkipped) == 3);
        Assert.Equal(
            new[] { 4, 6, 8 }.Select(version => FormattableString.Invariant(
                $"Skipped the snapshot of order/42 at version {version}: a newer one was due before it was saved; the run goes on")),
            logs.All.Where(line => line.Id == RefoldEventIds.SnapshotSkipped).Select(line => line.Text).Order());

        var disposed = run.DisposeAsync().AsTask();
        await Task.Yield();
        Assert.False(disposed.IsCompleted);
        held.SetResult();
        await disposed.WaitAsync(minute);
        Assert.Equal([2L, 10L], begun);
        Assert.Equal([2, 10], store.List().Snapshots.Select(info => info.Version));
    }

    [Fact]
    public async Task Disposal_LeavesWhatIsNotSavedInTime_AndSaysSo()
    {
        using var logs = new Hosting.LogLines();
        var tokens = new ConcurrentQueue<CancellationToken>();
        await using var journal = new InMemoryJournal();
        await using var store = new StagedSnapshotStore
        {
            Saving = (_, token) =>
            {
                tokens.Enqueue(token);
                return Task.Delay(Timeout.Infinite, CancellationToken.None);
            },
        };
        var options = SnapshotFixture.Options(store, interval: 2, logs) with { DisposeTimeout = TimeSpan.FromMilliseconds(50) };
        var run = await journal.StartRunAsync(RunFixture.Pin, options);
        await run.DrawAsync(2);
        await SnapshotFixture.UntilAsync(() => !tokens.IsEmpty);
        await run.DisposeAsync().AsTask().WaitAsync(minute);
        var line = Assert.Single(logs.All, line => line.Id == RefoldEventIds.SnapshotNotSaved);
        Assert.Contains("order/42 at version 2", line.Text, StringComparison.Ordinal);
        Assert.IsType<TimeoutException>(line.Exception);
        Assert.True(Assert.Single(tokens).IsCancellationRequested);
    }

    [Fact]
    public async Task AFewAreSavedAtOnce_OneOfAStreamAtATime_AndAllOfThem()
    {
        var (gate, active, most, twice) = (new Lock(), new HashSet<StreamId>(), 0, false);
        await using var journal = new InMemoryJournal();
        await using var kept = new InMemorySnapshotStore();
        var store = new StagedSnapshotStore(kept)
        {
            Saving = async (snapshot, _) =>
            {
                lock (gate)
                {
                    twice |= !active.Add(snapshot.Stream);
                    most = Math.Max(most, active.Count);
                }

                await Task.Delay(1, CancellationToken.None);
                lock (gate) active.Remove(snapshot.Stream);
            },
        };
        var streams = Enumerable.Range(0, 100)
            .Select(index => StreamId.Create(FormattableString.Invariant($"order/{index}"))).ToList();
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(store, interval: 2)))
        {
            await Task.WhenAll(streams.Concat(streams).Select(stream => run.Orders().ExecuteAsync(stream, new Draw())));
        }

        Assert.False(twice);
        Assert.InRange(most, 1, SnapshotSaving.MostAtOnce);
        Assert.All(streams, stream => Assert.Equal(2, kept.Load(stream).Snapshot!.Version));
    }

    [Fact]
    public async Task NoMoreWait_ThanTheBound()
    {
        using var logs = new Hosting.LogLines();
        await using var journal = new InMemoryJournal();
        await using var store = new StagedSnapshotStore { Saving = (_, _) => Task.Delay(Timeout.Infinite, CancellationToken.None) };
        var options = SnapshotFixture.Options(store, interval: 1, logs) with { DisposeTimeout = TimeSpan.FromMilliseconds(50) };
        var run = await journal.StartRunAsync(RunFixture.Pin, options);
        await Task.WhenAll(Enumerable.Range(0, SnapshotSaving.MostPending + 5).Select(
            index => run.Orders().ExecuteAsync(FormattableString.Invariant($"order/{index}"), new Draw())));
        await SnapshotFixture.UntilAsync(() => logs.Ids.Count(id => id == RefoldEventIds.SnapshotSkipped) == 5);
        await run.DisposeAsync();
        Assert.Equal(SnapshotSaving.MostPending, logs.Ids.Count(id => id == RefoldEventIds.SnapshotNotSaved));
    }

    [Fact]
    public async Task OnlyACommittedState_IsKept()
    {
        await using var journal = new AnsweredJournal(new InMemoryJournal());
        await using var store = new InMemorySnapshotStore();
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(store, interval: 1)))
        {
            journal.Answer = new TaskCompletionSource<AppendFailure?>(TaskCreationOptions.RunContinuationsAsynchronously);
            var refused = run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
            Assert.True(store.IsEmpty);
            journal.Answer.SetResult(new AppendFailure.NoRoom("full"));
            await Assert.ThrowsAsync<NotAppendedException>(() => refused);
            journal.Answer = null;
            await run.Orders().ExecuteAsync("order/other", new Draw());
        }

        Assert.Equal(["order/other"], store.List().Snapshots.Select(info => info.Stream.Value));
        Assert.Equal(await journal.HeadAsync(), store.List().Snapshots[0].Head);
    }

    [Fact]
    public async Task WhatEvolveDoesToTheStateAfterwards_IsNotInTheSnapshot()
    {
        var codec = Codec.Create<List<int>>(
            "list", list => System.Text.Encoding.UTF8.GetBytes(string.Join(',', list)),
            bytes => [.. System.Text.Encoding.UTF8.GetString(bytes.Span).Split(',').Select(int.Parse)]);
        var adding = Aggregate.Create(
            "order",
            () => new List<int>(),
            (Step _, List<int> list, OrderCommand _) => [new Won(list.Count)],
            (list, _) =>
            {
                list.Add(list.Count);
                return list;
            },
            Order.Aggregate.Commands,
            Order.Aggregate.Events,
            Order.Aggregate.Errors,
            codec);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var journal = new InMemoryJournal();
        await using var kept = new InMemorySnapshotStore();
        var store = new StagedSnapshotStore(kept) { Saving = (_, _) => held.Task };
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(store, interval: 2)))
        {
            for (var step = 0; step < 3; step++) await run.Streams(adding).ExecuteAsync(RunFixture.Stream, new Draw());
            held.SetResult();
        }

        Assert.Equal([0, 1], codec.Decode(kept.Load(RunFixture.Stream, 2).Snapshot!.State));
    }

    [Fact]
    public async Task AnAggregateWithoutAStateCodec_IsToldOnce()
    {
        using var logs = new Hosting.LogLines();
        var bare = Aggregate.Create(
            "order", Order.Aggregate.Decider, Order.Aggregate.Commands, Order.Aggregate.Events, Order.Aggregate.Errors);
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(store, interval: 1, logs)))
        {
            await run.DrawAsync(1, "order/other");
            Assert.DoesNotContain(RefoldEventIds.NoStateCodec, logs.Ids);
            for (var step = 0; step < 3; step++) await run.Streams(bare).ExecuteAsync(RunFixture.Stream, new Draw());
        }

        var line = Assert.Single(logs.All, line => line.Id == RefoldEventIds.NoStateCodec);
        Assert.Contains("Takes no snapshots of order: ", line.Text, StringComparison.Ordinal);
        Assert.Equal(["order/other"], store.List().Snapshots.Select(info => info.Stream.Value));
        foreach (var options in new[] { SnapshotFixture.Options(null, 1, logs), SnapshotFixture.Options(store, 0, logs) })
        {
            await using var quiet = await journal.ResumeRunAsync(RunId.Create("test"), RunFixture.Pin, options);
            _ = quiet.Streams(bare);
        }

        Assert.Single(logs.Ids, RefoldEventIds.NoStateCodec);
    }

    [Theory]
    [InlineData(99, 0, 100, false)]
    [InlineData(100, 0, 100, true)]
    [InlineData(101, 0, 100, true)]
    [InlineData(101, 100, 100, false)]
    [InlineData(200, 100, 100, true)]
    [InlineData(1000, 0, 0, false)]
    public void ShouldTake_IsTheSeedsRule(long version, long last, long interval, bool due) =>
        Assert.Equal(due, Snapshot.ShouldTake(version, last, interval));

    /// <summary>A journal whose appends wait for an answer, and fail with it where it is one.</summary>
    private sealed class AnsweredJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        public TaskCompletionSource<AppendFailure?>? Answer { get; set; }

        public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
        {
            if (Answer is { } answer && await answer.Task is { } failure) return new AppendResult.NotAppended(failure);
            return await Inner.TryAppendAsync(batch, cancellationToken);
        }
    }
}
