// Recording and verifying runs as an application does it.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    // The sample of the design, word for word.
    [Fact]
    public async Task Sample_OfTheDesign_Matches()
    {
        await using var journal = Journal.Open("memory:");
        await using var run = await journal.StartRunAsync(new RunPin("orders", "acme", "1.4.0", seed: 42));
        var result = await run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Place("sku", 1), ct);
        ReplayReport report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());   // three lines: entry, path, expected and actual

        Assert.Equal([new Placed("sku", 1)], result.Events);
        Assert.Equal(1, result.Version);
        Assert.True(result.State.Placed);
        Assert.Equal(result.Receipt!.Head, journal.Head);
    }

    [Fact]
    public async Task Refusal_IsAValueAndIsRecorded()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), ct);
        var refused = await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 2), ct);

        Assert.False(refused.IsAccepted);
        Assert.True(refused.TryGetError(out var error));
        Assert.Equal(OrderError.AlreadyPlaced, error);
        Assert.Equal(OrderError.AlreadyPlaced, refused.Error);
        Assert.Empty(refused.Events);
        Assert.Equal(1, refused.Version);
        Assert.Equal(1, refused.State.Quantity);
        Assert.Equal([EntryRole.Control, EntryRole.Command, EntryRole.Command, EntryRole.Refusal],
            journal.ReadStream(run.Id.Stream).Select(entry => entry.Role));
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    [Fact]
    public async Task Step_TimeIdsAndDraws_AreRecorded()
    {
        var time = new DateTimeOffset(2020, 5, 6, 9, 8, 9, TimeSpan.FromHours(2));
        var correlation = Guid.Parse("00000000-0000-0000-0000-000000000001");
        var causation = Guid.Parse("00000000-0000-0000-0000-000000000002");
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var options = new ExecuteOptions { Time = time, CorrelationId = correlation, CausationId = causation };
        var result = await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), options, ct);

        var command = journal.ReadStream(run.Id.Stream, 2).Single();
        var happened = journal.ReadStream(RunFixture.Stream).Single();
        Assert.True(result.DrawnWords > 0);
        Assert.Equal(result.DrawnWords, command.Drawn);
        Assert.Equal((time, TimeSpan.Zero), (command.Time, command.Time!.Value.Offset));
        Assert.Equal(time, happened.Time);
        Assert.Equal((correlation, causation), (command.CorrelationId, command.CausationId!.Value));
        Assert.Equal((correlation, command.Id), (happened.CorrelationId, happened.CausationId!.Value));
    }

    [Fact]
    public async Task SameSeedAndCommands_GiveTheSameHead()
    {
        var heads = new List<Head>();
        for (var repetition = 0; repetition < 2; repetition++)
        {
            await using var journal = new InMemoryJournal();
            await using var run = await journal.StartAsync();
            foreach (var (stream, command) in RunFixture.Commands(50))
                await run.Orders().ExecuteAsync(stream, command, ct);
            heads.Add(journal.Head);
        }

        Assert.Equal(heads[0], heads[1]);
    }

    [Fact]
    public async Task TwoRunsInParallel_OnTheSameStreams_BothMatch()
    {
        await using var journal = new InMemoryJournal();
        var options = RunFixture.Options() with { MaxAttempts = 1000 };
        await using var first = await journal.StartRunAsync(RunFixture.Pin, options with { RunId = RunId.Create("first") });
        await using var second = await journal.StartRunAsync(RunFixture.Pin, options with { RunId = RunId.Create("second") });
        await Task.WhenAll(new[] { first, second }.Select(run => Task.Run(async () =>
        {
            foreach (var (stream, command) in RunFixture.Commands(200))
                await run.Orders().ExecuteAsync(stream, command, ct);
        })));

        await Assert.AllAsync(new[] { first, second }, async run =>
        {
            var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
            Assert.True(report.Matched, report.ToString());
            Assert.Equal(200, journal.ReadStream(run.Id.Stream).Count(entry => entry.Role == EntryRole.Command));
        });
    }

    [Fact]
    public async Task ModeOff_GivesTheSameStreamsWithoutARunStream()
    {
        await using var recorded = new InMemoryJournal();
        await using var plain = new InMemoryJournal();
        await using var recording = await recorded.StartAsync();
        await using var running = await plain.StartAsync(RecordMode.Off);
        foreach (var (stream, command) in RunFixture.Commands(60))
        {
            var expected = await recording.Orders().ExecuteAsync(stream, command, ct);
            var actual = await running.Orders().ExecuteAsync(stream, command, ct);
            Assert.Equal(expected.ToString(), actual.ToString());
            Assert.Equal(expected.State, actual.State);
        }

        Assert.Equal(0, plain.HighestVersion(running.Id.Stream));
        Assert.NotEmpty(plain.Streams());
        Assert.All(plain.Streams(), info => Assert.Equal(recorded.Canonical(info.Stream), plain.Canonical(info.Stream)));
        Assert.Equal(ReplayVerdict.NotRecorded, (await plain.VerifyAsync(running.Id, Order.Aggregate)).Verdict);
        Assert.Equal(new RunEnd(null, 0, null), await running.FinishAsync());
    }

    [Fact]
    public async Task Start_OfARunThatExists_IsRefused()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var error = await Assert.ThrowsAsync<RunExistsException>(() => journal.StartAsync());
        Assert.Equal("run-exists", error.Code);
        Assert.Equal(1, journal.Head.Position);
    }

    [Fact]
    public async Task UnnamedRuns_GetNamesOfTheirOwn()
    {
        await using var journal = new InMemoryJournal();
        await using var first = await journal.StartRunAsync(RunFixture.Pin);
        await using var second = await journal.StartRunAsync(RunFixture.Pin);
        await using var third = await journal.StartRunAsync(RunFixture.Pin, new RunOptions { NewGuid = () => Guid.Empty });
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal("00000000-0000-0000-0000-000000000000", third.Id.Value);
    }

    [Fact]
    public async Task ForeignStream_IsAnArgumentException()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => run.Orders().ExecuteAsync("invoice/1", new Draw(), ct));
        await Assert.ThrowsAsync<ArgumentNullException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, null!, ct));
        Assert.Throws<ArgumentNullException>(() => run.Streams<int, int, int, int>(null!));
        await Assert.ThrowsAsync<ArgumentException>(() => run.Orders().LoadAsync("invoice/1", ct));
        var empty = new ExecuteOptions { IdempotencyKey = "" };
        await Assert.ThrowsAsync<ArgumentException>(() => run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), empty, ct));
    }

    [Fact]
    public async Task Runs_AreListedInTheOrderOfTheirStarts()
    {
        await using var journal = new InMemoryJournal();
        await using var later = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { RunId = RunId.Create("z") });
        var options = RunFixture.Options() with { RunId = RunId.Create("a") };
        await using var sooner = await journal.StartRunAsync(RunFixture.Pin.With("a", "b"), options);
        await later.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        await later.FinishAsync();

        var start = new FixedClock().GetUtcNow();
        Assert.Equal(
            [
                new RunInfo(later.Id, RunFixture.Pin, 1, start, 3, 5),
                new RunInfo(sooner.Id, RunFixture.Pin.With("a", "b"), 2, start, 1, null),
            ],
            await journal.RunsAsync(ct));
    }
}
