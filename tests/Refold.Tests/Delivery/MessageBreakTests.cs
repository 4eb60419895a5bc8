// What a reader found who tried to get wrong runs with messages through, and honest ones accused.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Delivery;

public class MessageBreakTests
{
    private static readonly ExecuteOptions Key = new() { IdempotencyKey = "request-1" };

    private static readonly Outbox<OrderEvent> Mails = Outbox.Create("mails", Order.Aggregate.Events);

    private static readonly Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Sending = Refold.Aggregate.Create(
        "order",
        OrderState.Initial,
        Decide,
        Order.Evolve,
        Order.Aggregate.Commands,
        Order.Aggregate.Events,
        Order.Aggregate.Errors,
        Order.Aggregate.State);

    private static Decision<OrderEvent, OrderError> Decide(Step step, OrderState state, OrderCommand command)
    {
        var decision = Order.Decide(step, state, command);
        return command switch
        {
            Cancel => decision.Send(Mails, new Won(1)),
            Draw => decision.Send(Mails, decision.Events[0], causedBy: 0),
            _ => decision,
        };
    }

    private static async Task<Run> StartAsync(InMemoryJournal journal, RecordMode mode) =>
        await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options(mode));

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task TheSameCommandForAnotherStream_UnderTheKeyOfAStepThatOnlySent_IsRefused(RecordMode mode)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, mode);
        await run.Streams(Sending).ExecuteAsync("order/42", new Cancel(), Key, default);
        await Assert.ThrowsAsync<NotAppendedException>(() => run.Streams(Sending).ExecuteAsync("order/7", new Cancel(), Key, default));
    }

    [Theory]
    [InlineData(RecordMode.Record, false)]
    [InlineData(RecordMode.Off, false)]
    [InlineData(RecordMode.Record, true)]
    [InlineData(RecordMode.Off, true)]
    public async Task ARetry_IsAnswered_AlsoWhereItsMessagesWereDeletedSince(RecordMode mode, bool isOnlySent)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, mode);
        OrderCommand command = isOnlySent ? new Cancel() : new Draw();
        await run.Streams(Sending).ExecuteAsync("order/42", command, Key, default);
        await journal.DeleteToAsync(Mails.Stream, 1);
        var again = await run.Streams(Sending).ExecuteAsync("order/42", command, Key, default);
        Assert.True(again.IsRepeated);
    }

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task ARetryInAnotherRun_IsAnswered(RecordMode mode)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, mode);
        var first = await run.Streams(Sending).ExecuteAsync("order/42", new Draw(), Key, default);
        await using var next = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options(mode) with { RunId = RunId.Create("next") });
        var again = await next.Streams(Sending).ExecuteAsync("order/42", new Draw(), Key, default);
        Assert.True(again.IsRepeated);
        Assert.Equal(first.ToString(), again.ToString());
    }

    [Fact]
    public async Task AWholeOutboxThatWasDeleted_IsNamed_AndNobodyAccused()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, RecordMode.Record);
        await run.Streams(Sending).ExecuteAsync("order/42", new Draw());
        await run.Streams(Sending).ExecuteAsync("order/42", new Cancel());
        await run.FinishAsync();
        await journal.DeleteToAsync(Mails.Stream, 2);
        var report = await journal.VerifyAsync(run.Id, Sending);
        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Uncompared, found => found.Members == "deleted messages" && found.Entries == 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ABeginningOfAnOutboxThatWasDeleted_DoesNotHideAnEditBesideTheSteps(bool isDeleted)
    {
        await using var journal = new InMemoryJournal();
        await using var other = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { RunId = RunId.Create("other") });
        await other.Streams(Bare).ExecuteAsync("order/7", new Cancel());
        await using var run = await StartAsync(journal, RecordMode.Record);
        RunFixture.AppendFact(journal, "order/42", 3);
        await run.Streams(Bare).ExecuteAsync("order/42", new Cancel());
        await run.FinishAsync();
        List<string> lines = [.. Exports.Of(journal.ReadAll()).Where(line => !isDeleted || !IsFirstMail(line))];
        Assert.Equal(isDeleted ? 7 : 8, lines.Count);
        lines = [.. lines.Select(line => line.Contains("\"command\"", StringComparison.Ordinal) ? line : line.Replace("\"Points\":3", "\"Points\":4", StringComparison.Ordinal))];
        await using var imported = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(imported, lines), string.Join('\n', lines));
        var report = await imported.VerifyAsync(run.Id, Bare);
        Assert.False(report.Matched, string.Join('\n', report.Findings));
    }

    [Fact]
    public async Task RunsOfModeOffThatHaveOneName_GiveTheirMessagesOtherIds_AlsoAtOneGivenTime()
    {
        await using var journal = new InMemoryJournal();
        for (var index = 0; index < 2; index++)
        {
            await using var run = await StartAsync(journal, RecordMode.Off);
            await run.Streams(Sending).ExecuteAsync("order/42", new Cancel());
        }

        var ids = journal.ReadStream(Mails.Stream).Select(entry => entry.Id).ToList();
        Assert.Equal(2, ids.Count);
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Fact]
    public async Task AQueryForEventsOfAType_DoesNotAnswerTheMessagesThatCarryThem()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, RecordMode.Record);
        await run.Streams(Sending).ExecuteAsync("order/42", new Draw());
        Assert.Single(journal.ReadAll(), entry => entry.Type == "won" && entry.Stream == "order/42");
        Assert.Single(journal.Query(Query.OfTypes("won")).Entries);
    }

    [Fact]
    public async Task ALoad_SeesTheCommandsThatWereGivenBefore_AlsoWhereOutboxesHaveABound()
    {
        await using var memory = new InMemoryJournal();
        var journal = new SlowOutboxes(memory);
        await using var run = await journal.StartRunAsync(
            RunFixture.Pin, RunFixture.Options() with { MaxUnconfirmed = new Dictionary<string, long> { ["mails"] = 10 } });
        var given = run.Streams(Sending).ExecuteAsync("order/42", new Draw(), default);
        var loaded = await run.Streams(Sending).LoadAsync("order/42");
        Assert.Equal(1, loaded.Version);
        await given;
    }

    [Fact]
    public async Task AnEnd_ComesBehindTheCommandsThatWereGivenBefore_AlsoWhereOutboxesHaveABound()
    {
        await using var memory = new InMemoryJournal();
        var journal = new SlowOutboxes(memory);
        await using var run = await journal.StartRunAsync(
            RunFixture.Pin, RunFixture.Options() with { MaxUnconfirmed = new Dictionary<string, long> { ["mails"] = 10 } });
        var given = run.Streams(Sending).ExecuteAsync("order/42", new Draw(), default);
        await run.FinishAsync();
        Assert.True((await given).IsAccepted);
    }

    private static bool IsFirstMail(string line) =>
        System.Text.Json.Nodes.JsonNode.Parse(line)! is var entry && (string)entry["stream"]! == "$outbox/mails" && (long)entry["version"]! == 1;

    private sealed class SlowOutboxes(ILocalJournal inner) : Runs.ForwardingJournal(inner)
    {
        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
            StreamId stream,
            long fromVersion = 1,
            long toVersion = long.MaxValue,
            long maxCount = long.MaxValue,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            if (stream.Value.StartsWith("$outbox", StringComparison.Ordinal)) await Task.Delay(50, cancellationToken);
            await foreach (var entry in Inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken))
                yield return entry;
        }
    }

    // Without a state hash.
    private static readonly Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Bare = Refold.Aggregate.Create(
        "order", OrderState.Initial, Decide, Order.Evolve, Order.Aggregate.Commands, Order.Aggregate.Events, Order.Aggregate.Errors);
}
