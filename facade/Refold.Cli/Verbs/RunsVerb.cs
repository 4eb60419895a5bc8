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
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        var runs = await journal.RunsAsync(cancellationToken);
        var cut = await CutRuns.OfAsync(journal, runs, cancellationToken);
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
                ["cut"] = new JsonArray([.. cut.Select(name => (JsonNode)name)]),
            });
            return ExitCode.Done;
        }

        Column[] columns =
        [
            new("run"), new("position") { IsNumber = true }, new("started at") { GoesAt = 4 },
            new("entries") { GoesAt = 2, IsNumber = true },
            new("ended") { GoesAt = 1 }, new("pin") { IsCut = true, GoesAt = 3 },
        ];
        Table.Print(columns, runs.Select(run => new[]
        {
            run.Id.Value,
            run.StartedPosition.ToString(CultureInfo.InvariantCulture),
            Facts.TableTime(run.StartedAt),
            run.Entries.ToString(CultureInfo.InvariantCulture),
            run.HasEnded ? "yes" : "no",
            (Output.IsTerminal ? run.Pin?.ToString() : run.Pin?.ToJson()) ?? "unreadable",
        }), "--json");
        if (CutRuns.Sentence(cut) is { } sentence) Output.Line(sentence);
        return ExitCode.Done;
    }
}
