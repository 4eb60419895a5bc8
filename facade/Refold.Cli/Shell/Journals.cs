// Opening the journal of a command line, to look at it or to write to it.
// Called by every verb that needs one.
using System.CommandLine;
using System.Globalization;
using Refold.Segments;

namespace Refold.Cli.Shell;

internal static class Journals
{
    /// <summary>Opens what <c>--journal</c> names without changing it; no writer is in the way. A torn tail and what is unconfirmed are
    /// named on standard error: whoever reads must not take a journal that lost its end for a whole one.</summary>
    public static ILocalJournal OpenForReading(ParseResult arguments) => OpenForReading(Uri(arguments));

    /// <summary>As <c>OpenForReading</c>, for a journal that may take long to open: left behind when it is interrupted.</summary>
    public static Task<ILocalJournal> OpenForReadingAsync(string uri, CancellationToken cancellationToken) =>
        Interruption.LeaveAsync(() => OpenForReading(uri), cancellationToken);

    public static ILocalJournal OpenForReading(string uri)
    {
        var journal = Open(uri, new JournalOptions { ReadOnly = true });
        if (journal is SegmentJournal segments)
        {
            Tell(segments.TornTail);
            TellUnconfirmed(segments.Unconfirmed);
        }

        return journal;
    }

    /// <summary>Names on standard error what may have been acknowledged and is not read; 0 is nothing.</summary>
    public static void TellUnconfirmed(long count)
    {
        if (count > 0)
            Terminal.Warn(string.Create(
                CultureInfo.InvariantCulture,
                $"{count} entries or deletions at the end are unconfirmed: whole, but not known to be flushed. "
                + $"They are not read; opening for writing decides about them."));
    }

    /// <summary>Names a torn tail on standard error; null is none.</summary>
    public static void Tell(TornTail? torn)
    {
        if (torn is not null)
            Terminal.Warn(string.Create(
                CultureInfo.InvariantCulture,
                $"{torn.File} has a torn tail from offset {torn.Offset} on: {torn.Reason}. "
                + $"What lies before it is read; opening for writing heals it."));
    }

    /// <summary>Opens what <c>--journal</c> names as its only writer; a directory that is not there is made. The verbs that write do
    /// not wait for each answer, and tell of a file that was cut while they read it.</summary>
    public static ILocalJournal OpenForWriting(ParseResult arguments, bool indexIds = true) =>
        Open(Uri(arguments), new JournalOptions { Segments = new() { Pipelined = true, IndexIds = indexIds, Reads = Reads.Copied } });

    /// <summary>As <c>OpenForWriting</c>, left behind when it is interrupted: a journal takes no harm from that, as from a kill.</summary>
    public static Task<ILocalJournal> OpenForWritingAsync(
        ParseResult arguments, CancellationToken cancellationToken, bool indexIds = true) =>
        Interruption.LeaveAsync(() => OpenForWriting(arguments, indexIds), cancellationToken);

    /// <summary>The directory of a journal in segment files; null for any other.</summary>
    public static string? SegmentDirectory(string uri)
    {
        const string Scheme = "segments:";
        return uri.Length > Scheme.Length && uri.StartsWith(Scheme, StringComparison.Ordinal) ? uri[Scheme.Length..] : null;
    }

    /// <summary>The directory that <c>--journal</c> names, for a verb that works on files; it is there.</summary>
    public static string RequireSegments(ParseResult arguments)
    {
        string directory = SegmentDirectory(Uri(arguments))
            ?? throw new ToolException(
                ExitCode.Usage, $"--journal is '{Uri(arguments)}', this works on segment files: it must be segments:DIRECTORY.");
        RequireDirectory(directory);
        return directory;
    }

    /// <summary>Refuses a place where there is no directory to read from.</summary>
    public static void RequireDirectory(string directory)
    {
        RequireNoFile(directory);
        if (!Directory.Exists(directory))
            throw new JournalOpenException(
                $"There is no journal in {directory}; name another by --journal, or make one with import or record.");
    }

    public static string Uri(ParseResult arguments) => arguments.GetValue(Options.Journal) ?? Options.DefaultJournal;

    /// <summary>Refuses a URI whose store comes with a package that is not here.</summary>
    public static void RequireStore(string uri)
    {
        if (Journal.MissingPackage(uri) is { } package)
            throw new ToolException(
                ExitCode.Usage,
                $"refold has no store for '{uri}': it comes with the package {package}. Use segments:DIRECTORY or litedb:FILE.");
    }

    /// <summary>The error of a stream that is not there: a name that is written wrongly must not pass for one that is empty.</summary>
    public static ToolException NoStream(StreamId stream) =>
        new(ExitCode.Unreadable, $"The journal has no stream '{stream}'; 'refold streams' lists them.");

    private static void RequireNoFile(string directory)
    {
        if (File.Exists(directory))
            throw new JournalOpenException($"{directory} is a file; a journal in segment files is a directory. Name another by --journal.");
    }

    private static ILocalJournal Open(string uri, JournalOptions options)
    {
        RequireStore(uri);
        if (SegmentDirectory(uri) is { } directory)
        {
            if (options.ReadOnly) RequireDirectory(directory);
            else RequireNoFile(directory);
        }

        try
        {
            return Journal.Open(uri, options);
        }
        catch (ArgumentException exception)
        {
            string reason = exception.ParamName is { } name
                ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
                : exception.Message;
            throw new ToolException(ExitCode.Usage, reason);
        }
    }
}
