// Runs with snapshots: taken when they are due, used instead of the entries before, and never needed while the history is whole.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Orders;
using Refold.Tests.Hosting;
using Xunit;

namespace Refold.Tests.Snapshots;

public class SnapshotRunTests
{
    [Fact]
    public async Task EveryNVersions_ASnapshotIsTaken_WithAllThatBelongsToIt()
    {
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore(new SnapshotOptions { Retention = 9 });
        var options = SnapshotFixture.Options(store, interval: 3);
        await using (var started = await journal.StartRunAsync(RunFixture.Pin, options)) await started.DrawAsync(2);
        Assert.True(store.IsEmpty);
        await using var run = await DrawAsync(journal, options, 1);
        var snapshot = store.Load(RunFixture.Stream).Snapshot!;
        Assert.Equal((3, journal.Head), (snapshot.Version, snapshot.Head));
        Assert.Equal((run.Id, run.Pin, run.Root), (snapshot.Run!, snapshot.Pin!, snapshot.Root!));
        Assert.Equal(await journal.FullAsync(), Order.Aggregate.State!.Decode(snapshot.State));
        await DrawAsync(journal, options, 3, new Cancel());
        await DrawAsync(journal, options, 3);
        Assert.Equal([3, 6, 9], store.List().Snapshots.Select(info => info.Version));
    }

    // Snapshots are saved beside the run; when it is disposed, they are there.
    private static async Task<Run> DrawAsync(IJournal journal, RunOptions options, int count, OrderCommand? before = null)
    {
        var run = await journal.ResumeRunAsync(RunId.Create("test"), RunFixture.Pin, options);
        if (before is not null) await run.Orders().ExecuteAsync(RunFixture.Stream, before);
        await run.DrawAsync(count);
        await run.DisposeAsync();
        return run;
    }

    [Fact]
    public async Task AResumedRun_StartsFromTheSnapshot_AndReadsNoEntryBefore()
    {
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(store, interval: 4)))
            await run.DrawAsync(5);
        var found = await journal.RehydrateAsync(store);
        Assert.Equal((4, 5, 1), (found.FromVersion, found.Version, found.Fold.Entries));
        await using var resumed = await journal.ResumeRunAsync(
            RunId.Create("test"), RunFixture.Pin, SnapshotFixture.Options(store, interval: 4));
        await resumed.DrawAsync(3);
        await store.SavedAsync(8);
        Assert.Equal(await journal.FullAsync(), (await resumed.Orders().LoadAsync(RunFixture.Stream)).State);
        await resumed.FinishAsync();
        Assert.True((await journal.VerifyAsync(resumed.Id, Order.Aggregate)).Matched);
    }

    [Fact]
    public async Task ASaveThatFails_IsLogged_AndTheRunGoesOn()
    {
        using var logs = new Hosting.LogLines();
        await using var journal = new InMemoryJournal();
        await using var store = new StagedSnapshotStore { Fails = _ => new IOException("full") };
        var options = SnapshotFixture.Options(store, interval: 2, logs);
        await using (var started = await journal.StartRunAsync(RunFixture.Pin, options)) await started.DrawAsync(2);
        await DrawAsync(journal, options, 2);
        Assert.Equal(2, logs.Ids.Count(id => id == RefoldEventIds.SnapshotNotSaved));
        await using var run = await journal.ResumeRunAsync(RunId.Create("test"), RunFixture.Pin, options);
        await Assert.ThrowsAsync<IOException>(() => run.Orders().TakeSnapshotAsync(RunFixture.Stream));
        store.Fails = _ => null;
        await DrawAsync(journal, options, 2);
        // Due at once: a resumed run knows of no snapshot before.
        Assert.Equal(5, (await store.LoadAsync(RunFixture.Stream)).Snapshot!.Version);
        Assert.Equal(6, (await run.Orders().LoadAsync(RunFixture.Stream)).Version);
    }

    [Fact]
    public async Task ADoubtfulSnapshot_IsLogged_AndTheStepIsBuiltOnTheEntries()
    {
        using var logs = new Hosting.LogLines();
        var (journal, _) = await SnapshotFixture.RecordAsync(3);
        await using var store = new StagedSnapshotStore { Answers = (_, _) => throw new IOException("gone") };
        await using var run = await journal.ResumeRunAsync(
            RunId.Create("test"), RunFixture.Pin, SnapshotFixture.Options(store, logs: logs));
        var result = await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        Assert.Equal(await journal.FullAsync(), result.State);
        var line = Assert.Single(logs.All, line => line.Id == RefoldEventIds.SnapshotNotUsed);
        Assert.Contains("gone", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakenByTheCaller_WhateverTheInterval()
    {
        await using var store = new InMemorySnapshotStore();
        await using var journal = Journal.Open("memory:", new JournalOptions { Snapshots = store, SnapshotInterval = 0 });
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options());
        Assert.Null(await run.Orders().TakeSnapshotAsync(RunFixture.Stream));
        await run.DrawAsync(3);
        Assert.True(store.IsEmpty);
        var taken = (await run.Orders().TakeSnapshotAsync(RunFixture.Stream))!;
        Assert.Equal((3, run.Id), (taken.Version, taken.Run!));
        Assert.Equal(taken, await journal.TakeSnapshotAsync(RunFixture.Stream, Order.Aggregate));
        await run.DrawAsync(1);
        Assert.Null((await journal.TakeSnapshotAsync(RunFixture.Stream, Order.Aggregate))!.Run);
        Assert.Equal([3, 4], store.List(RunFixture.Stream).Snapshots.Select(info => info.Version));
        Assert.Equal(3, (await journal.RehydrateAsync(RunFixture.Stream, Order.Aggregate, toVersion: 3)).Version);
        await using var plain = new InMemoryJournal();
        await Assert.ThrowsAsync<ArgumentException>(async () => await plain.TakeSnapshotAsync(RunFixture.Stream, Order.Aggregate));
        await using var without = await plain.StartRunAsync(RunFixture.Pin, RunFixture.Options());
        await Assert.ThrowsAsync<InvalidOperationException>(() => without.Orders().TakeSnapshotAsync(RunFixture.Stream));
    }

    [Fact]
    public async Task DeletedHistory_NeedsASnapshot_AndSaysSoWithoutOne()
    {
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, SnapshotFixture.Options(store, interval: 4));
        await run.DrawAsync(5);
        await store.SavedAsync(4);
        var full = await journal.FullAsync();
        await journal.DeleteToAsync(RunFixture.Stream, 4);
        Assert.Equal(full, (await run.Orders().LoadAsync(RunFixture.Stream)).State);
        await run.DrawAsync(1);
        var early = (await SnapshotFixture.RecordAsync(1)).Snapshots[0];
        await store.ClearAsync();
        await store.SaveAsync(early);
        var error = await Assert.ThrowsAsync<HistoryDroppedException>(() => run.Orders().LoadAsync(RunFixture.Stream));
        Assert.Equal(("history-dropped", 4L, RunFixture.Stream), (error.Code, error.UpTo, error.Stream));
        Assert.Equal(SnapshotDoubt.BelowFloor, Assert.Single(error.Findings).Doubt);
        await run.Orders().ExecuteAsync("order/other", new Draw());
        await Assert.ThrowsAsync<HistoryDroppedException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw()));
        var without = await Assert.ThrowsAsync<HistoryDroppedException>(
            async () => await journal.RehydrateAsync(RunFixture.Stream, Order.Aggregate));
        Assert.Empty(without.Findings);
    }

    [Fact]
    public async Task Verifying_StartsFromASnapshotOnlyWhenAsked_AndSaysSo()
    {
        var (journal, snapshots) = await SnapshotFixture.RecordAsync(4);
        Assert.DoesNotContain(
            "snapshot", (await journal.VerifyAsync(RunId.Create("test"), Order.Aggregate)).ToString(), StringComparison.Ordinal);
        await journal.DeleteToAsync(RunFixture.Stream, 2);
        Assert.False((await journal.VerifyAsync(RunId.Create("test"), Order.Aggregate)).Matched);
        var report = await journal.VerifyAsync(RunId.Create("test"), [Order.Aggregate], new VerifyOptions { StartFrom = [snapshots[1]] });
        Assert.Null(report.Divergence);
        Assert.Contains(report.Findings, finding => finding.Contains("snapshot at version 2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AddRefold_GivesEveryRunTheSnapshotsThatWereChosen_AndClosesThemAfterTheJournal()
    {
        using var directory = new TemporaryDirectory();
        var host = Hosts.Make(options =>
        {
            options.UseSegmentFiles(directory.File("journal")).UseSnapshots(directory.Journal());
            options.Journal = options.Journal with { SnapshotInterval = 2 };
        });
        await host.StartAsync();
        await using (var run = await host.Journal().StartRunAsync(RunFixture.Pin, RunFixture.Options())) await run.DrawAsync(3);
        var store = host.Services.GetRequiredService<ISnapshotStore>();
        Assert.Equal(2, (await store.LoadAsync(RunFixture.Stream)).Snapshot!.Version);
        Assert.Throws<JournalInUseException>(() => Refold.Snapshots.Open(directory.Journal()));
        await host.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.IsEmptyAsync());
        await using var again = Refold.Snapshots.Open(directory.Journal(), new SnapshotOptions { ReadOnly = true });
        Assert.Equal(2, again.Load(RunFixture.Stream).Snapshot!.Version);
    }

    [Theory]
    [InlineData("redis:x", "unknown scheme")]
    [InlineData("", "empty")]
    public async Task AWrongChoiceOfSnapshots_StopsTheHost(string uri, string message)
    {
        var host = Hosts.Make(options => options.UseInMemory().UseSnapshots(uri));
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        await host.CloseAsync();
    }
}
