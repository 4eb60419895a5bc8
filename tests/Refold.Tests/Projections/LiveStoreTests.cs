// What stores of kept states and clocks do to live and inline projections: fail, hang, take their time, go on.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Projections;

public class LiveStoreTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static Projection<long> Counting(Func<long, JournalEntry, long>? apply = null, Codec<long>? state = null) =>
        Projection.Create("counting", 1, [], 0L, apply ?? ((count, _) => count + 1), state ?? Numbers.Codec);

    private static Task<Receipt> AppendAsync(IJournal journal) => journal.AppendAsync(new AppendRequest(Samples.Entry("s"))).AsTask();

    [Fact]
    public async Task ACommittedAppend_NeverThrows_WhateverTheStoreAndTheFoldThrow()
    {
        Exception[] faults = [new TaskCanceledException("timeout"), new OperationCanceledException(), new IOException("full")];
        foreach (var fault in faults)
        {
            await using var store = new StagedSnapshotStore { Loading = (_, _) => throw fault, Saving = (_, _) => throw fault };
            var kept = new InlineProjection<long>(Counting(), new ProjectionCache(store), keepEvery: 1);
            var folding = new InlineProjection<long>(Counting((count, entry) => entry.Position == 2 ? throw fault : count + 1));
            await using var journal = await new InMemoryJournal().WithInlineAsync([kept, folding]);
            for (var number = 1; number <= 3; number++) Assert.Equal(number, (await AppendAsync(journal)).Head.Position);
            Assert.Equal(3, kept.Current.State);
            Assert.Equal("projection-failed", Assert.Throws<ReadModelException>(() => folding.Current).Code);
            // A run with evidence goes on without the cache, too, and says so.
            var run = await journal.RunWithEvidenceAsync(Counting(), new ProjectionOptions { Cache = new ProjectionCache(store) });
            Assert.Equal((3L, "Unavailable"), (run.State, run.Report.CacheStatus));
        }
    }

    [Fact]
    public async Task AStoreThatHangs_HoldsUpNeitherAppends_NorTheLiveState()
    {
        var hangs = new TaskCompletionSource();
        await using var store = new StagedSnapshotStore { Saving = (_, _) => hangs.Task };
        var inline = new InlineProjection<long>(Counting(), new ProjectionCache(store), keepEvery: 1);
        var journal = await new InMemoryJournal().WithInlineAsync([inline]);
        var live = new LiveProjection<long>(
            journal, Counting(),
            new() { Cache = new ProjectionCache(store), KeepEvery = 1, Runner = new() { StopTimeout = TimeSpan.FromMilliseconds(50) } });
        using var stop = new CancellationTokenSource();
        var running = live.RunAsync(stop.Token);
        for (var number = 1; number <= 20; number++)
        {
            await AppendAsync(journal).WaitAsync(Patience);
            Assert.Equal(number, inline.Current.State);
            Assert.Equal(number, (await live.WaitForAsync(number).WaitAsync(Patience)).State);
        }

        await stop.CancelAsync();
        await running.WaitAsync(Patience);
        Assert.True(await store.IsEmptyAsync());
        hangs.SetResult();
        await journal.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.False(await store.IsEmptyAsync());
    }

    [Fact]
    public async Task CancelledOrRefused_AProjectionCanBeGivenAgain()
    {
        var (first, second) = (new InlineProjection<long>(Counting()), new InlineProjection<long>(Counting()));
        await using var taken = await new InMemoryJournal().WithInlineAsync([second]);
        await using var journal = new InMemoryJournal();
        await Assert.ThrowsAsync<InvalidOperationException>(() => journal.WithInlineAsync([first, second]));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => journal.WithInlineAsync([first], cancelled.Token));
        var whole = await journal.WithInlineAsync([first]);
        await AppendAsync(whole);
        Assert.Equal(1, first.Current.State);
        await AppendAsync(taken);
        Assert.Equal(1, second.Current.State);
    }

    [Fact]
    public async Task WhatWasAppendedPastIt_IsFoldedWithTheNext_AndADroppedBeginningIsNamed()
    {
        await using var inner = new InMemoryJournal();
        var inline = new InlineProjection<long>(Counting((sum, entry) => sum + entry.Position));
        var journal = await inner.WithInlineAsync([inline]);
        await AppendAsync(inner);
        await AppendAsync(inner);
        Assert.False(inline.Current.HasState);
        await AppendAsync(journal);
        Assert.Equal(6, inline.Current.State);
        // Folded before it goes.
        await AppendAsync(inner);
        await journal.DeleteToAsync("s", 4);
        Assert.Equal(10, inline.Current.State);
        await AppendAsync(journal);
        Assert.Equal(15, inline.Current.State);

        var late = new InlineProjection<long>(Counting());
        await using var again = await inner.WithInlineAsync([late]);
        Assert.Equal("history-dropped", Assert.Throws<ReadModelException>(() => late.Current).Code);
        Assert.Equal(6, (await AppendAsync(again)).Head.Position);
    }

    [Fact]
    public async Task APlaceBeforeADroppedBeginning_IsToldToBeDropped_NotForeign()
    {
        using var directory = new TemporaryDirectory();
        await using var store = new InMemorySnapshotStore();
        var options = new LiveProjectionOptions { Cache = new ProjectionCache(store), KeepEvery = 1 };
        await using var journal = (SegmentJournal)Journal.Open(directory.Journal());
        for (var number = 0; number < 3; number++) await AppendAsync(journal);
        var live = new LiveProjection<long>(journal, Counting(), options);
        using (var stop = new CancellationTokenSource())
        {
            var running = live.RunAsync(stop.Token);
            await live.WaitForAsync(3).WaitAsync(Patience);
            await stop.CancelAsync();
            await running.WaitAsync(Patience);
        }

        for (var number = 0; number < 10; number++) await AppendAsync(journal);
        await journal.CompactAsync(new CompactionRequest.RetainFrom(8));
        var dropped = await Assert.ThrowsAsync<ReadModelException>(
            () => new LiveProjection<long>(journal, Counting(), options).RunAsync(default).WaitAsync(Patience));
        Assert.Equal("history-dropped", dropped.Code);
    }

    [Fact]
    public async Task TheRecordOfADenial_IsInTheState_WhenTheAppendIsAnswered()
    {
        var gates = new GateSet<EncodedBatch>("house").Add(new("never", "nothing", _ => new GateDenial("never", "NO", "no")));
        var inline = new InlineProjection<long>(Counting());
        await using var journal = await Journal.Open(
            "memory:", new JournalOptions { RequiredGates = gates, GateOptions = new GateOptions { RecordDenials = true } })
            .WithInlineAsync([inline]);
        Assert.Same(gates, journal.RequiredGates);
        Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s"))));
        Assert.Equal((1L, journal.Head), (inline.Current.State, inline.Current.Place));
    }

    [Fact]
    public async Task ClosingLetsGoOfTheJournal_WhateverTheStoreThrows()
    {
        using var directory = new TemporaryDirectory();
        await using var store = new StagedSnapshotStore { Saving = (_, _) => throw new TaskCanceledException("timeout") };
        var inline = new InlineProjection<long>(Counting(), new ProjectionCache(store), keepEvery: 1);
        var journal = await Journal.Open(directory.Journal()).WithInlineAsync([inline]);
        await AppendAsync(journal);
        await journal.DisposeAsync();
        await using var again = Journal.Open(directory.Journal());
        Assert.Equal(1, again.Head.Position);
    }

    [Fact]
    public void ALiveProjection_SkipsNothing_AndReadsWhatTheProjectionDoes()
    {
        var journal = new InMemoryJournal();
        foreach (var runner in new[] { new ReadModelRunnerOptions { SkipsMissing = true }, new() { Query = Query.OfTypes("T") } })
        {
            var refused = Assert.Throws<ArgumentException>(() => new LiveProjection<long>(journal, Counting(), new() { Runner = runner }));
            Assert.Contains("'counting'", refused.Message, StringComparison.Ordinal);
        }

        var status = new ReadModelStatus(ReadModelState.Faulted, default, 3, 1, new IOException("the table is locked"));
        Assert.Equal("Faulted at 0 of 3, 1 restarts: the table is locked", status.ToString());
    }
}
