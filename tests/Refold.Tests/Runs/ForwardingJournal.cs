// Journals between a run and the real one: watched, held back, failing.
// Used by the tests of runs.
namespace Refold.Tests.Runs;

/// <summary>Hands everything but appends on. A run sees the asynchronous contract only; tests look into the inner journal.</summary>
internal abstract class ForwardingJournal(ILocalJournal inner) : IJournal
{
    public Head Head => Inner.Head;

    protected ILocalJournal Inner { get; } = inner;

    public long HighestVersion(StreamId stream) => Inner.HighestVersion(stream);

    public IReadOnlyList<StreamInfo> Streams() => Inner.Streams();

    public IEnumerable<JournalEntry> ReadStream(StreamId stream) => Inner.ReadStream(stream);

    public IEnumerable<JournalEntry> ReadAll() => Inner.ReadAll();

    public virtual ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => Inner.HeadAsync(cancellationToken);

    public virtual ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        Inner.HeadAtAsync(position, cancellationToken);

    public abstract ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default);

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        Inner.TryRestoreAsync(batch, cancellationToken);

    public virtual ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default) =>
        Inner.FindByKeyAsync(key, cancellationToken);

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) =>
        Inner.DeleteToAsync(stream, version, cancellationToken);

    public virtual ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        Inner.HighestVersionAsync(stream, cancellationToken);

    public virtual ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default) =>
        Inner.StreamsAsync(prefix, after, maxCount, cancellationToken);

    public virtual IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default) =>
        Inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken);

    public virtual IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        Inner.ReadAllAsync(fromPosition, maxCount, cancellationToken);

    public ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        Inner.QueryAsync(query, fromPosition, maxCount, cancellationToken);

    public virtual IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        Inner.SubscribeAsync(fromPosition, cancellationToken);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        Inner.SubscribeAsync(after, cancellationToken);

    public ValueTask<BatchPlace?> BatchAtAsync(long position, CancellationToken cancellationToken = default) =>
        Inner.BatchAtAsync(position, cancellationToken);

    public ValueTask<Head> HeadAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken = default) =>
        Inner.HeadAsOfAsync(time, cancellationToken);

    public ValueTask<long?> TreeSizeAsync(long position, CancellationToken cancellationToken = default) =>
        Inner.TreeSizeAsync(position, cancellationToken);

    public ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default) =>
        Inner.RootAtAsync(size, cancellationToken);

    public ValueTask<InclusionProof> InclusionProofAsync(
        long position, long? size = null, CancellationToken cancellationToken = default) =>
        Inner.InclusionProofAsync(position, size, cancellationToken);

    public ValueTask<ConsistencyProof> ConsistencyProofAsync(
        long from, long? to = null, CancellationToken cancellationToken = default) =>
        Inner.ConsistencyProofAsync(from, to, cancellationToken);

    public ValueTask DisposeAsync() => Inner.DisposeAsync();
}

/// <summary>A journal whose appends can be watched, held back, and made to fail; everything else is the inner journal's.</summary>
internal sealed class StagedJournal(ILocalJournal inner) : ForwardingJournal(inner)
{
    private readonly Queue<TaskCompletionSource<AppendResult>> held = new();
    private readonly Queue<AppendResult> results = new();

    /// <summary>Called with the number of each append, from 1, before it is handed on; an answer replaces it.</summary>
    public Func<int, AppendResult?> Before { get; set; } = _ => null;

    /// <summary>Whether answers are held back until <see cref="Release"/>.</summary>
    public bool Holds { get; set; }

    public int Appends { get; private set; }

    /// <summary>Whether the last append let others share its flush.</summary>
    public bool Pipelined { get; private set; }

    public int Held
    {
        get { lock (held) return held.Count; }
    }

    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        Pipelined = batch.Pipelined;
        var result = Before(++Appends) ?? await Inner.TryAppendAsync(batch, cancellationToken);
        if (!Holds)
            return result;
        var answer = new TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (held)
        {
            held.Enqueue(answer);
            results.Enqueue(result);
        }

        return await answer.Task;
    }

    /// <summary>Answers everything that was held back, and holds nothing back any more.</summary>
    public void Release()
    {
        Holds = false;
        lock (held)
        {
            while (held.TryDequeue(out var answer))
                answer.SetResult(results.Dequeue());
        }
    }
}
