// A journal in memory: the core's immutable journal, replaced under a lock, so that every read sees one moment.
// Opened with `memory:`; used by tests, scripts and samples, and by programs that keep nothing.
using Refold.Interop;

namespace Refold;

/// <summary>A journal that lives as long as the object. The model of every other store: each gives the same answers.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class InMemoryJournal : LocalJournal, IObservedJournal
{
    private readonly Lock gate = new();
    private readonly Subscriptions subscriptions = new(0);
    private readonly JournalObserver observer;
    private volatile Core.Journal current = Core.JournalModule.empty;
    private volatile bool closed;

    /// <summary>Makes an empty journal.</summary>
    public InMemoryJournal()
        : this(new JournalOptions())
    {
    }

    internal InMemoryJournal(JournalOptions options)
    {
        observer = new JournalObserver(options, "memory", "memory:");
        observer.Opened(Head, healed: null);
    }

    JournalObserver IObservedJournal.Observer => observer;

    /// <inheritdoc/>
    public override bool IsOnlyWriter => true;

    /// <summary>The last position and head hash. Also after the journal was closed.</summary>
    public override Head Head => Core.JournalModule.head(current);

    /// <summary>The head behind a beginning that was dropped; of a journal that is whole, position 0.</summary>
    public Head Begin => Core.JournalModule.beginning(Snapshot);

    // What reads see: a journal that never changes.
    private Core.Journal Snapshot
    {
        get
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return current;
        }
    }

    /// <inheritdoc/>
    public override Head? HeadAt(long position) => Snapshot.HeadAt(position);

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return JournalObserver.IsWanted(batch)
            ? observer.ObserveAsync(batch, AppendUnobservedAsync, cancellationToken)
            : AppendUnobservedAsync(batch, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default)
    {
        var entries = batch.ToCore();
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        return ValueTask.FromResult(Commit(journal => Core.JournalModule.restore(entries, journal).Split()));
    }

    /// <inheritdoc/>
    public override Receipt? FindByKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Snapshot.FindByKey(key);
    }

    /// <inheritdoc/>
    public override ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        Replace(journal => Core.JournalModule.deleteTo(stream, version, journal));
        return ValueTask.CompletedTask;
    }

    /// <summary>Drops the beginning: batches that end at a position or before. The last batch stays in any case. The
    /// model of a compaction.</summary>
    /// <param name="position">The position.</param>
    public void DropTo(long position) => Replace(journal => Core.JournalModule.dropTo(position, journal));

    /// <summary>Forgets the idempotency keys of batches that begin before a position.</summary>
    /// <param name="position">The position.</param>
    public void ForgetKeysBefore(long position) => Replace(journal => Core.JournalModule.forgetKeysBefore(position, journal));

    /// <inheritdoc/>
    public override long HighestVersion(StreamId stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Core.JournalModule.highestVersion(stream, Snapshot);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue)
    {
        RequirePrefix(prefix);
        return LocalReads.Page(Snapshot.Streams(), prefix, after, maxCount);
    }

    /// <inheritdoc/>
    public override IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Snapshot.ReadStream(stream, fromVersion, toVersion, maxCount);
    }

    /// <inheritdoc/>
    public override IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Snapshot.ReadAll(fromPosition, maxCount);

    /// <inheritdoc/>
    public override QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Snapshot.Find(query, fromPosition, maxCount);
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        if (closed) return LocalReads.Refused(this);
        return subscriptions.Follow(from => Snapshot.ReadAll(from, long.MaxValue), fromPosition, cancellationToken);
    }

    /// <summary>Closes the journal: subscriptions end, later appends are answered with <see cref="AppendFailure.Unavailable"/>, later reads
    /// throw <see cref="ObjectDisposedException"/>. Reads in flight continue.</summary>
    /// <returns>A completed task.</returns>
    public override ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (closed) return ValueTask.CompletedTask;
            closed = true;
        }

        subscriptions.Close();
        observer.Closed(Head);
        return ValueTask.CompletedTask;
    }

    private ValueTask<AppendResult> AppendUnobservedAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<AppendResult>(cancellationToken)
            : ValueTask.FromResult(Commit(journal => Core.JournalModule.append(batch, journal).Split()));

    private void Replace(Func<Core.Journal, Core.Journal> change)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            current = change(current);
        }
    }

    private AppendResult Commit(Func<Core.Journal, (Tuple<Core.Receipt, Core.Journal>? Value, AppendFailure? Failure)> append)
    {
        Receipt receipt;
        bool isRepeated;
        lock (gate)
        {
            if (closed) return new AppendResult.NotAppended(new AppendFailure.Unavailable("the journal was closed", null));
            var (committed, failure) = append(current);
            if (committed is null) return new AppendResult.NotAppended(failure!);
            receipt = new Receipt(committed.Item1);
            isRepeated = receipt.LastPosition <= Core.JournalModule.head(current).Position;
            current = committed.Item2;
            // Inside the lock, so that positions are published in commit order.
            subscriptions.Publish(Core.JournalModule.head(current).Position);
        }

        if (!isRepeated) observer.Committed(1, receipt.Count);
        return new AppendResult.Appended(receipt) { IsRepeated = isRepeated };
    }
}
