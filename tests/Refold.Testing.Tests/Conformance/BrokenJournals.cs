// Stores that break one promise each, with the fixtures that hand them to the suite: it has to notice every one.
// Used by BrokenStoreTests.
using System.Runtime.CompilerServices;

namespace Refold.Testing.Tests.Conformance;

/// <summary>Hands everything on to a journal in memory; what is broken is overridden.</summary>
internal abstract class BrokenJournal(InMemoryJournal inner) : IJournal
{
    private readonly CancellationTokenSource closing = new();

    private bool IsClosed => closing.IsCancellationRequested;

    public virtual Head Head => inner.Head;

    protected InMemoryJournal Inner => inner;

    public Head? HeadAt(long position) => Open().HeadAt(position);

    public virtual ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default) => IsClosed
        ? new(new AppendResult.NotAppended(new AppendFailure.Unavailable("closed", null)))
        : inner.TryAppendAsync(request, cancellationToken);

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) => inner.TryRestoreAsync(batch, cancellationToken);

    public Receipt? FindByKey(string key) => Open().FindByKey(key);

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) => inner.DeleteToAsync(stream, version, cancellationToken);

    public long HighestVersion(StreamId stream) => Open().HighestVersion(stream);

    public IReadOnlyList<StreamInfo> Streams() => Open().Streams();

    public virtual IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        Open().ReadStream(stream, fromVersion, toVersion, maxCount);

    public virtual IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) => Open().ReadAll(fromPosition, maxCount);

    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) => Open().Query(query, fromPosition, maxCount);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default)
    {
        Open();
        return FollowAsync(fromPosition, cancellationToken);
    }

    // The journal behind it is what is kept: it is not closed.
    public virtual async ValueTask DisposeAsync() => await closing.CancelAsync();

    private async IAsyncEnumerable<JournalEntry> FollowAsync(long fromPosition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        await using var entries = inner.SubscribeAsync(fromPosition, either.Token).GetAsyncEnumerator(CancellationToken.None);
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

    private InMemoryJournal Open()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return inner;
    }
}

/// <summary>Breaks nothing: the control.</summary>
internal sealed class HonestJournal(InMemoryJournal inner) : BrokenJournal(inner);

/// <summary>Drops one entry in a thousand from what it reads: which ones follows from a seed.</summary>
internal sealed class DroppingJournal(InMemoryJournal inner, ulong seed) : BrokenJournal(inner)
{
    public override IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        base.ReadStream(stream, fromVersion, toVersion, maxCount).Where(IsKept);

    public override IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) => base.ReadAll(fromPosition, maxCount).Where(IsKept);

    private bool IsKept(JournalEntry entry) => ((ulong)entry.Position + seed) % 1000 != 0;
}

/// <summary>Mixes the order of entries now and then: two that follow each other change places.</summary>
internal sealed class MixingJournal(InMemoryJournal inner, ulong seed) : BrokenJournal(inner)
{
    public override IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue)
    {
        var entries = base.ReadAll(fromPosition, maxCount).ToList();
        for (var index = 1; index < entries.Count; index++)
        {
            if (((ulong)entries[index].Position + seed) % 50 == 0) (entries[index - 1], entries[index]) = (entries[index], entries[index - 1]);
        }

        return entries;
    }
}

/// <summary>Accepts a stale version now and then.</summary>
internal sealed class StaleJournal(InMemoryJournal inner, ulong seed) : BrokenJournal(inner)
{
    private readonly SeededRng rng = SeededRng.FromSeed(seed);

    public override async ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        var result = await base.TryAppendAsync(request, cancellationToken);
        if (result is not AppendResult.NotAppended { Failure: AppendFailure.Conflict }) return result;
        lock (rng)
        {
            if (rng.Between(0, 9) != 0) return result;
        }

        return await base.TryAppendAsync(request with { Expected = new Dictionary<StreamId, ExpectedVersion>() }, cancellationToken);
    }
}

/// <summary>Answers before durability: what it has answered reaches what is kept with the next append, or when it is closed.</summary>
internal sealed class HastyJournal(InMemoryJournal kept, InMemoryJournal seen) : BrokenJournal(seen)
{
    private readonly Lock gate = new();
    private readonly List<AppendRequest> late = [];

    public override ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        // In memory an append is done when the call returns, so the lock is held over all of it.
        lock (gate)
        {
            Write();
            var append = base.TryAppendAsync(request, cancellationToken);
            if (append is { IsCompletedSuccessfully: true, Result: AppendResult.Appended }) late.Add(request);
            return append;
        }
    }

    public override ValueTask DisposeAsync()
    {
        lock (gate) Write();
        return base.DisposeAsync();
    }

    private void Write()
    {
        foreach (var request in late) kept.TryAppendAsync(request).AsTask().GetAwaiter().GetResult().ReceiptOrThrow();
        late.Clear();
    }
}

/// <summary>A store whose journal in memory is kept over openings and crashes.</summary>
internal sealed class KeptFixture(Func<InMemoryJournal, IJournal> wrap) : JournalFixture
{
    private readonly InMemoryJournal kept = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

    public override IJournal Open() => wrap(kept);

    public override bool Crash() => true;
}

/// <summary>The hasty store: each opening sees what is kept, restored batch by batch.</summary>
internal sealed class HastyFixture : JournalFixture
{
    private readonly InMemoryJournal kept = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.Durability;

    public override IJournal Open()
    {
        var seen = new InMemoryJournal();
        foreach (var batch in kept.ReadAll().GroupBy(entry => entry.Batch)) Assert(seen.TryRestoreAsync([.. batch]).AsTask().GetAwaiter().GetResult());
        return new HastyJournal(kept, seen);
    }

    public override bool Crash() => true;

    private static void Assert(AppendResult result) => result.ReceiptOrThrow();
}
