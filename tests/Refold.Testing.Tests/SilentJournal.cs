// A journal whose process ends before it answers.
// Used by the tests of the oracle.
namespace Refold.Testing.Tests;

internal sealed class SilentJournal : IJournal
{
    public Head Head => default;

    public Head? HeadAt(long position) => throw new SimulatedCrashException();

    public ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default) => throw new SimulatedCrashException();

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) => throw new SimulatedCrashException();

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) => throw new SimulatedCrashException();

    public long HighestVersion(StreamId stream) => throw new SimulatedCrashException();

    public IReadOnlyList<StreamInfo> Streams() => throw new SimulatedCrashException();

    public IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) => throw new SimulatedCrashException();

    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) => throw new SimulatedCrashException();

    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) => throw new SimulatedCrashException();

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) => throw new SimulatedCrashException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
