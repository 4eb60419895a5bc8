// Every exception of the facade: one base with a stable code, each with its cause and remedy.
// Thrown by stores, by the throwing twins of Try methods, and by runs.
namespace Refold;

/// <summary>The base of everything Refold throws for a fault that is not the caller's argument.</summary>
public class JournalException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="code">The stable code: kebab-case, never changed.</param>
    /// <param name="message">One sentence with the remedy.</param>
    /// <param name="innerException">What caused it.</param>
    public JournalException(string code, string message, Exception? innerException = null)
        : base(message, innerException) => Code = code;

    /// <summary>The stable code, in kebab-case: programs compare it, people search for it.</summary>
    public string Code { get; }
}

/// <summary>A stream does not have the expected version: another writer appended. Read the stream and decide again.</summary>
public sealed class ConcurrencyException(StreamId stream, ExpectedVersion expected, long actual)
    : JournalException("conflict", new AppendFailure.Conflict(stream, expected, actual).ToString())
{
    /// <summary>The stream.</summary>
    public StreamId Stream { get; } = stream;

    /// <summary>What was expected.</summary>
    public ExpectedVersion Expected { get; } = expected;

    /// <summary>The stream's highest version; 0 for no stream.</summary>
    public long Actual { get; } = actual;
}

/// <summary>An append was not committed, and never will be, for another reason than an expected version.</summary>
public sealed class NotAppendedException(AppendFailure failure)
    : JournalException("not-appended", failure.ToString(), (failure as AppendFailure.Unavailable)?.Cause)
{
    /// <summary>Why.</summary>
    public AppendFailure Failure { get; } = failure;
}

/// <summary>Whether an append was committed is not known. Open the journal again and retry with the same idempotency key.</summary>
public sealed class OutcomeUnknownException(Exception cause)
    : JournalException(
        "outcome-unknown",
        $"The device failed while the batch was written: {cause.Message.TrimEnd('.')}. Open the journal again, and retry with the same "
        + "idempotency key: the answer says whether the batch is there.",
        cause);

/// <summary>Entries up to a version were deleted. Read from above it, or start from a snapshot.</summary>
public class EntriesDroppedException : JournalException
{
    /// <summary>Makes one.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="upTo">The highest deleted version.</param>
    public EntriesDroppedException(StreamId stream, long upTo)
        : this(
            "dropped",
            $"Entries of '{stream}' up to version {upTo.ToString(System.Globalization.CultureInfo.InvariantCulture)} were deleted; "
            + "read from above it.",
            stream, upTo)
    {
    }

    private protected EntriesDroppedException(string code, string message, StreamId stream, long upTo)
        : base(code, message) => (Stream, UpTo) = (stream, upTo);

    /// <summary>The stream.</summary>
    public StreamId Stream { get; }

    /// <summary>The highest deleted version.</summary>
    public long UpTo { get; }
}

/// <summary>A stream's state cannot be known: its beginning was deleted, and no snapshot can stand in for it.
/// Restore a snapshot or a backup.</summary>
public sealed class HistoryDroppedException : EntriesDroppedException
{
    internal HistoryDroppedException(StreamId stream, long upTo, IReadOnlyList<SnapshotFinding> findings)
        : base("history-dropped", Interop.SnapshotTranslation.HistoryDropped(stream, upTo, findings), stream, upTo) => Findings = findings;

    /// <summary>Why each snapshot that there was is not used.</summary>
    public IReadOnlyList<SnapshotFinding> Findings { get; }
}

/// <summary>A place that was kept belongs to another journal, or to another history of this one. Start again from the beginning.</summary>
public sealed class ForeignHistoryException(Head place)
    : JournalException(
        "foreign-history",
        $"The head {place} is not one of this journal: open the journal that it was kept beside, or let go what was kept.")
{
    /// <summary>The place.</summary>
    public Head Place { get; } = place;
}

/// <summary>Bytes are not what was written. Restore a backup, or export with salvage. Nothing was changed.</summary>
public sealed class JournalCorruptedException(string file, long offset, string what, string expected, string found)
    : JournalException(
        "corrupt",
        $"{file}, offset {offset.ToString(System.Globalization.CultureInfo.InvariantCulture)}: {what} is {found}, expected {expected}. "
        + "Restore a backup; of segment files, export --salvage (of the tool refold) gives what still checks.")
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>The offset in bytes from the start of the file.</summary>
    public long Offset { get; } = offset;

    /// <summary>Which field.</summary>
    public string What { get; } = what;

    /// <summary>What it should be.</summary>
    public string Expected { get; } = expected;

    /// <summary>What it is.</summary>
    public string Found { get; } = found;
}

/// <summary>Another writer has the journal open. Close it, or open for reading.</summary>
public sealed class JournalInUseException : JournalException
{
    /// <summary>For a store that can be read beside its writer.</summary>
    /// <param name="place">The journal.</param>
    public JournalInUseException(string place)
        : this(place, "by another writer; close it, or open for reading")
    {
    }

    /// <summary>For a store that cannot.</summary>
    /// <param name="place">The journal.</param>
    /// <param name="remedy">By whom it is in use, and what to do.</param>
    public JournalInUseException(string place, string remedy)
        : base("in-use", $"The journal {place} is in use {remedy}.")
    {
    }
}

/// <summary>The directory of a journal, its lock file or a file that is written was renamed, replaced or removed under its writer, which
/// acknowledges nothing more. Put it back where it was, or open the journal that is there now.</summary>
/// <param name="place">Where the journal was.</param>
/// <param name="what">What is not where it was, in a clause.</param>
public sealed class PlaceLostException(string place, string what)
    : JournalException(
        "place-lost",
        $"The writer of the journal {place} lost its place: {what}. Nothing more is acknowledged; "
        + "put it back, or open the journal that is there now.")
{
    /// <summary>Where the journal was.</summary>
    public string Place { get; } = place;
}

/// <summary>The journal has a format version that is not read: a newer one, which needs a newer program, or one that was given up, of which
/// lines exported by the version of Refold that wrote it are imported.</summary>
public sealed class UnsupportedFormatException(string file, int found, int supported)
    : JournalException(
        found > supported ? "future-format" : "past-format", MessageOf(file, found, supported))
{
    /// <summary>The version in the file.</summary>
    public int Found { get; } = found;

    /// <summary>The newest version this program reads.</summary>
    public int Supported { get; } = supported;

    private static string MessageOf(string file, int found, int supported)
    {
        var version = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{file} has format version {found}");
        return found > supported
            ? string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{version}, this program reads up to {supported}; use a newer one.")
            : $"{version}, which is not read any more; export the journal with the version of Refold that wrote it, and import the lines.";
    }
}

/// <summary>A journal cannot be opened: it is not there, is no journal, or access is denied.</summary>
public sealed class JournalOpenException(string message, Exception? innerException = null)
    : JournalException("cannot-open", message, innerException)
{
    /// <summary>Of what the device says, which names no remedy.</summary>
    /// <param name="what">What cannot be done, as the beginning of a sentence.</param>
    /// <param name="cause">What the device threw.</param>
    internal static JournalOpenException OfDevice(string what, Exception cause) => new(
        $"{what}: {cause.Message.TrimEnd('.')}. "
        + (cause is UnauthorizedAccessException
            ? "Check the permissions."
            : "Check the path, the device and its free room, and try again."),
        cause);
}
