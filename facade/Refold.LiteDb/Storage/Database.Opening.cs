// Opening and making the files of a journal: locks first, then checks that change no byte, then what a crash left is made durable.
// Called by LiteDbJournal and the maintenance.
using System.Globalization;
using System.Security.Cryptography;
using LiteDB;
using LiteDB.Engine;

namespace Refold.LiteDb.Storage;

internal sealed partial class Database
{
    // The mark first: it excludes another process also while there is no data file yet. It is never removed once there is a journal.
    private static readonly FileRole[] OrderOfOpening = [FileRole.Mark, FileRole.Data, FileRole.Log];

    private IReadOnlyList<IDatabaseFile> held = [];

    private Mark? mark;

    /// <summary>The journal's id.</summary>
    public Guid Journal { get; private set; }

    /// <summary>Opens a journal, for writing as the only one that has it.</summary>
    /// <param name="files">Its files.</param>
    /// <param name="readOnly">Whether nothing is made or changed; other readers may have it open then.</param>
    /// <param name="kind">What it is expected to be.</param>
    /// <exception cref="JournalInUseException">Another opener has it open.</exception>
    /// <exception cref="JournalOpenException">It is not there, or is no Refold journal.</exception>
    /// <exception cref="JournalCorruptedException">It is damaged, or something that was acknowledged is
    /// missing. Nothing was changed.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it. Nothing was changed.</exception>
    public static Database Open(IDatabaseFiles files, bool readOnly, StoreKind kind = StoreKind.Journal)
    {
        Probe.Run();
        var open = new List<IDisposable>();
        // What is no journal, or a damaged one, gets no file beside it that was not there.
        var made = !readOnly && files.Exists(FileRole.Data)
            ? OrderOfOpening.Select(role => files.Exists(role) ? (FileRole?)null : role).ToList()
            : [];
        try
        {
            return readOnly ? OpenForReading(files, kind, open) : OpenForWriting(files, kind, open);
        }
        catch (Exception exception)
        {
            foreach (var role in made.Take(open.Count).OfType<FileRole>()) files.Delete(role);
            foreach (var file in open) file.Dispose();
            if (exception is JournalException) throw;
            if (exception is IOException or UnauthorizedAccessException)
                throw OpenFaults.OfDevice($"The journal {files.Place} cannot be opened", exception);
            throw Unreadable(files.Place, exception);
        }
    }

    /// <summary>Writes how far the journal is beside it.</summary>
    /// <param name="progress">What is committed.</param>
    /// <param name="flush">Whether it is on the device when this returns.</param>
    public void WriteMark(Progress progress, bool flush)
    {
        var (pages, sum) = log!.Chain;
        mark!.Write(new MarkSlot(Journal, progress.Commit, progress.Head, pages, sum));
        if (flush) mark.Flush();
    }

    /// <summary>Demands that the files that are open are still those of the journal's path.</summary>
    /// <exception cref="PlaceLostException">One was renamed, replaced or removed.</exception>
    public void RequirePlace()
    {
        foreach (var file in held)
        {
            if (file.Displaced is { } name) throw new PlaceLostException(place, $"its file {name} was renamed, replaced or removed");
        }
    }

    /// <summary>Gives the new file, which is whole, the name of this database's data file.</summary>
    /// <param name="files">The files.</param>
    /// <param name="sums">The checksums of the new file's pages.</param>
    public void ReplaceWithNew(IDatabaseFiles files, PageSums sums)
    {
        RequirePlace();
        // Those of the old file are not those of the new one.
        mark!.ForgetSums();
        files.Promote(replace: true);
        files.FlushDirectory();
        mark.MakeSums(sums);
    }

    /// <summary>Checks the bytes of every page.</summary>
    /// <exception cref="JournalCorruptedException">One is not what was written.</exception>
    public void CheckPages() => data.CheckAll();

    /// <summary>Makes a new, empty data file under the name <see cref="FileRole.New"/>, whole and flushed, but not promoted.</summary>
    /// <param name="files">The files.</param>
    /// <param name="journal">The journal's id.</param>
    /// <param name="kind">What it is to be.</param>
    /// <param name="fill">Writes more into it, before it is closed; called with the open database.</param>
    /// <returns>The checksums of its pages.</returns>
    public static PageSums MakeNew(IDatabaseFiles files, Guid journal, StoreKind kind = StoreKind.Journal, Action<Database>? fill = null)
    {
        using var file = files.Open(FileRole.New, Opening.Creator) ?? throw files.InUse();
        file.SetLength(0);
        var data = new DataStream(file, files.Place) { IsWritable = true };
        data.Check(new PageSums(), []);
        var log = new LogStream(new MemoryFile()) { IsWritable = true };
        var engine = NewEngine(data, log, isReadOnly: false);
        try
        {
            engine.Pragma("TIMEOUT", 10);
            engine.Pragma("CHECKPOINT", 0);
            foreach (var name in kind == StoreKind.Journal ? Collections.OfJournal : Collections.OfSnapshots)
            {
                engine.Insert(name, [new BsonDocument { ["_id"] = 0 }], BsonAutoId.Int32);
                engine.Delete(name, [new BsonValue(0)]);
            }

            engine.Insert(
                Collections.Meta, [Format.Write(journal, kind).Sealed(), new Progress(default, 0, 0, 0, null, 0, 0).Write().Sealed()],
                BsonAutoId.ObjectId);
            engine.Checkpoint();
        }
        finally
        {
            RetiredEngines.Dispose(engine);
        }

        if (fill is not null)
        {
            using var database = new Database(files.Place, data, log, NewEngine(data, log, isReadOnly: false), []) { Journal = journal };
            fill(database);
            database.Checkpoint();
        }

        file.Flush();
        return data.Sums!;
    }

    private static Database OpenForReading(IDatabaseFiles files, StoreKind kind, List<IDisposable> open)
    {
        if (!files.Exists(FileRole.Data)) throw OpenFaults.NoJournal(files.Place);
        var data = new DataStream(Keep(files.Open(FileRole.Data, Opening.Reader)), files.Place);
        var logFile = files.Exists(FileRole.Log) ? Keep(files.Open(FileRole.Log, Opening.Reader)) : null;
        Stream log = logFile is null ? new MemoryStream() : new EngineStream(logFile);
        var markFile = files.Exists(FileRole.Mark) ? Keep(files.Open(FileRole.Mark, Opening.Reader)) : null;
        MarkSlot? mark = markFile is null ? null : Mark.Read(markFile);
        RequireContent(files, data, mark);
        CheckPages(files, data, logFile, markFile, mark);
        var database = new Database(files.Place, data, null, CheckedEngine(files, data, log, mark, isReadOnly: true), open);
        return database.Checked(files, kind, mark, log);

        T Keep<T>(T? file)
            where T : class, IDisposable
        {
            open.Add(file ?? throw files.InUse());
            return file;
        }
    }

    private static Database OpenForWriting(IDatabaseFiles files, StoreKind kind, List<IDisposable> open)
    {
        var lockFile = Keep(files.Open(FileRole.Mark, Opening.Creator));
        // Snapshots are a cache: whoever removed the file meant to.
        if (kind == StoreKind.Snapshots && !files.Exists(FileRole.Data)) Forget(files, lockFile);
        var slot = Mark.Read(lockFile);
        if (!files.Exists(FileRole.Data)) Create(files, kind, slot, lockFile);
        var data = new DataStream(Keep(files.Open(FileRole.Data, Opening.Writer)), files.Place);
        var hasLog = files.Exists(FileRole.Log);
        RequireContent(files, data, slot);
        var log = new LogStream(Keep(files.Open(FileRole.Log, Opening.Creator)));
        if (!hasLog) files.FlushDirectory();
        CheckPages(files, data, log.File, lockFile, slot);
        var database = new Database(files.Place, data, log, CheckedEngine(files, data, log, slot, isReadOnly: false), open)
            .Checked(files, kind, slot, log);
        database.mark = new Mark(lockFile);
        database.held = [lockFile, data.File, log.File];
        try
        {
            // Whoever was locked out may have removed what is locked here.
            database.RequirePlace();
            database.Settle(kind);
            // What a process left that was killed while it made another file.
            if (files.Exists(FileRole.New)) files.Delete(FileRole.New);
        }
        catch
        {
            database.DisposeEngine();
            throw;
        }

        return database;

        IDatabaseFile Keep(IDatabaseFile? file)
        {
            open.Add(file ?? throw files.InUse());
            return file;
        }
    }

    /// <summary>Lets go of what is left of a database whose data file was removed.</summary>
    private static void Forget(IDatabaseFiles files, IDatabaseFile mark)
    {
        mark.SetLength(0);
        mark.Flush();
        if (!files.Exists(FileRole.Log)) return;
        files.Delete(FileRole.Log);
        files.FlushDirectory();
    }

    /// <summary>Makes the data file under another name, and gives it its own when it is whole and on the device.</summary>
    private static void Create(IDatabaseFiles files, StoreKind kind, MarkSlot? mark, IDatabaseFile lockFile)
    {
        if (mark is not null)
            throw Missing(files, mark.Value, "gone, for its data file is not there");
        if (files.Exists(FileRole.Log))
        {
            using var log = files.Open(FileRole.Log, Opening.Reader) ?? throw files.InUse();
            if (log.Length > 0)
                throw new JournalOpenException(
                    $"{files.Place} is not there, but a log of it is; restore the data file that belongs to it, or move the log away.");
        }

        new Mark(lockFile).MakeSums(MakeNew(files, new Guid(RandomNumberGenerator.GetBytes(16)), kind));
        files.Promote(replace: false);
        files.FlushDirectory();
    }

    private static LiteEngine NewEngine(DataStream data, Stream log, bool isReadOnly) => new(new EngineSettings
    {
        DataStream = data,
        LogStream = log,
        TempStream = new MemoryStream(),
        Collation = Collation.Binary,
        ReadOnly = isReadOnly,
        AutoRebuild = false,
        Upgrade = false,
    });

    /// <summary>How far the journal is.</summary>
    public Progress ReadProgress() =>
        Progress.Read(Get(Collections.Meta, Progress.Id) ?? throw new KeyNotFoundException("The head is missing."));

    /// <summary>Brings everything into the data file: what a killed process left in memory only, and what is in the
    /// log without being confirmed.</summary>
    private void Settle(StoreKind kind)
    {
        log!.IsWritable = true;
        log.Emptying = BeforeTheLogIsEmptied;
        var found = log.Length;
        log.MakeDurable();
        if (found > 0) EmptyLog();
        if (mark!.HasSums) return;
        // A file that an older program made, or whose mark was taken away on purpose: looked through, and then vouched for as it is.
        if (kind == StoreKind.Journal && LiteDbVerification.Of(this, place).First is { } fault)
            throw new JournalCorruptedException(
                place, 0, string.Create(CultureInfo.InvariantCulture, $"the journal at position {fault.Position}"), "whole", fault.What);
        mark.MakeSums(data.Vouch());
    }

    /// <summary>The data file has everything, durably: its pages' checksums are on the device before the log, which could give them
    /// again, is empty.</summary>
    private void BeforeTheLogIsEmptied()
    {
        if (data.Sums is { } sums) mark!.KeepSums(sums);
        mark!.ForgetLog();
        mark.Flush();
    }

    private void EmptyLog()
    {
        CarryOver();
        if (log!.Length == 0) return;
        // Nothing in it was confirmed, so LiteDB left it alone.
        DisposeEngine();
        log.SetLength(0);
        engine = NewEngine(data, log, isReadOnly: false);
    }
}
