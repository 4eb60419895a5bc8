// Reads of a LiteDB journal: each as of the moment of its call, in chunks, so that no cursor stays open between them.
// Called by applications, runs and the tool.
using System.Text;
using Refold.LiteDb;
using Refold.LiteDb.Storage;

namespace Refold;

public sealed partial class LiteDbJournal
{
    private View View
    {
        get
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return state.View;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public Head? HeadAt(long position)
    {
        _ = View;
        return reader.Guarded(() => index.HeadAt(position)) is { } head ? new Head(head) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public Receipt? FindByKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _ = View;
        return reader.Guarded(() => index.FindKey(key)) is var (_, receipt) ? new Receipt(receipt) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public long HighestVersion(StreamId stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _ = View;
        return reader.Guarded(() => index.HighestVersion(stream));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public IReadOnlyList<StreamInfo> Streams()
    {
        var view = View;
        return reader.Guarded<IReadOnlyList<StreamInfo>>(() =>
        [
            .. from document in database.All(first => Search.ByIds(Collections.Streams, first, Keys.AboveNames), Array.Empty<byte>())
               let stream = StreamId.Create(Encoding.UTF8.GetString(document["_id"].AsBinary))
               select new StreamInfo(stream, view.FloorOf(stream), document["v"].AsInt64),
        ]);
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var view = View;
        var from = Math.Max(1, fromVersion);
        return from <= view.FloorOf(stream)
            ? throw new EntriesDroppedException(stream, view.FloorOf(stream))
            : Shown(reader.OfStream(view, stream, from, toVersion, maxCount));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Shown(reader.From(View, fromPosition, maxCount));

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">An entry's bytes are not what was written.</exception>
    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(query);
        var view = View;
        return new QueryResult(view.LastPosition, [.. Shown(reader.Matches(view, query.Value, fromPosition, maxCount))]);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        // Not ReadAll: a subscription ends when the journal is closed, it does not fail.
        return subscriptions.Follow(from => reader.From(state.View, from, long.MaxValue).Select(entry => new JournalEntry(entry)), fromPosition, cancellationToken);
    }

    private IEnumerable<JournalEntry> Shown(IEnumerable<Core.Entry> entries)
    {
        foreach (var entry in entries)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            yield return new JournalEntry(entry);
        }
    }
}
