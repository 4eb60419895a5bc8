// A whole journal at once: copied from another store, compacted, backed up, checked. What is made gets its name when it is whole.
// Called by LiteDbJournal's static members and, through the registration, by the tool.
using System.Globalization;
using System.Security.Cryptography;
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>The files of LiteDB journals.</summary>
internal sealed class LiteDbFiles : IStoreFiles
{
    public IEnumerable<TransferItem> Read(string path) => Read(new LocalDatabaseFiles(path));

    public TransferResult Write(string path, IEnumerable<TransferItem> items) => Write(new LocalDatabaseFiles(path), items);

    public (long Entries, Head Head, (long Position, string What)? First) Verify(string path)
    {
        try
        {
            var found = LiteDbJournal.Verify(path);
            return (found.Entries, found.Head, found.First is { } fault ? (fault.Position, fault.What) : null);
        }
        catch (JournalCorruptedException exception)
        {
            return (0, default, (1, $"{exception.What} is {exception.Found}, expected {exception.Expected}"));
        }
    }

    public (TransferResult Journal, long BytesBefore, long BytesAfter) Compact(string path, long forgetKeysBefore) =>
        Compact(new LocalDatabaseFiles(path), forgetKeysBefore);

    public static IEnumerable<TransferItem> Read(IDatabaseFiles files)
    {
        using var database = Database.Open(files, readOnly: true);
        foreach (var item in new StoredJournal(database, files.Place).Items(dropsDeleted: false)) yield return item;
    }

    public static TransferResult Write(IDatabaseFiles files, IEnumerable<TransferItem> items) => Guarded(files, () =>
    {
        using var locked = LockNew(files);
        var (written, sums) = Make(files, new Guid(RandomNumberGenerator.GetBytes(16)), items);
        new Mark(locked).MakeSums(sums);
        files.Promote(replace: false);
        files.FlushDirectory();
        return written;
    });

    /// <summary>Copies the data file of an open database through its own handle, while nothing reads or writes.</summary>
    public static LiteDbVerification Backup(Database database, IDatabaseFiles target)
    {
        using var locked = LockNew(target);
        PageSums? sums = null;
        var found = OrNothing(target, () =>
        {
            using (var copy = target.Open(FileRole.New, Opening.Creator) ?? throw target.InUse())
            {
                copy.SetLength(0);
                database.WhileStill(data =>
                {
                    data.CopyTo(copy);
                    sums = data.Sums;
                    if (sums is not null) new Mark(locked).MakeSums(sums);
                });
                copy.Flush();
            }

            var verified = LiteDbJournal.Verify(new UnnamedFiles(target));
            return verified.First is { } fault
                ? throw new JournalException("copy-failed", $"The backup {target.Place} does not verify: {fault.What}; verify the journal.")
                : verified;
        });
        target.Promote(replace: false);
        target.FlushDirectory();
        return found;
    }

    public static (TransferResult Journal, long BytesBefore, long BytesAfter) Compact(IDatabaseFiles files, long forgetKeysBefore = 0) =>
        Guarded(files, () =>
    {
        if (!files.Exists(FileRole.Data)) throw OpenFaults.NoJournal(files.Place);
        // Opening brings everything in the log into the data file, and holds the lock until the new file is in its place.
        using var database = Database.Open(files, readOnly: false);
        var progress = database.ReadProgress();
        if (forgetKeysBefore < 0 || forgetKeysBefore > progress.Head.Position + 1)
            throw new ArgumentOutOfRangeException(
                nameof(forgetKeysBefore), forgetKeysBefore,
                string.Create(CultureInfo.InvariantCulture, $"The position has to be from 0 to {progress.Head.Position + 1}."));
        var before = database.DataLength;
        // The same id: marks and backups of this journal stay its own.
        var (written, sums) = Make(
            files, database.Journal, new StoredJournal(database, files.Place).Items(dropsDeleted: true, forgetKeysBefore), progress.Commit);
        if (written.Head != progress.Head || written.Entries != progress.Entries)
            throw new JournalException(
                "compaction-failed",
                $"The compacted copy of {files.Place} came to another head or number of entries; nothing was changed. Verify the journal.");
        database.ReplaceWithNew(files, sums);
        return (written, before, Length(files));
    });

    private static T Guarded<T>(IDatabaseFiles files, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or LiteDB.LiteException)
        {
            throw new JournalOpenException(
                $"{files.Place} cannot be written: {exception.Message} What is whole was left as it is; try again where there is room.",
                exception);
        }
    }

    private static (TransferResult Written, PageSums Sums) Make(
        IDatabaseFiles files, Guid journal, IEnumerable<TransferItem> items, long commits = 0)
    {
        TransferResult? written = null;
        LiteDbVerification? found = null;
        return OrNothing(files, () =>
        {
            var sums = Database.MakeNew(files, journal, StoreKind.Journal, database =>
            {
                written = new Rebuild(database, files.Place).Run(items);
                database.SkipTo(commits);
                found = LiteDbVerification.Of(database, files.Place);
            });
            return found is { First: { } fault }
                ? throw new JournalException(
                    "copy-failed", $"What was written for {files.Place} does not verify: {fault.What}; try again, or another device.")
                : (written!, sums);
        });
    }

    /// <summary>What is made of a new file, which is gone where that fails: what fails most is that there is no room.</summary>
    private static T OrNothing<T>(IDatabaseFiles files, Func<T> make)
    {
        try
        {
            return make();
        }
        catch
        {
            try
            {
                if (files.Exists(FileRole.New)) files.Delete(FileRole.New);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The next opening removes it.
            }

            throw;
        }
    }

    /// <summary>Locks a journal that is to be made where nothing is.</summary>
    private static IDatabaseFile LockNew(IDatabaseFiles files)
    {
        var locked = files.Open(FileRole.Mark, Opening.Creator) ?? throw files.InUse();
        if (!files.Exists(FileRole.Data) && Mark.Read(locked) is null) return locked;
        locked.Dispose();
        throw new JournalOpenException($"{files.Place} is there already, or its mark is; name another file.");
    }

    private static long Length(IDatabaseFiles files)
    {
        using var file = files.Open(FileRole.Data, Opening.Reader);
        return file?.Length ?? 0;
    }
}
