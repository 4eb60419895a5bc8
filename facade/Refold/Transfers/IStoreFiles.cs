// What the tool can do to the files of a journal in a store of another package, and what it asks of such a journal.
// Implemented by such packages; made known by StoreFiles.
namespace Refold.Transfers;

/// <summary>A journal that was written.</summary>
/// <param name="Entries">How many entries can be read in it.</param>
/// <param name="Head">Its head.</param>
public sealed record TransferResult(long Entries, Head Head);

/// <summary>What is done to the files of a journal in a store of another package, by the tool.</summary>
public interface IStoreFiles
{
    /// <summary>Everything in a journal, checked, in commit order.</summary>
    /// <exception cref="JournalException">It cannot be opened, or is damaged.</exception>
    IEnumerable<TransferItem> Read(string path);

    /// <summary>Makes a journal of what another store has; it gets its name when it is whole and verified.</summary>
    /// <exception cref="JournalOpenException">Something is there already.</exception>
    TransferResult Write(string path, IEnumerable<TransferItem> items);

    /// <summary>Checks everything, and changes nothing.</summary>
    /// <returns>How many entries are in order, the head behind them, and the first fault.</returns>
    (long Entries, Head Head, (long Position, string What)? First) Verify(string path);

    /// <summary>Writes the journal anew without what was deleted, and puts it in its place.</summary>
    /// <param name="path">The journal.</param>
    /// <param name="forgetKeysBefore">Keys of batches that begin before this position are forgotten; 0 for none.</param>
    /// <returns>Entries that can be read, the head, and the bytes before and after.</returns>
    (TransferResult Journal, long BytesBefore, long BytesAfter) Compact(string path, long forgetKeysBefore);
}

/// <summary>A journal in a database, which knows how many entries it has.</summary>
public interface IDatabaseJournal
{
    /// <summary>How many entries can be read.</summary>
    long Entries { get; }

    /// <summary>Idempotency keys of batches that begin before this position were forgotten; 0 where none were.</summary>
    long KeysForgottenBefore { get; }

    /// <summary>The head behind a beginning that was dropped in another store; an empty journal's where none was.</summary>
    Head Begin { get; }
}
