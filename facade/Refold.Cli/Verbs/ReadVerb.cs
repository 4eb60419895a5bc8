// `refold read`: the entries of one stream, once or for as long as it grows.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ReadVerb
{
    private const int WidestPayload = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

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
        long left = arguments.GetValue(Max) ?? long.MaxValue;
        bool follows = arguments.GetValue(Follow);
        bool lines = follows || arguments.GetValue(Options.Json) || !Output.IsTerminal;
        do
        {
            var entries = await ReadAsync(arguments, stream, from, left);
            if (lines)
                entries.ForEach(entry => Output.Line(Lines.Write(entry).Span));
            else
                PrintTable(entries);
            Output.Flush();
            left -= entries.Count;
            from = entries.Count > 0 ? entries[^1].Version + 1 : from;
        }
        while (follows && left > 0 && await PausedAsync(cancellationToken));

        return ExitCode.Done;
    }

    /// <summary>Opened anew each time: a reader sees what was on disk when it opened, and stands in no writer's way.</summary>
    private static async Task<List<JournalEntry>> ReadAsync(ParseResult arguments, StreamId stream, long from, long most)
    {
        await using var journal = Journals.OpenForReading(arguments);
        return [.. journal.ReadStream(stream, from, maxCount: most)];
    }

    private static async Task<bool> PausedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Pause, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static void PrintTable(List<JournalEntry> entries) => Facts.Table(
        ["position", "version", "role", "type", "time", "payload"],
        entries.Select(entry => new[]
        {
            entry.Position.ToString(CultureInfo.InvariantCulture),
            entry.Version.ToString(CultureInfo.InvariantCulture),
            entry.Role.ToString(),
            entry.Type,
            Facts.Time(entry.Time) ?? "",
            Beginning(entry.Payload.Span),
        }));

    private static string Beginning(ReadOnlySpan<byte> payload)
    {
        string text = Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, 4 * WidestPayload)]);
        return text.Length <= WidestPayload ? text : text[..WidestPayload] + "...";
    }
}
