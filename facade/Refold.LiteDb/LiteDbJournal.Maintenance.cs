// What is done to a LiteDB journal as a whole: verifying it, copying it while it is open, making its file small again.
// Called by applications and by the tool.
using Refold.LiteDb.Storage;

namespace Refold;

public sealed partial class LiteDbJournal
{
    /// <summary>Checks everything in a journal that nobody has open, and changes nothing.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="JournalInUseException">Somebody has it open for writing.</exception>
    /// <exception cref="JournalCorruptedException">It cannot even be opened.</exception>
    /// <exception cref="JournalOpenException">It is not there, or is no Refold journal.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    public static LiteDbVerification Verify(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Verify(new LocalDatabaseFiles(path));
    }

    internal static LiteDbVerification Verify(IDatabaseFiles files)
    {
        using var database = Database.Open(files, readOnly: true);
        return LiteDbVerification.Of(database, files.Place);
    }
}
