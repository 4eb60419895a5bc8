// `refold runs`: which runs were recorded.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class RunsVerb
{
    public static Command Create()
    {
        var command = new Command("runs", "List the recorded runs with their pins");
        command.SetAction((arguments, _) => RunAsync(arguments));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments)
    {
        await using var journal = Journals.OpenForReading(arguments);
        var runs = await journal.RunsAsync();
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["runs"] = new JsonArray([.. runs.Select(run => new JsonObject
                {
                    ["run"] = run.Id.Value,
                    ["pin"] = run.Pin is { } pin ? JsonNode.Parse(pin.ToJson()) : null,
                    ["position"] = run.StartedPosition,
                    ["startedAt"] = Facts.Time(run.StartedAt),
                    ["entries"] = run.Entries,
                    ["ended"] = run.HasEnded,
                })]),
            });
            return ExitCode.Done;
        }

        Facts.Table(["run", "position", "started at", "entries", "ended", "pin"], runs.Select(run => new[]
        {
            run.Id.Value,
            run.StartedPosition.ToString(CultureInfo.InvariantCulture),
            Facts.Time(run.StartedAt) ?? "",
            run.Entries.ToString(CultureInfo.InvariantCulture),
            run.HasEnded ? "yes" : "no",
            run.Pin?.ToJson() ?? "unreadable",
        }));
        return ExitCode.Done;
    }
}
