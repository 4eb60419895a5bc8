// Reads of a segment journal: rows from the index, bytes from the files, every frame checked.
// Called by applications, runs and the tool.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Refold.Segments;

public sealed partial class SegmentJournal
{
    /// <summary>The files and their index; of a reader with all that was acknowledged before this call, as long as it is open.</summary>
    private OpenedDirectory Latest => live is null ? opened : closed ? live.Current : live.Refresh();

    /// <summary>The same for a read, which is refused once the journal is closed: from then on a reader does not look any more, and would
    /// miss what was acknowledged since.</summary>
    private OpenedDirectory LatestOpen
    {
        get
        {
            var latest = Latest;
            ObjectDisposedException.ThrowIf(closed, this);
            return latest;
        }
    }

    /// <inheritdoc/>
    public override Head? HeadAt(long position) => Ask(index => index.HeadAt(position));

    /// <inheritdoc/>
    public override Receipt? FindByKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Ask(index => index.FindKey(key)) is { } known ? new Receipt(known.Receipt) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The index, or an entry that had to be read, is not what was written.</exception>
    public override IReadOnlyList<long> FindById(Guid id) => Ask(index => index.FindById(id));

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The index, or an entry that had to be read, is not what was written.</exception>
    public override IReadOnlyList<long> CausedBy(Guid id) => Ask(index => index.CausedBy(id));

    /// <inheritdoc/>
    public override long HighestVersion(StreamId stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Ask(index => index.HighestVersion(stream));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue)
    {
        RequirePrefix(prefix);
        var from = after is null || Core.Text.compareUtf8(after.Value, prefix) < 0 ? prefix : after.Value;
        return Ask(index => LocalReads.Page(index.Streams(from), prefix, after, maxCount));
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public override IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Read(
            (index, last, most) => index.OfStream(stream, last is null ? fromVersion : last.Version + 1, toVersion, most), maxCount);
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">While enumerating: an entry's bytes are not what was written.</exception>
    public override IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Read(From(fromPosition), maxCount);

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">An entry's bytes are not what was written.</exception>
    public override QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Ask(index =>
        {
            var (asOf, rows) = index.Find(query.Value, fromPosition, maxCount);
            return new QueryResult(asOf, Read(rows));
        });
    }

    /// <inheritdoc/>
    protected override TAnswer AskTree<TAnswer>(Func<IBatchTree, TAnswer> question) => Ask(index => question(index.Tree()));

    private static List<JournalEntry> Read(List<EntryRow> rows)
    {
        using var reader = new EntryReader();
        return rows.ConvertAll(row => reader.Read(row));
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        if (closed) return LocalReads.Refused(this);
        // Not ReadAll: a subscription ends when the journal is closed, it does not fail.
        return subscriptions.Follow(from => Read(Current, From(from), long.MaxValue), fromPosition, cancellationToken);
    }

    /// <summary>Finds what a read is to hand out: from its beginning, or behind the entry it handed out last, however much of what lies
    /// before has gone since; so many at most.</summary>
    private delegate IEnumerable<EntryRow> Finder(SegmentIndex index, JournalEntry? last, long most);

    private static Finder From(long position) => (index, last, most) => index.From(last is null ? position : last.Position + 1, most);

    /// <summary>The files and their index, without a look whether the writer went on.</summary>
    private OpenedDirectory Current => live?.Current ?? opened;

    /// <summary>Asks the index. Where a file is gone because compaction replaced it, what replaced it is asked.</summary>
    private TAnswer Ask<TAnswer>(Func<SegmentIndex, TAnswer> question)
    {
        return Ask(LatestOpen, set => question(set.Index)).Answer;
    }

    private (OpenedDirectory Set, TAnswer Answer) Ask<TAnswer>(OpenedDirectory set, Func<OpenedDirectory, TAnswer> question)
    {
        while (true)
        {
            var asked = set;
            if (!asked.Leases.TryEnter())
            {
                set = Current;
                continue;
            }

            try
            {
                return (asked, question(asked));
            }
            catch (SegmentGoneException gone)
            {
                set = Replacing(asked, gone);
            }
            finally
            {
                asked.Leases.Leave();
            }
        }
    }

    private IEnumerable<JournalEntry> Read(Finder find, long maxCount)
    {
        return Read(LatestOpen, find, maxCount);
    }

    private IEnumerable<JournalEntry> Read(OpenedDirectory set, Finder find, long maxCount)
    {
        // Found at the call, read as they are asked for.
        (set, var (asOf, rows)) = Ask(set, asked => (asked.Index.Head.Position, find(asked.Index, null, maxCount)));
        return Enumerate(set, rows, find, asOf, maxCount);
    }

    /// <summary>Reads rows. Where the journal has gone over to other files meanwhile, it goes on there:
    /// they hold the same entries.</summary>
    private IEnumerable<JournalEntry> Enumerate(OpenedDirectory set, IEnumerable<EntryRow> rows, Finder find, long asOf, long maxCount)
    {
        var (last, left) = (default(JournalEntry), maxCount);
        using var reader = new EntryReader();
        while (true)
        {
            OpenedDirectory? other = null;
            if (set.Leases.TryLease() is { } lease)
            {
                using (lease)
                {
                    using var next = rows.GetEnumerator();
                    while (left > 0 && TryRead(set, next, reader, out var entry, out other))
                    {
                        (last, left) = (entry, left - 1);
                        yield return entry;
                    }
                }

                if (other is null) yield break;
            }

            (set, rows) = Ask(other ?? Current, asked => find(asked.Index, last, left).TakeWhile(row => row.Position <= asOf));
        }
    }

    /// <summary>Reads the next entry; false where there is none. Where its file is gone, the set that has it instead is told.</summary>
    private bool TryRead(
        OpenedDirectory set,
        IEnumerator<EntryRow> rows,
        EntryReader reader,
        [NotNullWhen(true)] out JournalEntry? entry,
        out OpenedDirectory? other)
    {
        (entry, other) = (null, null);
        try
        {
            if (rows.MoveNext()) entry = reader.Read(rows.Current);
        }
        catch (SegmentGoneException gone)
        {
            other = Replacing(set, gone);
        }

        return entry is not null;
    }

    /// <summary>The set that replaced another one, of which a file is gone; where none did, it is missing.</summary>
    private OpenedDirectory Replacing(OpenedDirectory set, SegmentGoneException gone)
    {
        var latest = Latest;
        if (!ReferenceEquals(latest, set)) return latest;
        // A reader that was closed under a read looks no more for what replaced it.
        ObjectDisposedException.ThrowIf(closed, this);
        try
        {
            if (live?.Instead(set) is { } instead) return instead;
        }
        catch (JournalException other) when (other is not ForeignHistoryException)
        {
            // What is there now cannot be opened: the file that is gone is the one to name.
        }

        ExceptionDispatchInfo.Throw(gone);
        return latest;
    }
}
