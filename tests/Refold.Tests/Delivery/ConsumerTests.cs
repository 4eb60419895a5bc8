// Consumers of a journal: they go on where they stopped, and refuse to where that is not known.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Delivery;

public class ConsumerTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private readonly InMemoryJournal journal = new();

    private IConsumerCheckpointStore Store(string kind) => kind == "journal"
        ? new JournalCheckpointStore(journal)
        : new DirectoryCheckpointStore(new MemoryDevice());

    private async Task AppendAsync(params string[] types)
    {
        foreach (var type in types) await journal.AppendAsync(new AppendRequest(new EntryData("s", type, "1"u8.ToArray())), ct);
    }

    private static async Task<List<JournalEntry>> TakeAsync(JournalConsumer consumer, int count)
    {
        List<JournalEntry> taken = [];
        await foreach (var entry in consumer.ReadAsync(ct))
        {
            taken.Add(entry);
            if (taken.Count == count) break;
        }

        return taken;
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("directory")]
    public async Task AConsumer_GoesOnBehindWhatItHandled(string kind)
    {
        var store = Store(kind);
        await AppendAsync("a", "b", "a");
        var created = await new JournalConsumer(journal, "c", store).CreateAsync(cancellationToken: ct);
        Assert.Equal((0L, false), (created.Head.Position, created.IsStarted));
        var consumer = new JournalConsumer(journal, "c", store);
        var first = await TakeAsync(consumer, 2);
        Assert.Equal(["a", "b"], first.Select(entry => entry.Type));
        var saved = await consumer.SaveAsync(first[0], ct);
        Assert.Equal((first[0].Position, true), (saved.Head.Position, saved.IsStarted));

        // A new process: what was handled and not saved comes again.
        var next = new JournalConsumer(journal, "c", store);
        var second = await TakeAsync(next, 2);
        Assert.Equal([first[1].Position, first[1].Position + 1], second.Select(entry => entry.Position));
        await next.SaveAsync(second[1], ct);
        await AppendAsync("d");
        Assert.Equal("d", (await TakeAsync(new JournalConsumer(journal, "c", store), 1))[0].Type);
        await Assert.ThrowsAsync<ArgumentException>(() => next.SaveAsync(first[0], ct));
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("directory")]
    public async Task AMissingCheckpoint_AndOneOfAnotherRegion_AreRefused_AndNothingIsRewound(string kind)
    {
        var store = Store(kind);
        await AppendAsync("a");
        await RefusedAsync("checkpoint-missing", new JournalConsumer(journal, "c", store));
        var consumer = new JournalConsumer(journal, "c", store, Query.OfTypes("a"), "orders");
        await consumer.CreateAsync(cancellationToken: ct);
        Assert.Equal("checkpoint-exists", (await Assert.ThrowsAsync<ConsumerCheckpointException>(
            () => consumer.CreateAsync(cancellationToken: ct))).Code);
        await RefusedAsync("checkpoint-region", new JournalConsumer(journal, "c", store, Query.OfTypes("b"), "orders"));
        await RefusedAsync("checkpoint-region", new JournalConsumer(journal, "c", store, Query.WithTags("a"), "orders"));
        await RefusedAsync("checkpoint-region", new JournalConsumer(journal, "c", store, Query.OfTypes("a"), "other"));
        await RefusedAsync("checkpoint-missing", new JournalConsumer(journal, "d", store, Query.OfTypes("a"), "orders"));
        Assert.Single(await TakeAsync(new JournalConsumer(journal, "c", store, Query.OfTypes("a"), "orders"), 1));

        static async Task RefusedAsync(string code, JournalConsumer consumer) =>
            Assert.Equal(code, (await Assert.ThrowsAsync<ConsumerCheckpointException>(() => TakeAsync(consumer, 1))).Code);
    }

    [Fact]
    public async Task ACheckpointOfAnotherHistory_IsRefused()
    {
        var store = new DirectoryCheckpointStore(new MemoryDevice());
        await AppendAsync("a");
        var consumer = new JournalConsumer(journal, "c", store);
        await consumer.CreateAsync(cancellationToken: ct);
        await consumer.SaveAsync((await TakeAsync(consumer, 1))[0], ct);
        await using var other = new InMemoryJournal();
        await other.AppendAsync(new AppendRequest(new EntryData("s", "b", "1"u8.ToArray())), ct);
        await Assert.ThrowsAsync<ForeignHistoryException>(() => TakeAsync(new JournalConsumer(other, "c", store), 1));
    }

    [Fact]
    public async Task OnlyWhatTheQueryMatches_IsConsumed_AndNeverCheckpoints()
    {
        var store = Store("journal");
        await AppendAsync("a", "b", "a");
        var consumer = new JournalConsumer(journal, "c", store, Query.OfTypes("a"));
        await consumer.CreateAsync(journal.HeadAt(1), ct);
        Assert.Equal(3, (await TakeAsync(consumer, 1))[0].Position);
        var all = new JournalConsumer(journal, "all", store);
        await all.CreateAsync(cancellationToken: ct);
        await AppendAsync("z");
        Assert.Equal(["a", "b", "a", "z"], (await TakeAsync(all, 4)).Select(entry => entry.Type));
    }

    [Fact]
    public async Task TwoProcessesUnderOneName_AreToldApart()
    {
        var store = Store("journal");
        await AppendAsync("a", "b");
        var (one, two) = (new JournalConsumer(journal, "c", store), new JournalConsumer(journal, "c", store));
        await one.CreateAsync(cancellationToken: ct);
        var entries = await TakeAsync(one, 2);
        await TakeAsync(two, 1);
        await one.SaveAsync(entries[0], ct);
        Assert.Equal("checkpoint-moved", (await Assert.ThrowsAsync<ConsumerCheckpointException>(() => two.SaveAsync(entries[1], ct))).Code);
    }
}
