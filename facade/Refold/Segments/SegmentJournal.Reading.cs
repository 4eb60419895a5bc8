// Reads of a segment journal: rows from the index, bytes from the files, every frame checked.
// Called by applications, runs and the tool.
using Refold.Segments;

namespace Refold;

public sealed partial class SegmentJournal
{
    private SegmentIndex Index
    {
        get
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return opened.Index;
        }
    }

    /// <inheritdoc/>
    public Head? HeadAt(long position) => Index.HeadAt(position) is { } head ? new Head(head) : null;

    /// <inheritdoc/>
    public Receipt? FindByKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Index.FindKey(key) is var (_, receipt) ? new Receipt(receipt) : null;
    }

    /// <inheritdoc/>
    public long HighestVersion(StreamId stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Index.HighestVersion(stream);
    }

    /// <inheritdoc/>
    public IReadOnlyList<StreamInfo> Streams() => Index.Streams();

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Read(Index.OfStream(stream, fromVersion, toVersion, maxCount));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Read(Index.From(fromPosition, maxCount));

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">An entry's bytes are not what was written.</exception>
    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (asOf, rows) = Index.Find(query.Value, fromPosition, maxCount);
        return new QueryResult(asOf, [.. Read(rows)]);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        // Not ReadAll: a subscription ends when the journal is closed, it does not fail.
        return subscriptions.Follow(from => Read(opened.Index.From(from, long.MaxValue)), fromPosition, cancellationToken);
    }

    private static IEnumerable<JournalEntry> Read(IEnumerable<EntryRow> rows)
    {
        foreach (var row in rows) yield return row.Segment.Read(row);
    }
}
