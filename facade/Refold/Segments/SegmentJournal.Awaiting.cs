// The asynchronous reads of a segment journal: rows and bytes are at hand, so each answers at once.
// Called by runs, verification and applications that take any journal.
namespace Refold.Segments;

public sealed partial class SegmentJournal
{
    /// <inheritdoc/>
    public ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => LocalReads.Answer(cancellationToken, () => Head);

    /// <inheritdoc/>
    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => HeadAt(position));

    /// <inheritdoc/>
    public ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return LocalReads.Answer(cancellationToken, () => FindByKey(key));
    }

    /// <inheritdoc/>
    public ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return LocalReads.Answer(cancellationToken, () => HighestVersion(stream));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "",
        StreamId? after = null,
        int maxCount = int.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return LocalReads.Answer(cancellationToken, () => Streams(prefix, after, maxCount));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return LocalReads.Enumerate(() => ReadStream(stream, fromVersion, toVersion, maxCount), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        LocalReads.Enumerate(() => ReadAll(fromPosition, maxCount), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<QueryResult> QueryAsync(
        Query query,
        long fromPosition = 1,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return LocalReads.Answer(cancellationToken, () => Query(query, fromPosition, maxCount));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        LocalReads.SubscribeAfter(this, after, cancellationToken);
}
