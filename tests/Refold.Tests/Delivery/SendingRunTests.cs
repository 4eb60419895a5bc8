// Runs whose commands send: on every store, verified, copied, refused where an outbox is full, and given by operations.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Delivery;

public class SendingRunTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    public static TheoryData<string> AllStores => Stores.All;

    private static RunOptions Options(string name = "till", RecordMode mode = RecordMode.Record) =>
        new() { RunId = RunId.Create(name), TimeProvider = new FixedClock(), Mode = mode };

    private static async Task<Head> RecordAsync(IJournal journal)
    {
        await using var run = await journal.StartRunAsync(Till.Pin, Options(), ct);
        await using var other = await journal.StartRunAsync(Till.Pin, Options("other"), ct);
        for (var index = 0; index < 5; index++)
        {
            var stream = StreamId.Create("till/" + (index % 2 == 0 ? "a" : "b"));
            await run.Tills().ExecuteAsync(stream, "sell 10", ct);
            await other.Tills().ExecuteAsync("till/c", "pay 2", ct);
            await run.Tills().ExecuteAsync(stream, "remind", ct);
            await run.Tills().ExecuteAsync(stream, "nothing", ct);
        }

        await run.FinishAsync(cancellationToken: ct);
        await other.FinishAsync(cancellationToken: ct);
        return await journal.HeadAsync(ct);
    }

    [Theory]
    [MemberData(nameof(AllStores))]
    public async Task Messages_OfSeveralStreamsAndRuns_AreVerified_OnEveryStore(string store)
    {
        await using var journal = Stores.Open(store);
        var head = await RecordAsync(journal);
        await using var model = new InMemoryJournal();
        Assert.Equal(await RecordAsync(model), head);

        var report = await journal.VerifyAsync("till", Till.Aggregate);

        Assert.True(report.Matched, report.ToString());
        Assert.Equal(5 + 10 + 5 + 5, report.Derived);
        Assert.True((await journal.VerifyAsync("other", Till.Aggregate)).Matched);
        Assert.Equal(
            Enumerable.Range(1, 15).Select(number => (long)number), journal.ReadStream("$outbox/payments").Select(entry => entry.Version));
        Assert.All(journal.ReadStream("$outbox/mails"), entry => Assert.Equal(EntryRole.Message, entry.Role));
    }

    [Theory]
    [MemberData(nameof(AllStores))]
    public async Task AChangedMessage_IsNamed_WithPositionFieldAndValues_OnEveryStore(string store)
    {
        await using var recorded = new InMemoryJournal();
        await RecordAsync(recorded);
        var message = recorded.ReadStream("$outbox/payments").First(entry => entry.Run == "till" && entry.Version > 1);
        await using var journal = Stores.Open(store);
        await CopyAsync(recorded, journal, entry => entry.Position == message.Position
            ? new JournalEntry(entry.Position, entry.Version, entry.Batch, Changed(entry))
            : entry);

        var report = await journal.VerifyAsync("till", Till.Aggregate);

        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        Assert.Equal((message.Position, "/data/data/Cents"), (report.Divergence!.Position, report.Divergence.Path));
        Assert.Equal(("11", "10"), (report.Divergence.Expected, report.Divergence.Actual));

        static EntryData Changed(JournalEntry entry) => new(
            entry.Stream, entry.Type,
            Encoding.UTF8.GetBytes(
                Encoding.UTF8.GetString(entry.Payload.Span).Replace("\"Cents\":10", "\"Cents\":11", StringComparison.Ordinal)))
        {
            Role = entry.Role,
            Time = entry.Time,
            Id = entry.Id,
            CorrelationId = entry.CorrelationId,
            CausationId = entry.CausationId,
            Run = entry.Run,
        };
    }

    [Theory]
    [MemberData(nameof(AllStores))]
    public async Task ACopy_KeepsMessagesAndFacts_WithTheSameHead(string store)
    {
        await using var recorded = new InMemoryJournal();
        await RecordAsync(recorded);
        await new OutboxDispatcher<TillCharge>(recorded, Till.Payments, (_, _) => Task.CompletedTask, new() { Name = "d" })
            .DeliverDueAsync(ct);
        await using var journal = Stores.Open(store);
        await CopyAsync(recorded, journal, entry => entry);

        Assert.Equal(recorded.Head, journal.Head);
        Assert.True((await journal.VerifyAsync("till", Till.Aggregate)).Matched);
        var status = await journal.OutboxStatusAsync("payments", ct);
        Assert.Equal((15L, 15L), (status.Sent, status.SettledTo));
        // Nothing is handed over again, and the next message has the next number.
        var round = await new OutboxDispatcher<TillCharge>(
            journal, Till.Payments, (_, _) => throw new InvalidOperationException(), new() { Name = "d" }).DeliverDueAsync(ct);
        Assert.Equal((true, 0, 0), (round.IsOwner, round.Confirmed, round.Failed));
        await using var run = await journal.StartRunAsync(Till.Pin, Options("more"), ct);
        var sold = await run.Tills().ExecuteAsync("till/a", "sell 1", ct);
        Assert.Equal(16, sold.Receipt!.Versions.Single(versions => versions.Stream == Till.Payments.Stream).Last);
    }

    [Fact]
    public async Task ExportAndImport_KeepMessagesFactsAndHead()
    {
        using var directory = new TemporaryDirectory();
        Head head;
        await using (var journal = Journal.Open(directory.Journal()))
        {
            await RecordAsync(journal);
            await new OutboxDispatcher<TillCharge>(journal, Till.Payments, (_, _) => Task.CompletedTask, new() { Name = "d" })
                .DeliverDueAsync(ct);
            head = journal.Head;
        }

        var file = directory.Write("export", RefoldProcess.Run("export", "--journal", directory.Journal()).Expect(0).Output);
        RefoldProcess.Run("import", file, "--journal", directory.Journal("copy")).Expect(0);

        await using var copy = Journal.Open(directory.Journal("copy"));
        Assert.Equal(head, copy.Head);
        Assert.True((await copy.VerifyAsync("till", Till.Aggregate)).Matched);
        Assert.Equal(15, (await copy.OutboxStatusAsync("payments", ct)).SettledTo);
    }

    [Fact]
    public async Task MessagesThatWereDeleted_AreListedAsNotCompared_AndTheRunMatches()
    {
        await using var journal = new InMemoryJournal();
        await RecordAsync(journal);
        await journal.DeleteToAsync("$outbox/payments", 4, ct);

        var report = await journal.VerifyAsync("till", Till.Aggregate);

        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Uncompared, found => found.Members == "deleted messages");
    }

    [Theory]
    [InlineData(RecordMode.Record)]
    [InlineData(RecordMode.Off)]
    public async Task ARepeatedCommand_SendsNothingAgain(RecordMode mode)
    {
        await using var journal = new InMemoryJournal();
        var key = new ExecuteOptions { IdempotencyKey = "k" };
        foreach (var name in new[] { "one", "two" })
        {
            await using var run = await journal.StartRunAsync(Till.Pin, Options(name, mode), ct);
            var result = await run.Tills().ExecuteAsync("till/a", "sell 10", key, ct);
            Assert.Equal((name == "two", 1), (result.IsRepeated, result.Events.Count));
            var reminded = await run.Tills().ExecuteAsync("till/a", "remind", new ExecuteOptions { IdempotencyKey = "r" }, ct);
            Assert.Equal((name == "two", 0), (reminded.IsRepeated, reminded.Events.Count));
        }

        Assert.Single(journal.ReadStream("$outbox/payments"));
        Assert.Equal(2, journal.ReadStream("$outbox/mails").Count());
    }

    [Fact]
    public async Task ACommandThatWouldSendTooMuch_IsRefusedBeforeAnythingIsAppended()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(
            Till.Pin, Options() with { MaxUnconfirmed = new Dictionary<string, long> { ["payments"] = 3 } }, ct);
        await run.Tills().ExecuteAsync("till/a", "pay 2", ct);
        var head = journal.Head;

        var full = await Assert.ThrowsAsync<OutboxFullException>(() => run.Tills().ExecuteAsync("till/a", "pay 2", ct));

        Assert.Equal(("outbox-full", "payments", 2L, 3L), (full.Code, full.Outbox, full.Unconfirmed, full.Limit));
        Assert.Equal(head, journal.Head);
        // The run goes on, with what is not too much, through other outboxes, and when messages are confirmed.
        await run.Tills().ExecuteAsync("till/a", "pay 1", ct);
        await run.Tills().ExecuteAsync("till/a", "remind", ct);
        await Assert.ThrowsAsync<OutboxFullException>(() => run.Tills().ExecuteAsync("till/a", "pay 1", ct));
        Assert.True(await journal.ConfirmMessageAsync("payments", 2, ct));
        await run.Tills().ExecuteAsync("till/a", "pay 1", ct);
        await Assert.ThrowsAsync<OutboxFullException>(() => run.Tills().ExecuteAsync("till/a", "pay 1", ct));
        Assert.True((await journal.VerifyAsync("till", Till.Aggregate)).Matched);
    }

    [Fact]
    public async Task ManyAtOnce_NeverSendMoreThanTheBound()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(
            Till.Pin, Options() with { MaxUnconfirmed = new Dictionary<string, long> { ["payments"] = 20 } }, ct);

        var given = Enumerable.Range(0, 50).Select(index =>
            run.Tills().ExecuteAsync(StreamId.Create("till/" + (char)('a' + (index % 7))), "pay 1", ct)).ToList();
        await Task.WhenAll(given).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(20, given.Count(task => task.IsCompletedSuccessfully));
        Assert.All(given.Where(task => task.IsFaulted), task => Assert.IsType<OutboxFullException>(task.Exception!.InnerException));
        Assert.Equal(20, journal.HighestVersion("$outbox/payments"));
    }

    [Fact]
    public async Task AnOperationThatIsTriedAgain_SendsItsCommandsMessagesOnce()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(Till.Pin, Options(), ct);
        var isDown = true;
        var sell = Operation.Create("sell", Codec.Text("input"), Codec.Text("output"), async (fx, input) =>
        {
            await fx.ExecuteAsync(Till.Aggregate, "till/a", "sell " + input);
            if (isDown) throw new InvalidOperationException("down");
            return "done";
        });
        await Assert.ThrowsAnyAsync<Exception>(() => run.RunAsync(sell, "key", "10", ct));
        isDown = false;
        await run.RunAsync(sell, "key", "10", ct);

        Assert.Single(journal.ReadStream("$outbox/payments"));
        Assert.True((await journal.VerifyAsync("till", Till.Aggregate)).Matched);
    }

    [Fact]
    public async Task AnOperationWhoseCommandsSend_IsReplayed_AndSendsNothingThen()
    {
        await using var journal = new InMemoryJournal();
        var sell = Operation.Create("sell", Codec.Text("input"), Codec.Text("output"), async (fx, input) =>
        {
            await fx.ExecuteAsync(Till.Aggregate, "till/a", "sell " + input);
            await fx.ExecuteAsync(Till.Aggregate, "till/a", "remind");
            return "done";
        });
        await using (var run = await journal.StartRunAsync(Till.Pin, Options(), ct))
        {
            await run.RunAsync(sell, "key", "10", ct);
            await run.FinishAsync(cancellationToken: ct);
        }

        var head = journal.Head;
        var report = await journal.ReplayAsync("till", [sell], [Till.Aggregate]);

        Assert.True(report.Matched, report.ToString());
        Assert.Equal(head, journal.Head);
    }

    [Fact]
    public async Task ARunBetweenOtherSenders_IsAnsweredWithItsOwnNumbers()
    {
        await using var journal = new InMemoryJournal();
        await using var one = await journal.StartRunAsync(Till.Pin, Options("one"), ct);
        await using var two = await journal.StartRunAsync(Till.Pin, Options("two"), ct);
        foreach (var number in Enumerable.Range(1, 6))
        {
            var result = await (number % 2 == 0 ? one : two).Tills().ExecuteAsync(StreamId.Create("till/" + number % 2), "pay 1", ct);
            Assert.False(result.IsRepeated);
            Assert.Equal(number, result.Receipt!.Versions.Single(versions => versions.Stream == Till.Payments.Stream).Last);
        }
    }

    private static async Task CopyAsync(InMemoryJournal from, IJournal to, Func<JournalEntry, JournalEntry> change)
    {
        foreach (var batch in from.ReadAll().GroupBy(entry => entry.Batch))
            await to.RestoreAsync([.. batch.Select(change)], ct);
    }
}
