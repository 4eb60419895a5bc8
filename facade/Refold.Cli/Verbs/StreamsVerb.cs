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
        command.SetAction((arguments, _) => RunAsync(arguments));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments)
    {
        await using var journal = Journals.OpenForReading(arguments);
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

        Facts.Table(["stream", "version", "deleted to"], streams.Select(stream => new[]
        {
            stream.Stream.Value,
            stream.HighestVersion.ToString(CultureInfo.InvariantCulture),
            stream.Floor.ToString(CultureInfo.InvariantCulture),
        }));
        return ExitCode.Done;
    }
}
