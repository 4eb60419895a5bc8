// `refold export`: entries out, in NDJSON and position order.
// Called from the command line; import reads what it writes.
using System.CommandLine;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ExportVerb
{
    private static readonly Option<string?> Stream = Options.Text("--stream", "STREAM", "Only the entries of this stream");
    private static readonly Option<long?> From = Options.Number("--from", "POSITION", "Only entries from this position on. Default: 1", 1, long.MaxValue);
    private static readonly Option<bool> Raw = Options.Flag("--raw", "Add the canonical bytes in base64, from which with the batches the head hash can be computed");

    public static Command Create()
    {
        var command = new Command("export", "Write entries as NDJSON, in position order") { Stream, From, Raw };
        command.SetAction((arguments, _) => RunAsync(arguments));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments)
    {
        var only = arguments.GetValue(Stream) is { } name ? Arguments.Stream(name) : null;
        bool raw = arguments.GetValue(Raw);
        await using var journal = Journals.OpenForReading(arguments);
        foreach (var entry in journal.ReadAll(arguments.GetValue(From) ?? 1))
        {
            if (only is null || entry.Stream == only)
                Output.Line((raw ? Lines.WriteRaw(entry) : Lines.Write(entry)).Span);
        }

        return ExitCode.Done;
    }
}
