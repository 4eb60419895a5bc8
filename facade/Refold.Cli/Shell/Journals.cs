// Opening the journal of a command line, to look at it or to write to it.
// Called by every verb that needs one.
using System.CommandLine;

namespace Refold.Cli.Shell;

internal static class Journals
{
    /// <summary>Opens what <c>--journal</c> names without changing it; no writer is in the way.</summary>
    public static IJournal OpenForReading(ParseResult arguments) => OpenForReading(Uri(arguments));

    public static IJournal OpenForReading(string uri) => Open(uri, new JournalOptions { ReadOnly = true });

    /// <summary>Opens what <c>--journal</c> names as its only writer; a directory that is not there is made. The verbs that write do
    /// not wait for each answer.</summary>
    public static IJournal OpenForWriting(ParseResult arguments) => Open(Uri(arguments), new JournalOptions { Pipelined = true });

    /// <summary>The directory of a journal in segment files; null for any other.</summary>
    public static string? SegmentDirectory(string uri)
    {
        const string Scheme = "segments:";
        return uri.Length > Scheme.Length && uri.StartsWith(Scheme, StringComparison.Ordinal) ? uri[Scheme.Length..] : null;
    }

    public static string Uri(ParseResult arguments) => arguments.GetValue(Options.Journal) ?? Options.DefaultJournal;

    private static IJournal Open(string uri, JournalOptions options)
    {
        try
        {
            return Journal.Open(uri, options);
        }
        catch (JournalOpenException exception) when (options.ReadOnly && SegmentDirectory(uri) is { } directory && !Path.Exists(directory))
        {
            throw new JournalOpenException($"There is no journal in {directory}; name another by --journal, or make one with import or record.", exception);
        }
        catch (ArgumentException exception)
        {
            string reason = exception.ParamName is { } name ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;
            throw new ToolException(ExitCode.Usage, reason);
        }
    }
}
