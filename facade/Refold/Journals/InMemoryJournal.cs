// A journal in memory: the core's array journal under a lock. What a read hands out later was taken under it, so it sees one moment.
// Opened with `memory:`; used by tests, scripts and samples, and by programs that keep nothing.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold;

/// <summary>A journal that lives as long as the object. The model of every other store: each gives the same answers.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class InMemoryJournal : LocalJournal, IObservedJournal
{
    private readonly Lock gate = new();
    private readonly Subscriptions subscriptions = new(0);
    private readonly JournalObserver observer;
    private readonly RequiredGates gates;
    private readonly Core.ArrayJournal journal = new();
    private readonly EntryIds ids = new(entry => entry.Id);
    private readonly EntryIds causes = new(entry => entry.CausationId);
    private volatile bool closed;

    /// <summary>Makes an empty journal.</summary>
    public InMemoryJournal()
        : this(new JournalOptions())
    {
    }

    internal InMemoryJournal(JournalOptions options)
    {
        observer = new JournalObserver(options, "memory", "memory:");
        gates = Refold.RequiredGates.Of(options, AppendUnobservedAsync, RestoreUnaskedAsync);
        observer.Opened(Head, healed: null);
    }

    JournalObserver IObservedJournal.Observer => observer;

    /// <inheritdoc/>
    public override bool IsOnlyWriter => true;

    /// <inheritdoc/>
    public override GateSet? RequiredGates => gates.Gates;

    // A gate may keep what it was asked about.
    internal override bool GivesBatchesBack => gates.Gates is null;

    /// <summary>The last position and head hash. Also after the journal was closed.</summary>
    public override Head Head
    {
        get
        {
            lock (gate) return journal.Head;
        }
    }

    /// <summary>The head behind a beginning that was dropped; of a journal that is whole, position 0.</summary>
    public Head Begin => Read(static (journal, _) => journal.Beginning, 0);

    /// <inheritdoc/>
    public override Head? HeadAt(long position) => Read(static (journal, position) => HeadOf(journal.HeadAt(position)), position);

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return JournalObserver.IsWanted(batch)
            ? observer.ObserveAsync(batch, AppendGatedAsync, cancellationToken)
            : AppendGatedAsync(batch, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        gates.RestoreAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public override Receipt? FindByKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Read(static (journal, key) => journal.TryFindKey(key), key).ToReference() is { } known ? new Receipt(known.Receipt) : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<long> FindById(Guid id) => Find(ids, id);

    /// <inheritdoc/>
    public override IReadOnlyList<long> CausedBy(Guid id) => Find(causes, id);

    private IReadOnlyList<long> Find(EntryIds ids, Guid id)
    {
        var head = Read(static (journal, _) => journal.Head.Position, 0);
        List<long> positions;
        lock (ids)
        {
            ids.Add(ReadAll(ids.UpTo + 1), head);
            positions = [.. ids.Of(id)];
        }

        // What was deleted since is not there any more.
        return [.. positions.Where(position => position <= head && ReadAll(position, 1).Any(entry => entry.Position == position))];
    }

    /// <inheritdoc/>
    public override ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        Change(() => journal.DeleteTo(stream, version));
        return ValueTask.CompletedTask;
    }

    /// <summary>Drops the beginning: batches that end at a position or before. The last batch stays in any case. The
    /// model of a compaction.</summary>
    /// <param name="position">The position.</param>
    public void DropTo(long position) => DropTo(position, []);

    /// <summary>Drops the beginning, and keeps growth from earlier sizes provable.</summary>
    /// <param name="position">The position.</param>
    /// <param name="provableSizes">Numbers of batches, each at least that of a beginning dropped before.</param>
    public void DropTo(long position, IReadOnlyCollection<long> provableSizes)
    {
        ArgumentNullException.ThrowIfNull(provableSizes);
        foreach (var size in provableSizes) ConsistencyProof(size);
        Change(() => journal.DropTo(position, provableSizes));
    }

    /// <summary>Forgets the idempotency keys of batches that begin before a position.</summary>
    /// <param name="position">The position.</param>
    public void ForgetKeysBefore(long position) => Change(() => journal.ForgetKeysBefore(position));

    /// <inheritdoc/>
    public override long HighestVersion(StreamId stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Read(static (journal, stream) => journal.HighestVersion(stream), stream);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue)
    {
        RequirePrefix(prefix);
        return Read(static (journal, asked) => journal.Streams(asked.prefix, asked.after, asked.maxCount), (prefix, after, maxCount))
            .ConvertAll(static summary => new StreamInfo(summary.Stream, summary.Floor, summary.Highest));
    }

    /// <inheritdoc/>
    public override IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var read = Read(
            static (journal, asked) => journal.ReadStream(asked.stream, asked.fromVersion, asked.toVersion, asked.maxCount),
            (stream, fromVersion, toVersion, maxCount));
        return read.IsOk ? Entries(read.ResultValue) : throw read.ErrorValue.ToException(stream);
    }

    /// <inheritdoc/>
    public override IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Entries(Read(static (journal, asked) => journal.ReadAll(asked.fromPosition, asked.maxCount), (fromPosition, maxCount)));

    /// <inheritdoc/>
    public override QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(query);
        var asked = Read(static (journal, query) => journal.Ask(query.Value), query);
        var found = asked.Answer(fromPosition, (int)Math.Clamp(maxCount, 0, int.MaxValue));
        return new QueryResult(asked.AsOf, [.. found.Select(entry => new JournalEntry(entry))]);
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        if (closed) return LocalReads.Refused(this);
        return subscriptions.Follow(from => ReadAll(from), fromPosition, cancellationToken);
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
            gates.Close();
        }

        subscriptions.Close();
        observer.Closed(Head);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override TAnswer AskTree<TAnswer>(Func<IBatchTree, TAnswer> question)
    {
        ArgumentNullException.ThrowIfNull(question);
        return Read((journal, asked) => asked(new MemoryTree(journal, this)), question);
    }

    private static Head? HeadOf(FSharpValueOption<Head> head) => head.IsValueSome ? head.Value : null;

    private static IEnumerable<JournalEntry> Entries(Core.ColumnItems<Core.Entry> entries)
    {
        for (var index = 0; index < entries.Count; index++) yield return new JournalEntry(entries[index]);
    }

    private ValueTask<AppendResult> AppendGatedAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        gates.Asks ? gates.AppendAsync(batch, cancellationToken) : AppendUnobservedAsync(batch, cancellationToken);

    private ValueTask<AppendResult> RestoreUnaskedAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Commit(static (journal, entries) => journal.Restore(entries), batch.ToCore()));

    private ValueTask<AppendResult> AppendUnobservedAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<AppendResult>(cancellationToken)
            : ValueTask.FromResult(Commit(static (journal, batch) => journal.Append(batch), batch));

    // What is answered never changes: it is read outside the lock.
    private T Read<TAsked, T>(Func<Core.ArrayJournal, TAsked, T> read, TAsked asked)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return read(journal, asked);
        }
    }

    private void Change(Action change)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            change();
        }
    }

    private AppendResult Commit<TBatch>(
        Func<Core.ArrayJournal, TBatch, FSharpResult<(Core.PlacedReceipt Receipt, bool IsFresh), Core.AppendError>> append, TBatch batch)
    {
        FSharpResult<(Core.PlacedReceipt Receipt, bool IsFresh), Core.AppendError> committed;
        lock (gate)
        {
            if (closed) return new AppendResult.NotAppended(new AppendFailure.Unavailable("the journal was closed", null));
            committed = append(journal, batch);
            if (committed.IsError) return new AppendResult.NotAppended(committed.ErrorValue.ToFailure());
            // Inside the lock, so that positions are published in commit order.
            subscriptions.Publish(journal.Head.Position);
        }

        var (receipt, isFresh) = committed.ResultValue;
        if (isFresh) observer.Committed(1, receipt.Count);
        return new AppendResult.Appended(new Receipt(receipt)) { IsRepeated = !isFresh };
    }
}
