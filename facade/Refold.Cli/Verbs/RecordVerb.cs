// `refold record`: runs a built-in scenario over an input and records it.
// Called from the command line; `refold replay` verifies what it writes.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Scenarios;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class RecordVerb
{
    private static readonly Option<string> Scenario = new("--scenario")
    {
        Description = "The scenario: dispatch",
        HelpName = "NAME",
        Required = true
    };
    private static readonly Option<string> Input = new("--input")
    {
        Description = "An access log in the combined format; - for standard input",
        HelpName = "LOG",
        Required = true
    };
    private static readonly Option<ulong?> Seed = Options.Number(
        "--seed", "N", "The run's seed. Default: 0", ulong.MinValue, ulong.MaxValue);
    private static readonly Option<int?> Choices = Options.Number(
        "--choices", "N", $"Different backends drawn in a step. Default: {Dispatch.DefaultChoices}", 1, Dispatch.MostBackends);
    private static readonly Option<int?> Backends = Options.Number(
        "--backends", "N", $"Backends. Default: {Dispatch.DefaultBackends}", 1, Dispatch.MostBackends);
    private static readonly Option<string?> Run = Options.Text("--run", "ID", "The run's name. Default: dispatch-SEED");
    private static readonly Option<bool> Resume = Options.Flag(
        "--resume", "Go on with a recording that was interrupted, from the same log; start it where there is none");
    private static readonly Option<bool> Acknowledge = Options.Flag(
        "--ack", "Print 'ack POSITION' once everything up to that position is durable");

    public static Command Create()
    {
        Scenario.AcceptOnlyFromAmong(Dispatch.Category);
        var command = new Command("record", "Run a scenario over an input and record it")
        {
            Scenario, Input, Seed, Choices, Backends, Run, Resume, Acknowledge,
        };
        command.SetAction((arguments, _) => RunAsync(arguments));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments)
    {
        ulong seed = arguments.GetValue(Seed) ?? 0;
        var pin = DispatchPin.Create(
            seed, arguments.GetValue(Choices) ?? Dispatch.DefaultChoices, arguments.GetValue(Backends) ?? Dispatch.DefaultBackends);
        var id = Arguments.Run(arguments.GetValue(Run) ?? "dispatch-" + seed.ToString(CultureInfo.InvariantCulture));
        string path = arguments.GetRequiredValue(Input);
        await using var input = LineReader.Open(path);
        await using var journal = Journals.OpenForWriting(arguments);
        if (!arguments.GetValue(Resume) && journal.HighestVersion(id.Stream) > 0)
            throw new ToolException(
                ExitCode.Conflict, $"The journal has a run '{id}' already; add --resume to go on with it, or --run ID for another.");

        var acknowledgements = new Acknowledgements();
        var recorder = new DispatchRecorder(
            journal, id, pin,
            arguments.GetValue(Acknowledge)
                ? position => acknowledgements.Print(position, position)
                : position => Progress.Tell(position - 1, "positions"));
        var summary = await recorder.RecordAsync(input, path);
        Progress.End();
        Print(arguments, id, summary, journal.Head);
        return ExitCode.Done;
    }

    private static void Print(ParseResult arguments, RunId id, DispatchSummary summary, Head head)
    {
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["run"] = id.Value,
                ["entries"] = 2 * summary.Commands,
                ["external"] = summary.Commands,
                ["derived"] = summary.Commands,
                ["refused"] = summary.Refused,
                ["alreadyThere"] = summary.AlreadyThere,
                ["stateHash"] = summary.StateHash,
                ["rng"] = JsonNode.Parse(summary.Root.ToJson()),
                ["head"] = Facts.Json(head),
            });
            return;
        }

        Facts.Print(
            ("run", id.Value),
            ("commands",
                FormattableString.Invariant($"{summary.Commands}, {summary.Refused} refused, {summary.AlreadyThere} already there")),
            ("state hash", summary.StateHash),
            ("head", head.ToString()));
    }
}
