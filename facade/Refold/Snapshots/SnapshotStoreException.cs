// A snapshot store that cannot do what it was asked to.
// Thrown by stores when they save or delete; a run that meets it goes on without the snapshot.
namespace Refold;

/// <summary>A snapshot could not be kept, or deleted. Nothing is lost by it: the journal is as it was.</summary>
/// <param name="message">One sentence with the remedy.</param>
/// <param name="innerException">What caused it.</param>
public sealed class SnapshotStoreException(string message, Exception? innerException = null)
    : JournalException("snapshot-store", message, innerException);
