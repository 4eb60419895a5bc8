// How far journals with settled outboxes can be trimmed: to the start of the dispatcher, and to the head where no message is left.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Delivery;

public class OutboxTrimmingTests : DispatcherFixture
{
    private const string Payments = "payments";
    private static readonly StreamId Log = StreamId.Create("$outbox-log/payments");

    private static SegmentJournal Open() => SegmentJournal.Open(new MemoryDevice(), Samples.Small);

    private static CompactionRequest RetainAll(SegmentJournal journal) => new CompactionRequest.RetainFrom(journal.Head.Position + 1);

    [Fact]
    public async Task ALongRunningDispatcher_KeepsTheLogFromItsStartOn_UntilAnotherStarts()
    {
        await using var journal = Open();
        await SendAsync(journal, "pay 1");
        var dispatcher = Dispatcher(journal);
        await dispatcher.DeliverDueAsync();
        var taken = journal.ReadStream(Log).Single(fact => fact.Type == "$outbox.taken").Position;
        for (var sale = 0; sale < 10; sale++)
        {
            await SendAsync(journal, "pay 1");
            await dispatcher.DeliverDueAsync();
        }

        // All are confirmed: it is the log that stands in the way, from where the dispatcher took the outbox.
        var last = journal.ReadStream(Till.Payments.Stream).Last().Batch;
        var refused = await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(new CompactionRequest.RetainFrom(last)));
        Assert.InRange(refused.RetainFrom!.Value, 1, taken);
        // Another one starts, and it moves on to there with the next message.
        var next = Dispatcher(journal);
        await next.DeliverDueAsync();
        await SendAsync(journal, "pay 1");
        await next.DeliverDueAsync();
        last = journal.ReadStream(Till.Payments.Stream).Last().Batch;
        refused = await Assert.ThrowsAsync<OutboxLossException>(() => journal.CompactAsync(new CompactionRequest.RetainFrom(last)));
        Assert.InRange(refused.RetainFrom!.Value, taken + 10, last);
        await journal.CompactAsync(new CompactionRequest.RetainFrom(refused.RetainFrom.Value));
        var status = await journal.OutboxStatusAsync(Payments);
        Assert.Equal((12L, 12L), (status.Sent, status.SettledTo));
    }

    [Fact]
    public async Task AnOutboxOfWhichOnlyDeletedMessagesAreLeft_InModeOff_IsAsNone_AndTrimmingGoesOn()
    {
        await using var journal = Open();
        var bounds = new Dictionary<string, long> { [Payments] = 2 };
        var off = new RunOptions { Mode = RecordMode.Off, TimeProvider = Clock, MaxUnconfirmed = bounds };
        await using (var run = await journal.StartRunAsync(Till.Pin, off)) await run.Tills().ExecuteAsync("till/a", "pay 2");
        await Dispatcher(journal, message => message.Number == 1).DeliverDueAsync();
        await journal.Append(Samples.Entry("other"));
        await journal.CompactAsync(RetainAll(journal) with { MayLose = [Payments] });
        Assert.All(journal.Streams("$outbox"), info => Assert.Equal(info.HighestVersion, info.Floor));

        var status = await journal.OutboxStatusAsync(Payments);
        Assert.Equal((2L, 2L, 0), (status.Sent, status.SettledTo, status.Unconfirmed.Count));
        for (var count = 0; count < 20; count++) await journal.Append(Samples.Entry("other"));
        var begin = journal.Begin;
        await journal.CompactAsync(RetainAll(journal));
        Assert.True(journal.Begin.Position > begin.Position);
        await journal.CompactAsync(new CompactionRequest.DeleteStream(Till.Payments.Stream));

        // It is begun anew behind its numbers: taken, sent through and delivered.
        Assert.True((await Dispatcher(journal).DeliverDueAsync()).IsOwner);
        await using (var run = await journal.StartRunAsync(Till.Pin, off)) await run.Tills().ExecuteAsync("till/b", "pay 2");
        Assert.Equal(2, (await Dispatcher(journal).DeliverDueAsync()).Confirmed);
        status = await journal.OutboxStatusAsync(Payments);
        Assert.Equal((4L, 4L, 0), (status.Sent, status.SettledTo, status.Unconfirmed.Count));
    }
}
