// Synchronous reads of a LiteDB journal: each as of the moment of its call, in chunks, so that no cursor stays open between them.
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
    public override Head? HeadAt(long position)
    {
        _ = View;
        return reader.Guarded(() => index.HeadAt(position));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public override Receipt? FindByKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _ = View;
        return reader.Guarded(() => index.FindKey(key))?.Receipt;
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public override long HighestVersion(StreamId stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _ = View;
        return reader.Guarded(() => index.HighestVersion(stream));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public override IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue)
    {
        RequirePrefix(prefix);
        var view = View;
        // A range of the names' bytes: no byte of UTF-8 is above that behind the prefix.
        byte[] begin = Encoding.UTF8.GetBytes(prefix);
        byte[] last = [.. begin, 0xFF];
        byte[] first = after is not null && Keys.OfStream(after) is var behind && behind.AsSpan().SequenceCompareTo(begin) >= 0 ? behind
            : begin;
        // Before the documents, into which they move.
        List<(StreamId Stream, long Highest)> recent =
        [
            .. view.Recent.Streams.Select(item => (Stream: item.Key, item.Value.Highest))
                // One that is being added has no version yet.
                .Where(item => item.Highest > 0)
                .Where(item => item.Stream.Value.StartsWith(prefix, StringComparison.Ordinal))
                .Where(item => after is null || Comparer<StreamId>.Default.Compare(item.Stream, after) > 0)
                .OrderBy(item => item.Stream)
        ];
        var kept =
            from document in database.All(next => Search.ByIds(Collections.Streams, next, last), first)
            let stream = StreamId.Create(Encoding.UTF8.GetString(document["_id"].AsBinary))
            where stream != after
            select (stream, document["v"].AsInt64);
        return reader.Guarded<IReadOnlyList<StreamInfo>>(() =>
        [
            .. Merged(kept, recent).Take(maxCount).Select(item => new StreamInfo(item.Stream, view.FloorOf(item.Stream), item.Highest))
        ]);
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        if (closed) return LocalReads.Refused(this);
        return subscriptions.Follow(Entries, fromPosition, cancellationToken);

        // Not ReadAll: a subscription ends when the journal is closed, it does not fail.
        IEnumerable<JournalEntry> Entries(long from) =>
            reader.From(state.View, from, long.MaxValue);
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public override IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
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
    public override IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Shown(reader.From(View, fromPosition, maxCount));

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">An entry's bytes are not what was written.</exception>
    public override QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(query);
        var view = View;
        return new QueryResult(view.LastPosition, [.. Shown(reader.Matches(view, query, fromPosition, maxCount))]);
    }

    /// <inheritdoc/>
    protected override TAnswer AskTree<TAnswer>(Func<IBatchTree, TAnswer> question)
    {
        ArgumentNullException.ThrowIfNull(question);
        var view = View;
        return question(reader.Guarded(() => new LiteDbTree(database, view, reader)));
    }

    // Both in the order of names.
    private static IEnumerable<(StreamId Stream, long Highest)> Merged(
        IEnumerable<(StreamId Stream, long Highest)> kept, List<(StreamId Stream, long Highest)> recent)
    {
        var next = 0;
        foreach (var (stream, highest) in kept)
        {
            while (next < recent.Count && Comparer<StreamId>.Default.Compare(recent[next].Stream, stream) < 0)
                yield return recent[next++];
            var newer = next < recent.Count && recent[next].Stream == stream ? recent[next++].Highest : 0;
            yield return (stream, Math.Max(highest, newer));
        }

        for (; next < recent.Count; next++) yield return recent[next];
    }

    private IEnumerable<JournalEntry> Shown(IEnumerable<JournalEntry> entries)
    {
        foreach (var entry in entries)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            yield return entry;
        }
    }
}
