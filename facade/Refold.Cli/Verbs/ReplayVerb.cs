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
    public static readonly Option<int?> Choices = Options.Number(
        "--choices", "N", "Replay the scenario with another number of choices", 1, Dispatch.MostBackends);
    public static readonly Option<int?> Backends = Options.Number(
        "--backends", "N", "Replay the scenario with another number of backends", 1, Dispatch.MostBackends);
    private static readonly Option<bool> IgnorePin = Options.Flag(
        "--ignore-pin", "Do not compare the pin: look for the first entry that differs");
    private static readonly Option<string?> With = Options.Text(
        "--with", "LIB.dll", "A program's library: its public static Aggregate values decide, its Operation values run again");

    private static readonly Option<int?> Context = Options.Number(
        "--context", "N", "Show so many entries before and after the first one that differs", 0, 1000);

    public static Command Create()
    {
        var command = new Command("replay", "Decide a recorded run anew and compare")
        {
            Run, Choices, Backends, IgnorePin, Context, With, ReportFile.To, ReportFile.Sign,
        };
        command.SetAction((arguments, cancellationToken) => RunAsync(arguments, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var writer = ReportWriter.Of(arguments);
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        var run = await FindAsync(journal, arguments.GetValue(Run), cancellationToken);
        ReplayReport report;
        var (program, pin) = Rule(arguments, run);
        using (var progress = new ReplayProgress())
        {
            var options = new VerifyOptions { Pin = pin, IgnorePin = arguments.GetValue(IgnorePin), Progress = progress };
            // An aggregate of a user's program may not look at the token for long.
            report = await Interruption.LeaveAsync(
                () => ReplayAsync(journal, run.Id, program, options, cancellationToken).GetAwaiter().GetResult(), cancellationToken);
        }

        var context = report.Divergence is { } divergence && arguments.GetValue(Context) is { } wanted
            ? ReplayContext.Find(journal, divergence.Position, wanted, cancellationToken)
            : null;
        if (arguments.GetValue(Options.Json))
            Output.Json(ToJson(report, context));
        else
            Print(report, context);
        if (writer is not null) await writer.WriteAsync(EvidenceReport.Of(report));
        return report.Matched ? ExitCode.Done : ExitCode.Negative;
    }

    /// <summary>A run by its name; the last one where none is given.</summary>
    public static async Task<RunInfo> FindAsync(IJournal journal, string? name, CancellationToken cancellationToken)
    {
        var runs = await journal.RunsAsync(cancellationToken);
        if (name is null)
        {
            return runs.LastOrDefault() ?? throw new ToolException(
                ExitCode.Unreadable,
                CutRuns.Sentence(await CutRuns.OfAsync(journal, runs, cancellationToken)) ?? "The journal has no run; record one first.");
        }

        var id = Arguments.Run(name);
        if (runs.FirstOrDefault(info => info.Id == id) is { } found) return found;
        throw await journal.HighestVersionAsync(id.Stream, cancellationToken) > 0
            ? new ToolException(ExitCode.Unreadable, CutRuns.Sentence([name])!)
            : new ToolException(ExitCode.Unreadable, $"The journal has no run '{name}'; 'refold runs' lists them.");
    }

    // Where no operation is given, the report says that those of the run were not replayed.
    public static Task<ReplayReport> ReplayAsync(
        IJournal journal, RunId run, ProgramLibrary program, VerifyOptions options, CancellationToken cancellationToken) =>
        program.Operations.Count == 0
            ? journal.VerifyAsync(run, program.Aggregates, options, cancellationToken)
            : journal.ReplayAsync(run, program.Operations, program.Aggregates, options, cancellationToken);

    private static (ProgramLibrary Program, RunPin? Pin) Rule(ParseResult arguments, RunInfo run)
    {
        var (choices, backends) = (arguments.GetValue(Choices), arguments.GetValue(Backends));
        return arguments.GetValue(With) is null || (choices is null && backends is null)
            ? Rule(arguments.GetValue(With), run, choices, backends)
            : throw new ToolException(
                ExitCode.Usage, "--choices and --backends are of the built-in scenario; a library of --with has its own settings.");
    }

    /// <summary>What decides a run: the library that was named, else the built-in scenario, which has to be the run's.</summary>
    public static (ProgramLibrary Program, RunPin? Pin) Rule(string? library, RunInfo run, int? choices = null, int? backends = null)
    {
        if (library is not null) return (ProgramLibrary.Load(library), null);
        if (run.Pin is not { } recorded || recorded.Model != Dispatch.Category)
            throw new ToolException(
                ExitCode.Unreadable, $"The run '{run.Id}' is no built-in scenario's; name its program's library by --with LIB.dll.");
        var current = DispatchPin.Current(recorded, choices, backends);
        return (new ProgramLibrary([DispatchPin.Scenario(current)], []), current);
    }

    private static JsonObject ToJson(ReplayReport report, ReplayContext? context) => new()
    {
        ["run"] = report.Run.Value,
        ["verdict"] = report.Verdict.ToString(),
        ["matched"] = report.Matched,
        ["entries"] = report.Entries,
        ["external"] = report.External,
        ["decided"] = report.Decided,
        ["derived"] = report.Derived,
        ["notRedecidable"] = report.NotRedecidable,
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
            ["command"] = divergence.Command,
            ["stateBefore"] = divergence.StateBefore,
            ["remedy"] = Remedy(divergence),
            ["context"] = context?.ToJson(),
        },
        ["findings"] = new JsonArray([.. report.Findings.Select(finding => (JsonNode)finding)]),
        ["uncompared"] = new JsonArray([.. report.Uncompared.Select(ToJson)]),
    };

    private static JsonObject ToJson(UncomparedEntries uncompared) => new()
    {
        ["members"] = uncompared.Members,
        ["entries"] = uncompared.Entries,
        ["ranges"] = new JsonArray([.. uncompared.Ranges.Select(range => new JsonArray(range.First, range.Last))]),
    };

    /// <summary>What to do, in the words of this tool.</summary>
    private static string Remedy(Divergence divergence) => divergence.Cause == DivergenceCause.PinMismatch
        ? divergence.Remedy + " To look for the first entry that differs all the same, add --ignore-pin."
        : divergence.Remedy;

    private static void Print(ReplayReport report, ReplayContext? context)
    {
        if (!report.Matched)
        {
            Output.Line(report.ToString());
            if (report.Divergence is { Command: { } command }) Output.Line("command: " + command);
            if (report.Divergence is { StateBefore: { } state }) Output.Line("state before: " + state);
            PrintFindings(report);
            context?.Print();
            if (report.Divergence is { } divergence) Output.Line("to do: " + Remedy(divergence));
            return;
        }

        Facts.Print(
            ("identical",
                FormattableString.Invariant($"run {report.Run}, {Facts.Count(report.Decided, "command")} decided anew, ")
                + FormattableString.Invariant($"{report.Derived} derived entries compared")),
            ("state hash", report.StateHash));
        PrintFindings(report);
    }

    // Also where everything matches: what was not compared is said, or "identical" would promise too much.
    private static void PrintFindings(ReplayReport report)
    {
        foreach (string finding in report.Findings) Output.Line("finding: " + finding);
        foreach (var uncompared in report.Uncompared) Output.Line("not compared: " + uncompared);
    }
}
