// Stores that break a promise which any store could break: the suite has to notice every one.
// Used by BrokenStoreTests.
namespace Refold.Testing.Tests.Conformance;

/// <summary>Drops one entry in a thousand from what it reads: which ones follows from a seed.</summary>
internal sealed class DroppingJournal(InMemoryJournal inner, ulong seed) : BrokenJournal(inner)
{
    public override IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default) =>
        base.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken).Where(IsKept);

    public override IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        base.ReadAllAsync(fromPosition, maxCount, cancellationToken).Where(IsKept);

    private bool IsKept(JournalEntry entry) => ((ulong)entry.Position + seed) % 1000 != 0;
}

/// <summary>Mixes the order of entries now and then: two that follow each other change places.</summary>
internal sealed class MixingJournal(InMemoryJournal inner, ulong seed, ulong every = 50) : BrokenJournal(inner)
{
    public override IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        ReadAsync(shown => Mixed(shown, fromPosition, maxCount).ToAsyncEnumerable(), cancellationToken);

    private List<JournalEntry> Mixed(InMemoryJournal shown, long fromPosition, long maxCount)
    {
        var entries = shown.ReadAll(fromPosition, maxCount).ToList();
        for (var index = 1; index < entries.Count; index++)
        {
            if (((ulong)entries[index].Position + seed) % every == 0) (entries[index - 1], entries[index]) = (
                entries[index], entries[index - 1]);
        }

        return entries;
    }
}

/// <summary>Accepts a stale version now and then.</summary>
internal sealed class StaleJournal(InMemoryJournal inner, ulong seed) : BrokenJournal(inner)
{
    private readonly SeededRng rng = SeededRng.FromSeed(seed);

    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        var result = await base.TryAppendAsync(batch, cancellationToken);
        if (result is not AppendResult.NotAppended { Failure: AppendFailure.Conflict }) return result;
        lock (rng)
        {
            if (rng.Between(0, 9) != 0) return result;
        }

        return await base.TryAppendAsync(Unchecked(batch).Encode(), cancellationToken);
    }

    /// <summary>The same entries, expecting nothing.</summary>
    internal static AppendRequest Unchecked(EncodedBatch batch) =>
        new([.. Enumerable.Range(0, batch.Count).Select(index => Data(JournalEntry.TryRead(1, 1, 1, batch.CanonicalBytes(index))!))])
        {
            IdempotencyKey = batch.Key,
        };

    private static EntryData Data(JournalEntry entry) => new(entry.Stream, entry.Type, entry.Payload)
    {
        Role = entry.Role,
        SchemaVersion = entry.SchemaVersion,
        Tags = entry.Tags,
        Time = entry.Time,
        CausationId = entry.CausationId,
        Run = entry.Run,
        Drawn = entry.Drawn,
    };
}

/// <summary>Appends what does not get through gates all the same.</summary>
internal sealed class OpenJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        var result = await base.TryAppendAsync(batch, cancellationToken);
        return result is AppendResult.NotAppended { Failure: AppendFailure.PassRefused }
            ? await base.TryAppendAsync(StaleJournal.Unchecked(batch).Encode(), cancellationToken)
            : result;
    }
}

/// <summary>Answers before durability: what it has answered reaches what is kept with the next append, or when it is closed.</summary>
internal sealed class HastyJournal(InMemoryJournal kept, InMemoryJournal seen) : BrokenJournal(seen)
{
    private readonly Lock gate = new();
    private readonly List<EncodedBatch> late = [];

    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        // In memory an append is done when the call returns, so the lock is held over all of it.
        lock (gate)
        {
            Write();
            var append = base.TryAppendAsync(batch, cancellationToken);
            if (append is { IsCompletedSuccessfully: true, Result: AppendResult.Appended }) late.Add(batch);
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
        foreach (var batch in late) kept.TryAppendAsync(batch).AsTask().GetAwaiter().GetResult().ReceiptOrThrow();
        late.Clear();
    }
}

/// <summary>Keeps places as floating-point numbers: far ones are rounded.</summary>
internal sealed class RoundingJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        base.TryRestoreAsync([.. batch.Select(Rounded)], cancellationToken);

    // Within a batch they stay apart, so that only their values tell.
    private static JournalEntry Rounded(JournalEntry entry)
    {
        var first = Rounded(entry.Batch);
        return JournalEntry.TryRead(
            first + entry.Position - entry.Batch, Rounded(entry.Version), first, entry.ToCanonicalBytes())!;
    }

    private static long Rounded(long place) => (long)(double)place;
}

/// <summary>Rebuilds what it reads from while it deletes: a read meanwhile misses the newest entry.</summary>
internal sealed class RebuildingJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    private volatile bool isRebuilding;

    public override async ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        isRebuilding = true;
        await Task.Delay(2, CancellationToken.None);
        await base.DeleteToAsync(stream, version, cancellationToken);
        isRebuilding = false;
    }

    public override IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        ReadAsync(shown => Left(shown.ReadAll(fromPosition, maxCount)).ToAsyncEnumerable(), cancellationToken);

    private IEnumerable<JournalEntry> Left(IEnumerable<JournalEntry> entries) => isRebuilding ? entries.SkipLast(1) : entries;
}

/// <summary>Reads beside a writer as it was when the reader was opened, for as long as that is open.</summary>
internal sealed class MomentReaderJournal : ReaderJournal
{
    private readonly InMemoryJournal copy = new();

    public MomentReaderJournal(InMemoryJournal inner)
        : base(inner)
    {
        foreach (var batch in inner.ReadAll().GroupBy(entry => entry.Batch))
            copy.TryRestoreAsync([.. batch]).AsTask().GetAwaiter().GetResult().ReceiptOrThrow();
    }

    protected override InMemoryJournal Shown => copy;
}

/// <summary>Takes what has no place any more for done: it answers with the last receipt.</summary>
internal sealed class FullJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    private AppendResult last = new AppendResult.NotAppended(new AppendFailure.Unavailable("new", null));

    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        var result = await base.TryAppendAsync(batch, cancellationToken);
        var isFull = result is AppendResult.NotAppended { Failure: AppendFailure.LimitExceeded } && Inner.Head.Position >= (1L << 62) - 1;
        if (result is AppendResult.Appended) last = result;
        return isFull ? last : result;
    }
}

/// <summary>Answers the root of one batch less.</summary>
internal sealed class BehindRootJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default)
    {
        var root = Inner.RootAt(size);
        return new(root.Size == 0 ? root : root with { Root = Inner.RootAt(root.Size - 1).Root });
    }
}

/// <summary>Proves the entry before the one that is asked for.</summary>
internal sealed class OtherProofJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override ValueTask<InclusionProof> InclusionProofAsync(
        long position, long? size = null, CancellationToken cancellationToken = default) =>
        base.InclusionProofAsync(position > 1 ? position - 1 : position, size, cancellationToken);
}

/// <summary>Leaves the last hash of a proof of growth away.</summary>
internal sealed class ShortProofJournal(InMemoryJournal inner) : BrokenJournal(inner)
{
    public override async ValueTask<ConsistencyProof> ConsistencyProofAsync(
        long from, long? to = null, CancellationToken cancellationToken = default)
    {
        var proof = await base.ConsistencyProofAsync(from, to, cancellationToken);
        return proof with { Path = [.. proof.Path.SkipLast(1)] };
    }
}
