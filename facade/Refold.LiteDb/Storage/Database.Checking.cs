// What is checked of a journal's files before a byte is changed, and the exceptions for what is found.
// Called by the opening; `Unreadable` also by the reader, where damage shows later.
using System.Buffers.Binary;
using System.Globalization;
using LiteDB.Engine;

namespace Refold.LiteDb.Storage;

internal sealed partial class Database
{
    /// <summary>LiteDB would make a new database in a file without a page.</summary>
    private static void RequireContent(IDatabaseFiles files, EngineStream data, MarkSlot? mark)
    {
        if (data.Length > 0) return;
        throw mark is { } slot
            ? Missing(files, slot, "a file without content")
            : new JournalOpenException(
                $"{files.Place} is {(data.File.Length == 0 ? "empty" : "too short")}, "
                + "it is no journal; move it away, or restore a backup.");
    }

    /// <summary>Where nothing is in the log, every page that LiteDB ever made is in the data file.</summary>
    private static void RequireLength(IDatabaseFiles files, EngineStream data, Stream log)
    {
        const int LastPagePlace = 64;
        var header = new byte[LastPagePlace + sizeof(uint)];
        if (log.Length > 0 || data.File.Read(header, 0) < header.Length) return;
        var expected = (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(LastPagePlace)) + 1L) * EngineStream.PageSize;
        if (data.File.Length < expected)
            throw new JournalCorruptedException(
                files.Place, data.File.Length, "the length of the file",
                string.Create(CultureInfo.InvariantCulture, $"{expected} bytes or more"),
                string.Create(CultureInfo.InvariantCulture, $"{data.File.Length} bytes"));
    }

    /// <summary>The exception for what LiteDB makes of damaged pages. Its messages may have places for
    /// values that it leaves empty.</summary>
    public static JournalCorruptedException Unreadable(string place, Exception exception) =>
        new(
            place, 0, "the database", "whole",
            $"not readable (LiteDB: {exception.Message.Split('{')[0].TrimEnd(' ', ':', '(', '[', '.')})");

    private static JournalCorruptedException Missing(IDatabaseFiles files, MarkSlot mark, string found) =>
        new(
            files.Place, 0, "the journal", $"at commit {mark.Commit.ToString(CultureInfo.InvariantCulture)}, head {mark.Head}",
            $"{found} (remove the mark beside it if an older copy was put here on purpose)");

    /// <summary>From here on LiteDB reads what was written, or a named error, as far as the mark vouches for it.</summary>
    private static void CheckPages(IDatabaseFiles files, DataStream data, IDatabaseFile? log, IDatabaseFile? mark, MarkSlot? slot)
    {
        var scan = log is null ? new LogScan() : LogScan.Of(log);
        scan.Check(slot, files.Place);
        data.Check(mark is null ? null : Mark.ReadSums(mark, files.Place), scan.Pages.Keys);
        if (data.Sums is null) new IndexLinks(files.Place, data.File, log, scan.Pages).Require();
    }

    private static LiteEngine CheckedEngine(IDatabaseFiles files, DataStream data, Stream log, MarkSlot? mark, bool isReadOnly)
    {
        try
        {
            return NewEngine(data, log, isReadOnly);
        }
        catch (Exception exception) when (exception is not (IOException or UnauthorizedAccessException or JournalException))
        {
            // A mark is beside a journal only.
            if (mark is not null) throw Unreadable(files.Place, exception);
            throw new JournalOpenException(
                $"{files.Place} is no journal, or one that another program made or changed: {exception.Message} "
                + "Restore a backup, or move it away.",
                exception);
        }
    }

    /// <summary>Checks format, mark and head before a byte is changed.</summary>
    private Database Checked(IDatabaseFiles files, StoreKind kind, MarkSlot? slot, Stream log)
    {
        try
        {
            RequireLength(files, data, log);
            if (Get(Collections.Meta, Format.Id) is not { } document)
                throw new JournalOpenException($"{files.Place} is a LiteDB database, but no Refold journal; open another file.");
            var (version, found) = Format.Read(document);
            if (version != Format.VersionOf(found)) throw new UnsupportedFormatException(files.Place, version, Format.VersionOf(found));
            if (found != kind)
                throw new JournalOpenException(
                    $"{files.Place} holds {(found == StoreKind.Journal ? "a journal" : "snapshots")}; open another file.");
            Journal = Format.Journal(document);
            RequireCollections(kind == StoreKind.Journal ? Collections.OfJournal : Collections.OfSnapshots);
            CheckProgress(files, slot);
            return this;
        }
        catch (Exception exception) when (exception is not (JournalException or IOException or UnauthorizedAccessException))
        {
            DisposeEngine();
            throw Unreadable(files.Place, exception);
        }
        catch
        {
            DisposeEngine();
            throw;
        }
    }

    /// <summary>LiteDB would take a collection that is not there for an empty one.</summary>
    private void RequireCollections(IReadOnlyList<string> all)
    {
        var found = engine.GetCollectionNames().Order(StringComparer.Ordinal).ToList();
        if (!found.SequenceEqual(all.Order(StringComparer.Ordinal), StringComparer.Ordinal))
            throw new JournalCorruptedException(
                place, 0, "the list of collections", string.Join(", ", all), found.Count == 0 ? "empty" : string.Join(", ", found));
    }

    private void CheckProgress(IDatabaseFiles files, MarkSlot? slot)
    {
        var progress = ReadProgress();
        if (slot is { } mark)
        {
            if (mark.Journal != Journal) throw Missing(files, mark, $"another journal, {Journal}");
            if (mark.Commit > progress.Commit || (mark.Commit == progress.Commit && !mark.Head.Hash.Equals(progress.Head.Hash)))
                throw Missing(files, mark, $"at commit {progress.Commit.ToString(CultureInfo.InvariantCulture)}, head {progress.Head}");
        }

        var last = Find(Search.ByIds(Collections.Batches, progress.Head.Position, long.MaxValue), 2);
        var entry = First(Search.ByIds(Collections.Entries, progress.Head.Position + 1, long.MaxValue));
        var agrees = last switch
        {
            [] => IsBeginning(progress),
            [var document] => BatchRow.Read(document) is var row && row.Head.Position == progress.Head.Position
                && row.Head.Hash.Equals(progress.Head.Hash) && row.Tree.Ordinal + 1 == progress.Batches
                && row.Tree.Latest == progress.Latest,
            _ => false,
        };
        if (!agrees || entry is not null)
            throw new JournalCorruptedException(files.Place, 0, "the last batch", $"at head {progress.Head}", "another");
    }

    // Without a batch the head is the one behind what was dropped, or that of an empty journal.
    private bool IsBeginning(Progress progress)
    {
        var (head, batches, latest) = (default(Head), 0L, default(DateTimeOffset?));
        if (Get(Collections.Meta, Base.Id) is { } basis)
        {
            var summary = Base.ReadSummary(basis);
            (head, batches, latest) = (Base.Read(basis).Head, summary.Batches, summary.Latest);
        }

        return head.Position == progress.Head.Position && head.Hash.Equals(progress.Head.Hash) && batches == progress.Batches
            && latest == progress.Latest;
    }
}
