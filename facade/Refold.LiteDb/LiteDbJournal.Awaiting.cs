// The asynchronous reads of a LiteDB journal: LiteDB answers on the caller's thread, so the answer is there when the call returns.
// Called by runs, by verification and by applications that hold any journal.
namespace Refold;

public sealed partial class LiteDbJournal
{
    /// <inheritdoc/>
    public ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => LocalReads.Answer(cancellationToken, () => Head);

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => HeadAt(position));

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return LocalReads.Answer(cancellationToken, () => FindByKey(key));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return LocalReads.Answer(cancellationToken, () => HighestVersion(stream));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
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
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
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
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        LocalReads.Enumerate(() => ReadAll(fromPosition, maxCount), cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">An entry's bytes are not what was written.</exception>
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
    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        if (closed) return LocalReads.Refused(this);
        return subscriptions.Follow(Entries, fromPosition, cancellationToken);

        // Not ReadAll: a subscription ends when the journal is closed, it does not fail.
        IEnumerable<JournalEntry> Entries(long from) =>
            reader.From(state.View, from, long.MaxValue);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        LocalReads.SubscribeAfter(this, after, cancellationToken);
}
