// Idempotency keys in mode Off: calls that race, and retries of what was deleted since, on every store.
// Run by `dotnet test`.
using Orders;
using Refold.Tests.Operations;
using Xunit;
using static Refold.Tests.Delivery.MessageBreakTests;

namespace Refold.Tests.Delivery;

public class OffKeyTests
{
    [Theory]
    [InlineData("memory", false)]
    [InlineData("segments", false)]
    [InlineData("litedb", false)]
    [InlineData("memory", true)]
    [InlineData("segments", true)]
    [InlineData("litedb", true)]
    public async Task TheSecondOfTwoCallsThatRaceWithOneKey_IsRepeated_InModeOff(string store, bool isOnlySent)
    {
        await using var inner = Stores.Open(store);
        OrderCommand command = isOnlySent ? new Cancel() : new Draw();
        await using var first = await StartAsync(inner, RecordMode.Off);
        ExecutionResult<OrderState, OrderEvent, OrderError>? ahead = null;
        // The other call comes between the decision of this one and its append.
        var journal = new OvertakenJournal(
            inner, async () => ahead = await first.Streams(Sending).ExecuteAsync("order/42", command, Key, default));
        await using var second = await StartAsync(journal, RecordMode.Off);
        var behind = await second.Streams(Sending).ExecuteAsync("order/42", command, Key, default);
        Assert.Equal((false, true), (ahead!.IsRepeated, behind.IsRepeated));
        Assert.Equal(ahead.Receipt, behind.Receipt);
        Assert.Equal(ahead.Events, behind.Events);
        Assert.Equal(ahead.Receipt!.LastPosition, inner.Head.Position);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task ARetryInModeOff_WhoseEventsWereDeleted_IsRefused_AsThatAndNotAsAnotherCommand(string store)
    {
        await using var journal = Stores.Open(store);
        await using var run = await StartAsync(journal, RecordMode.Off);
        await run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Draw(), Key, default);
        await run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Draw());
        await journal.DeleteToAsync("order/42", long.MaxValue);
        var head = journal.Head;
        var refused = await Assert.ThrowsAsync<NotAppendedException>(
            () => run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Draw(), Key, default));
        Assert.IsType<AppendFailure.KeyReused>(refused.Failure);
        Assert.Contains("entries of its batch were deleted since", refused.Message, StringComparison.Ordinal);
        Assert.Equal(head, journal.Head);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task AnotherCommandThatOnlySends_UnderAKeyWhoseMessagesWereDeleted_IsNotTakenForARetry(string store)
    {
        await using var journal = Stores.Open(store);
        await using var run = await StartAsync(journal, RecordMode.Off);
        await run.Streams(Sending).ExecuteAsync("order/42", new Cancel(), Key, default);
        await run.Streams(Sending).ExecuteAsync("order/9", new Cancel());
        await journal.DeleteToAsync(Mails.Stream, 1);
        await Assert.ThrowsAsync<NotAppendedException>(() => run.Streams(Sending).ExecuteAsync("order/42", new Draw(), Key, default));
    }

    [Theory]
    [InlineData(RecordMode.Off, false)]
    [InlineData(RecordMode.Record, false)]
    [InlineData(RecordMode.Record, true)]
    public async Task AnotherCommandUnderAKeyWhoseOutcomeIsKnown_IsRefused_AsAnotherAndNotAsDeleted(RecordMode recorded, bool isDeleted)
    {
        await using var journal = new InMemoryJournal();
        await using (var before = await StartAsync(journal, recorded))
        {
            await before.Streams(Sending).ExecuteAsync("order/42", new Draw(), Key, default);
            await before.Streams(Sending).ExecuteAsync("order/9", new Cancel());
        }

        // The command is there: what was deleted beside does not leave the question open.
        if (isDeleted) await journal.DeleteToAsync(Mails.Stream, 1);
        await using var run = await journal.StartRunAsync(
            RunFixture.Pin, RunFixture.Options(RecordMode.Off) with { RunId = RunId.Create("next") });
        var refused = await Assert.ThrowsAsync<NotAppendedException>(
            () => run.Streams(Sending).ExecuteAsync("order/42", new Cancel(), Key, default));
        Assert.IsType<AppendFailure.KeyReused>(refused.Failure);
        Assert.DoesNotContain("deleted since", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKeyOfAnAppendThatWasDeleted_IsNoLostCommandOfARunThatRecords()
    {
        await using var journal = new InMemoryJournal();
        await journal.AppendAsync(
            new AppendRequest(new EntryData("note/1", "written", "1"u8.ToArray()))
            {
                IdempotencyKey = Key.IdempotencyKey
            });
        await journal.DeleteToAsync("note/1", 1);
        await using var run = await StartAsync(journal, RecordMode.Record);
        var refused = await Assert.ThrowsAsync<NotAppendedException>(
            () => run.Streams(Sending).ExecuteAsync("order/42", new Draw(), Key, default));
        Assert.DoesNotContain("deleted since", refused.Message, StringComparison.Ordinal);
    }
}
