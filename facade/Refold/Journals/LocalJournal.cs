// What local journals have in common: an awaited read is the synchronous one, answered when the call returns.
// The base of InMemoryJournal, SegmentJournal and LiteDbJournal, and of local stores of others.
namespace Refold;

/// <summary>The base of a store that answers reads at once: it writes each read once, as the synchronous member.</summary>
/// <remarks>
/// Awaited reads run the synchronous ones on the caller's thread: with the call, or with the first <c>MoveNextAsync</c>. What they throw
/// comes with the await. A store that has to wait for its answers implements <see cref="IJournal"/> instead.
/// </remarks>
public abstract class LocalJournal : ILocalJournal, ITreeJournal
{
    /// <summary>Whether an append is answered by the thread that committed it, so that a batch may say
    /// <see cref="EncodedBatch.AllowSynchronousContinuations"/>. It is false wherever other code awaits that answer, as in a
    /// journal that hands appends on to another.</summary>
    /// <value>Default: false.</value>
    protected internal virtual bool AnswersOnItsThread => false;

    /// <summary>Whether a scan hands out entries where they lie, and makes no objects for it.</summary>
    internal virtual bool ScansInPlace => false;

    /// <summary>Whether a batch that is lent is given back once it is answered, and told to nobody. It is false wherever somebody else may
    /// hold the batch, as in a journal that hands appends on to another.</summary>
    internal virtual bool GivesBatchesBack => false;

    /// <inheritdoc/>
    public virtual GateSet? RequiredGates => null;

    /// <inheritdoc/>
    public abstract Head Head { get; }

    /// <inheritdoc/>
    public virtual bool IsOnlyWriter => false;

    /// <inheritdoc/>
    public abstract Head? HeadAt(long position);

    /// <inheritdoc/>
    public abstract Receipt? FindByKey(string key);

    /// <inheritdoc/>
    public virtual IReadOnlyList<long> FindById(Guid id) => LocalReads.PositionsOf(ReadAll(), entry => entry.Id == id);

    /// <inheritdoc/>
    public virtual IReadOnlyList<long> CausedBy(Guid id) => LocalReads.PositionsOf(ReadAll(), entry => entry.CausationId == id);

    /// <inheritdoc/>
    public abstract long HighestVersion(StreamId stream);

    /// <inheritdoc/>
    public abstract IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue);

    /// <inheritdoc/>
    public abstract IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue);

    /// <inheritdoc/>
    public abstract IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue);

    /// <inheritdoc/>
    public abstract QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue);

    /// <inheritdoc/>
    public virtual long ScanAll(EntryVisitor visitor, long fromPosition = 1, long maxCount = long.MaxValue) =>
        ObjectScan.Over(ReadAll(fromPosition, maxCount), visitor);

    /// <inheritdoc/>
    public virtual long ScanStream(
        StreamId stream, EntryVisitor visitor, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        ObjectScan.Over(ReadStream(stream, fromVersion, toVersion, maxCount), visitor);

    /// <inheritdoc/>
    public abstract ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    TAnswer ITreeJournal.Ask<TAnswer>(Func<IBatchTree, TAnswer> question) => AskTree(question);

    /// <inheritdoc/>
    public BatchPlace? BatchAt(long position) => AskTree(tree => tree.BatchAt(position));

    /// <inheritdoc/>
    public Head HeadAsOf(DateTimeOffset time) => AskTree(tree => TreeProofs.HeadAsOf(tree, time));

    /// <inheritdoc/>
    public long? TreeSize(long position) => AskTree(tree => TreeProofs.TreeSize(tree, position));

    /// <inheritdoc/>
    public TreeHead RootAt(long? size = null) => AskTree(tree => TreeProofs.RootAt(tree, size));

    /// <inheritdoc/>
    public InclusionProof InclusionProof(long position, long? size = null) => AskTree(tree => TreeProofs.Inclusion(tree, position, size));

    /// <inheritdoc/>
    public ConsistencyProof ConsistencyProof(long from, long? to = null) => AskTree(tree => TreeProofs.Consistency(tree, from, to));

    /// <inheritdoc/>
    public ValueTask<BatchPlace?> BatchAtAsync(long position, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => BatchAt(position));

    /// <inheritdoc/>
    public ValueTask<Head> HeadAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => HeadAsOf(time));

    /// <inheritdoc/>
    public ValueTask<long?> TreeSizeAsync(long position, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => TreeSize(position));

    /// <inheritdoc/>
    public ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => RootAt(size));

    /// <inheritdoc/>
    public ValueTask<InclusionProof> InclusionProofAsync(
        long position, long? size = null, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => InclusionProof(position, size));

    /// <inheritdoc/>
    public ValueTask<ConsistencyProof> ConsistencyProofAsync(
        long from, long? to = null, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => ConsistencyProof(from, to));

    /// <summary>Answers a question to the batch tree as of one moment.</summary>
    /// <param name="question">The question; it keeps nothing of the tree.</param>
    /// <returns>Its answer.</returns>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    protected virtual TAnswer AskTree<TAnswer>(Func<IBatchTree, TAnswer> question) =>
        throw new NotSupportedException($"{GetType().Name} has no batch tree, so it proves nothing.");

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
        RequirePrefix(prefix);
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

    /// <summary>Refuses a prefix that no name can begin with because it is no text.</summary>
    /// <param name="prefix">The prefix of <see cref="Streams"/>.</param>
    /// <exception cref="ArgumentNullException">The prefix is null.</exception>
    /// <exception cref="ArgumentException">The prefix has half a surrogate pair.</exception>
    protected static void RequirePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        for (var index = 0; index < prefix.Length; index++)
        {
            if (!char.IsSurrogate(prefix[index])) continue;
            if (!char.IsSurrogatePair(prefix, index)) throw new ArgumentException("The prefix has half a surrogate pair.", nameof(prefix));
            index++;
        }
    }
}
