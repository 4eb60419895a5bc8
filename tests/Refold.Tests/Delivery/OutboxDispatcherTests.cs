// Dispatchers: order, times, confirmations, backoff on recorded time, warnings, dead letters.
// Run by `dotnet test`.
using Microsoft.Extensions.Logging;
using Xunit;

namespace Refold.Tests.Delivery;

public class OutboxDispatcherTests : DispatcherFixture
{
    private static readonly CancellationToken ct = CancellationToken.None;

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
        Assert.Equal([(5L, 1)], Handed);
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
        Assert.Equal(Clock.GetUtcNow().AddHours(1), first.NextDue);
        Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        await dispatcher.DeliverDueAsync(ct);
        Assert.Single(mails);
        Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null((await dispatcher.DeliverDueAsync(ct)).NextDue);
        Assert.Equal("thank you for 10", mails[1]);
    }

    [Fact]
    public async Task AFailedAttempt_ComesAgain_AfterABackoffOnRecordedTime_AlsoInANewProcess()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        bool Works(OutboxMessage<TillCharge> message) => message.Number == 2;

        var first = await Dispatcher(journal, Works).DeliverDueAsync(ct);
        Assert.Equal((1, 1), (first.Confirmed, first.Failed));
        // 1, 2, 4, 4 seconds after the attempt before; a new dispatcher each time.
        foreach (var seconds in new[] { 1, 2, 4 })
        {
            Clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            Assert.Equal(0, (await Dispatcher(journal, Works).DeliverDueAsync(ct)).Failed);
            Clock.Advance(TimeSpan.FromTicks(1));
            Assert.Equal(1, (await Dispatcher(journal, Works).DeliverDueAsync(ct)).Failed);
        }

        Assert.Equal([(1L, 1), (2L, 1), (1L, 2), (1L, 3), (1L, 4)], Handed);
        Clock.Advance(TimeSpan.FromSeconds(4));
        var last = await Dispatcher(journal, Works).DeliverDueAsync(ct);
        Assert.Equal((1, 1, null), (last.Failed, last.Dead, last.NextDue));
        var status = await journal.OutboxStatusAsync("payments", ct);
        Assert.Equal([1L], status.DeadLetters);
        Assert.Empty(status.Unconfirmed);

        // It is not handed over any more until somebody says so.
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        var again = Dispatcher(journal);
        Assert.False(await again.RequeueAsync(2, ct));
        Assert.True(await again.RequeueAsync(1, ct));
        Assert.False(await again.RequeueAsync(1, ct));
        Assert.Equal(1, (await again.DeliverDueAsync(ct)).Confirmed);
        Assert.Equal((1L, 1), Handed[^1]);
    }

    // At a desk, without the outbox's codec.
    [Fact]
    public async Task ADeadLetter_CanBeHandedOverAgain_ByItsNumberAlone()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        await Dispatcher(journal, _ => false, Options() with { MaxAttempts = 1 }).DeliverDueAsync(ct);
        Assert.Equal(
            "OutboxStatus { Sent = 2, SettledTo = 0, Unconfirmed = [], DeadLetters = [1, 2], Dispatcher = d }",
            (await journal.OutboxStatusAsync("payments", ct)).ToString());
        foreach (var none in new[] { 0L, 3, long.MaxValue }) Assert.False(await journal.RequeueMessageAsync("payments", none, ct));
        Assert.True(await journal.RequeueMessageAsync("payments", 2, ct));
        Assert.False(await journal.RequeueMessageAsync("payments", 2, ct));
        Assert.Equal(1, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        Assert.Equal((2L, 1), Handed[^1]);
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
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(
            [
                RefoldEventIds.OutboxTaken, RefoldEventIds.DeliveryFailed, RefoldEventIds.DeliveryDelayed, RefoldEventIds.DeliveryFailed,
                RefoldEventIds.DeliveryFailed, RefoldEventIds.DeliveryGivenUp
            ],
            logs.Ids);
    }

    [Fact]
    public async Task WithConfirmationsByTheReceiver_AMessageComesAgainUntilThen()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        var dispatcher = Dispatcher(journal, options: Options() with { ConfirmOnDelivery = false });
        Assert.Equal(2, (await dispatcher.DeliverDueAsync(ct)).Delivered);
        Assert.True(await journal.ConfirmMessageAsync("payments", 1, ct));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await dispatcher.DeliverDueAsync(ct)).Delivered);
        Assert.Equal([(1L, 1), (2L, 1), (2L, 2)], Handed);
        Assert.True(await dispatcher.ConfirmAsync(2, ct));
        var head = journal.Head;

        foreach (var unknown in new[] { -1L, 0, 1, 2, 3, long.MaxValue })
        {
            Assert.False(await dispatcher.ConfirmAsync(unknown, ct));
            Assert.False(await journal.ConfirmMessageAsync("payments", unknown, ct));
            await Assert.ThrowsAsync<OutboxUnknownException>(() => journal.ConfirmMessageAsync("nobody's", unknown, ct));
        }

        Assert.Equal(head, journal.Head);
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, (await dispatcher.DeliverDueAsync(ct)).Delivered);
        // One that nobody confirms is given up when it would come once more.
        await SendAsync(journal, "pay 1");
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.Equal(1, (await dispatcher.DeliverDueAsync(ct)).Delivered);
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal((0, 1), (await dispatcher.DeliverDueAsync(ct)) is var given ? (given.Delivered, given.Dead) : default);
    }

    [Fact]
    public async Task MessagesThatWereDeletedUnconfirmed_HoldNothingUpAfterwards()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 4");
        await journal.DeleteToAsync(Till.Payments.Stream, 2, ct);
        Assert.Equal(2, (await journal.OutboxStatusAsync("payments", ct)).SettledTo);
        Assert.True(await journal.ConfirmMessageAsync("payments", 4, ct));
        Assert.Equal(2, (await journal.OutboxStatusAsync("payments", ct)).SettledTo);
        Assert.True(await journal.ConfirmMessageAsync("payments", 3, ct));
        var status = await journal.OutboxStatusAsync("payments", ct);
        Assert.Equal((4L, 4L), (status.Sent, status.SettledTo));
    }

    [Fact]
    public async Task AMessage_MayBeConfirmedWhileItIsHandedOver()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        OutboxDispatcher<TillCharge>? dispatcher = null;
        dispatcher = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            async (message, token) => Assert.True(await dispatcher!.ConfirmAsync(message.Number, token)),
            Options());

        await dispatcher.DeliverDueAsync(ct);

        Assert.Equal(2, journal.ReadStream("$outbox-log/payments").Count(fact => fact.Type == "$outbox.confirmed"));
        Assert.Equal(2, (await dispatcher.StatusAsync(ct)).SettledTo);
    }
}
