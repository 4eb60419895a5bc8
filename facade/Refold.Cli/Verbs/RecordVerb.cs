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
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        ulong seed = arguments.GetValue(Seed) ?? 0;
        var pin = DispatchPin.Create(
            seed, arguments.GetValue(Choices) ?? Dispatch.DefaultChoices, arguments.GetValue(Backends) ?? Dispatch.DefaultBackends);
        var id = Arguments.Run(arguments.GetValue(Run) ?? "dispatch-" + seed.ToString(CultureInfo.InvariantCulture));
        string path = arguments.GetRequiredValue(Input);
        await using var input = LineReader.Open(path);
        await using var journal = await Journals.OpenForWritingAsync(arguments, cancellationToken);
        if (!arguments.GetValue(Resume) && journal.HighestVersion(id.Stream) > 0)
            throw new ToolException(
                ExitCode.Conflict, $"The journal has a run '{id}' already; add --resume to go on with it, or --run ID for another.");

        var acknowledgements = new Acknowledgements();
        using var progress = Progress.Start("recording", "lines", Progress.IsShown ? await CountAsync(input, cancellationToken) : null);
        DispatchRecorder recorder = null!;
        recorder = new DispatchRecorder(journal, id, pin, position =>
        {
            progress.Tell(recorder.Commands);
            if (arguments.GetValue(Acknowledge)) acknowledgements.Print(position, position);
        });
        DispatchSummary summary;
        try
        {
            summary = await recorder.RecordAsync(input, path, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            string durable = FormattableString.Invariant($"durable up to position {journal.Head.Position}");
            throw Interruption.At(
                recorder.IsRecording ? FormattableString.Invariant($"the run '{id}' has {recorder.Commands} commands, {durable}")
                    : journal.HighestVersion(id.Stream) > 0 ? $"the run '{id}' is as it was, {durable}"
                    : $"nothing of the run '{id}' was recorded",
                CommandText.Again(with: "--resume"));
        }

        if (summary.Commands > 0 && summary.Refused == summary.Commands)
        {
            Terminal.Warn(
                $"Every line of {path} was refused, as none is in the combined format of access logs; is it one?");
        }

        Print(arguments, id, summary, journal.Head);
        return ExitCode.Done;
    }

    /// <summary>How many lines a file has; null for a pipe, which can be read once.</summary>
    private static async Task<long?> CountAsync(Stream input, CancellationToken cancellationToken)
    {
        if (!input.CanSeek) return null;
        byte[] buffer = new byte[1 << 16];
        var (lines, last) = (0L, (byte)'\n');
        while (await input.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            lines += buffer.AsSpan(0, count).Count((byte)'\n');
            last = buffer[count - 1];
        }

        input.Position = 0;
        return last == '\n' ? lines : lines + 1;
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
