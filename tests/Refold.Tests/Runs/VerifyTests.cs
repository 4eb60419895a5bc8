// What verifying says when something differs, and folding.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class VerifyTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static async Task<InMemoryJournal> RecordAsync(Aggregate<OrderState, OrderCommand, OrderEvent, OrderError>? aggregate = null)
    {
        var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        foreach (var (stream, command) in RunFixture.Commands(20))
            await run.Streams(aggregate ?? Order.Aggregate).ExecuteAsync(stream, command, ct);
        return journal;
    }

    private static Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Changed(Func<Step, Decision<OrderEvent, OrderError>> draw) =>
        Order.Aggregate.WithDecide((step, state, command) => command is Draw ? draw(step) : Order.Decide(step, state, command));

    [Fact]
    public async Task ChangedRule_NamesEntryPathExpectedAndActual()
    {
        await using var journal = await RecordAsync();
        var report = await journal.VerifyAsync("test", Changed(step => [new Won(step.Random.Between(1, 100) + 1000)]));
        var recorded = journal.ReadAll().First(entry => entry.Type == "won");
        var points = ((Won)Order.Aggregate.Events.Decode(recorded)).Points;

        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        Assert.False(report.Matched);
        Assert.Null(report.StateHash);
        var divergence = report.Divergence!;
        Assert.Equal((recorded.Position, recorded.Stream, recorded.Version), (divergence.Position, divergence.Stream, divergence.Version));
        Assert.Equal("/data/Points", divergence.Path);
        Assert.Equal((Text(points), Text(points + 1000)), (divergence.Expected, divergence.Actual));
        Assert.Equal((DivergenceCause.Payload, "payload"), (divergence.Cause, divergence.CauseName));
        Assert.NotEmpty(divergence.Remedy);
        Assert.Equal(divergence.ExpectedDraws, divergence.ActualDraws);

        var lines = report.ToString().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Contains(Text(recorded.Position), lines[0], StringComparison.Ordinal);
        Assert.Contains("/data/Points", lines[1], StringComparison.Ordinal);
        Assert.Contains(Text(points + 1000), lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task EachWayToDiffer_HasItsCause()
    {
        await using var journal = await RecordAsync();
        Assert.Equal(DivergenceCause.Refusal, await CauseAsync(_ => OrderError.NotPlaced));
        Assert.Equal(DivergenceCause.Missing, await CauseAsync(_ => []));
        Assert.Equal(DivergenceCause.Type, await CauseAsync(_ => [new Placed("sku", 1)]));
        Assert.Equal(DivergenceCause.Unexpected, await CauseAsync(step => [new Won(step.Random.Between(1, 100)), new Won(2)]));
        Assert.Equal(DivergenceCause.Threw, await CauseAsync(_ => throw new InvalidOperationException("broken")));
        Assert.Equal(DivergenceCause.RandomDrift, await CauseAsync(step =>
        {
            Decision<OrderEvent, OrderError> same = [new Won(step.Random.Between(1, 100))];
            step.Random.NextUInt32();
            return same;
        }));

        async Task<DivergenceCause?> CauseAsync(Func<Step, Decision<OrderEvent, OrderError>> draw) =>
            (await journal.VerifyAsync("test", Changed(draw))).Divergence?.Cause;
    }

    [Fact]
    public async Task UnstableRule_IsReportedAsSuch()
    {
        var calls = 0;
        var unstable = Changed(_ => [new Won(++calls)]);
        await using var journal = await RecordAsync(unstable);
        var report = await journal.VerifyAsync("test", unstable);
        Assert.Equal((ReplayVerdict.Diverged, "unstable"), (report.Verdict, report.Divergence!.CauseName));
    }

    [Fact]
    public async Task Pin_IsComparedWhenGiven()
    {
        await using var journal = await RecordAsync();
        var pin = RunFixture.Pin.With("choices", "3");
        var report = await journal.VerifyAsync("test", [Order.Aggregate], new VerifyOptions { Pin = pin }, ct);
        Assert.Equal(DivergenceCause.PinMismatch, report.Divergence!.Cause);
        Assert.Equal(["settings/choices"], report.Divergence.PinFields);
        Assert.Equal(1, report.Divergence.Position);

        var ignored = await journal.VerifyAsync("test", [Order.Aggregate], new VerifyOptions { Pin = pin, IgnorePin = true }, ct);
        Assert.True(ignored.Matched, ignored.ToString());
        Assert.Contains(ignored.Findings, finding => finding.Contains("settings/choices", StringComparison.Ordinal));
        Assert.True((await journal.VerifyAsync("test", [Order.Aggregate], new VerifyOptions { Pin = RunFixture.Pin }, ct)).Matched);
    }

    [Fact]
    public async Task Counts_AreThoseOfTheJournal()
    {
        await using var journal = await RecordAsync();
        var report = await journal.VerifyAsync("test", Order.Aggregate);
        var entries = journal.ReadAll().Where(entry => entry.Role != EntryRole.Control).ToList();
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(entries.Count, report.Entries);
        Assert.Equal(entries.Count(entry => entry.Role == EntryRole.Command), report.External);
        Assert.Equal(entries.Count(entry => entry.Role is EntryRole.Event or EntryRole.Refusal), report.Derived);
        Assert.Equal(5, report.Streams.Count);
        Assert.Matches("^[0-9a-f]{64}$", report.StateHash!);
    }

    [Fact]
    public async Task SeveralAggregates_AreVerifiedTogether()
    {
        var invoices = Aggregate.Create(
            "invoice",
            0L,
            (Step step, long total, string command) => command.Length == 0 ? "empty" : Decision.Accept<int, string>([command.Length]),
            (total, amount) => total + amount,
            Codec.Text("pay"),
            Codec.Create<int>("paid", amount => BitConverter.GetBytes(amount), bytes => BitConverter.ToInt32(bytes.Span)),
            Codec.Text("invoice-error"),
            Codec.Create<long>("total", total => BitConverter.GetBytes(total), bytes => BitConverter.ToInt64(bytes.Span)));
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync("order/1", new Place("sku", 1), ct);
        await run.Streams(invoices).ExecuteAsync("invoice/1", "abc", ct);
        await run.Streams(invoices).ExecuteAsync("invoice/1", "", ct);
        var end = await run.FinishAsync();
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate, invoices);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal((end.StateHash, 2), (report.StateHash, report.Streams.Count));
        var forgotten = await Assert.ThrowsAsync<AggregateNotGivenException>(() => journal.VerifyAsync(run.Id, Order.Aggregate));
        Assert.Equal("invoice/1", forgotten.Stream.Value);
        Assert.Contains("no aggregate was given for stream 'invoice/1'", forgotten.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingRecorded_IsSaid()
    {
        await using var journal = new InMemoryJournal();
        var missing = await Assert.ThrowsAsync<RunNotFoundException>(() => journal.VerifyAsync("none", Order.Aggregate));
        Assert.Contains("no entry of a run of this name", missing.Message, StringComparison.Ordinal);
        await using var run = await journal.StartAsync();
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.Equal((ReplayVerdict.NotRecorded, false), (report.Verdict, report.Matched));
    }

    [Fact]
    public async Task Cancelled_Stops()
    {
        await using var journal = await RecordAsync();
        using var source = new CancellationTokenSource();
        var stopping = Changed(step =>
        {
            source.Cancel();
            return [new Won(step.Random.Between(1, 100))];
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => journal.VerifyAsync("test", [stopping], new VerifyOptions(), source.Token));
    }

    [Fact]
    public async Task Fold_ToAVersion_GivesTheStateThere()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var states = new List<OrderState> { OrderState.Initial };
        foreach (OrderCommand command in new OrderCommand[] { new Place("sku", 4), new Draw(), new Draw() })
            states.Add((await run.Orders().ExecuteAsync(RunFixture.Stream, command, ct)).State);
        await journal.AppendAsync(new AppendRequest(RunFixture.Fact(RunFixture.Stream, 5)), ct);

        for (var version = 1; version < states.Count; version++)
        {
            var report = await journal.FoldAsync(RunFixture.Stream, Order.Aggregate, version, ct);
            Assert.True(report.Matched);
            Assert.Equal((states[version], (long)version, (long)version), (report.State, report.Version, report.Applied));
        }

        var whole = await journal.FoldAsync(RunFixture.Stream, Order.Aggregate);
        Assert.Equal((4L, 4L, states[3].Points + 5), (whole.Version, whole.Entries, whole.State.Points));
        Assert.Matches("^[0-9a-f]{64}$", whole.StateHash!);
    }

    [Fact]
    public async Task Fold_EndsAtWhatCannotBeDecoded()
    {
        await using var journal = new InMemoryJournal();
        await journal.AppendAsync(new AppendRequest(
            RunFixture.Fact(RunFixture.Stream, 1),
            new EntryData(RunFixture.Stream, "won", "{\"Points\":true}"u8.ToArray()),
            RunFixture.Fact(RunFixture.Stream, 2)), ct);
        var report = await journal.FoldAsync(RunFixture.Stream, Order.Aggregate);
        Assert.False(report.Matched);
        Assert.Equal((1L, 1L), (report.State.Points, report.Version));
        Assert.Equal((2L, DivergenceCause.Undecodable), (report.Divergence!.Version, report.Divergence.Cause));
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
