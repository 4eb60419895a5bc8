// What is done to a LiteDB journal as a whole: verifying it, copying it while it is open, making its file small again.
// Called by applications and by the tool.
using Refold.LiteDb;
using Refold.LiteDb.Storage;
using Refold.Segments;

namespace Refold;

public sealed partial class LiteDbJournal
{
    /// <summary>Checks everything in a closed journal, and changes nothing.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="JournalInUseException">A writer has it open.</exception>
    /// <exception cref="JournalCorruptedException">It cannot even be opened.</exception>
    /// <exception cref="JournalOpenException">It is not there, or is no Refold journal.</exception>
    /// <exception cref="UnsupportedFormatException">Its format version is newer, or was given up.</exception>
    public static LiteDbVerification Verify(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Verify(new LocalDatabaseFiles(path));
    }

    /// <summary>Copies the journal while it is open, into a file that is checked whole before it gets its name. Everything answered before
    /// the call is in it; appends wait meanwhile.</summary>
    /// <param name="path">The file of the copy, where nothing is yet.</param>
    /// <param name="cancellationToken">Cancels waiting, never a copy already queued.</param>
    /// <returns>What verifying the copy found: everything in order.</returns>
    /// <exception cref="JournalOpenException">Something is there already, or the copy cannot be written.</exception>
    /// <exception cref="NotAppendedException">The journal was closed, was opened for reading, or an earlier write failed.</exception>
    /// <exception cref="JournalException">The copy does not verify: the journal is damaged.</exception>
    public Task<LiteDbVerification> BackupAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return BackupAsync(new LocalDatabaseFiles(path), cancellationToken);
    }

    /// <summary>Writes a closed journal anew, without deleted entries; the file is replaced when the new one is whole. Positions,
    /// versions, keys and the head stay.</summary>
    /// <param name="path">The file.</param>
    /// <param name="forgetKeysBefore">Idempotency keys of batches that begin before this position are
    /// forgotten; 0, the default, for none.</param>
    /// <returns>The size of the file in bytes, before and after.</returns>
    /// <exception cref="JournalInUseException">Another opener has it open.</exception>
    /// <exception cref="JournalOpenException">It is not there, or cannot be read or written. Nothing was changed.</exception>
    /// <exception cref="JournalException">It is damaged. Nothing was changed.</exception>
    public static (long BytesBefore, long BytesAfter) Compact(string path, long forgetKeysBefore = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var (_, before, after) = LiteDbFiles.Compact(new LocalDatabaseFiles(path), forgetKeysBefore);
        return (before, after);
    }

    /// <summary>As <see cref="Compact(string, long)"/>, with a report: what is gone of which streams, which keys are forgotten, and head
    /// and root of the whole, which no compaction changes. The file is opened for reading before and behind it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="forgetKeysBefore">As for <see cref="Compact(string, long)"/>.</param>
    /// <returns>The size of the file in bytes, before and after, and the report.</returns>
    public static async Task<(long BytesBefore, long BytesAfter, EvidenceReport Report)> CompactWithEvidenceAsync(
        string path, long forgetKeysBefore = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var reading = new JournalOptions { ReadOnly = true };
        CompactionEvidence evidence;
        var journal = Open(path, reading);
        await using (journal.ConfigureAwait(false)) evidence = CompactionEvidence.Before(journal);
        var (before, after) = Compact(path, forgetKeysBefore);
        CompactionRequest request = forgetKeysBefore > 0
            ? new CompactionRequest.ForgetKeysBefore(forgetKeysBefore)
            : new CompactionRequest.DropDeleted();
        var compacted = Open(path, reading);
        await using (compacted.ConfigureAwait(false))
        {
            string[] beside = [FormattableString.Invariant($"{before} bytes before, {after} after")];
            return (before, after, evidence.After(compacted, request, beside));
        }
    }

    internal async Task<LiteDbVerification> BackupAsync(IDatabaseFiles target, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        LiteDbVerification? made = null;
        var visit = new PendingVisit(database => made = LiteDbFiles.Backup(database, target));
        var result = writer is null
            ? LiteDbLog.Unavailable("it was opened for reading", null)
            : await writer.WriteAsync(visit, cancellationToken).ConfigureAwait(false);
        _ = result?.ReceiptOrThrow();
        return visit.Failure switch
        {
            null => made!,
            JournalException failure => throw failure,
            var failure => throw OpenFaults.OfDevice($"The backup {target.Place} cannot be made", failure),
        };
    }

    internal static LiteDbVerification Verify(IDatabaseFiles files)
    {
        using var database = Database.Open(files, readOnly: true);
        return LiteDbVerification.Of(database, files.Place);
    }
}
