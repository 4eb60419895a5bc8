// Another writer on the streams of a run.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunConflictTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task SecondWriter_BetweenTwoSteps_IsSeenByTheNext()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), ct);
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact(RunFixture.Stream, 500)), ct);
        var result = await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);

        Assert.Equal(3, result.Version);
        Assert.InRange(result.State.Points, 501, 600);
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
    }

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task SecondWriter_InTheMiddleOfMany_RedoesThemInOrder(RecordMode mode)
    {
        var inner = new InMemoryJournal();
        await using var journal = new StagedJournal(inner);
        await using var run = await journal.StartAsync(mode);
        var start = journal.Appends;
        journal.Before = number =>
        {
            if (number == start + 20)
                RunFixture.AppendFact(inner, RunFixture.Stream, 1000);
            return null;
        };
        journal.Holds = true;
        var executions = Enumerable.Range(0, 100).Select(_ => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).ToList();
        journal.Release();
        var results = await Task.WhenAll(executions);

        // One fact lies between, and every command is there once, in the order of the calls.
        Assert.Equal(Enumerable.Range(1, 101).Where(version => version != 20), results.Select(result => (int)result.Version));
        Assert.Equal(101, journal.HighestVersion(RunFixture.Stream));
        Assert.Equal(results[^1].State, (await journal.FoldAsync(RunFixture.Stream, Order.Aggregate)).State);
        if (mode == RecordMode.Record)
        {
            var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
            Assert.True(report.Matched, report.ToString());
        }
    }

    [Fact]
    public async Task SecondWriter_ThatNeverStops_EndsInAConcurrencyException()
    {
        var inner = new InMemoryJournal();
        await using var journal = new StagedJournal(inner);
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { MaxAttempts = 3 });
        var attempts = 0;
        journal.Before = _ =>
        {
            attempts++;
            RunFixture.AppendFact(inner, RunFixture.Stream, 1);
            return null;
        };
        var error = await Assert.ThrowsAsync<ConcurrencyException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        Assert.Equal(RunFixture.Stream, error.Stream);
        Assert.Equal(ExpectedVersion.Exactly(2), error.Expected);
        Assert.Equal(3, error.Actual);
        Assert.Equal(3, attempts);
        Assert.Equal(1, inner.HighestVersion(run.Id.Stream));

        journal.Before = _ => null;
        Assert.Equal(4, (await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct)).Version);
    }

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task Refusal_FromAnOutdatedState_IsJudgedAnew(RecordMode mode)
    {
        // Closed orders refuse; somebody else opens the order again.
        var gate = Order.Aggregate.WithDecide((_, state, command) =>
            command is Draw && state.Points < 100 ? OrderError.NotPlaced : [new Won(1)]);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync(mode);
        Assert.False((await run.Streams(gate).ExecuteAsync(RunFixture.Stream, new Draw(), ct)).IsAccepted);
        await run.Streams(gate).ExecuteAsync(RunFixture.Stream, new Cancel(), ct);
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact(RunFixture.Stream, 100)), ct);
        Assert.True((await run.Streams(gate).ExecuteAsync(RunFixture.Stream, new Draw(), ct)).IsAccepted);
    }

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task Exception_FromAnOutdatedState_IsJudgedAnew(RecordMode mode)
    {
        var fragile = Order.Aggregate.WithDecide((_, state, command) => command is Draw && state.Points == 1
            ? throw new InvalidOperationException("exactly one point")
            : [new Won(1)]);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync(mode);
        await run.Streams(fragile).ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact(RunFixture.Stream, 5)), ct);
        Assert.Equal(3, (await run.Streams(fragile).ExecuteAsync(RunFixture.Stream, new Draw(), ct)).Version);
    }

    [Fact]
    public async Task TwoObjects_OfOneRun_DoNotLoseSteps()
    {
        await using var journal = new InMemoryJournal();
        await using var first = await journal.StartAsync();
        await using var second = await journal.ResumeRunAsync(first.Id, RunFixture.Pin, RunFixture.Options());
        for (var index = 0; index < 10; index++)
        {
            await first.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
            await second.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        }

        Assert.Equal(20, journal.HighestVersion(RunFixture.Stream));
        Assert.True((await journal.VerifyAsync(first.Id, Order.Aggregate)).Matched);
        await second.Orders().LoadAsync(RunFixture.Stream, ct);
        await first.FinishAsync();
        await Assert.ThrowsAsync<RunEndedException>(() => second.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct));
    }
}
