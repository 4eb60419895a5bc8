// `refold replay`: decides a recorded run anew and says "identical", or names the first entry that is not.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Scenarios;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ReplayVerb
{
    private static readonly Option<string?> Run = Options.Text("--run", "ID", "The run. Default: the last one that was started");
    private static readonly Option<int?> Choices = Options.Number(
        "--choices", "N", "Replay the scenario with another number of choices", 1, Dispatch.MostBackends);
    private static readonly Option<int?> Backends = Options.Number(
        "--backends", "N", "Replay the scenario with another number of backends", 1, Dispatch.MostBackends);
    private static readonly Option<bool> IgnorePin = Options.Flag(
        "--ignore-pin", "Do not compare the pin: look for the first entry that differs");
    private static readonly Option<string?> With = Options.Text(
        "--with", "LIB.dll", "A program's library: its public static Aggregate values decide");

    public static Command Create()
    {
        var command = new Command("replay", "Decide a recorded run anew and compare") { Run, Choices, Backends, IgnorePin, With };
        command.SetAction((arguments, cancellationToken) => RunAsync(arguments, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var journal = Journals.OpenForReading(arguments);
        var run = await FindAsync(journal, arguments.GetValue(Run), cancellationToken);
        var (aggregates, pin) = Rule(arguments, run);
        var report = await journal.VerifyAsync(
            run.Id, aggregates, new VerifyOptions { Pin = pin, IgnorePin = arguments.GetValue(IgnorePin) }, cancellationToken);
        if (arguments.GetValue(Options.Json))
            Output.Json(ToJson(report));
        else
            Print(report);
        return report.Matched ? ExitCode.Done : ExitCode.Negative;
    }

    private static async Task<RunInfo> FindAsync(IJournal journal, string? name, CancellationToken cancellationToken)
    {
        var runs = await journal.RunsAsync(cancellationToken);
        if (name is null)
            return runs.LastOrDefault() ?? throw new ToolException(ExitCode.Unreadable, "The journal has no run; record one first.");
        var id = Arguments.Run(name);
        return runs.FirstOrDefault(info => info.Id == id)
            ?? throw new ToolException(ExitCode.Unreadable, $"The journal has no run '{name}'; 'refold runs' lists them.");
    }

    private static (IReadOnlyList<Aggregate> Aggregates, RunPin? Pin) Rule(ParseResult arguments, RunInfo run)
    {
        if (arguments.GetValue(With) is { } library)
            return (AggregateLibrary.Load(library), null);
        if (run.Pin is not { } recorded || recorded.Model != Dispatch.Category)
            throw new ToolException(
                ExitCode.Unreadable, $"The run '{run.Id}' is no built-in scenario's; name its program's library by --with LIB.dll.");
        var current = DispatchPin.Current(recorded, arguments.GetValue(Choices), arguments.GetValue(Backends));
        return ([DispatchPin.Scenario(current)], current);
    }

    private static JsonObject ToJson(ReplayReport report) => new()
    {
        ["run"] = report.Run.Value,
        ["verdict"] = report.Verdict.ToString(),
        ["matched"] = report.Matched,
        ["entries"] = report.Entries,
        ["external"] = report.External,
        ["derived"] = report.Derived,
        ["stateHash"] = report.StateHash,
        ["divergence"] = report.Divergence is not { } divergence ? null : new JsonObject
        {
            ["position"] = divergence.Position,
            ["stream"] = divergence.Stream.Value,
            ["version"] = divergence.Version,
            ["path"] = divergence.Path,
            ["expected"] = divergence.Expected,
            ["actual"] = divergence.Actual,
            ["expectedDraws"] = divergence.ExpectedDraws?.ToString(CultureInfo.InvariantCulture),
            ["actualDraws"] = divergence.ActualDraws?.ToString(CultureInfo.InvariantCulture),
            ["cause"] = divergence.CauseName,
        },
        ["findings"] = new JsonArray([.. report.Findings.Select(finding => (JsonNode)finding)]),
    };

    private static void Print(ReplayReport report)
    {
        if (!report.Matched)
        {
            Output.Line(report.ToString());
            return;
        }

        Facts.Print(
            ("identical",
                FormattableString.Invariant(
                    $"run {report.Run}, {report.External} commands decided anew, {report.Derived} derived entries compared")),
            ("state hash", report.StateHash));
    }
}
