// What can go wrong with a harness besides what its journal throws; each with its cause and remedy.
// Thrown by loading and replaying.
using System.Globalization;

namespace Refold;

/// <summary>History was asked for, and the harness has no journal. Make it with a journal and a stream.</summary>
public sealed class NoPersistenceException() : JournalException(
    "no-persistence", "Nothing can be loaded: no persistence backend attached. Make the harness with a journal and a stream.");

/// <summary>An entry of the stream is none that a harness records. What was loaded before stays.</summary>
public sealed class ReplayEntryUndecodableException : JournalException
{
    internal ReplayEntryUndecodableException(StreamId stream, long sequenceNumber, CodecException cause)
        : base(
            "replay-entry-undecodable",
            string.Create(
                CultureInfo.InvariantCulture,
                $"Nothing was loaded, and what was loaded before stays: entry {sequenceNumber} of '{stream}' cannot be decoded ")
            + $"({cause.Message.TrimEnd('.')}). Load around it, or name the stream that a harness recorded.",
            cause) => (Stream, SequenceNumber) = (stream, sequenceNumber);

    /// <summary>The stream.</summary>
    public StreamId Stream { get; }

    /// <summary>The entry's version in the stream, from 1.</summary>
    public long SequenceNumber { get; }
}

/// <summary>Replaying was asked for in another mode. Switch to <see cref="RecorderMode.Replay"/> first.</summary>
public sealed class NotReplayingException(RecorderMode mode) : JournalException(
    "not-replaying",
    $"Entries are replayed in mode Replay only, and the mode is {mode}. Switch with SetModeAsync(RecorderMode.Replay) first.")
{
    /// <summary>The mode.</summary>
    public RecorderMode Mode { get; } = mode;
}

/// <summary>The base of what ends a replay at an entry. Entries before it were acknowledged, those behind it were not handed out.</summary>
public abstract class ReplayEndedException : JournalException
{
    private protected ReplayEndedException(string code, string message, int number, ReplayJournalEntry entry, Exception? cause)
        : base(code, message, cause) => (Number, Entry) = (number, entry);

    /// <summary>Which entry of those that were replayed, from 1: one more than were acknowledged.</summary>
    public int Number { get; }

    /// <summary>The entry.</summary>
    public ReplayJournalEntry Entry { get; }
}

/// <summary>A sink did not acknowledge an entry in time. Correct it, or give it more time
/// (<see cref="ReplayHarnessOptions.AcknowledgementTimeout"/>); the last one stands in <see cref="ReplayHarness.LastTimeout"/>.</summary>
public sealed class AcknowledgementTimeoutException : ReplayEndedException
{
    internal AcknowledgementTimeoutException(int number, int count, ReplayJournalEntry entry, TimeSpan bound)
        : base(
            "acknowledgement-timeout",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The sink did not acknowledge entry {number} of {count} within {bound:c}; the replay ended there. ")
            + "Let the task of OnEntryAsync end, or raise ReplayHarnessOptions.AcknowledgementTimeout.",
            number, entry, cause: null) => Bound = bound;

    /// <summary>How long it had.</summary>
    public TimeSpan Bound { get; }
}

/// <summary>A sink failed at an entry, or cancelled it by itself. Correct the sink; the cause is the inner exception.</summary>
public sealed class ReplaySinkException : ReplayEndedException
{
    internal ReplaySinkException(int number, int count, ReplayJournalEntry entry, Exception cause)
        : base(
            "sink-failed",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The sink failed at entry {number} of {count}, and the replay ended there: {cause.Message.TrimEnd('.')}. ")
            + "Correct the sink and replay again.",
            number, entry, cause)
    {
    }
}
