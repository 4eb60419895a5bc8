// Going on with a recorded run, and ending it.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunResumeTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(40)]
    public async Task Resumed_EndsAsNeverInterrupted(int before)
    {
        await using var whole = new InMemoryJournal();
        await using var uninterrupted = await whole.StartAsync();
        foreach (var (stream, command) in RunFixture.Commands(40))
            await uninterrupted.Orders().ExecuteAsync(stream, command, ct);
        var expected = await uninterrupted.FinishAsync();

        await using var journal = new InMemoryJournal();
        await using (var run = await journal.StartAsync())
        {
            foreach (var (stream, command) in RunFixture.Commands(40).Take(before))
                await run.Orders().ExecuteAsync(stream, command, ct);
        }

        await using var resumed = await journal.ResumeRunAsync("test", RunFixture.Pin, RunFixture.Options());
        foreach (var (stream, command) in RunFixture.Commands(40).Skip(before))
            await resumed.Orders().ExecuteAsync(stream, command, ct);
        _ = resumed.Orders();
        var end = await resumed.FinishAsync();

        Assert.Equal(whole.Head, journal.Head);
        Assert.Equal((expected.StateHash, expected.Streams), (end.StateHash, end.Streams));
        var report = await journal.VerifyAsync(resumed.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(end.StateHash, report.StateHash);
    }

    [Theory]
    [MemberData(nameof(Stores.All), MemberType = typeof(Stores))]
    public async Task WhatIsDeletedMeanwhile_KeepsNoRunFromEnding_AndIsSaid(string store)
    {
        await using var journal = Stores.Open(store);
        await using var run = await journal.StartAsync();
        var commands = RunFixture.Commands(12).ToList();
        foreach (var (stream, command) in commands.Take(8)) await run.Orders().ExecuteAsync(stream, command, ct);
        await journal.DeleteToAsync(run.Id.Stream, 4, ct);
        var lost = await Assert.ThrowsAsync<RunNotFoundException>(
            () => journal.ResumeRunAsync(run.Id, RunFixture.Pin, RunFixture.Options()));
        Assert.Contains("its start was deleted", lost.Message, StringComparison.Ordinal);
        foreach (var (stream, command) in commands.Skip(8)) await run.Orders().ExecuteAsync(stream, command, ct);
        Assert.NotNull((await run.FinishAsync()).StateHash);
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        // Without its start nothing of a run can be decided again.
        Assert.Equal((ReplayVerdict.Diverged, 5L), (report.Verdict, report.Divergence!.Version));

        await journal.DeleteToAsync(commands[0].Stream, 1, ct);
        var dropped = await Assert.ThrowsAsync<HistoryDroppedException>(() => journal.FoldAsync(commands[0].Stream, Order.Aggregate));
        Assert.Equal(1, dropped.UpTo);
    }

    [Fact]
    public async Task Finish_RecordsTheHashThatVerifyingFinds()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync("order/1", new Place("sku", 1), ct);
        await run.Orders().ExecuteAsync("order/2", new Cancel(), ct);
        // What others append behind the last step is not in the hash.
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact("order/1", 5)), ct);
        var end = await run.FinishAsync(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero), ct);

        Assert.Equal(2, end.Streams);
        Assert.NotNull(end.StateHash);
        Assert.Equal(journal.Head, end.Receipt!.Head);
        var last = journal.ReadAll(journal.Head.Position).Single();
        Assert.Equal((EntryRole.Control, "$run.ended", 2030), (last.Role, last.Type, last.Time!.Value.Year));
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(end.StateHash, report.StateHash);
        Assert.Equal([1, 0], report.Streams.Select(stream => (int)stream.Version));
    }

    [Fact]
    public async Task Finish_WithoutStateCodec_RecordsNoHash()
    {
        var orders = Order.Aggregate;
        var plain = Aggregate.Create("order", orders.Decider, orders.Commands, orders.Events, orders.Errors);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Streams(plain).ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        Assert.Null((await run.FinishAsync()).StateHash);
        var report = await journal.VerifyAsync(run.Id, plain);
        Assert.True(report.Matched, report.ToString());
        Assert.Null(report.StateHash);
        Assert.NotEmpty(report.Findings);
    }

    [Fact]
    public async Task Finish_ComesBehindEverythingGivenBefore()
    {
        await using var journal = new StagedJournal(new InMemoryJournal());
        await using var run = await journal.StartAsync();
        journal.Holds = true;
        var executions = Enumerable.Range(0, 10).Select(_ => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).ToList();
        var end = run.FinishAsync();
        var late = run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        journal.Release();
        await Task.WhenAll(executions);
        await end;
        Assert.Equal("run-ended", (await Assert.ThrowsAsync<RunEndedException>(() => late)).Code);
        await Assert.ThrowsAsync<RunEndedException>(() => run.FinishAsync());
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
        Assert.Equal("$run.ended", journal.ReadAll().Last().Type);
    }

    [Fact]
    public async Task Resume_UnderAnotherPin_NamesTheFields()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var error = await Assert.ThrowsAsync<PinMismatchException>(
            () => journal.ResumeRunAsync("test", new RunPin("orders", "acme", "1.5.0", 43).With("choices", "3")));
        Assert.Equal(["version", "seed", "settings/choices"], error.Fields);
        Assert.Equal(RunFixture.Pin, error.Recorded);
        Assert.Contains("version, seed, settings/choices", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_OfWhatIsNoRun_SaysWhy()
    {
        await using var journal = new InMemoryJournal();
        await Assert.ThrowsAsync<RunNotFoundException>(() => journal.ResumeRunAsync("none", RunFixture.Pin));
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact(RunId.Create("odd").Stream, 1)) { AllowsOwnStreams = true }, ct);
        await Assert.ThrowsAsync<RunNotFoundException>(() => journal.ResumeRunAsync("odd", RunFixture.Pin));
        await using var run = await journal.StartAsync();
        await Assert.ThrowsAsync<ArgumentException>(
            () => journal.ResumeRunAsync("test", RunFixture.Pin, RunFixture.Options(RecordMode.Off)));
        await run.FinishAsync();
        await Assert.ThrowsAsync<RunEndedException>(() => journal.ResumeRunAsync("test", RunFixture.Pin));
    }

    [Fact]
    public async Task Root_OfTheRecordedRun_IsKept()
    {
        await using var journal = new InMemoryJournal();
        var root = RngState.FromSeed(7).Named("here");
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { Root = root });
        Assert.Equal(root, run.Root);
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        await using var resumed = await journal.ResumeRunAsync("test", RunFixture.Pin, RunFixture.Options());
        Assert.Equal(root, resumed.Root);
        await resumed.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }
}
