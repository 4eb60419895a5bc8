// `refold streams`: which streams there are, and how far they go.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class StreamsVerb
{
    public static Command Create()
    {
        var command = new Command("streams", "List the streams and their highest versions");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        var streams = journal.Streams();
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["streams"] = new JsonArray([.. streams.Select(stream => new JsonObject
                {
                    ["stream"] = stream.Stream.Value,
                    ["version"] = stream.HighestVersion,
                    ["floor"] = stream.Floor,
                })]),
            });
            return ExitCode.Done;
        }

        Column[] columns = [new("stream"), new("version") { IsNumber = true }, new("deleted to") { GoesAt = 1, IsNumber = true }];
        Table.Print(columns, streams.Select(stream => new[]
        {
            stream.Stream.Value,
            stream.HighestVersion.ToString(CultureInfo.InvariantCulture),
            stream.Floor.ToString(CultureInfo.InvariantCulture),
        }), "--json");
        return ExitCode.Done;
    }
}
