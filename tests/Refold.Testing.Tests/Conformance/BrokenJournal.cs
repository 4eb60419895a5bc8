// What stores that break one promise each have in common: everything is handed on to a journal in memory.
// Derived from by BrokenJournals and AwaitingFaults; handed to the suite by the fixtures here.
using System.Runtime.CompilerServices;

namespace Refold.Testing.Tests.Conformance;

/// <summary>Hands everything on to a journal in memory; the broken promise is overridden.</summary>
internal abstract class BrokenJournal(InMemoryJournal inner) : IJournal
{
    private readonly CancellationTokenSource closing = new();

    public bool IsClosed => closing.IsCancellationRequested;

    protected InMemoryJournal Inner => inner;

    /// <summary>Where reads are answered from.</summary>
    protected virtual InMemoryJournal Shown => inner;

    public virtual ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => Shown.HeadAsync(cancellationToken);

    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        AskAsync(shown => shown.HeadAtAsync(position, cancellationToken));

    public virtual ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) => IsClosed
        ? new(new AppendResult.NotAppended(new AppendFailure.Unavailable("closed", null)))
        : inner.TryAppendAsync(batch, cancellationToken);

    public virtual ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        inner.TryRestoreAsync(batch, cancellationToken);

    public virtual ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return AskAsync(shown => shown.FindByKeyAsync(key, cancellationToken));
    }

    public virtual ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) =>
        inner.DeleteToAsync(stream, version, cancellationToken);

    public ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return AskAsync(shown => shown.HighestVersionAsync(stream, cancellationToken));
    }

    public virtual ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return AskAsync(shown => shown.StreamsAsync(prefix, after, maxCount, cancellationToken));
    }

    public virtual IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return ReadAsync(
            shown => shown.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, CancellationToken.None), cancellationToken);
    }

    public virtual IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        ReadAsync(shown => shown.ReadAllAsync(fromPosition, maxCount, CancellationToken.None), cancellationToken);

    public ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return AskAsync(shown => shown.QueryAsync(query, fromPosition, maxCount, cancellationToken));
    }

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        FollowAsync(token => inner.SubscribeAsync(fromPosition, token), cancellationToken);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        FollowAsync(token => inner.SubscribeAsync(after, token), cancellationToken);

    public ValueTask<BatchPlace?> BatchAtAsync(long position, CancellationToken cancellationToken = default) =>
        AskAsync(shown => shown.BatchAtAsync(position, cancellationToken));

    public ValueTask<Head> HeadAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken = default) =>
        AskAsync(shown => shown.HeadAsOfAsync(time, cancellationToken));

    public ValueTask<long?> TreeSizeAsync(long position, CancellationToken cancellationToken = default) =>
        AskAsync(shown => shown.TreeSizeAsync(position, cancellationToken));

    public virtual ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default) =>
        AskAsync(shown => shown.RootAtAsync(size, cancellationToken));

    public virtual ValueTask<InclusionProof> InclusionProofAsync(
        long position, long? size = null, CancellationToken cancellationToken = default) =>
        AskAsync(shown => shown.InclusionProofAsync(position, size, cancellationToken));

    public virtual ValueTask<ConsistencyProof> ConsistencyProofAsync(
        long from, long? to = null, CancellationToken cancellationToken = default) =>
        AskAsync(shown => shown.ConsistencyProofAsync(from, to, cancellationToken));

    // The journal behind it is what is kept: it is not closed.
    public virtual async ValueTask DisposeAsync() => await closing.CancelAsync();

    protected async IAsyncEnumerable<JournalEntry> ReadAsync(
        Func<InMemoryJournal, IAsyncEnumerable<JournalEntry>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
        await foreach (var entry in read(Shown).WithCancellation(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    protected InMemoryJournal Open()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return inner;
    }

    private async ValueTask<T> AskAsync<T>(Func<InMemoryJournal, ValueTask<T>> ask)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return await ask(Shown);
    }

    private async IAsyncEnumerable<JournalEntry> FollowAsync(
        Func<CancellationToken, IAsyncEnumerable<JournalEntry>> subscribe, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        await using var entries = subscribe(either.Token).GetAsyncEnumerator(CancellationToken.None);
        while (await MoveNextAsync(entries, cancellationToken)) yield return entries.Current;
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<JournalEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            return await entries.MoveNextAsync();
        }
        catch (OperationCanceledException) when (IsClosed && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}

/// <summary>Breaks nothing: the control.</summary>
internal sealed class HonestJournal(InMemoryJournal inner) : BrokenJournal(inner);

/// <summary>Reads beside a writer: sees what the writer has done, and appends nothing.</summary>
internal class ReaderJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        new(new AppendResult.NotAppended(new AppendFailure.Unavailable("opened for reading", null)));
}

/// <summary>A store whose journal in memory is kept over openings and crashes.</summary>
internal sealed class KeptFixture(Func<InMemoryJournal, IJournal> wrap) : JournalFixture
{
    private readonly InMemoryJournal kept = new();

    public override JournalCapabilities Capabilities =>
        JournalCapabilities.All & ~(JournalCapabilities.SeveralProcesses | JournalCapabilities.RequiredGates);

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) => new(wrap(kept));

    public override ValueTask<bool> CrashAsync() => new(true);
}

/// <summary>The hasty store: each opening sees what is kept, restored batch by batch.</summary>
internal sealed class HastyFixture : JournalFixture
{
    private readonly InMemoryJournal kept = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.Durability;

    public override async ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken)
    {
        var seen = new InMemoryJournal();
        foreach (var batch in kept.ReadAll().GroupBy(entry => entry.Batch)) await seen.RestoreAsync([.. batch], cancellationToken);
        return new HastyJournal(kept, seen);
    }

    public override ValueTask<bool> CrashAsync() => new(true);
}

/// <summary>A store that others read beside its writer, of whom there is one.</summary>
/// <param name="read">Makes a reader of what is kept.</param>
internal sealed class BesideFixture(Func<InMemoryJournal, IJournal> read) : JournalFixture
{
    private readonly InMemoryJournal kept = new();
    private HonestJournal? writer;

    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.RequiredGates;

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken)
    {
        if (writer is { IsClosed: false }) throw new JournalInUseException("memory");
        return new(writer = new HonestJournal(kept));
    }

    public override ValueTask<IJournal> OpenForReadingAsync(CancellationToken cancellationToken) => new(read(kept));

    public override async ValueTask<bool> CrashAsync()
    {
        if (writer is not null) await writer.DisposeAsync();
        return true;
    }
}
