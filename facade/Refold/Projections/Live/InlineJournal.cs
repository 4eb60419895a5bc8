// A journal that answers an append once inline projections hold it. Everything else is the journal behind it.
// Made by InlineProjectionExtensions.
namespace Refold;

internal sealed class InlineJournal(ILocalJournal inner, InlineProjection[] projections) : ILocalJournal, IObservedJournal, ITreeJournal
{
    // One at a time folds; who comes next finds most of it done.
    private readonly SemaphoreSlim folding = new(1, 1);

    // Of a journal without one there is none: whoever asks looks for that.
    JournalObserver IObservedJournal.Observer => JournalObserver.Of(inner)!;

    /// <summary>The journal behind it.</summary>
    public ILocalJournal Inner => inner;

    public Head Head => inner.Head;

    public bool IsOnlyWriter => inner.IsOnlyWriter;

    public GateSet? RequiredGates => inner.RequiredGates;

    /// <summary>Brings every projection up to the head.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        await folding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var head = inner.Head;
            foreach (var projection in projections)
                await projection.CatchUpAsync(inner, head, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            folding.Release();
        }
    }

    public ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        ThenFoldAsync(inner.TryAppendAsync(batch, cancellationToken));

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        ThenFoldAsync(inner.TryRestoreAsync(batch, cancellationToken));

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return FoldThenDeleteAsync(stream, version, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await folding.WaitAsync().ConfigureAwait(false);
        try
        {
            foreach (var projection in projections) await projection.KeepAsync().ConfigureAwait(false);
        }
        finally
        {
            folding.Release();
            await inner.DisposeAsync().ConfigureAwait(false);
        }
    }

    public Head? HeadAt(long position) => inner.HeadAt(position);

    public Receipt? FindByKey(string key) => inner.FindByKey(key);

    public IReadOnlyList<long> FindById(Guid id) => inner.FindById(id);

    public IReadOnlyList<long> CausedBy(Guid id) => inner.CausedBy(id);

    public long HighestVersion(StreamId stream) => inner.HighestVersion(stream);

    public IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue) =>
        inner.Streams(prefix, after, maxCount);

    public IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        inner.ReadStream(stream, fromVersion, toVersion, maxCount);

    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        inner.ReadAll(fromPosition, maxCount);

    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) =>
        inner.Query(query, fromPosition, maxCount);

    public long ScanAll(EntryVisitor visitor, long fromPosition = 1, long maxCount = long.MaxValue) =>
        inner.ScanAll(visitor, fromPosition, maxCount);

    public long ScanStream(
        StreamId stream, EntryVisitor visitor, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        inner.ScanStream(stream, visitor, fromVersion, toVersion, maxCount);

    TAnswer ITreeJournal.Ask<TAnswer>(Func<IBatchTree, TAnswer> question) => inner is ITreeJournal asked
        ? asked.Ask(question)
        : throw new NotSupportedException($"{inner.GetType().Name} tells nothing of its batch tree.");

    public BatchPlace? BatchAt(long position) => inner.BatchAt(position);

    public Head HeadAsOf(DateTimeOffset time) => inner.HeadAsOf(time);

    public long? TreeSize(long position) => inner.TreeSize(position);

    public TreeHead RootAt(long? size = null) => inner.RootAt(size);

    public InclusionProof InclusionProof(long position, long? size = null) => inner.InclusionProof(position, size);

    public ConsistencyProof ConsistencyProof(long from, long? to = null) => inner.ConsistencyProof(from, to);

    public ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => inner.HeadAsync(cancellationToken);

    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        inner.HeadAtAsync(position, cancellationToken);

    public ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default) =>
        inner.FindByKeyAsync(key, cancellationToken);

    public ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        inner.HighestVersionAsync(stream, cancellationToken);

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default) =>
        inner.StreamsAsync(prefix, after, maxCount, cancellationToken);

    public IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default) =>
        inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken);

    public IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        inner.ReadAllAsync(fromPosition, maxCount, cancellationToken);

    public ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        inner.QueryAsync(query, fromPosition, maxCount, cancellationToken);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        inner.SubscribeAsync(fromPosition, cancellationToken);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        inner.SubscribeAsync(after, cancellationToken);

    public ValueTask<BatchPlace?> BatchAtAsync(long position, CancellationToken cancellationToken = default) =>
        inner.BatchAtAsync(position, cancellationToken);

    public ValueTask<Head> HeadAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken = default) =>
        inner.HeadAsOfAsync(time, cancellationToken);

    public ValueTask<long?> TreeSizeAsync(long position, CancellationToken cancellationToken = default) =>
        inner.TreeSizeAsync(position, cancellationToken);

    public ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default) =>
        inner.RootAtAsync(size, cancellationToken);

    public ValueTask<InclusionProof> InclusionProofAsync(
        long position, long? size = null, CancellationToken cancellationToken = default) =>
        inner.InclusionProofAsync(position, size, cancellationToken);

    public ValueTask<ConsistencyProof> ConsistencyProofAsync(
        long from, long? to = null, CancellationToken cancellationToken = default) =>
        inner.ConsistencyProofAsync(from, to, cancellationToken);

    // What was appended past this journal is folded before it goes.
    private async ValueTask FoldThenDeleteAsync(StreamId stream, long version, CancellationToken cancellationToken)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await inner.DeleteToAsync(stream, version, cancellationToken).ConfigureAwait(false);
    }

    // Never on the thread that commits. The token has ended its waiting: the fold of what was committed is made.
    private async ValueTask<AppendResult> ThenFoldAsync(ValueTask<AppendResult> appending)
    {
        var result = await Boundary.Of(appending).ConfigureAwait(false);
        // Also what is no answer of this append may have been committed, such as the record of a denial.
        await CatchUpAsync(CancellationToken.None).ConfigureAwait(false);
        return result;
    }
}
