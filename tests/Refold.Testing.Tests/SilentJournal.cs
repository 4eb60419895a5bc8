// A journal whose process ends before it answers.
// Used by the tests of the oracle.
namespace Refold.Testing.Tests;

internal sealed class SilentJournal : IJournal
{
    public ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => throw new SimulatedCrashException();

    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        throw new SimulatedCrashException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
