// Journals between a run and the real one: watched, held back, failing.
// Used by the tests of runs.
namespace Refold.Tests.Runs;

/// <summary>Hands everything but appends on, and answers <see cref="IJournal.FindByKey"/> as the interface does.</summary>
internal abstract class ForwardingJournal(IJournal inner) : IJournal
{
    protected IJournal Inner { get; } = inner;

    public Head Head => Inner.Head;

    public abstract ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default);

    public Head? HeadAt(long position) => Inner.HeadAt(position);

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        Inner.TryRestoreAsync(batch, cancellationToken);

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) =>
        Inner.DeleteToAsync(stream, version, cancellationToken);

    public long HighestVersion(StreamId stream) => Inner.HighestVersion(stream);

    public IReadOnlyList<StreamInfo> Streams() => Inner.Streams();

    public IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        Inner.ReadStream(stream, fromVersion, toVersion, maxCount);

    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) => Inner.ReadAll(fromPosition, maxCount);

    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) => Inner.Query(query, fromPosition, maxCount);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        Inner.SubscribeAsync(fromPosition, cancellationToken);

    public ValueTask DisposeAsync() => Inner.DisposeAsync();
}

/// <summary>A journal whose appends can be watched, held back, and made to fail; everything else is the inner journal's.</summary>
internal sealed class StagedJournal(IJournal inner) : ForwardingJournal(inner)
{
    private readonly Queue<TaskCompletionSource<AppendResult>> held = new();
    private readonly Queue<AppendResult> results = new();

    /// <summary>Called with the number of each append, from 1, before it is handed on; an answer replaces it.</summary>
    public Func<int, AppendResult?> Before { get; set; } = _ => null;

    /// <summary>Whether answers are held back until <see cref="Release"/>.</summary>
    public bool Holds { get; set; }

    public int Appends { get; private set; }

    /// <summary>Whether the last append let others share its flush.</summary>
    public bool MoreMayFollow { get; private set; }

    public int Held
    {
        get { lock (held) return held.Count; }
    }

    public override async ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        MoreMayFollow = request.MoreMayFollow;
        var result = Before(++Appends) ?? await Inner.TryAppendAsync(request, cancellationToken);
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
