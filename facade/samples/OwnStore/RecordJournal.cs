// A store of one's own, whole: two journals in memory, one that decides and one that shows, and a write between them.
// Shown in facade/Refold.Testing/write-your-own-store.md; run through the conformance suite by Program.cs and by the tests.
using Refold;

namespace OwnStore;

public sealed class RecordJournal : IJournal
{
    private readonly Lock gate = new();
    private readonly InMemoryJournal decided = new();
    private readonly InMemoryJournal shown = new();
    private readonly Records records;
    private Exception? failure;
    private bool closed;

    private RecordJournal(Records records) => this.records = records;

    public Head Head => shown.Head;

    public static RecordJournal Open(Records records)
    {
        var journal = new RecordJournal(records);
        foreach (var record in records.ReadAll())
        {
            journal.Show(journal.decided, record);
            journal.Show(journal.shown, record);
        }

        return journal;
    }

    public ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default) =>
        Commit(() => decided.TryAppendAsync(request, cancellationToken));

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        Commit(() => decided.TryRestoreAsync(batch, cancellationToken));

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            var deletion = new Record.Deletion(stream, version);
            if (failure is not null || !TryWrite(deletion)) throw new JournalException("unavailable", "An earlier write failed; open the journal again.", failure);
            Show(decided, deletion);
            Show(shown, deletion);
        }

        return ValueTask.CompletedTask;
    }

    public Head? HeadAt(long position) => shown.HeadAt(position);

    public Receipt? FindByKey(string key) => shown.FindByKey(key);

    public long HighestVersion(StreamId stream) => shown.HighestVersion(stream);

    public IReadOnlyList<StreamInfo> Streams() => shown.Streams();

    public IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        shown.ReadStream(stream, fromVersion, toVersion, maxCount);

    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) => shown.ReadAll(fromPosition, maxCount);

    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) => shown.Query(query, fromPosition, maxCount);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        shown.SubscribeAsync(fromPosition, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        lock (gate) closed = true;
        await shown.DisposeAsync();
        await decided.DisposeAsync();
    }

    // Decide, write, show, answer: nobody sees what is not written, and the answer comes last.
    private ValueTask<AppendResult> Commit(Func<ValueTask<AppendResult>> decide)
    {
        lock (gate)
        {
            if (closed) return new(NotAppended("the journal was closed"));
            if (failure is not null) return new(NotAppended("an earlier write failed; open the journal again"));
            var decision = decide();
            if (decision is not { IsCompletedSuccessfully: true, Result: AppendResult.Appended { Receipt: var receipt } }) return decision;
            // A repeated key: the first receipt, and nothing to write.
            if (receipt.LastPosition <= shown.Head.Position) return decision;
            var batch = new Record.Batch([.. decided.ReadAll(receipt.FirstPosition)]);
            if (!TryWrite(batch)) return new(new AppendResult.OutcomeUnknown(failure!));
            Show(shown, batch);
            return decision;
        }
    }

    // After a write that failed nobody knows what is there: nothing more is decided until it is read again.
    private bool TryWrite(Record record)
    {
        try
        {
            records.Write(record);
            return true;
        }
        catch (IOException exception)
        {
            failure = exception;
            return false;
        }
    }

    private void Show(InMemoryJournal journal, Record record)
    {
        // In memory both are done when the call returns.
        if (record is Record.Batch batch) journal.TryRestoreAsync(batch.Entries).Result.ReceiptOrThrow();
        else if (record is Record.Deletion deletion) journal.DeleteToAsync(deletion.Stream, deletion.Version).AsTask().Wait();
    }

    private static AppendResult.NotAppended NotAppended(string reason) => new(new AppendFailure.Unavailable(reason, null));
}
