// Stores that break a promise which only a store that is awaited can break: the suite has to notice every one.
// Used by BrokenStoreTests.
namespace Refold.Testing.Tests.Conformance;

/// <summary>Reads from a copy that follows late, as a replica does: after one append in ten it still is as before the call.</summary>
internal sealed class LateJournal(InMemoryJournal inner, ulong seed) : BrokenJournal(inner)
{
    private readonly Lock gate = new();
    private readonly InMemoryJournal copy = new();
    private readonly SeededRng rng = SeededRng.FromSeed(seed);
    private Action follow = () => { };

    protected override InMemoryJournal Shown => copy;

    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        // In memory all of it is done when the call returns.
        lock (gate)
        {
            Follow();
            var append = base.TryAppendAsync(batch, cancellationToken);
            if (append is not { IsCompletedSuccessfully: true, Result: AppendResult.Appended }) return append;
            follow = () => Done(copy.TryAppendAsync(batch, CancellationToken.None));
            if (rng.Between(0, 9) != 0) Follow();
            return append;
        }
    }

    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            Follow();
            var restore = base.TryRestoreAsync(batch, cancellationToken);
            if (restore is { IsCompletedSuccessfully: true, Result: AppendResult.Appended })
                Done(copy.TryRestoreAsync(batch, CancellationToken.None));
            return restore;
        }
    }

    public override ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            Follow();
            var delete = base.DeleteToAsync(stream, version, cancellationToken);
            if (delete.IsCompletedSuccessfully) Done(copy.DeleteToAsync(stream, version, CancellationToken.None));
            return delete;
        }
    }

    private static void Done(ValueTask<AppendResult> append) => append.AsTask().GetAwaiter().GetResult().ReceiptOrThrow();

    private static void Done(ValueTask deletion) => deletion.AsTask().GetAwaiter().GetResult();

    private void Follow()
    {
        follow();
        follow = () => { };
    }
}

/// <summary>Gives the first page of streams again, whatever it is to come behind.</summary>
internal sealed class FirstPageJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default) =>
        base.StreamsAsync(prefix, null, maxCount, cancellationToken);
}

/// <summary>Looks for keys among the entries that are left: those of deleted entries are forgotten.</summary>
internal sealed class LiveKeysJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return ScanAsync(key, cancellationToken);
    }

    private async ValueTask<Receipt?> ScanAsync(string key, CancellationToken cancellationToken)
    {
        await foreach (var entry in ReadAllAsync(cancellationToken: cancellationToken))
        {
            if (entry.IdempotencyKey == key) return await base.FindByKeyAsync(key, cancellationToken);
        }

        return null;
    }
}

/// <summary>Loses the answer of an append that nobody waits for any more: the batch is committed, and its key is not.</summary>
internal sealed class ForgetfulJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        var result = await base.TryAppendAsync(batch, cancellationToken);
        if (!cancellationToken.CanBeCanceled || result is not AppendResult.Appended appended) return result;
        await Task.Delay(5, CancellationToken.None);
        if (!cancellationToken.IsCancellationRequested) return result;
        Inner.ForgetKeysBefore(appended.Receipt.FirstPosition + 1);
        throw new OperationCanceledException(cancellationToken);
    }
}

/// <summary>Reads on when it is cancelled.</summary>
internal sealed class DeafJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        Open().ReadAll(fromPosition, maxCount).ToAsyncEnumerable();
}

/// <summary>Reads a stream when it is called, not when the read begins; so do its errors come.</summary>
internal sealed class EagerJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        var entries = Open().ReadStream(stream, fromVersion, toVersion, maxCount);
        return ReadAsync(_ => entries.ToAsyncEnumerable(), cancellationToken);
    }
}

/// <summary>Answers a synchronous read otherwise than its asynchronous twin: the prefix is left out.</summary>
internal sealed class UnevenJournal(InMemoryJournal inner) : BrokenJournal(inner), ILocalJournal
{
    public Head Head => Inner.Head;

    public Head? HeadAt(long position) => Open().HeadAt(position);

    public Receipt? FindByKey(string key) => Open().FindByKey(key);

    public long HighestVersion(StreamId stream) => Open().HighestVersion(stream);

    public IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return Open().Streams("", after, maxCount);
    }

    public IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        Open().ReadStream(stream, fromVersion, toVersion, maxCount);

    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
        Open().ReadAll(fromPosition, maxCount);

    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) =>
        Open().Query(query, fromPosition, maxCount);
}

/// <summary>A store that is there for one opening only.</summary>
internal sealed class OnceFixture(Func<IJournal> open) : JournalFixture
{
    public override JournalCapabilities Capabilities =>
        JournalCapabilities.All
        & ~(JournalCapabilities.Durability | JournalCapabilities.SeveralProcesses | JournalCapabilities.RequiredGates);

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) => new(open());
}
