// Compactions and deletions of journals with outboxes: what is refused, what is lost where that is said, what goes on.
// Run by `dotnet test`.
using Refold.Segments;
using Refold.Tests.Operations;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Delivery;

public class OutboxRetentionTests : DispatcherFixture
{
    private const string Payments = "payments";
    private static readonly StreamId Log = StreamId.Create("$outbox-log/payments");

    public static TheoryData<string> AllStores => Stores.All;

    private static SegmentJournal Open() => SegmentJournal.Open(new MemoryDevice(), Samples.Small);

    private static CompactionRequest RetainAll(SegmentJournal journal) => new CompactionRequest.RetainFrom(journal.Head.Position + 1);

    // Three payments, the first confirmed, the second a dead letter; mails that are due later.
    private async Task FillAsync(SegmentJournal journal)
    {
        await SendAsync(journal, "sell 1", "sell 2", "sell 3");
        var dispatcher = Dispatcher(journal, message => message.Number == 1, Options() with { MaxAttempts = 1 });
        await dispatcher.DeliverDueAsync();
        await SendAsync(journal, "sell 4");
    }

    [Fact]
    public async Task RetainingFromBehindAMessageThatIsNotSettled_IsRefused_WithItsNumber_AndNothingIsDropped()
    {
        await using var journal = Open();
        await FillAsync(journal);
        var before = journal.Everything();
        var refused = await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(
            RetainAll(journal) with { MayLose = ["mails"] }));
        Assert.Equal(("outbox-loss", Payments, 2L), (refused.Code, refused.Outbox, refused.Number));
        Assert.Contains("from number 2 on", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, journal.Everything());
        Assert.Equal("mails", (await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(
            RetainAll(journal) with { MayLose = [Payments] }))).Outbox);

        // What it names is possible, and loses nothing.
        var status = (await journal.OutboxStatusAsync(Payments)).ToString();
        await journal.CompactAsync(new CompactionRequest.RetainFrom(refused.RetainFrom!.Value) { MayLose = ["mails"] });
        Assert.Equal(status, (await journal.OutboxStatusAsync(Payments)).ToString());
    }

    [Fact]
    public async Task WhatIsNamed_MayBeLost_AndNumbersAreNotGivenAgain()
    {
        await using var journal = Open();
        await FillAsync(journal);
        await journal.CompactAsync(RetainAll(journal) with { MayLose = [Payments, "mails"] });
        Assert.Empty(journal.ReadStream(Log, journal.Streams(Log.Value)[0].Floor + 1));
        await using (var run = await journal.StartRunAsync(Till.Pin)) await run.Tills().ExecuteAsync("till/b", "sell 5");
        Assert.Equal(5, journal.HighestVersion(Till.Payments.Stream));
        await Assert.ThrowsAsync<OutboxLogException>(() => journal.OutboxStatusAsync(Payments));
        // What is not known is not taken for settled either.
        await Assert.ThrowsAsync<OutboxLogException>(() => journal.CompactAsync(RetainAll(journal)));
    }

    [Fact]
    public async Task AnOutboxThatIsSettled_KeepsItsLastMessageAndWhatItsLogSays()
    {
        await using var journal = Open();
        await SendAsync(journal, "pay 3", "no");
        await Dispatcher(journal).DeliverDueAsync();
        var refused = await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(RetainAll(journal)));
        Assert.Equal((Payments, null), (refused.Outbox, refused.Number));
        Assert.Contains("last message", refused.Message, StringComparison.Ordinal);
        // The last message lies in the batch of its step, and that stays as a whole.
        await SendAsync(journal, "pay 1");
        await Dispatcher(journal).DeliverDueAsync();
        var sent = journal.ReadStream(Till.Payments.Stream).Last();
        await journal.CompactAsync(new CompactionRequest.RetainFrom(sent.Batch + 1));
        Assert.Equal(4, journal.ReadStream(Till.Payments.Stream, 4).Single().Version);
        var status = await journal.OutboxStatusAsync(Payments);
        Assert.Equal((4L, 4L), (status.Sent, status.SettledTo));
        var log = await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(
            new CompactionRequest.RetainFrom(sent.Position + 3)));
        Assert.True(log.RetainFrom < sent.Position + 3);
    }

    [Fact]
    public async Task WhatIsAllowed_ChangesNoStatus_AndWhatIsRefusedNamesAPositionThatIsAllowed_ForRandomJournals()
    {
        var (allowed, refusals) = (0, 0);
        for (var seed = 1; seed <= 60; seed++)
        {
            var rng = new Random(seed);
            await using var journal = Open();
            for (var step = 0; step < rng.Next(1, 14); step++)
            {
                switch (rng.Next(5))
                {
                    case 0:
                        var first = rng.Next(3);
                        var options = Options() with { MaxAttempts = 1, BurstLimit = rng.Next(1, 5) };
                        await Dispatcher(journal, message => message.Number % 3 != first, options).DeliverDueAsync();
                        break;
                    case 1:
                        if (journal.HighestVersion(Till.Payments.Stream) > 0) await journal.ConfirmMessageAsync(Payments, rng.Next(1, 9));
                        break;
                    case 2:
                        await SendAsync(journal, "no", "no");
                        break;
                    default:
                        await SendAsync(journal, "pay " + rng.Next(1, 4));
                        break;
                }
            }

            var status = (await journal.OutboxStatusAsync(Payments)).ToString();
            var position = rng.NextInt64(1, journal.Head.Position + 2);
            var last = journal.ReadStream(Till.Payments.Stream).LastOrDefault();
            try
            {
                await journal.CompactAsync(new CompactionRequest.RetainFrom(position));
                allowed++;
            }
            catch (OutboxLossException refused)
            {
                Assert.InRange(refused.RetainFrom!.Value, 1, position - 1);
                await journal.CompactAsync(new CompactionRequest.RetainFrom(refused.RetainFrom.Value));
                refusals++;
            }

            var after = await journal.OutboxStatusAsync(Payments);
            Assert.Equal(Without(status), Without(after.ToString()));
            if (last is not null) Assert.Equal(last.Version, journal.ReadStream(last.Stream, last.Version).Single().Version);
        }

        Assert.True(allowed > 5 && refusals > 5, $"{allowed} {refusals}");

        // Where the log no longer begins with the first confirmations, the same numbers are settled and wait.
        static string Without(string text) => text[..text.IndexOf(", Dispatcher", StringComparison.Ordinal)];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatIsReadForIt_DoesNotGrowWithTheMessagesThatAreSettled(bool areFirstDeletedUnconfirmed)
    {
        var inner = new InMemoryJournal();
        await using var journal = new CountingJournal(inner);
        await SendAsync(journal, "pay 900", "pay 900", "pay 900");
        if (areFirstDeletedUnconfirmed) await inner.DeleteToAsync(Till.Payments.Stream, 3);
        await Dispatcher(journal, options: Options() with { BurstLimit = 5000 }).DeliverDueAsync();
        await SendAsync(journal, "pay 2");
        await Dispatcher(journal, _ => false).DeliverDueAsync();
        var counted = new ReadingJournal(inner);
        await Assert.ThrowsAsync<OutboxLossException>(() => new OutboxRetention(counted, [], default).RequireAsync(inner.Head.Position));
        Assert.InRange(counted.Entries, 1, 500);
    }

    private sealed class ReadingJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        public int Entries { get; private set; }

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
            StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var entry in base.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken))
            {
                Entries++;
                yield return entry;
            }
        }

        public override async IAsyncEnumerable<JournalEntry> ReadAllAsync(
            long fromPosition = 1, long maxCount = long.MaxValue,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var entry in base.ReadAllAsync(fromPosition, maxCount, cancellationToken))
            {
                Entries++;
                yield return entry;
            }
        }
    }

    [Fact]
    public async Task DeletingTheStreamOfAnOutboxOrOfItsLog_IsRefused_UntilTheOutboxIsNamed()
    {
        await using var journal = Open();
        await FillAsync(journal);
        var before = journal.Everything();
        var messages = new CompactionRequest.DeleteStream(Till.Payments.Stream);
        var log = new CompactionRequest.DeleteStream(Log);
        Assert.Equal(2, (await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(messages))).Number);
        var refused = await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(log));
        Assert.Equal((Payments, null, null), (refused.Outbox, refused.Number, refused.RetainFrom));
        Assert.Equal(before, journal.Everything());
        await journal.CompactAsync(messages with { MayLose = [Payments] });
        Assert.Equal([4L], journal.ReadStream(Till.Payments.Stream, 4).Select(message => message.Version));
        await journal.CompactAsync(log with { MayLose = [Payments] });
        await Assert.ThrowsAsync<OutboxLogException>(() => journal.OutboxStatusAsync(Payments));
        await Assert.ThrowsAsync<OutboxLogException>(() => journal.CompactAsync(messages));

        // A settled one goes without being named, up to its last message.
        await using var settled = Open();
        await SendAsync(settled, "pay 3");
        await Dispatcher(settled).DeliverDueAsync();
        await settled.CompactAsync(messages);
        Assert.Equal(3, settled.ReadStream(Till.Payments.Stream, 3).Single().Version);
        Assert.Equal(3, (await settled.OutboxStatusAsync(Payments)).SettledTo);
    }

    [Theory]
    [MemberData(nameof(AllStores))]
    public async Task DeletingToBeyondUnconfirmedMessages_IsTheCallersWord_TheyAreNeitherDeliveredNorWaitedFor(string store)
    {
        await using var journal = Stores.Open(store);
        await SendAsync(journal, "pay 4");
        await journal.DeleteToAsync(Till.Payments.Stream, 2);
        var status = await journal.OutboxStatusAsync(Payments);
        // Deleted ones count as settled, so that trimming goes on.
        Assert.Equal(((long, long))(4, 2), (status.Sent, status.SettledTo));
        Assert.Equal([3L, 4L], status.Unconfirmed);
        var dispatcher = Dispatcher(journal);
        await dispatcher.DeliverDueAsync();
        Assert.Equal([3L, 4L], Handed.Select(handed => handed.Number));
    }

    [Theory]
    [MemberData(nameof(AllStores))]
    public async Task AnOutboxThatTheJournalDoesNotHave_IsNamed_AndNothingIsAppended(string store)
    {
        await using var journal = Stores.Open(store);
        await SendAsync(journal, "pay 1");
        var head = journal.Head;
        var unknown = await Assert.ThrowsAsync<OutboxUnknownException>(() => journal.ConfirmMessageAsync("payment", 1));
        Assert.Equal(("outbox-unknown", "payment"), (unknown.Code, unknown.Outbox));
        await Assert.ThrowsAsync<OutboxUnknownException>(() => journal.RequeueMessageAsync("payment", 1));
        Assert.Equal(0, (await journal.OutboxStatusAsync("payment")).Sent);
        Assert.Equal(head, journal.Head);
        Assert.False(await journal.ConfirmMessageAsync(Payments, 2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AConsumerBehindABeginningThatWasDropped_IsRefused_AndMissesNothingSilently(bool isInJournal)
    {
        await using var journal = Open();
        IConsumerCheckpointStore store = isInJournal
            ? new JournalCheckpointStore(journal)
            : new DirectoryCheckpointStore(new MemoryDevice());
        await SendAsync(journal, "no", "no");
        var consumer = new JournalConsumer(journal, "c", store);
        await consumer.CreateAsync(journal.HeadAt(2));
        await SendAsync(journal, "no", "no", "no");
        await journal.CompactAsync(RetainAll(journal));
        var next = new JournalConsumer(journal, "c", store).ReadAsync().GetAsyncEnumerator();
        if (isInJournal) await Assert.ThrowsAsync<ConsumerCheckpointException>(async () => await next.MoveNextAsync());
        else await Assert.ThrowsAsync<ForeignHistoryException>(async () => await next.MoveNextAsync());
        await next.DisposeAsync();
    }
}
