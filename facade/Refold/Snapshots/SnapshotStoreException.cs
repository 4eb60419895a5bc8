// A snapshot store that cannot do what it was asked to.
// Thrown by stores when they save or delete; a run that meets it goes on without the snapshot.
namespace Refold;

/// <summary>A snapshot could not be kept, or deleted. Nothing is lost by it: the journal is as it was.</summary>
/// <param name="message">One sentence with the remedy.</param>
/// <param name="innerException">What caused it.</param>
public sealed class SnapshotStoreException(string message, Exception? innerException = null)
    : JournalException("snapshot-store", message, innerException);

/// <summary>A stream takes no snapshot, as something in an event of it is redacted: its state is made of the entries each time.</summary>
public sealed class StreamRedactedException : JournalException
{
    internal const string Reason = "something in an event of the stream is redacted";

    internal StreamRedactedException(StreamId stream)
        : base("stream-redacted", $"No snapshot is taken of '{stream}', as {Reason}; its state is made of its entries.") => Stream = stream;

    /// <summary>The stream.</summary>
    public StreamId Stream { get; }
}
