// `refold read`: the entries of one stream, once or for as long as it grows.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ReadVerb
{
    private static readonly Option<string> Stream = new("--stream") { Description = "The stream", HelpName = "STREAM", Required = true };
    private static readonly Option<long?> From = Options.Number("--from", "VERSION", "The first version. Default: 1", 1, long.MaxValue);
    private static readonly Option<long?> Max = Options.Number("--max", "N", "At most this many entries", 0, long.MaxValue);
    private static readonly Option<bool> Follow = Options.Flag("--follow", "Stay, and print what is appended, until interrupted");

    public static Command Create()
    {
        var command = new Command("read", "Print a stream: a table on a terminal, otherwise NDJSON") { Stream, From, Max, Follow };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var stream = Arguments.Stream(arguments.GetRequiredValue(Stream));
        long from = arguments.GetValue(From) ?? 1;
        long most = arguments.GetValue(Max) ?? long.MaxValue;
        bool follows = arguments.GetValue(Follow);
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        long highest = journal.HighestVersion(stream);
        // A stream that is followed may begin later.
        if (highest == 0 && !follows)
            throw Journals.NoStream(stream);
        // Before the first read: what is appended in between is read by then, and is not printed again.
        long position = journal.Head.Position;
        var entries = Kept(journal, stream, from, most);
        if (follows || arguments.GetValue(Options.Json) || !Output.IsTerminal)
        {
            var printed = Print(Interruption.Until(entries, cancellationToken));
            if (follows && printed.Count < most)
                await FollowAsync(journal, stream, position, printed.Next ?? from, most - printed.Count, cancellationToken);
        }
        else
        {
            PrintTable(Interruption.Until(entries, cancellationToken));
            if (from > highest)
                Terminal.Warn(FormattableString.Invariant($"the stream '{stream}' ends at version {highest}, before --from {from}."));
        }

        return ExitCode.Done;
    }

    /// <summary>A stream whose beginning was deleted is read from where it is still there; that is said.</summary>
    private static IEnumerable<JournalEntry> Kept(ILocalJournal journal, StreamId stream, long from, long most)
    {
        try
        {
            return journal.ReadStream(stream, from, maxCount: most);
        }
        catch (EntriesDroppedException dropped)
        {
            Terminal.Warn(FormattableString.Invariant($"versions {from} to {dropped.UpTo} of '{stream}' were deleted."));
            return journal.ReadStream(stream, dropped.UpTo + 1, maxCount: most);
        }
    }

    private static (long Count, long? Next) Print(IEnumerable<JournalEntry> entries)
    {
        var (count, next) = (0L, (long?)null);
        foreach (var entry in entries)
        {
            Output.Line(Lines.Write(entry).Span);
            (count, next) = (count + 1, entry.Version + 1);
        }

        Output.Flush();
        return (count, next);
    }

    /// <summary>Prints what is appended behind a position, from a version on, as it comes.</summary>
    private static async Task FollowAsync(
        IJournal journal, StreamId stream, long position, long from, long left, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var entry in journal.SubscribeAsync(position + 1, cancellationToken))
            {
                if (entry.Stream != stream || entry.Version < from) continue;
                _ = Print([entry]);
                from = entry.Version + 1;
                if (--left == 0) return;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw Interruption.At("nothing was changed", CommandText.AgainFrom("--from", from));
        }
    }

    private static void PrintTable(IEnumerable<JournalEntry> entries) => Table.Print(
        [
            new("position") { IsNumber = true }, new("version") { IsNumber = true }, new("role") { GoesAt = 2 }, new("type"),
            new("time") { GoesAt = 3 }, new("payload") { IsCut = true, GoesAt = 1 },
        ],
        entries.Select(entry => new[]
        {
            entry.Position.ToString(CultureInfo.InvariantCulture),
            entry.Version.ToString(CultureInfo.InvariantCulture),
            entry.Role.ToString(),
            entry.Type,
            Facts.TableTime(entry.Time),
            Facts.TablePayload(entry.Payload.Span),
        }),
        "--json");
}
