// Reads of a segment journal: rows from the index, bytes from the files, every frame checked.
// Called by applications, runs and the tool.
using Refold.Segments;

namespace Refold;

public sealed partial class SegmentJournal
{
    /// <summary>The files and their index; of a reader with all that was acknowledged before this call, as long as it is open.</summary>
    private OpenedDirectory Latest => live is null ? opened : closed ? live.Current : live.Refresh();

    private SegmentIndex Index
    {
        get
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return Latest.Index;
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
        return Read(index => index.OfStream(stream, fromVersion, toVersion, maxCount));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Read(index => index.From(fromPosition, maxCount));

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">An entry's bytes are not what was written.</exception>
    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(query);
        var asOf = 0L;
        var entries = Read(index =>
        {
            (asOf, var rows) = index.Find(query.Value, fromPosition, maxCount);
            return rows;
        }).ToList();
        return new QueryResult(asOf, entries);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        // Not ReadAll: a subscription ends when the journal is closed, it does not fail.
        return subscriptions.Follow(from => Read(live?.Current ?? opened, index => index.From(from, long.MaxValue)), fromPosition, cancellationToken);
    }

    private IEnumerable<JournalEntry> Read(Func<SegmentIndex, IEnumerable<EntryRow>> find)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        return Read(Latest, find);
    }

    private IEnumerable<JournalEntry> Read(OpenedDirectory set, Func<SegmentIndex, IEnumerable<EntryRow>> find)
    {
        var asOf = set.Index.Head.Position;
        return Enumerate(set, find(set.Index), find, asOf);
    }

    private IEnumerable<JournalEntry> Enumerate(OpenedDirectory set, IEnumerable<EntryRow> rows, Func<SegmentIndex, IEnumerable<EntryRow>> find, long asOf)
    {
        // Begun after the journal had gone over to other files: they hold the same entries.
        while (!set.Leases.TryEnter())
        {
            set = live?.Current ?? opened;
            rows = find(set.Index).TakeWhile(row => row.Position <= asOf);
        }

        try
        {
            foreach (var row in rows) yield return row.Segment.Read(row);
        }
        finally
        {
            set.Leases.Leave();
        }
    }
}
