// A journal that is reached over a detour, as one in a database is: no call is answered when it returns.
// Used by the conformance tests: one that hops to another thread, and one that takes its time.
using System.Runtime.CompilerServices;

namespace Refold.Suites;

/// <summary>Hands everything on, over a detour before and behind each call. It has no synchronous members.</summary>
/// <param name="inner">The journal behind it.</param>
/// <param name="detour">The way there, and the way back.</param>
/// <param name="pageSize">After so many entries of a read the way is gone once more.</param>
internal sealed class DetouringJournal(IJournal inner, Func<CancellationToken, Task> detour, int pageSize) : IJournal
{
    /// <summary>Each call completes on a thread of the pool, never before it returns.</summary>
    public static DetouringJournal OverThreads(IJournal inner) => new(inner, HopAsync, pageSize: 1);

    /// <summary>Each call, and each page of 256 entries, takes 20 milliseconds.</summary>
    public static DetouringJournal Slow(IJournal inner) =>
        new(inner, cancellationToken => Task.Delay(10, cancellationToken), pageSize: 256);

    public GateSet? RequiredGates => inner.RequiredGates;

    public ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => GoAsync(inner.HeadAsync, cancellationToken);

    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        GoAsync(token => inner.HeadAtAsync(position, token), cancellationToken);

    public ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return GoAsync(token => inner.TryAppendAsync(batch, token), cancellationToken);
    }

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return GoAsync(token => inner.TryRestoreAsync(batch, token), cancellationToken);
    }

    public ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return GoAsync(token => inner.FindByKeyAsync(key, token), cancellationToken);
    }

    public async ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        await detour(cancellationToken);
        await inner.DeleteToAsync(stream, version, cancellationToken);
        await detour(CancellationToken.None);
    }

    public ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return GoAsync(token => inner.HighestVersionAsync(stream, token), cancellationToken);
    }

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return GoAsync(token => inner.StreamsAsync(prefix, after, maxCount, token), cancellationToken);
    }

    public IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return GoAsync(inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, CancellationToken.None), cancellationToken);
    }

    public IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        GoAsync(inner.ReadAllAsync(fromPosition, maxCount, CancellationToken.None), cancellationToken);

    public ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return GoAsync(token => inner.QueryAsync(query, fromPosition, maxCount, token), cancellationToken);
    }

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        GoAsync(inner.SubscribeAsync(fromPosition, CancellationToken.None), cancellationToken);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        GoAsync(inner.SubscribeAsync(after, CancellationToken.None), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await detour(CancellationToken.None);
        await inner.DisposeAsync();
    }

    private static async Task HopAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
    }

    // Who stops waiting on the way back has no answer, whatever was committed.
    public ValueTask<BatchPlace?> BatchAtAsync(long position, CancellationToken cancellationToken = default) =>
        GoAsync(token => inner.BatchAtAsync(position, token), cancellationToken);

    public ValueTask<Head> HeadAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken = default) =>
        GoAsync(token => inner.HeadAsOfAsync(time, token), cancellationToken);

    public ValueTask<long?> TreeSizeAsync(long position, CancellationToken cancellationToken = default) =>
        GoAsync(token => inner.TreeSizeAsync(position, token), cancellationToken);

    public ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default) =>
        GoAsync(token => inner.RootAtAsync(size, token), cancellationToken);

    public ValueTask<InclusionProof> InclusionProofAsync(
        long position, long? size = null, CancellationToken cancellationToken = default) =>
        GoAsync(token => inner.InclusionProofAsync(position, size, token), cancellationToken);

    public ValueTask<ConsistencyProof> ConsistencyProofAsync(
        long from, long? to = null, CancellationToken cancellationToken = default) =>
        GoAsync(token => inner.ConsistencyProofAsync(from, to, token), cancellationToken);

    private async ValueTask<T> GoAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        await detour(cancellationToken);
        var answer = await call(cancellationToken);
        await detour(cancellationToken);
        return answer;
    }

    private async IAsyncEnumerable<JournalEntry> GoAsync(
        IAsyncEnumerable<JournalEntry> entries, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await detour(cancellationToken);
        var seen = 0;
        await foreach (var entry in entries.WithCancellation(cancellationToken))
        {
            if (seen++ % pageSize == 0) await detour(cancellationToken);
            yield return entry;
        }
    }
}
