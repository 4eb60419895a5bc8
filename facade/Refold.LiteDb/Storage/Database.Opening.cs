// Opening and making the files of a journal: locks first, then checks that change no byte, then what a crash left is made durable.
// Called by LiteDbJournal and the maintenance.
using System.Globalization;
using System.Security.Cryptography;
using LiteDB;
using LiteDB.Engine;

namespace Refold.LiteDb.Storage;

internal sealed partial class Database
{
    private Mark? mark;

    /// <summary>The journal's id.</summary>
    public Guid Journal { get; private set; }

    /// <summary>Opens a journal, for writing as the only one that has it.</summary>
    /// <param name="files">Its files.</param>
    /// <param name="readOnly">Whether nothing is made or changed; other readers may have it open then.</param>
    /// <param name="kind">What it is expected to be.</param>
    /// <exception cref="JournalInUseException">Somebody else has it open.</exception>
    /// <exception cref="JournalOpenException">It is not there, or is no Refold journal.</exception>
    /// <exception cref="JournalCorruptedException">It is damaged, or something that was acknowledged is missing. Nothing was changed.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it. Nothing was changed.</exception>
    public static Database Open(IDatabaseFiles files, bool readOnly, StoreKind kind = StoreKind.Journal)
    {
        Probe.Run();
        var open = new List<IDisposable>();
        try
        {
            return readOnly ? OpenForReading(files, kind, open) : OpenForWriting(files, kind, open);
        }
        catch (Exception exception)
        {
            foreach (var file in open) file.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
                throw new JournalOpenException($"The journal {files.Place} cannot be opened: {exception.Message}", exception);
            throw;
        }
    }

    /// <summary>Writes how far the journal is beside it.</summary>
    /// <param name="progress">What is committed.</param>
    /// <param name="flush">Whether it is on the device when this returns.</param>
    public void WriteMark(Progress progress, bool flush)
    {
        mark!.Write(new MarkSlot(Journal, progress.Commit, progress.Head));
        if (flush) mark.Flush();
    }

    /// <summary>Makes a new, empty data file under the name <see cref="FileRole.New"/>, whole and flushed, but not promoted.</summary>
    /// <param name="files">The files.</param>
    /// <param name="journal">The journal's id.</param>
    /// <param name="kind">What it is to be.</param>
    /// <param name="fill">Writes more into it, before it is closed; called with the open database.</param>
    public static void MakeNew(IDatabaseFiles files, Guid journal, StoreKind kind = StoreKind.Journal, Action<Database>? fill = null)
    {
        using var file = files.Open(FileRole.New, Opening.Creator) ?? throw new JournalInUseException(files.Place);
        file.SetLength(0);
        var data = new EngineStream(file) { IsWritable = true };
        var log = new LogStream(new MemoryFile()) { IsWritable = true };
        using (var engine = NewEngine(data, log, isReadOnly: false))
        {
            engine.Pragma("TIMEOUT", 10);
            engine.Pragma("CHECKPOINT", 0);
            // While the collections are empty: an index made over many documents inside one transaction fails.
            if (kind == StoreKind.Journal)
            {
                engine.EnsureIndex(Collections.Entries, "k", BsonExpression.Create("$.k"), unique: true);
                engine.EnsureIndex(Collections.Entries, "w", BsonExpression.Create("$.w[*]"), unique: false);
            }

            foreach (var name in kind == StoreKind.Journal ? Collections.OfJournal : Collections.OfSnapshots)
            {
                engine.Insert(name, [new BsonDocument { ["_id"] = 0 }], BsonAutoId.Int32);
                engine.Delete(name, [new BsonValue(0)]);
            }

            engine.Insert(Collections.Meta, [Format.Write(journal, kind).Sealed(), new Progress(Core.HeadModule.empty, 0, 0).Write().Sealed()], BsonAutoId.ObjectId);
            engine.Checkpoint();
        }

        if (fill is not null)
        {
            using var database = new Database(data, log, NewEngine(data, log, isReadOnly: false), []) { Journal = journal };
            fill(database);
            database.Checkpoint();
        }

        file.Flush();
    }

    private static Database OpenForReading(IDatabaseFiles files, StoreKind kind, List<IDisposable> open)
    {
        if (!files.Exists(FileRole.Data)) throw new JournalOpenException($"There is no journal in {files.Place}: the file does not exist.");
        var data = new EngineStream(Keep(files.Open(FileRole.Data, Opening.Reader)));
        Stream log = files.Exists(FileRole.Log) ? new EngineStream(Keep(files.Open(FileRole.Log, Opening.Reader))) : new MemoryStream();
        MarkSlot? mark = files.Exists(FileRole.Mark) ? Mark.Read(Keep(files.Open(FileRole.Mark, Opening.Reader))) : null;
        RequireContent(files, data);
        var database = new Database(data, null, CheckedEngine(files, data, log, isReadOnly: true), open);
        return database.Checked(files, kind, mark);

        T Keep<T>(T? file)
            where T : class, IDisposable
        {
            open.Add(file ?? throw new JournalInUseException(files.Place));
            return file;
        }
    }

    private static Database OpenForWriting(IDatabaseFiles files, StoreKind kind, List<IDisposable> open)
    {
        // The mark first: it excludes another process also while there is no data file yet. It is never removed.
        var lockFile = Keep(files.Open(FileRole.Mark, Opening.Creator));
        var slot = Mark.Read(lockFile);
        if (!files.Exists(FileRole.Data)) Create(files, kind, slot);
        var data = new EngineStream(Keep(files.Open(FileRole.Data, Opening.Writer)));
        var hasLog = files.Exists(FileRole.Log);
        RequireContent(files, data);
        var log = new LogStream(Keep(files.Open(FileRole.Log, Opening.Creator)));
        if (!hasLog) files.FlushDirectory();
        var database = new Database(data, log, CheckedEngine(files, data, log, isReadOnly: false), open).Checked(files, kind, slot);
        database.mark = new Mark(lockFile);
        database.Settle();
        return database;

        IDatabaseFile Keep(IDatabaseFile? file)
        {
            open.Add(file ?? throw new JournalInUseException(files.Place));
            return file;
        }
    }

    /// <summary>Makes the data file under another name, and gives it its own when it is whole and on the device.</summary>
    private static void Create(IDatabaseFiles files, StoreKind kind, MarkSlot? mark)
    {
        if (mark is not null)
            throw Missing(files, mark.Value, "the data file is not there");
        if (files.Exists(FileRole.Log))
        {
            using var log = files.Open(FileRole.Log, Opening.Reader) ?? throw new JournalInUseException(files.Place);
            if (log.Length > 0) throw new JournalOpenException($"{files.Place} is not there, but a log of it is; restore the data file that belongs to it, or move the log away.");
        }

        MakeNew(files, new Guid(RandomNumberGenerator.GetBytes(16)), kind);
        files.Promote(replace: false);
        files.FlushDirectory();
    }

    /// <summary>LiteDB would make a new database in an empty file.</summary>
    private static void RequireContent(IDatabaseFiles files, EngineStream data)
    {
        if (data.Length == 0) throw new JournalOpenException($"{files.Place} is empty, it is no journal; move it away, or restore a backup.");
    }

    private static JournalCorruptedException Missing(IDatabaseFiles files, MarkSlot mark, string found) =>
        new(files.Place, 0, "the journal", $"at commit {mark.Commit.ToString(CultureInfo.InvariantCulture)}, head {new Head(mark.Head)}", $"{found} (remove the mark beside it if an older copy was put here on purpose)");

    private static LiteEngine CheckedEngine(IDatabaseFiles files, EngineStream data, Stream log, bool isReadOnly)
    {
        try
        {
            return NewEngine(data, log, isReadOnly);
        }
        catch (Exception exception) when (exception is not (IOException or UnauthorizedAccessException))
        {
            throw new JournalOpenException($"{files.Place} is no journal, or one that another program made or changed: {exception.Message} Restore a backup, or move it away.", exception);
        }
    }

    private static LiteEngine NewEngine(EngineStream data, Stream log, bool isReadOnly) => new(new EngineSettings
    {
        DataStream = data,
        LogStream = log,
        TempStream = new MemoryStream(),
        Collation = Collation.Binary,
        ReadOnly = isReadOnly,
        AutoRebuild = false,
        Upgrade = false,
    });

    /// <summary>Checks format, mark and head before a byte is changed.</summary>
    private Database Checked(IDatabaseFiles files, StoreKind kind, MarkSlot? slot)
    {
        try
        {
            if (Get(Collections.Meta, Format.Id) is not { } document)
                throw new JournalOpenException($"{files.Place} is a LiteDB database, but no Refold journal; open another file.");
            var (version, found) = Format.Read(document);
            if (version > Format.Supported) throw new UnsupportedFormatException(files.Place, version, Format.Supported);
            if (found != kind) throw new JournalOpenException($"{files.Place} holds {(found == StoreKind.Journal ? "a journal" : "snapshots")}; open another file.");
            Journal = Format.Journal(document);
            CheckProgress(files, slot);
            return this;
        }
        catch (Exception exception) when (exception is not (JournalException or IOException or UnauthorizedAccessException))
        {
            DisposeEngine();
            throw new JournalCorruptedException(files.Place, 0, "the database", "readable", exception.Message);
        }
        catch
        {
            DisposeEngine();
            throw;
        }
    }

    private void CheckProgress(IDatabaseFiles files, MarkSlot? slot)
    {
        var progress = ReadProgress();
        if (slot is { } mark)
        {
            if (mark.Journal != Journal) throw Missing(files, mark, $"another journal, {Journal}");
            if (mark.Commit > progress.Commit || (mark.Commit == progress.Commit && !mark.Head.Hash.Equals(progress.Head.Hash)))
                throw Missing(files, mark, $"at commit {progress.Commit.ToString(CultureInfo.InvariantCulture)}, head {new Head(progress.Head)}");
        }

        var last = Find(Search.ByIds(Collections.Batches, progress.Head.Position, long.MaxValue), 2);
        var entry = First(Search.ByIds(Collections.Entries, progress.Head.Position + 1, long.MaxValue));
        var agrees = progress.Head.Position == 0 ? last.Count == 0 : last is [var row] && BatchRow.Read(row).Head is var head && head.Position == progress.Head.Position && head.Hash.Equals(progress.Head.Hash);
        if (!agrees || entry is not null)
            throw new JournalCorruptedException(files.Place, 0, "the last batch", $"at head {new Head(progress.Head)}", "another");
    }

    /// <summary>How far the journal is.</summary>
    public Progress ReadProgress() => Progress.Read(Get(Collections.Meta, Progress.Id) ?? throw new KeyNotFoundException("The head is missing."));

    /// <summary>Brings everything into the data file: what a killed process left in memory only, and what is in the log without being confirmed.</summary>
    private void Settle()
    {
        data.IsWritable = log!.IsWritable = true;
        var found = log.Length;
        log.MakeDurable();
        if (found == 0) return;
        engine.Checkpoint();
        if (log.Length == 0) return;
        // Nothing in it was confirmed, so LiteDB left it alone.
        DisposeEngine();
        log.SetLength(0);
        engine = NewEngine(data, log, isReadOnly: false);
    }
}
