// One LiteDB engine over files of our own: reads in short pieces behind a gate, one write transaction at a
// time, checkpoints when nobody reads.
// Opened by LiteDbJournal and the maintenance. Each rule here answers a way in which LiteDB 5.0 was seen to lose or garble data.
using LiteDB;
using LiteDB.Engine;

namespace Refold.LiteDb.Storage;

/// <summary>An open database. Reads may come from any thread; everything else from one.</summary>
internal sealed partial class Database : IDisposable
{
    /// <summary>The usual <see cref="CheckpointBytes"/>: 8 MB.</summary>
    public const long DefaultCheckpointBytes = 1000L * EngineStream.PageSize;

    // LiteDB throws when 100 transactions are open, and each read is one.
    private const int MaxReaders = 32;

    // Far more than one document, so that a chunk of large entries is cut.
    private const int ChunkBytes = 4 * 1024 * 1024;

    // The fields that may be: entries and snapshots, the leaves of a batch, places.
    private static readonly string[] Large = ["d", "l", "p"];

    private readonly string place;
    private readonly DataStream data;
    private readonly LogStream? log;
    private readonly IReadOnlyList<IDisposable> files;
    private readonly ReaderWriterLockSlim gate = new();
    private readonly SemaphoreSlim readers = new(MaxReaders, MaxReaders);
    private long retryAt;
    private LiteEngine engine;
    private bool isDisposed;

    private Database(string place, DataStream data, LogStream? log, LiteEngine engine, IReadOnlyList<IDisposable> files)
    {
        this.place = place;
        this.data = data;
        this.log = log;
        this.engine = engine;
        this.files = files;
    }

    /// <summary>Whether a flush failed, or a confirmation may have arrived in part: then only opening again tells what is there.</summary>
    public bool IsInDoubt => data.IsInDoubt || log is { IsInDoubt: true };

    /// <summary>The log is carried over into the data file when it has this many bytes.</summary>
    public long CheckpointBytes { get; set; } = DefaultCheckpointBytes;

    /// <summary>How errors name it.</summary>
    public string Place => place;

    /// <summary>The length of the log in bytes.</summary>
    public long LogLength => log?.Length ?? 0;

    /// <summary>The length of the data file in bytes.</summary>
    public long DataLength => data.Length;

    /// <summary>The first documents of a search, all read on this thread: an open cursor would keep checkpoints away, and one closed
    /// on another thread for good.</summary>
    /// <param name="search">What to find.</param>
    /// <param name="limit">At most so many, and so many that they are not too large together; at least two, if there are two.</param>
    /// <exception cref="JournalCorruptedException">LiteDB cannot read its pages, or a document is not what was written.</exception>
    /// <exception cref="JournalException">The device failed before.</exception>
    public List<BsonDocument> Find(Search search, int limit = int.MaxValue)
    {
        var found = new List<BsonDocument>();
        if (limit <= 0 || search.IsEmpty) return found;
        readers.Wait();
        try
        {
            gate.EnterReadLock();
            try
            {
                ObjectDisposedException.ThrowIf(isDisposed, this);
                using var reader = engine.Query(search.Collection, search.ToQuery(limit));
                var size = 0L;
                // Whoever goes on behind a document asks for it again, so one alone would be no progress.
                while ((size < ChunkBytes || found.Count < 2) && reader.Read())
                {
                    var document = reader.Current.AsDocument;
                    if (!search.CanFollow(found.LastOrDefault(), document))
                        throw new InvalidDataException($"an index of '{search.Collection}' points at another document");
                    found.Add(search.IsSealed ? document.Unsealed() : document);
                    foreach (var field in Large) size += document[field] is { IsBinary: true } bytes ? bytes.AsBinary.Length : 0;
                }

                return found;
            }
            catch (LiteException exception) when (exception.ErrorCode == LiteException.ENGINE_DISPOSED)
            {
                // LiteDB closes itself where its device fails; what it read before was whole.
                throw new JournalException(
                    "io", $"{place} was closed when its device failed; open it again once the device works.", exception);
            }
            catch (Exception exception) when (
                exception is not (JournalException or IOException or ObjectDisposedException or OutOfMemoryException))
            {
                throw Unreadable(place, exception);
            }
            finally
            {
                gate.ExitReadLock();
            }
        }
        finally
        {
            readers.Release();
        }
    }

    /// <summary>The first document of a search; null for none.</summary>
    public BsonDocument? First(Search search) => Find(search, 1) is [var document] ? document : null;

    /// <summary>The document with a key; null for none.</summary>
    public BsonDocument? Get(string collection, BsonValue id) => First(Search.ById(collection, id));

    /// <summary>Every document whose key lies in a range, in key order, chunk by chunk.</summary>
    /// <param name="range">A search by key for a beginning of the range.</param>
    /// <param name="first">Where the range begins.</param>
    public IEnumerable<BsonDocument> All(Func<BsonValue, Search> range, BsonValue first)
    {
        const int Chunk = 1000;
        BsonValue? last = null;
        while (true)
        {
            var found = Find(range(last ?? first), Chunk);
            foreach (var document in found)
            {
                if (last is null || document["_id"] != last) yield return document;
            }

            if (found.Count == 0 || (found.Count == 1 && last is not null)) yield break;
            last = found[^1]["_id"];
        }
    }

    /// <summary>Commits one transaction; when it returns, it is on the device. After an exception see
    /// <see cref="IsInDoubt"/> and <see cref="Reopen"/>.</summary>
    /// <param name="change">Writes on the engine it is given; it reads nothing there.</param>
    public void Write(Action<LiteEngine> change)
    {
        var confirmed = log!.Confirmed;
        // False: this thread is in a transaction already, which can only be a leftover.
        if (!engine.BeginTrans()) throw new InvalidOperationException("A transaction is open already.");
        change(engine);
        // False: the transaction was rolled back meanwhile.
        if (!engine.Commit()) throw new InvalidOperationException("LiteDB did not commit.");
        if (log.Confirmed != confirmed + 1)
            throw new InvalidOperationException("LiteDB did not confirm its transaction as this adapter expects.");
    }

    /// <summary>Goes on counting transactions from a number, as the journal that this one replaces did.</summary>
    public void SkipTo(long commit)
    {
        var progress = ReadProgress();
        if (progress.Commit < commit)
            Write(engine => engine.Upsert(Collections.Meta, [(progress with { Commit = commit }).Write().Sealed()], BsonAutoId.ObjectId));
    }

    /// <summary>Carries the log over into the data file if it has grown enough. An exception leaves what was committed in the
    /// log: see <see cref="Reopen"/>.</summary>
    /// <returns>Whether it was carried over.</returns>
    public bool CheckpointIfDue()
    {
        if (LogLength < Math.Max(CheckpointBytes, retryAt)) return false;
        // Should it fail, not each commit is to try again.
        retryAt = LogLength + CheckpointBytes;
        Checkpoint();
        return true;
    }

    /// <summary>Carries the log over into the data file, when no read is in the way.</summary>
    public void Checkpoint()
    {
        gate.EnterWriteLock();
        try
        {
            CarryOver();
            retryAt = 0;
        }
        catch when (log is not null && !IsInDoubt)
        {
            // LiteDB closes an engine whose device failed, and reads are waiting.
            BeginAnew();
            throw;
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    /// <summary>
    /// Begins anew with what is committed, after anything unexpected: an engine that threw shows documents that were never committed.
    /// Only where nothing is in doubt; the files stay open and locked.
    /// </summary>
    public void Reopen()
    {
        gate.EnterWriteLock();
        try
        {
            BeginAnew();
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    private void BeginAnew()
    {
        DisposeEngine();
        if (log!.Length > log.ConfirmedLength) log.SetLength(log.ConfirmedLength);
        engine = NewEngine(data, log, isReadOnly: false);
    }

    /// <summary>Runs something while nothing reads and nothing is in the log.</summary>
    public void WhileStill(Action<DataStream> action)
    {
        gate.EnterWriteLock();
        try
        {
            CarryOver();
            action(data);
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    /// <summary>Explains how LiteDB would run a search; for tests.</summary>
    public BsonDocument Explain(Search search)
    {
        var query = search.ToQuery(1);
        query.ExplainPlan = true;
        using var reader = engine.Query(search.Collection, query);
        return reader.Read() ? reader.Current.AsDocument : throw new InvalidOperationException("LiteDB explains nothing.");
    }

    /// <summary>Closes the engine and the files. What is in the log stays there.</summary>
    public void Dispose()
    {
        gate.EnterWriteLock();
        try
        {
            isDisposed = true;
            DisposeEngine();
            data.IsWritable = false;
            log?.IsWritable = false;
            // LiteDB keeps its streams by threads: one that led back to the engine would keep all of it as long as the thread.
            log?.Emptying = static () => { };
            foreach (var file in files) file.Dispose();
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    /// <summary>The data file is written by checkpoints only: elsewhere LiteDB would mark it as damaged.</summary>
    private void CarryOver()
    {
        data.IsWritable = log is not null;
        try
        {
            engine.Checkpoint();
        }
        finally
        {
            data.IsWritable = false;
        }
    }

    private void DisposeEngine() => RetiredEngines.Dispose(engine);
}
