// A journal that another process has: it is asked line by line. As much of it as dispatchers use, over the public members for stores.
// Used by StandingProcess; JournalDesk answers it.
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Refold.Suites;

/// <summary>The asking side. Where the other process ends, every call throws.</summary>
internal sealed class DistantJournal(TextReader answers, TextWriter questions) : IJournal
{
    // One question at a time. Its answer is read whatever was cancelled meanwhile.
    private readonly SemaphoreSlim gate = new(1, 1);

    public async ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => HeadOf(await AskAsync("head"), 0);

    public async ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        Number((await AskAsync("highest " + stream.Value))[0]);

    public async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        var stream = batch.Streams.Single();
        while (true)
        {
            var index = new Index(await HeadAsync(cancellationToken), await HighestVersionAsync(stream, cancellationToken));
            switch (AppendRule.Decide(index, batch))
            {
                case AppendDecision.Refused refused:
                    return new AppendResult.NotAppended(refused.Failure);
                case AppendDecision.Fresh { Batch: var placed }:
                    var entries = string.Join(
                        ' ', Enumerable.Range(0, placed.Count).Select(entry => Convert.ToBase64String(placed.CanonicalBytes(entry).Span)));
                    var answer = await AskAsync($"append {stream.Value} {Text(index.Version)} {entries}");
                    // Somebody came in between: it is decided anew.
                    if (answer[0] == "again") continue;
                    return new AppendResult.Appended(
                        new Receipt(Number(answer[0]), placed.Count, placed.Receipt.Versions, HeadOf(answer, 1)));
                case var other:
                    throw new InvalidOperationException(other.ToString());
            }
        }
    }

    public IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default) =>
        ReadAsync($"read {stream.Value} {Text(fromVersion)} {Text(toVersion)} {Text(maxCount)}");

    public async IAsyncEnumerable<JournalEntry> SubscribeAsync(
        long fromPosition = 1, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            await foreach (var entry in ReadAsync($"all {Text(fromPosition)}"))
            {
                fromPosition = entry.Position + 1;
                yield return entry;
            }

            await Task.Delay(5, cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => default;

    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) => throw NotAsked();

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        throw NotAsked();

    public ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default) => throw NotAsked();

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) => throw NotAsked();

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default) =>
        throw NotAsked();

    public IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) => throw NotAsked();

    public ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        throw NotAsked();

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) => throw NotAsked();

    private static NotSupportedException NotAsked([CallerMemberName] string member = "") => new(member);

    private async IAsyncEnumerable<JournalEntry> ReadAsync(string question)
    {
        foreach (var answer in await AskAsync(question))
        {
            if (answer.Length == 0) continue;
            var parts = answer.Split(':');
            yield return JournalEntry.TryRead(
                Number(parts[0]), Number(parts[1]), Number(parts[2]), Convert.FromBase64String(parts[3]))!;
        }
    }

    private async Task<string[]> AskAsync(string question)
    {
        await gate.WaitAsync();
        try
        {
            await questions.WriteLineAsync($"{question} {JournalDesk.End}");
            await questions.FlushAsync();
            var answer = await answers.ReadLineAsync() ?? throw new IOException("the journal's process has ended");
            return answer.Split(' ');
        }
        finally
        {
            gate.Release();
        }
    }

    private static Head HeadOf(string[] words, int at) => new(Number(words[at]), Hash.Parse(words[at + 1]));

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    // What is committed, as far as a batch of one stream without a key or a condition has it judged.
    private sealed class Index(Head head, long version) : IAppendIndex
    {
        public Head Head => head;

        public long Version => version;

        public long HighestVersion(StreamId stream) => version;

        public bool Covers(long position) => true;

        public KnownKey? FindKey(string key) => null;

        public long FirstMatchAfter(Query query, long after) => 0;
    }
}
