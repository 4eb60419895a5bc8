// Dispatchers: order, confirmations, backoff, dead letters, two on one outbox, stopping, killed at any moment.
// Run by `dotnet test`.
using Microsoft.Extensions.Logging;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Delivery;

public class OutboxDispatcherTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private readonly MovedClock clock = new();
    private readonly List<(long Number, int Attempt)> handed = [];

    private OutboxDispatcherOptions Options(string name = "d") => new()
    {
        Name = name,
        TimeProvider = clock,
        FirstBackoff = TimeSpan.FromSeconds(1),
        MaxBackoff = TimeSpan.FromSeconds(4),
        MaxAttempts = 5,
        WarnAfter = 2,
    };

    private async Task SendAsync(IJournal journal, params string[] commands)
    {
        await using var run = await journal.StartRunAsync(Till.Pin, new RunOptions { TimeProvider = clock }, ct);
        foreach (var command in commands) await run.Tills().ExecuteAsync("till/a", command, ct);
    }

    private OutboxDispatcher<TillCharge> Dispatcher(
        IJournal journal, Func<OutboxMessage<TillCharge>, bool>? works = null, OutboxDispatcherOptions? options = null) => new(
        journal,
        Till.Payments,
        (message, _) =>
        {
            lock (handed) handed.Add((message.Number, message.Attempt));
            return works?.Invoke(message) ?? true ? Task.CompletedTask : Task.FromException(new InvalidOperationException("no bank"));
        },
        options ?? Options());

    [Theory]
    [MemberData(nameof(Stores.All), MemberType = typeof(Stores))]
    public async Task Messages_AreHandedOverInOrder_ConfirmedOnce_AndNeverAgain_OnEveryStore(string store)
    {
        await using var journal = Stores.Open(store);
        await SendAsync(journal, "sell 10", "pay 3");
        var seen = new List<OutboxMessage<TillCharge>>();
        var dispatcher = new OutboxDispatcher<TillCharge>(
            journal, Till.Payments, (message, _) => { seen.Add(message); return Task.CompletedTask; }, Options());

        var round = await dispatcher.DeliverDueAsync(ct);

        Assert.Equal((true, 4, 0, 0), (round.IsOwner, round.Confirmed, round.Failed, round.Dead));
        Assert.Equal([1L, 2, 3, 4], seen.Select(message => message.Number));
        Assert.Equal(new TillCharge("order 0", 10), seen[0].Message);
        Assert.Equal(("bank", 1), (seen[0].Recipient, seen[0].Attempt));
        var entry = journal.ReadStream("$outbox/payments").First();
        Assert.Equal((entry.Id, entry.CausationId, entry.Time, entry.Run), (seen[0].Id, seen[0].CommandId, seen[0].SentAt, seen[0].Run));
        Assert.Contains(journal.ReadStream("till/a"), happened => happened.Id == seen[0].EventId);

        // A new process.
        Assert.Equal(0, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        await SendAsync(journal, "pay 1");
        Assert.Equal(1, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        Assert.Equal([(5L, 1)], handed);
        Assert.All(journal.ReadStream("$outbox-log/payments"), fact => Assert.Equal((EntryRole.Fact, null), (fact.Role, fact.Run)));
    }

    [Fact]
    public async Task AMessage_IsNotHandedOverBeforeItsTime()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "sell 10", "remind");
        var mails = new List<string>();
        var dispatcher = new OutboxDispatcher<string>(
            journal, Till.Mails, (message, _) => { mails.Add(message.Message); return Task.CompletedTask; }, Options());

        var first = await dispatcher.DeliverDueAsync(ct);
        Assert.Equal(["think of us"], mails);
        Assert.Equal(clock.GetUtcNow().AddHours(1), first.NextDue);
        clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        await dispatcher.DeliverDueAsync(ct);
        Assert.Single(mails);
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null((await dispatcher.DeliverDueAsync(ct)).NextDue);
        Assert.Equal("thank you for 10", mails[1]);
    }

    [Fact]
    public async Task AFailedAttempt_ComesAgain_AfterABackoffOnRecordedTime_AlsoInANewProcess()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        bool Works(OutboxMessage<TillCharge> message) => message.Number == 2;

        Assert.Equal((1, 1), (await Dispatcher(journal, Works).DeliverDueAsync(ct)) is var first ? (first.Confirmed, first.Failed) : default);
        // 1, 2, 4, 4 seconds after the attempt before; a new dispatcher each time.
        foreach (var seconds in new[] { 1, 2, 4 })
        {
            clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            Assert.Equal(0, (await Dispatcher(journal, Works).DeliverDueAsync(ct)).Failed);
            clock.Advance(TimeSpan.FromTicks(1));
            Assert.Equal(1, (await Dispatcher(journal, Works).DeliverDueAsync(ct)).Failed);
        }

        Assert.Equal([(1L, 1), (2L, 1), (1L, 2), (1L, 3), (1L, 4)], handed);
        clock.Advance(TimeSpan.FromSeconds(4));
        var last = await Dispatcher(journal, Works).DeliverDueAsync(ct);
        Assert.Equal((1, 1, null), (last.Failed, last.Dead, last.NextDue));
        var status = await journal.OutboxStatusAsync("payments", ct);
        Assert.Equal([1L], status.DeadLetters);
        Assert.Empty(status.Unconfirmed);

        // It is not handed over any more until somebody says so.
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        var again = Dispatcher(journal);
        Assert.False(await again.RequeueAsync(2, ct));
        Assert.True(await again.RequeueAsync(1, ct));
        Assert.False(await again.RequeueAsync(1, ct));
        Assert.Equal(1, (await again.DeliverDueAsync(ct)).Confirmed);
        Assert.Equal((1L, 1), handed[^1]);
    }

    [Fact]
    public async Task AWarning_IsGivenOnce_AndADeadLetterIsAnError()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        using var logs = new Hosting.LogLines();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(logs));
        var dispatcher = Dispatcher(journal, _ => false, Options() with { LoggerFactory = factory });
        for (var attempt = 0; attempt < 6; attempt++)
        {
            await dispatcher.DeliverDueAsync(ct);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(
            [RefoldEventIds.OutboxTaken, RefoldEventIds.DeliveryDelayed, RefoldEventIds.DeliveryGivenUp], logs.Ids);
    }

    [Fact]
    public async Task WithConfirmationsByTheReceiver_AMessageComesAgainUntilThen()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        var dispatcher = Dispatcher(journal, options: Options() with { ConfirmOnDelivery = false });
        Assert.Equal(2, (await dispatcher.DeliverDueAsync(ct)).Delivered);
        Assert.True(await journal.ConfirmMessageAsync("payments", 1, ct));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await dispatcher.DeliverDueAsync(ct)).Delivered);
        Assert.Equal([(1L, 1), (2L, 1), (2L, 2)], handed);
        Assert.True(await dispatcher.ConfirmAsync(2, ct));
        var head = journal.Head;

        foreach (var unknown in new[] { -1L, 0, 1, 2, 3, long.MaxValue })
        {
            Assert.False(await dispatcher.ConfirmAsync(unknown, ct));
            Assert.False(await journal.ConfirmMessageAsync("payments", unknown, ct));
            Assert.False(await journal.ConfirmMessageAsync("nobody's", unknown, ct));
        }

        Assert.Equal(head, journal.Head);
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, (await dispatcher.DeliverDueAsync(ct)).Delivered);
        // One that nobody confirms is given up when it would come once more.
        await SendAsync(journal, "pay 1");
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.Equal(1, (await dispatcher.DeliverDueAsync(ct)).Delivered);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal((0, 1), (await dispatcher.DeliverDueAsync(ct)) is var given ? (given.Delivered, given.Dead) : default);
    }

    [Fact]
    public async Task AMessage_MayBeConfirmedWhileItIsHandedOver()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        OutboxDispatcher<TillCharge>? dispatcher = null;
        dispatcher = new OutboxDispatcher<TillCharge>(
            journal, Till.Payments, async (message, token) => Assert.True(await dispatcher!.ConfirmAsync(message.Number, token)), Options());

        await dispatcher.DeliverDueAsync(ct);

        Assert.Equal(2, journal.ReadStream("$outbox-log/payments").Count(fact => fact.Type == "$outbox.confirmed"));
        Assert.Equal(2, (await dispatcher.StatusAsync(ct)).SettledTo);
    }

    [Fact]
    public async Task OfTwoDispatchers_OneWins_AndTheOtherAppendsNothing_UntilItTakesOver()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        var (one, two) = (Dispatcher(journal, options: Options("one")), Dispatcher(journal, _ => false, Options("two")));
        Assert.True((await one.DeliverDueAsync(ct)).IsOwner);
        await SendAsync(journal, "pay 1");
        var head = journal.Head;

        Assert.False((await two.DeliverDueAsync(ct)).IsOwner);
        clock.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromTicks(1));
        Assert.False((await two.DeliverDueAsync(ct)).IsOwner);
        Assert.Equal(head, journal.Head);
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.True((await two.DeliverDueAsync(ct)).IsOwner);
        Assert.Equal([(1L, 1), (2L, 1)], handed);

        // The first finds out, and stands by in its turn.
        head = journal.Head;
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False((await one.DeliverDueAsync(ct)).IsOwner);
        Assert.Equal(head, journal.Head);
        // One that shows a sign is not taken over from.
        Assert.Equal(1, (await two.DeliverDueAsync(ct)).Failed);
        clock.Advance(TimeSpan.FromSeconds(90));
        Assert.False((await one.DeliverDueAsync(ct)).IsOwner);
    }

    [Fact]
    public async Task AnOwnerThatLost_WhileItHandedOver_AppendsNothingMore()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 3");
        var two = Dispatcher(journal, options: Options("two") with { TakeOverAfter = TimeSpan.FromSeconds(31) });
        Assert.True((await Dispatcher(journal, _ => false, Options("one")).DeliverDueAsync(ct)).IsOwner);
        clock.Advance(TimeSpan.FromSeconds(1));
        var one = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            async (message, _) =>
            {
                // Longer than the other one is patient.
                await two.DeliverDueAsync(ct);
                clock.Advance(TimeSpan.FromSeconds(31));
                Assert.True((await two.DeliverDueAsync(ct)).IsOwner);
            },
            Options("one") with { DeliveryTimeout = TimeSpan.FromSeconds(100) });

        var round = await one.DeliverDueAsync(ct);

        Assert.Equal((false, 0), (round.IsOwner, round.Confirmed));
        var facts = journal.ReadStream("$outbox-log/payments").ToList();
        Assert.Equal(["$outbox.taken", "$outbox.confirmed", "$outbox.confirmed", "$outbox.confirmed"],
            facts.TakeLast(4).Select(fact => fact.Type));
        Assert.Equal(3, (await journal.OutboxStatusAsync("payments", ct)).SettledTo);
    }

    [Fact]
    public async Task ABurst_IsBounded_AndTheRestComesAfterThePause()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 25");
        var dispatcher = Dispatcher(journal, options: Options() with { BurstLimit = 10 });
        Assert.Equal(10, (await dispatcher.DeliverDueAsync(ct)).Confirmed);
        Assert.Equal(10, (await dispatcher.DeliverDueAsync(ct)).Confirmed);
        Assert.Equal(5, (await dispatcher.DeliverDueAsync(ct)).Confirmed);
        Assert.Equal(Enumerable.Range(1, 25).Select(number => ((long)number, 1)), handed);
    }

    [Fact]
    public async Task Running_WakesAtWhatIsSent_AndStopsWhenAllThatIsDueIsDone()
    {
        await using var journal = new InMemoryJournal();
        using var stop = new CancellationTokenSource();
        var running = Dispatcher(journal, options: Options() with { BurstLimit = 2, BurstPause = TimeSpan.Zero }).RunAsync(stop.Token);
        await SendAsync(journal, "pay 3");
        await UntilAsync(() => { lock (handed) return handed.Count == 3; });
        await SendAsync(journal, "pay 5");
        await stop.CancelAsync();
        await running;

        Assert.Equal(8, (await journal.OutboxStatusAsync("payments", ct)).SettledTo);
        Assert.Equal("$outbox.released", journal.ReadStream("$outbox-log/payments").Last().Type);
        // Another one goes on at once.
        await SendAsync(journal, "pay 1");
        Assert.True((await Dispatcher(journal, options: Options("other")).DeliverDueAsync(ct)).IsOwner);
    }

    [Fact]
    public async Task Running_LetsGoOfADeliveryThatHangs_WithinItsBound_AndTheMessageComesAgain()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        var begun = new TaskCompletionSource();
        var hanging = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            async (_, _) =>
            {
                begun.SetResult();
                await new TaskCompletionSource().Task;
            },
            Options());
        using var stop = new CancellationTokenSource();
        var running = hanging.RunAsync(stop.Token);
        await begun.Task;
        await Assert.ThrowsAsync<InvalidOperationException>(() => hanging.RunAsync(ct));
        await stop.CancelAsync();
        clock.Advance(TimeSpan.FromSeconds(10));
        await running;

        Assert.Equal(1, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        Assert.Equal([(1L, 1)], handed);
    }

    [Fact]
    public async Task AnAttemptThatTakesTooLong_HasFailed()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        var begun = new TaskCompletionSource();
        var hanging = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            async (_, _) =>
            {
                begun.SetResult();
                await new TaskCompletionSource().Task;
            },
            Options());
        var round = hanging.DeliverDueAsync(ct);
        await begun.Task;
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, (await round).Failed);
    }

    [Fact]
    public async Task AMessageThatCannotBeRead_FailsAlone_AndIsADeadLetterAtLast()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        var garbage = new JournalEntry(
            journal.Head.Position + 1, 2, journal.Head.Position + 1, new EntryData("$outbox/payments", "payments", "7"u8.ToArray()) { Role = EntryRole.Message });
        await journal.RestoreAsync([garbage], ct);
        await SendAsync(journal, "pay 1");
        var dispatcher = Dispatcher(journal);
        Assert.Equal((2, 1), (await dispatcher.DeliverDueAsync(ct)) is var round ? (round.Confirmed, round.Failed) : default);
        Assert.Equal([(1L, 1), (3L, 1)], handed);
    }

    [Fact]
    public async Task Numbers_AreNeverReused_AlsoWhereEverythingWasConfirmedAndDeleted()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 3");
        Assert.Equal(3, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        var status = await journal.OutboxStatusAsync("payments", ct);
        await journal.DeleteToAsync("$outbox/payments", status.SettledTo, ct);
        await SendAsync(journal, "pay 1");
        Assert.Equal(1, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        Assert.Equal((4L, 1), handed[^1]);

        // The log may be cut before the last entry that says what was settled, and no further.
        var taken = journal.ReadStream("$outbox-log/payments").Last(fact => fact.Type == "$outbox.taken").Version;
        await journal.DeleteToAsync("$outbox-log/payments", taken - 1, ct);
        Assert.Equal((true, 0), (await Dispatcher(journal).DeliverDueAsync(ct)) is var round ? (round.IsOwner, round.Confirmed) : default);
        await journal.DeleteToAsync("$outbox-log/payments", taken + 1, ct);
        if (journal.ReadStream("$outbox-log/payments", taken + 2).FirstOrDefault()?.Type != "$outbox.taken")
            Assert.Equal("outbox-log-incomplete", (await Assert.ThrowsAsync<OutboxLogException>(() => journal.OutboxStatusAsync("payments", ct))).Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task KilledAtAnyCall_NoMessageIsLost_AndNoneIsConfirmedTwice(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 25; round++)
        {
            await using var inner = new InMemoryJournal();
            await SendAsync(inner, "sell 1", "pay 4", "remind", "pay 3");
            var seen = new HashSet<long>();
            for (var life = 0; life < 12; life++)
            {
                var left = random.Next(1, 12);
                var isCommitted = random.Next(2) == 0;
                var journal = new KilledJournal(inner, left, isCommitted);
                var dispatcher = new OutboxDispatcher<TillCharge>(
                    journal,
                    Till.Payments,
                    (message, _) =>
                    {
                        seen.Add(message.Number);
                        return random.Next(4) == 0 ? Task.FromException(new InvalidOperationException()) : Task.CompletedTask;
                    },
                    Options(random.Next(2) == 0 ? "one" : "two") with { MaxAttempts = 1000 });
                try
                {
                    await dispatcher.DeliverDueAsync(ct);
                }
                catch (IOException)
                {
                    // Killed.
                }

                clock.Advance(TimeSpan.FromSeconds(random.Next(300)));
            }

            clock.Advance(TimeSpan.FromHours(1));
            var last = Dispatcher(inner, message => { seen.Add(message.Number); return true; }, Options("last"));
            await last.DeliverDueAsync(ct);
            clock.Advance(TimeSpan.FromHours(1));
            await last.DeliverDueAsync(ct);
            Assert.Equal(Enumerable.Range(1, 8).Select(number => (long)number), seen.Order());
            var confirmed = inner.ReadStream("$outbox-log/payments").Where(fact => fact.Type == "$outbox.confirmed")
                .Select(fact => System.Text.Encoding.UTF8.GetString(fact.Payload.Span).Split("\"number\":")[1].TrimEnd('}')).ToList();
            Assert.Equal(8, confirmed.Count);
            Assert.Equal(8, confirmed.Distinct().Count());
            Assert.Equal(8, (await inner.OutboxStatusAsync("payments", ct)).SettledTo);
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds()) await Task.Yield();
    }

    // The append at which the process is killed is committed, or is not; whoever waits for it hears nothing.
    private sealed class KilledJournal(ILocalJournal inner, int left, bool isCommitted) : ForwardingJournal(inner)
    {
        public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
        {
            if (--left > 0) return await Inner.TryAppendAsync(batch, cancellationToken);
            if (left == 0 && isCommitted) await Inner.TryAppendAsync(batch, cancellationToken);
            throw new IOException("killed");
        }
    }
}
