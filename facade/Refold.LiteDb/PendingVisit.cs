// Something that is done to the database between two groups, on the thread that writes.
// Queued by LiteDbJournal for backups; run by LiteDbLog.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>A visit of the database while nothing is written.</summary>
internal sealed class PendingVisit(Action<Database> visit) : PendingWrite
{
    /// <summary>Why it ended before its time; null where it did not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Visits.</summary>
    /// <returns>What was thrown.</returns>
    public Exception? Run(Database database)
    {
        try
        {
            visit(database);
        }
#pragma warning disable CA1031 // It is told to the one who queued it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Failure = exception;
        }

        return Failure;
    }
}
