// Subscriptions: from the beginning, from a kept place, live, cancelled, ended by closing.
// Run by `dotnet test`.
using Xunit;
using static Refold.Tests.Journals.InMemoryJournalTests;

namespace Refold.Tests.Journals;

public sealed class SubscriptionTests : IAsyncLifetime
{
    private readonly ILocalJournal journal = Journal.Open("memory:");

    public async Task InitializeAsync() => await journal.AppendAsync(new AppendRequest(Entry("a"), Entry("b"), Entry("a")));

    public Task DisposeAsync() => journal.DisposeAsync().AsTask();

    private static async Task<List<long>> Take(IAsyncEnumerable<JournalEntry> entries, int count)
    {
        var positions = new List<long>();
        await foreach (var entry in entries)
        {
            positions.Add(entry.Position);
            if (positions.Count == count) break;
        }

        return positions;
    }

    [Fact]
    public async Task FromTheBeginning_ThenLive_EachEntryOnceInOrder()
    {
        var reading = Take(journal.SubscribeAsync(), 103);
        for (var number = 0; number < 50; number++)
            await journal.AppendAsync(new AppendRequest(Entry("a"), Entry("c")));
        Assert.Equal(Enumerable.Range(1, 103), (await reading).Select(position => (int)position));
    }

    [Fact]
    public async Task ManyWritersAndReaders_EveryReaderSeesTheOneOrder()
    {
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => Take(journal.SubscribeAsync(), 203))).ToList();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var number = 0; number < 50; number++) await journal.AppendAsync(new AppendRequest(Entry($"w{writer}")));
        })));
        foreach (var reader in readers) Assert.Equal(Enumerable.Range(1, 203), (await reader).Select(position => (int)position));
    }

    [Fact]
    public async Task FromTheHead_OnlyWhatFollows()
    {
        var reading = Take(journal.SubscribeAsync(journal.Head), 1);
        Assert.False(reading.IsCompleted);
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        Assert.Equal([4L], await reading);
        Assert.Equal([1L], await Take(journal.SubscribeAsync(default(Head)), 1));
        Assert.Equal([1L], await Take(journal.SubscribeAsync(-5), 1));
    }

    [Fact]
    public async Task FromAPlaceInsideABatch_TheRestOfTheBatchFollows()
    {
        var kept = new Head(2, journal.HeadAt(2)!.Value.Hash);
        Assert.Equal([3L], await Take(journal.SubscribeAsync(kept), 1));
    }

    [Fact]
    public async Task AVariableOfTheStoresOwnType_HasEveryMember()
    {
        await using var memory = new InMemoryJournal();
        await memory.AppendAsync(new AppendRequest(Entry("a"), Entry("b")));
        Assert.Equal([1L], await Take(memory.SubscribeAsync(default(Head)), 1));
        Assert.Equal([2L], await Take(memory.ReadStreamAsync("b"), 2));
        Assert.Equal([1L, 2], await Take(memory.ReadAllAsync(), 3));
        await Assert.ThrowsAsync<ForeignHistoryException>(() => Take(memory.SubscribeAsync(new Head(1, new string('a', 64))), 1));
    }

    [Fact]
    public async Task AHeadOfAnotherHistory_IsRefusedByTheFirstMove()
    {
        var foreign = new Head(3, new string('a', 64));
        await using var reading = journal.SubscribeAsync(foreign).GetAsyncEnumerator();
        var error = await Assert.ThrowsAsync<ForeignHistoryException>(async () => await reading.MoveNextAsync());
        Assert.Equal(("foreign-history", foreign), (error.Code, error.Place));
        var ahead = new Head(4, journal.Head.Hash);
        await Assert.ThrowsAsync<ForeignHistoryException>(() => Take(journal.SubscribeAsync(ahead), 1));
    }

    [Fact]
    public async Task DeletedEntries_AreLeftOut_AndDoNotHoldTheReaderUp()
    {
        await journal.DeleteToAsync("a", 2);
        var reading = Take(journal.SubscribeAsync(), 2);
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        Assert.Equal([2L, 4], await reading);
    }

    [Fact]
    public async Task BehindAHoleAtTheEnd_TheReaderWaits()
    {
        await journal.DeleteToAsync("a", 2);
        await using var reading = journal.SubscribeAsync(3).GetAsyncEnumerator();
        var next = reading.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        await journal.AppendAsync(new AppendRequest(Entry("b")));
        Assert.True(await next);
        Assert.Equal(4, reading.Current.Position);
    }

    [Fact]
    public async Task Cancelling_EndsTheWait_AndNobodyElses()
    {
        using var cancellation = new CancellationTokenSource();
        var cancelled = Take(journal.SubscribeAsync(4, cancellation.Token), 1);
        var other = Take(journal.SubscribeAsync(4), 1);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        Assert.Equal([4L], await other);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Take(journal.SubscribeAsync(1, cancellation.Token), 1));
    }

    [Fact]
    public async Task Closing_EndsWaitingAndReadingSubscriptions()
    {
        var waiting = Take(journal.SubscribeAsync(), 100);
        await using var reading = journal.SubscribeAsync().GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());
        await using var unread = journal.SubscribeAsync().GetAsyncEnumerator();
        await journal.DisposeAsync();
        Assert.Equal([1L, 2, 3], await waiting);
        Assert.False(await reading.MoveNextAsync());
        Assert.False(await unread.MoveNextAsync());
    }
}
