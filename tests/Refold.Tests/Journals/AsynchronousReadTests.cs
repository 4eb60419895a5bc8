// Each asynchronous read of a local journal against its synchronous form; cancelled tokens; when errors and moments are taken.
// Run by `dotnet test`; the seed of a random journal stands in the message of what differs.
using System.Globalization;
using System.Text;
using Xunit;
using static Refold.Tests.Journals.InMemoryJournalTests;

namespace Refold.Tests.Journals;

public sealed class AsynchronousReadTests : IDisposable
{
    private static readonly string[] Names = ["a", "a/b", "b", "\u00e9", "\U0001F600"];
    private readonly TemporaryDirectory directory = new();
    private int journals;

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task OverRandomJournals_EachAsynchronousRead_GivesWhatTheSynchronousOneGives(string scheme)
    {
        var (entries, dropped) = (0, 0);
        for (var seed = 1UL; seed <= 30; seed++)
        {
            await using var journal = Open(scheme);
            var rng = SeededRng.FromSeed(seed);
            var keys = await FillAsync(journal, rng);
            for (var question = 0; question < 60; question++)
            {
                var place = $"seed {seed}, question {question}: ";
                var (expected, actual) = await AskAsync(journal, rng, keys);
                Assert.Equal(place + expected, place + actual);
                entries += expected.Count(character => character == '\n');
                dropped += expected.StartsWith("dropped", StringComparison.Ordinal) ? 1 : 0;
            }
        }

        Assert.True(entries > 1000, "The random journals are too small.");
        Assert.True(dropped > 10, "No read began below a floor.");
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task ACancelledToken_GivesNoAnswer_AndChangesNothing(string scheme)
    {
        await using var journal = Open(scheme);
        await journal.AppendAsync(new AppendRequest(Entry("a")) { IdempotencyKey = "key" });
        var before = journal.Head;
        var cancelled = new CancellationToken(true);
        Func<Task>[] calls =
        [
            async () => await journal.HeadAsync(cancelled),
            async () => await journal.HeadAtAsync(1, cancelled),
            async () => await journal.FindByKeyAsync("key", cancelled),
            async () => await journal.HighestVersionAsync("a", cancelled),
            async () => await journal.StreamsAsync(cancellationToken: cancelled),
            async () => await journal.QueryAsync(Query.All, cancellationToken: cancelled),
            async () => await journal.ReadStreamAsync("a", cancellationToken: cancelled).ToListAsync(),
            async () => await journal.ReadAllAsync(cancellationToken: cancelled).ToListAsync(),
            async () => await journal.SubscribeAsync(1, cancelled).ToListAsync(),
            async () => await journal.SubscribeAsync(before, cancelled).ToListAsync(),
            async () => await journal.TryAppendAsync(new AppendRequest(Entry("a")), cancelled),
            async () => await journal.TryRestoreAsync([new JournalEntry(2, 2, 2, Entry("a"))], cancelled),
            async () => await journal.DeleteToAsync("a", 1, cancelled),
        ];
        foreach (var call in calls) await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
        Assert.Equal(before, journal.Head);
        Assert.Equal([new StreamInfo("a", 0, 1)], journal.Streams());
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task ACancellationBetweenTwoEntries_EndsTheRead(string scheme)
    {
        await using var journal = Open(scheme);
        for (var count = 0; count < 3; count++) await journal.AppendAsync(new AppendRequest(Entry("a")));
        Func<CancellationToken, IAsyncEnumerable<JournalEntry>>[] reads =
        [
            token => journal.ReadAllAsync(cancellationToken: token),
            token => journal.ReadStreamAsync("a", cancellationToken: token),
        ];
        foreach (var read in reads)
        {
            using var source = new CancellationTokenSource();
            await using var reading = read(source.Token).GetAsyncEnumerator();
            Assert.True(await reading.MoveNextAsync());
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading.MoveNextAsync());
        }
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task ARead_IsOfTheMomentOfTheFirstMove(string scheme)
    {
        await using var journal = Open(scheme);
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        IAsyncEnumerable<JournalEntry>[] reads = [journal.ReadAllAsync(), journal.ReadStreamAsync("a")];
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        foreach (var read in reads)
        {
            var there = journal.HighestVersion("a");
            await using var reading = read.GetAsyncEnumerator();
            Assert.True(await reading.MoveNextAsync());
            await journal.AppendAsync(new AppendRequest(Entry("a")));
            var seen = 1L;
            while (await reading.MoveNextAsync()) seen++;
            Assert.Equal(there, seen);
        }
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task Errors_ComeWithTheFirstMoveOrTheAwait_AndNullsWithTheCall(string scheme)
    {
        var journal = Open(scheme);
        await journal.AppendAsync(new AppendRequest(Entry("a"), Entry("a")));
        await journal.DeleteToAsync("a", 1);
        await using (var reading = journal.ReadStreamAsync("a").GetAsyncEnumerator())
            Assert.Equal(1, (await Assert.ThrowsAsync<EntriesDroppedException>(async () => await reading.MoveNextAsync())).UpTo);
        await using (var reading = journal.SubscribeAsync(new Head(2, new string('0', 64))).GetAsyncEnumerator())
            await Assert.ThrowsAsync<ForeignHistoryException>(async () => await reading.MoveNextAsync());

        Assert.Throws<ArgumentNullException>(() => { _ = journal.ReadStreamAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = journal.FindByKeyAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = journal.HighestVersionAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = journal.StreamsAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = journal.QueryAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = journal.DeleteToAsync(null!, 1); });
        Assert.Throws<ArgumentNullException>(() => { _ = journal.TryAppendAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = journal.TryRestoreAsync(null!); });

        var head = await journal.HeadAsync();
        await journal.DisposeAsync();
        Assert.Equal(head, await journal.HeadAsync());
        var answer = journal.HeadAtAsync(1);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await answer);
        var closed = journal.ReadAllAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await closed.ToListAsync());
    }

    // One question in both forms, its arguments drawn also beyond both ends.
    private static async Task<(string Expected, string Actual)> AskAsync(ILocalJournal journal, SeededRng rng, List<string> keys)
    {
        StreamId stream = rng.Pick([.. Names, "nobody"]);
        var last = journal.Head.Position;
        long from = rng.Pick([long.MinValue, 0, 1, rng.Between(1, (int)last + 2), long.MaxValue]);
        long to = rng.Pick([0, rng.Between(1, 12), long.MaxValue]);
        long most = rng.Pick([0, rng.Between(1, 7), long.MaxValue]);
        switch (rng.Between(0, 7))
        {
            case 0:
                return (journal.Head.ToString(), (await journal.HeadAsync()).ToString());
            case 1:
                var position = rng.Between(-1, (int)last + 2);
                return (Text(journal.HeadAt(position)), Text(await journal.HeadAtAsync(position)));
            case 2:
                var key = rng.Pick([.. keys, "unknown"]);
                return (Text(journal.FindByKey(key)), Text(await journal.FindByKeyAsync(key)));
            case 3:
                return (Text(journal.HighestVersion(stream)), Text(await journal.HighestVersionAsync(stream)));
            case 4:
                var prefix = rng.Pick(["", "a", "a/", "\u00e9", "x"]);
                var (after, page) = (rng.NextBoolean() ? stream : null, rng.Between(-1, 6));
                var (streams, answered) = (journal.Streams(prefix, after, page), await journal.StreamsAsync(prefix, after, page));
                return (string.Join(' ', streams), string.Join(' ', answered));
            case 5:
                var read = Lines(() => journal.ReadStream(stream, from, to, most));
                return (read, await LinesAsync(journal.ReadStreamAsync(stream, from, to, most)));
            case 6:
                return (Lines(() => journal.ReadAll(from, most)), await LinesAsync(journal.ReadAllAsync(from, most)));
            default:
                var query = rng.Pick(
                    [Query.All, Query.WithTags("x"), Query.WithTags("x", "y"), Query.OfTypes("one", "two"), Query.WithTags("none")]);
                var (expected, actual) = (journal.Query(query, from, most), await journal.QueryAsync(query, from, most));
                return (Text(expected.AsOf) + Lines(() => expected.Entries), Text(actual.AsOf) + Lines(() => actual.Entries));
        }
    }

    private static async Task<List<string>> FillAsync(ILocalJournal journal, SeededRng rng)
    {
        var keys = new List<string>();
        for (var step = rng.Between(1, 25); step > 0; step--)
        {
            var stream = rng.Pick(Names);
            if (rng.Chance(0.15))
            {
                await journal.DeleteToAsync(stream, rng.Between(1, 4));
                continue;
            }

            string? key = rng.Chance(0.3) ? $"key {keys.Count}" : null;
            if (key is not null) keys.Add(key);
            var entries = Enumerable.Range(0, rng.Between(1, 4)).Select(_ => Entry(
                rng.Chance(0.7) ? stream : rng.Pick(Names),
                rng.Pick(["one", "two", "three"]),
                new string('p', rng.Between(0, 100)),
                [.. "xy".Where(_ => rng.NextBoolean()).Select(tag => tag.ToString())]));
            await journal.AppendAsync(new AppendRequest([.. entries]) { IdempotencyKey = key });
        }

        return keys;
    }

    private static string Lines(Func<IEnumerable<JournalEntry>> read)
    {
        try
        {
            return string.Concat(read().Select(Line));
        }
        catch (EntriesDroppedException dropped)
        {
            return "dropped " + dropped.Message;
        }
    }

    private static async Task<string> LinesAsync(IAsyncEnumerable<JournalEntry> read)
    {
        var text = new StringBuilder();
        try
        {
            await foreach (var entry in read) text.Append(Line(entry));
            return text.ToString();
        }
        catch (EntriesDroppedException dropped)
        {
            return "dropped " + dropped.Message;
        }
    }

    private static string Line(JournalEntry entry)
    {
        var payload = Encoding.UTF8.GetString(entry.Payload.Span);
        return string.Join(' ', entry, entry.Batch, entry.IdempotencyKey, string.Join(',', entry.Tags), payload) + "\n";
    }

    private static string Text(object? value) =>
        Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "none";

    // Segments small enough that a few appends fill one.
    private ILocalJournal Open(string scheme) => scheme == "memory:"
        ? Journal.Open(scheme)
        : Journal.Open(scheme + directory.File($"journal{++journals}"), new JournalOptions { Segments = new() { SegmentBytes = 1024 } });
}
