// A journal in a LiteDB file that loses nothing in a power cut: LiteDB's engine over files and a log of our own.
// Opened with `litedb:FILE`; used by applications and by the tool.
using Refold.LiteDb;
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold;

/// <summary>A journal in a LiteDB file of a local directory. An append is answered when two flushes made it durable. One process at a time
/// may have it open for writing, or several for reading.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed partial class LiteDbJournal : LocalJournal, IObservedJournal, IDatabaseJournal
{
    private readonly Database database;
    private readonly JournalState state;
    private readonly LiteDbIndex index;
    private readonly Reader reader;
    private readonly Subscriptions subscriptions;
    private readonly JournalObserver observer;
    private readonly RequiredGates gates;
    private readonly LiteDbWriter? writer;
    private volatile bool closed;
    private int disposals;

    private LiteDbJournal(Database database, string place, JournalOptions options, PlaceLimits? places)
    {
        this.database = database;
        var documents = new EntryBlocks(database.Journal, place);
        reader = new Reader(database, documents, place);
        state = reader.Guarded(() => new JournalState(database, reader, places));
        index = new LiteDbIndex(database, state, reader);
        subscriptions = new Subscriptions(state.View.LastPosition);
        observer = new JournalObserver(options, "litedb", place);
        gates = Refold.RequiredGates.Of(options, AppendUnobservedAsync, RestoreUnaskedAsync);
        if (!options.ReadOnly)
        {
            database.WriteMark(state.View.Progress, flush: true);
            writer = new LiteDbWriter(new LiteDbLog(database, state, reader, documents, subscriptions.Publish, observer));
        }

        observer.Opened(Head, healed: null);
    }

    JournalObserver IObservedJournal.Observer => observer;

    /// <inheritdoc/>
    public override GateSet? RequiredGates => gates.Gates;

    /// <inheritdoc/>
    protected override bool AnswersOnItsThread => true;

    /// <inheritdoc/>
    public override bool IsOnlyWriter => writer is not null;

    /// <inheritdoc/>
    public override Head Head => state.View.Progress.Head;

    /// <summary>How many entries can be read.</summary>
    public long Entries => state.View.Progress.Entries;

    /// <summary>Idempotency keys of batches that begin before this position were forgotten (<see cref="Compact"/>); 0 where none
    /// were.</summary>
    public long KeysForgottenBefore => state.View.Progress.KeysBefore;

    /// <summary>The head behind a beginning that was dropped before the journal was copied here; position 0 where none was.</summary>
    public Head Begin => state.View.Base;

    /// <summary>Opens the journal of a file. For writing it brings into the file what a crash left in the log, and makes a new journal
    /// where none is.</summary>
    /// <param name="path">The file; beside it lie <c>name-log.ext</c> and <c>name-mark.ext</c>.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The journal; to be disposed by the caller.</returns>
    /// <exception cref="JournalInUseException">Another process, or another journal of this one, has it open; also a plain LiteDB. Beside a
    /// writer nobody reads.</exception>
    /// <exception cref="JournalCorruptedException">It is damaged, or something that was acknowledged is missing. Nothing was
    /// changed.</exception>
    /// <exception cref="UnsupportedFormatException">Its format version is newer, or was given up. Nothing was changed.</exception>
    /// <exception cref="JournalOpenException">It is not there, is no Refold journal, or access is denied. Nothing was changed.</exception>
    public static LiteDbJournal Open(string path, JournalOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(new LocalDatabaseFiles(path), options);
    }

    /// <summary>Opens the journal of files; see <see cref="Open(string, JournalOptions)"/>.</summary>
    /// <param name="files">The files.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="checkpointBytes">The length of the log at which it is carried over into the data file.</param>
    /// <param name="places">When documents are to say where entries lie.</param>
    internal static LiteDbJournal Open(
        IDatabaseFiles files, JournalOptions? options = null, long checkpointBytes = Database.DefaultCheckpointBytes,
        PlaceLimits? places = null)
    {
        options ??= new JournalOptions();
        var database = Database.Open(files, options.ReadOnly);
        database.CheckpointBytes = checkpointBytes;
        try
        {
            return new LiteDbJournal(database, files.Place, options, places);
        }
        catch (Exception exception)
        {
            database.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
                throw OpenFaults.OfDevice($"The journal {files.Place} cannot be opened", exception);
            throw;
        }
    }

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return JournalObserver.IsWanted(batch)
            ? observer.ObserveAsync(batch, AppendGatedAsync, cancellationToken)
            : AppendGatedAsync(batch, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        gates.RestoreAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (closed) return ValueTask.FromException(new ObjectDisposedException(nameof(LiteDbJournal)));
        var deletion = new PendingDeletion(stream, version);
        if (writer is not null) return new ValueTask(writer.WriteAsync(deletion, cancellationToken));
        deletion.Answer(LiteDbLog.Unavailable("it was opened for reading", null));
        return new ValueTask(deletion.Answered);
    }

    /// <summary>Closes the journal when all queued writes were answered: subscriptions end, the file is whole without its log, later
    /// appends are answered with <see cref="AppendFailure.Unavailable"/>, later reads throw
    /// <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>A task that ends when it is closed.</returns>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposals, 1) != 0) return;
        closed = true;
        gates.Close();
        if (writer is not null) await writer.CloseAsync().ConfigureAwait(false);
        subscriptions.Close();
        database.Dispose();
        observer.Closed(Head);
    }

    private ValueTask<AppendResult> RestoreUnaskedAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken) =>
        AppendAsync(new PendingAppend(index => AppendRule.Restore(index, entries)), cancellationToken);

    private ValueTask<AppendResult> AppendGatedAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        gates.Asks ? gates.AppendAsync(batch, cancellationToken) : AppendUnobservedAsync(batch, cancellationToken);

    private ValueTask<AppendResult> AppendUnobservedAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        AppendAsync(
            new PendingAppend(index => AppendRule.Decide(index, batch), batch.AllowSynchronousContinuations), cancellationToken);

    private ValueTask<AppendResult> AppendAsync(PendingAppend write, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        if (closed) return new ValueTask<AppendResult>(LiteDbLog.Unavailable("the journal was closed", null));
        if (writer is null) return new ValueTask<AppendResult>(LiteDbLog.Unavailable("the journal was opened for reading", null));
        // The answer of an append is never null.
        return new ValueTask<AppendResult>(writer.WriteAsync(write, cancellationToken)!);
    }
}
