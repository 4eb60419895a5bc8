// Dispatchers that share an outbox, that stop, that are killed at any call; what may be deleted.
// Run by `dotnet test`.
using Microsoft.Extensions.Logging;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Delivery;

public class OutboxOwnerTests : DispatcherFixture
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task OfTwoDispatchers_OneWins_AndTheOtherAppendsNothing_UntilItTakesOver()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        using var logs = new Hosting.LogLines();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(logs));
        var one = Dispatcher(journal, options: Options("one") with { LoggerFactory = factory });
        var two = Dispatcher(journal, _ => false, Options("two") with { LoggerFactory = factory });
        Assert.True((await one.DeliverDueAsync(ct)).IsOwner);
        await SendAsync(journal, "pay 1");
        var head = journal.Head;

        Assert.False((await two.DeliverDueAsync(ct)).IsOwner);
        Clock.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromTicks(1));
        Assert.False((await two.DeliverDueAsync(ct)).IsOwner);
        Assert.Equal(head, journal.Head);
        Clock.Advance(TimeSpan.FromTicks(1));
        Assert.True((await two.DeliverDueAsync(ct)).IsOwner);
        Assert.Equal([(1L, 1), (2L, 1)], Handed);

        // The first finds out, and stands by in its turn.
        head = journal.Head;
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False((await one.DeliverDueAsync(ct)).IsOwner);
        Assert.Equal(head, journal.Head);
        // One that shows a sign is not taken over from.
        Assert.Equal(1, (await two.DeliverDueAsync(ct)).Failed);
        Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.False((await one.DeliverDueAsync(ct)).IsOwner);
        // Who waits for whom is said once.
        Assert.Equal(
            [RefoldEventIds.OutboxTaken, RefoldEventIds.OutboxStandby, RefoldEventIds.OutboxTaken, RefoldEventIds.OutboxLost],
            logs.Ids.Where(id => id is RefoldEventIds.OutboxTaken or RefoldEventIds.OutboxStandby or RefoldEventIds.OutboxLost));
        var standby = logs.All.First(line => line.Id == RefoldEventIds.OutboxStandby);
        Assert.Contains("by one; standing by", standby.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOwnerThatLost_WhileItHandedOver_AppendsNothingMore()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 3");
        var two = Dispatcher(journal, options: Options("two") with { TakeOverAfter = TimeSpan.FromSeconds(31) });
        Assert.True((await Dispatcher(journal, _ => false, Options("one")).DeliverDueAsync(ct)).IsOwner);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var one = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            async (message, _) =>
            {
                // Longer than the other one is patient.
                await two.DeliverDueAsync(ct);
                Clock.Advance(TimeSpan.FromSeconds(31));
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
        Assert.Equal(Enumerable.Range(1, 25).Select(number => ((long)number, 1)), Handed);
    }

    [Fact]
    public async Task Running_WakesAtWhatIsSent_AndStopsWhenAllThatIsDueIsDone()
    {
        await using var journal = new InMemoryJournal();
        using var stop = new CancellationTokenSource();
        var running = Dispatcher(journal, options: Options() with { BurstLimit = 2, BurstPause = TimeSpan.Zero }).RunAsync(stop.Token);
        await SendAsync(journal, "pay 3");
        await UntilAsync(() => { lock (Handed) return Handed.Count == 3; });
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
        Clock.Advance(TimeSpan.FromSeconds(10));
        await running;

        Assert.Equal(1, (await Dispatcher(journal).DeliverDueAsync(ct)).Confirmed);
        Assert.Equal([(1L, 1)], Handed);
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
        Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, (await round).Failed);
    }

    [Fact]
    public async Task AMessageThatCannotBeRead_FailsAlone_AndIsADeadLetterAtLast()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        var garbage = new JournalEntry(
            journal.Head.Position + 1,
            2,
            journal.Head.Position + 1,
            new EntryData("$outbox/payments", "payments", "7"u8.ToArray()) { Role = EntryRole.Message });
        await journal.RestoreAsync([garbage], ct);
        await SendAsync(journal, "pay 1");
        var dispatcher = Dispatcher(journal);
        Assert.Equal((2, 1), (await dispatcher.DeliverDueAsync(ct)) is var round ? (round.Confirmed, round.Failed) : default);
        Assert.Equal([(1L, 1), (3L, 1)], Handed);
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
        Assert.Equal((4L, 1), Handed[^1]);

        // The log may be cut before the last entry that says what was settled, and no further.
        var taken = journal.ReadStream("$outbox-log/payments").Last(fact => fact.Type == "$outbox.taken").Version;
        await journal.DeleteToAsync("$outbox-log/payments", taken - 1, ct);
        Assert.Equal((true, 0), (await Dispatcher(journal).DeliverDueAsync(ct)) is var round ? (round.IsOwner, round.Confirmed) : default);
        await journal.DeleteToAsync("$outbox-log/payments", taken, ct);
        var cut = await Assert.ThrowsAsync<OutboxLogException>(() => journal.OutboxStatusAsync("payments", ct));
        Assert.Equal("outbox-log-incomplete", cut.Code);
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

                Clock.Advance(TimeSpan.FromSeconds(random.Next(300)));
            }

            Clock.Advance(TimeSpan.FromHours(1));
            var last = Dispatcher(inner, message => { seen.Add(message.Number); return true; }, Options("last"));
            await last.DeliverDueAsync(ct);
            Clock.Advance(TimeSpan.FromHours(1));
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
