// What a reader found who tried to get wrong runs with messages through, and honest ones accused.
// Run by `dotnet test`.
using System.Globalization;
using Orders;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Delivery;

public class MessageBreakTests
{
    internal static readonly ExecuteOptions Key = new() { IdempotencyKey = "request-1" };

    internal static readonly Outbox<OrderEvent> Mails = Outbox.Create("mails", Order.Aggregate.Events);

    internal static readonly Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Sending = Refold.Aggregate.Create(
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

    internal static async Task<Run> StartAsync(IJournal journal, RecordMode mode) =>
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
        // The last message of an outbox is never deleted.
        await run.Streams(Sending).ExecuteAsync("order/9", new Cancel());
        await journal.DeleteToAsync(Mails.Stream, 1);
        Assert.Single(journal.ReadStream(Mails.Stream, 2));
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
    public async Task AnOutboxThatWasDeleted_IsNamed_AndNobodyAccused_ItsLastMessageStays()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, RecordMode.Record);
        await run.Streams(Sending).ExecuteAsync("order/42", new Draw());
        await run.Streams(Sending).ExecuteAsync("order/42", new Cancel());
        await run.FinishAsync();
        await journal.DeleteToAsync(Mails.Stream, 2);
        var report = await journal.VerifyAsync(run.Id, Sending);
        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Uncompared, found => found.Members == "deleted messages" && found.Entries == 1);
    }

    [Fact]
    public async Task ACompactionThatDeletesAnOutbox_LeavesItsLastMessage()
    {
        using var directory = new TemporaryDirectory();
        await using var journal = (SegmentJournal)Journal.Open(directory.Journal());
        await using var run = await StartAsync(journal, RecordMode.Record);
        for (var index = 0; index < 3; index++) await run.Streams(Sending).ExecuteAsync("order/42", new Cancel());
        var request = new CompactionRequest.DeleteStream(Mails.Stream) { MayLose = ["mails"] };
        for (var time = 0; time < 2; time++) await journal.CompactAsync(request);
        Assert.Equal([3L], journal.ReadStream(Mails.Stream, 3).Select(entry => entry.Version));
        Assert.Throws<EntriesDroppedException>(() => journal.ReadStream(Mails.Stream, 2).ToList());
        Assert.True((await journal.VerifyAsync(run.Id, Sending)).Matched);
    }

    // As all of it was lost, or dropped by a compaction.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task AnOutboxThatBeganAnew_IsNotDelivered_ByALogAboutOtherMessages(int sentAgain)
    {
        var delivered = new List<long>();
        OutboxDispatcher<OrderEvent> Dispatcher(IJournal of) => new(of, Mails, (message, _) =>
        {
            delivered.Add(message.Number);
            return Task.CompletedTask;
        });
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, RecordMode.Record);
        for (var index = 0; index < 2; index++) await run.Streams(Sending).ExecuteAsync("order/42", new Cancel());
        Assert.Equal(2, (await Dispatcher(journal).DeliverDueAsync()).Confirmed);

        await using var imported = new InMemoryJournal();
        foreach (var batch in journal.ReadAll().Where(entry => entry.Stream != Mails.Stream).GroupBy(entry => entry.Batch))
            await imported.RestoreAsync([.. batch]);
        Assert.Equal("outbox-log-foreign", (await Assert.ThrowsAsync<OutboxLogException>(() => imported.OutboxStatusAsync("mails"))).Code);
        await using var next = await imported.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { RunId = RunId.Create("next") });
        for (var index = 0; index < sentAgain; index++) await next.Streams(Sending).ExecuteAsync("order/7", new Cancel());
        var foreign = await Assert.ThrowsAsync<OutboxLogException>(() => Dispatcher(imported).DeliverDueAsync());
        Assert.Equal("outbox-log-foreign", foreign.Code);
        Assert.Equal([1L, 2L], delivered);
    }

    [Fact]
    public async Task ALogThatCameFromAnotherJournal_ConfirmsNoMessageOfThisOne()
    {
        await using var other = new InMemoryJournal();
        await using var run = await StartAsync(other, RecordMode.Record);
        await run.Streams(Sending).ExecuteAsync("order/42", new Cancel());
        await other.ConfirmMessageAsync("mails", 1);

        await using var journal = new InMemoryJournal();
        await using var next = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { RunId = RunId.Create("next") });
        await next.Streams(Sending).ExecuteAsync("order/7", new Cancel());
        foreach (var fact in other.ReadStream("$outbox-log/mails"))
        {
            var position = journal.Head.Position + 1;
            await journal.RestoreAsync([JournalEntry.TryRead(position, fact.Version, position, fact.ToCanonicalBytes())!]);
        }

        Assert.Equal("outbox-log-foreign", (await Assert.ThrowsAsync<OutboxLogException>(() => journal.OutboxStatusAsync("mails"))).Code);
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
        lines = [.. lines.Select(line => line.Contains("\"command\"", StringComparison.Ordinal)
            ? line
            : line.Replace("\"Points\":3", "\"Points\":4", StringComparison.Ordinal))];
        await using var imported = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(imported, lines), string.Join('\n', lines));
        var report = await imported.VerifyAsync(run.Id, Bare);
        Assert.False(report.Matched, string.Join('\n', report.Findings));
    }

    [Fact]
    public async Task RunsOfModeOffThatHaveOneName_GiveTheirMessagesOtherIds_AtOtherTimes()
    {
        await using var journal = new InMemoryJournal();
        for (var index = 0; index < 2; index++)
        {
            await using var run = await StartAsync(journal, RecordMode.Off);
            var time = new DateTimeOffset(2026, 1, 1, 0, 0, index, TimeSpan.Zero);
            await run.Streams(Sending).ExecuteAsync("order/42", new Cancel(), new ExecuteOptions { Time = time });
        }

        var ids = journal.ReadStream(Mails.Stream).Select(entry => entry.Id).ToList();
        Assert.Equal(2, ids.Count);
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Fact]
    public async Task WhatAStepSent_IsNotTold_AsARetryDoesNotKnowIt()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await StartAsync(journal, RecordMode.Record);
        var result = await run.Streams(Sending).ExecuteAsync("order/42", new Cancel(), default);
        Assert.Equal("accepted: nothing; version 0", result.ToString());
    }

    [Theory]
    [InlineData("1-3 5-5 7-9 2-8", "1-9")]
    [InlineData("4-4 2-2 3-3", "2-4")]
    [InlineData("5-9 1-3", "1-3 5-9")]
    [InlineData("5-9 1-4", "1-9")]
    [InlineData("2-4 2-2 9-1 3-4", "2-4")]
    [InlineData("6-6 -4-4 1-4611686018427387904", "1-4611686018427387904")]
    [InlineData("9-9 1-9223372036854775807 4-5", "1-9223372036854775807")]
    public void NumbersThatAreSettled_AreJoined_HoweverManyTheyAre(string added, string expected)
    {
        static (long First, long Last) Range(string text)
        {
            var dash = text.IndexOf('-', 1);
            return (long.Parse(text[..dash], CultureInfo.InvariantCulture), long.Parse(text[(dash + 1)..], CultureInfo.InvariantCulture));
        }

        var numbers = new OutboxNumbers();
        numbers.Add(added.Split(' ').Select(Range));
        Assert.Equal(expected.Split(' ').Select(Range), numbers.Ranges);
        Assert.Equal(numbers.Ranges.Sum(range => range.Last - range.First + 1), numbers.Count);
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

    [Fact]
    public async Task DisposingARun_WaitsForTheCommandsThatWereGivenBefore_AlsoWhereOutboxesHaveABound()
    {
        await using var memory = new InMemoryJournal();
        var journal = new SlowOutboxes(memory);
        var run = await journal.StartRunAsync(
            RunFixture.Pin, RunFixture.Options() with { MaxUnconfirmed = new Dictionary<string, long> { ["mails"] = 10 } });
        var given = run.Streams(Sending).ExecuteAsync("order/42", new Draw(), default);
        await run.DisposeAsync();
        Assert.True(given.IsCompleted);
        Assert.True((await given).IsAccepted);
    }

    private static bool IsFirstMail(string line) =>
        System.Text.Json.Nodes.JsonNode.Parse(line)! is var entry
        && (string)entry["stream"]! == "$outbox/mails"
        && (long)entry["version"]! == 1;

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
