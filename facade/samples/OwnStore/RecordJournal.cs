// A store of one's own, whole: two journals in memory, one that decides and one that shows, and an awaited write between them.
// Shown in facade/Refold.Testing/write-your-own-store.md; run through the conformance suite by Program.cs and by the tests.
using Refold;

namespace OwnStore;

public sealed class RecordJournal : IJournal
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly InMemoryJournal decided = new();
    private readonly InMemoryJournal shown = new();
    private readonly Records records;
    private readonly RequiredGates gates;
    private Exception? failure;
    private bool closed;

    private RecordJournal(Records records, JournalOptions options)
    {
        this.records = records;
        gates = Refold.RequiredGates.Of(options, AppendAsync, RestoreAsync);
    }

    public GateSet? RequiredGates => gates.Gates;

    public static async Task<RecordJournal> OpenAsync(Records records, JournalOptions? options = null)
    {
        var journal = new RecordJournal(records, options ?? new JournalOptions());
        await foreach (var record in records.ReadAllAsync())
        {
            await ShowAsync(journal.decided, record);
            await ShowAsync(journal.shown, record);
        }

        return journal;
    }

    // Whatever is written goes through the gates that the options demand, and they hand it on.
    public ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        gates.AppendAsync(batch, cancellationToken);

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        gates.RestoreAsync(batch, cancellationToken);

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return DeleteAsync(new Record.Deletion(stream, version), cancellationToken);
    }

    public ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default) => shown.HeadAsync(cancellationToken);

    public ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default) =>
        shown.HeadAtAsync(position, cancellationToken);

    public ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default) =>
        shown.FindByKeyAsync(key, cancellationToken);

    public ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        shown.HighestVersionAsync(stream, cancellationToken);

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default) =>
        shown.StreamsAsync(prefix, after, maxCount, cancellationToken);

    public IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default) =>
        shown.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken);

    public IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        shown.ReadAllAsync(fromPosition, maxCount, cancellationToken);

    public ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        shown.QueryAsync(query, fromPosition, maxCount, cancellationToken);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        shown.SubscribeAsync(fromPosition, cancellationToken);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default) =>
        shown.SubscribeAsync(after, cancellationToken);

    public ValueTask<BatchPlace?> BatchAtAsync(long position, CancellationToken cancellationToken = default) =>
        shown.BatchAtAsync(position, cancellationToken);

    public ValueTask<Head> HeadAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken = default) =>
        shown.HeadAsOfAsync(time, cancellationToken);

    public ValueTask<long?> TreeSizeAsync(long position, CancellationToken cancellationToken = default) =>
        shown.TreeSizeAsync(position, cancellationToken);

    public ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default) =>
        shown.RootAtAsync(size, cancellationToken);

    public ValueTask<InclusionProof> InclusionProofAsync(
        long position, long? size = null, CancellationToken cancellationToken = default) =>
        shown.InclusionProofAsync(position, size, cancellationToken);

    public ValueTask<ConsistencyProof> ConsistencyProofAsync(
        long from, long? to = null, CancellationToken cancellationToken = default) =>
        shown.ConsistencyProofAsync(from, to, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync();
        closed = true;
        gates.Close();
        gate.Release();
        await shown.DisposeAsync();
        await decided.DisposeAsync();
    }

    private ValueTask<AppendResult> AppendAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        CommitAsync(() => decided.TryAppendAsync(batch, CancellationToken.None), cancellationToken);

    private ValueTask<AppendResult> RestoreAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken) =>
        CommitAsync(() => decided.TryRestoreAsync(entries, CancellationToken.None), cancellationToken);

    // Decide, write, show, answer: nobody sees what is not written, and the answer comes last.
    // The token ends the waiting for the turn. A batch that was decided is written and shown, whoever waits for it.
    private async ValueTask<AppendResult> CommitAsync(Func<ValueTask<AppendResult>> decide, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (closed) return NotAppended("the journal was closed");
            if (failure is not null) return NotAppended("an earlier write failed; open the journal again");
            var decision = await decide();
            if (decision is not AppendResult.Appended { Receipt: var receipt }) return decision;
            // A repeated key: the first receipt, and nothing to write.
            if (receipt.LastPosition <= shown.Head.Position) return decision;
            var batch = new Record.Batch([.. decided.ReadAll(receipt.FirstPosition)]);
            if (!await TryWriteAsync(batch)) return new AppendResult.OutcomeUnknown(failure!);
            await ShowAsync(shown, batch);
            return decision;
        }
        finally
        {
            gate.Release();
        }
    }

    private async ValueTask DeleteAsync(Record.Deletion deletion, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (failure is not null || !await TryWriteAsync(deletion))
                throw new JournalException("unavailable", "An earlier write failed; open the journal again.", failure);
            await ShowAsync(decided, deletion);
            await ShowAsync(shown, deletion);
        }
        finally
        {
            gate.Release();
        }
    }

    // After a write that failed nobody knows what is there: nothing more is decided until it is read again.
    private async ValueTask<bool> TryWriteAsync(Record record)
    {
        try
        {
            await records.WriteAsync(record);
            return true;
        }
        catch (IOException exception)
        {
            failure = exception;
            return false;
        }
    }

    private static async ValueTask ShowAsync(InMemoryJournal journal, Record record)
    {
        if (record is Record.Batch batch) await journal.RestoreAsync(batch.Entries);
        else if (record is Record.Deletion deletion) await journal.DeleteToAsync(deletion.Stream, deletion.Version);
    }

    private static AppendResult.NotAppended NotAppended(string reason) => new(new AppendFailure.Unavailable(reason, null));
}
