// The reads of the cases: through the asynchronous members, and through their synchronous twins where the store has them.
// Used by the cases, by the random sequences and by JournalDifference. Only for moments at which nobody appends.
namespace Refold.Testing;

/// <summary>The reads of one journal, each answer checked against that of its synchronous twin.</summary>
/// <param name="journal">The journal.</param>
internal sealed class JournalReads(IJournal journal)
{
    // How many questions are asked at once: enough to hide a slow store, few enough for a pool of connections.
    private const int AtOnce = 16;

    /// <summary>The order of streams: that of their names' UTF-8 bytes.</summary>
    public static readonly Comparer<StreamId> Order = Comparer<StreamId>.Default;

    private readonly ILocalJournal? local = journal as ILocalJournal;

    public Task<Head> HeadAsync() => AskAsync(journal.HeadAsync(), twin => twin.Head, "Head");

    public Task<Head?> HeadAtAsync(long position) =>
        AskAsync(journal.HeadAtAsync(position), twin => twin.HeadAt(position), FormattableString.Invariant($"HeadAt({position})"));

    /// <summary>The heads at positions, many asked for at once.</summary>
    public async Task<List<Head?>> HeadsAsync(IEnumerable<long> positions)
    {
        var heads = new List<Head?>();
        foreach (var some in positions.Chunk(AtOnce)) heads.AddRange(await Task.WhenAll(some.Select(HeadAtAsync)));
        return heads;
    }

    public async Task<Receipt?> FindByKeyAsync(string key)
    {
        var found = await Expect.Within(journal.FindByKeyAsync(key).AsTask(), "the receipt of a key");
        if (local is not null) Expect.Equal(Told.Of(found), Told.Of(local.FindByKey(key)), $"the synchronous FindByKey({key})");
        return found;
    }

    public async Task<IReadOnlyList<long>> FindByIdAsync(Guid id)
    {
        var found = await Expect.Within(journal.FindByIdAsync(id).AsTask(), "the positions of an id");
        var read = (await ListAsync(journal.ReadAllAsync())).Where(entry => entry.Id == id).Select(entry => entry.Position);
        Expect.Sequence(read, found, FormattableString.Invariant($"position of FindById({id})"));
        return found;
    }

    public async Task<IReadOnlyList<long>> CausedByAsync(Guid id)
    {
        var found = await Expect.Within(journal.CausedByAsync(id).AsTask(), "the positions of consequences");
        var read = (await ListAsync(journal.ReadAllAsync())).Where(entry => entry.CausationId == id).Select(entry => entry.Position);
        Expect.Sequence(read, found, FormattableString.Invariant($"position of CausedBy({id})"));
        return found;
    }

    public Task<long> HighestVersionAsync(StreamId stream) =>
        AskAsync(journal.HighestVersionAsync(stream), twin => twin.HighestVersion(stream), $"HighestVersion({stream})");

    public async Task<IReadOnlyList<StreamInfo>> StreamsAsync(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue)
    {
        var found = await Expect.Within(journal.StreamsAsync(prefix, after, maxCount).AsTask(), "the streams");
        if (local is not null) Expect.Sequence(found, local.Streams(prefix, after, maxCount), "the synchronous twin's stream");
        return found;
    }

    /// <summary>Every stream, asked for page by page.</summary>
    public async Task<List<StreamInfo>> PagesAsync(int pageSize, string prefix = "")
    {
        var (streams, after) = (new List<StreamInfo>(), (StreamId?)null);
        while (await StreamsAsync(prefix, after, pageSize) is { Count: > 0 } page)
        {
            Expect.True(page.Count <= pageSize, FormattableString.Invariant($"a page of at most {pageSize} streams has {page.Count}"));
            Expect.True(
                after is null || Order.Compare(page[0].Stream, after) > 0, $"a page behind '{after}' begins with '{page[0].Stream}'");
            streams.AddRange(page);
            after = page[^1].Stream;
        }

        return streams;
    }

    public async Task<List<JournalEntry>> StreamAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
    {
        List<JournalEntry> found;
        try
        {
            found = await ListAsync(journal.ReadStreamAsync(stream, fromVersion, toVersion, maxCount));
        }
        catch (EntriesDroppedException dropped) when (local is not null)
        {
            var twin = Expect.Throws<EntriesDroppedException>(
                () => local.ReadStream(stream, fromVersion, toVersion, maxCount), "the synchronous ReadStream of dropped entries");
            Expect.Equal((dropped.UpTo, dropped.Stream), (twin.UpTo, twin.Stream), "what the synchronous ReadStream says was dropped");
            var scan = Expect.Throws<EntriesDroppedException>(
                () => local.ScanStream(stream, (in EntryView _) => true, fromVersion, toVersion, maxCount),
                "ScanStream of dropped entries");
            Expect.Equal((dropped.UpTo, dropped.Stream), (scan.UpTo, scan.Stream), "what ScanStream says was dropped");
            throw;
        }

        if (local is null) return found;
        Same(found, local.ReadStream(stream, fromVersion, toVersion, maxCount), "ReadStream");
        Same(found, EntryScans.Stream(local, stream, fromVersion, toVersion, maxCount), "ScanStream");
        return found;
    }

    public async Task<List<JournalEntry>> AllAsync(long fromPosition = 1, long maxCount = long.MaxValue)
    {
        var found = await ListAsync(journal.ReadAllAsync(fromPosition, maxCount));
        if (local is null) return found;
        Same(found, local.ReadAll(fromPosition, maxCount), "ReadAll");
        Same(found, EntryScans.All(local, fromPosition, maxCount), "ScanAll");
        return found;
    }

    public async Task<QueryResult> QueryAsync(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        var found = await Expect.Within(journal.QueryAsync(query, fromPosition, maxCount).AsTask(), "the answer to a query");
        if (local is null) return found;
        var twin = local.Query(query, fromPosition, maxCount);
        Expect.Equal(found.AsOf, twin.AsOf, "the AsOf of the synchronous Query");
        Same(found.Entries, twin.Entries, "Query");
        return found;
    }

    /// <summary>The first difference from the model: head, entries, heads, streams, keys; null for none.</summary>
    public async Task<string?> FirstDifferenceAsync(InMemoryJournal model, IEnumerable<string> keys)
    {
        var last = model.Head.Position;
        return Difference("the head", model.Head, await HeadAsync())
            ?? SequenceDifference("entry", model.ReadAll().Select(Told.Of), (await AllAsync()).Select(Told.Of))
            ?? SequenceDifference("the head at a position", Positions(last).Select(model.HeadAt), await HeadsAsync(Positions(last)))
            ?? SequenceDifference("stream", model.Streams(), await StreamsAsync())
            ?? SequenceDifference("stream of a page", model.Streams(), await PagesAsync(2))
            ?? await StreamDifferenceAsync(model)
            ?? await KeyDifferenceAsync(model, keys);
    }

    public static async Task<List<JournalEntry>> ListAsync(IAsyncEnumerable<JournalEntry> entries) =>
        await Expect.Within(entries.ToListAsync().AsTask(), "the end of a read");

    // One behind the last: there is no head.
    private static IEnumerable<long> Positions(long last)
    {
        for (var position = 0L; position <= last + 1; position++) yield return position;
    }

    private static void Same(IEnumerable<JournalEntry> found, IEnumerable<JournalEntry> twin, string read) =>
        Expect.Sequence(found, twin, $"entry of the synchronous {read}");

    private static string? Difference<T>(string what, T expected, T found) =>
        EqualityComparer<T>.Default.Equals(expected, found) ? null : $"{what} is {found}, expected {expected}";

    private static string? SequenceDifference<T>(string what, IEnumerable<T> expected, IEnumerable<T> found)
    {
        try
        {
            Expect.Sequence(expected, found, what);
            return null;
        }
        catch (ConformanceException difference)
        {
            return difference.Message;
        }
    }

    private async Task<string?> StreamDifferenceAsync(InMemoryJournal model)
    {
        foreach (var info in model.Streams())
        {
            var (expected, found) = (model.ReadStream(info.Stream, info.Floor + 1), await StreamAsync(info.Stream, info.Floor + 1));
            var highest = await HighestVersionAsync(info.Stream);
            var difference = SequenceDifference($"entry of the stream {info.Stream}", expected.Select(Told.Of), found.Select(Told.Of))
                ?? Difference($"the highest version of {info.Stream}", info.HighestVersion, highest);
            if (difference is not null) return difference;
        }

        return null;
    }

    private async Task<string?> KeyDifferenceAsync(InMemoryJournal model, IEnumerable<string> keys)
    {
        foreach (var key in keys)
        {
            var found = Told.Of(await FindByKeyAsync(key));
            if (Difference($"the receipt of the key {key}", Told.Of(model.FindByKey(key)), found) is { } difference) return difference;
        }

        return null;
    }

    private async Task<T> AskAsync<T>(ValueTask<T> answer, Func<ILocalJournal, T> twin, string what)
    {
        var found = await Expect.Within(answer.AsTask(), what);
        if (local is not null) Expect.Equal(found, twin(local), "the synchronous " + what);
        return found;
    }
}
