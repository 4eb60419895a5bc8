// `refold state`: the state of a stream at a version.
// Called from the command line.
using System.CommandLine;
using System.Text.Json.Nodes;
using Refold.Cli.Scenarios;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class StateVerb
{
    private static readonly Option<string> Stream = new("--stream") { Description = "The stream", HelpName = "STREAM", Required = true };
    private static readonly Option<long?> At = Options.Number(
        "--at", "VERSION", "Fold up to this version. Default: the highest", 0, long.MaxValue);
    private static readonly Option<string?> With = Options.Text(
        "--with", "LIB.dll", "A program's library: its public static Aggregate values fold");

    public static Command Create()
    {
        var command = new Command("state", "Fold a stream and print its state") { Stream, At, With, ReportFile.To, ReportFile.Sign };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var stream = Arguments.Stream(arguments.GetRequiredValue(Stream));
        using var writer = ReportWriter.Of(arguments);
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        long highest = journal.HighestVersion(stream);
        long at = arguments.GetValue(At) ?? highest;
        if (highest == 0)
            throw Journals.NoStream(stream);
        if (at > highest)
            throw new ToolException(
                ExitCode.Usage, FormattableString.Invariant($"--at is {at}, the stream '{stream}' is at version {highest}."));

        var state = await StateReader.ReadAsync(
            journal, stream, await AggregateOfAsync(arguments.GetValue(With), journal, stream), at, cancellationToken);
        if (writer is not null)
        {
            if (state.Divergence is null) await writer.WriteAsync(Report(journal, stream, state));
            else Terminal.Warn("the stream cannot be folded as it was recorded, so no report was written");
        }

        var json = new JsonObject
        {
            ["stream"] = stream.Value,
            ["version"] = state.Version,
            ["state"] = state.State,
            ["stateHash"] = state.StateHash,
            ["divergence"] = state.Divergence?.ToString(),
        };
        if (arguments.GetValue(Options.Json))
            Output.Json(json);
        else
            Print(json);
        return state.Divergence is null ? ExitCode.Done : ExitCode.Negative;
    }

    // The report of the snapshot that could be taken there.
    private static EvidenceReport Report(ILocalJournal journal, StreamId stream, ReadState state)
    {
        if (state.Encoded is not { } encoded)
            throw new ToolException(
                ExitCode.Unreadable, $"The aggregate that owns '{stream}' has no state codec, so there is no report of its state.");
        var last = state.Version == 0 ? null : journal.ReadStream(stream, state.Version, state.Version).SingleOrDefault();
        if (last is null || journal.HeadAt(last.Position) is not { } head)
            throw new ToolException(
                ExitCode.Unreadable,
                FormattableString.Invariant(
                    $"Version {state.Version} of '{stream}' is not in the journal, so there is no report of the state there."));
        return journal.ReadStream(stream, state.Version + 1, state.Version + 1).SingleOrDefault()?.Position <= head.Position
            ? throw new ToolException(
                ExitCode.Usage,
                FormattableString.Invariant(
                    $"--at is {state.Version}, which is inside a batch; a report is of the state at the end of one."))
            : EvidenceReport.Of(new Snapshot(stream, state.Version, head, encoded));
    }

    /// <summary>What folds a stream: of the library that was named, else of the built-in scenario.</summary>
    public static async Task<Aggregate> AggregateOfAsync(string? with, ILocalJournal journal, StreamId stream)
    {
        if (with is { } library)
        {
            return ProgramLibrary.Load(library).Aggregates.FirstOrDefault(aggregate => aggregate.Owns(stream))
                ?? throw new ToolException(ExitCode.Unreadable, $"{library} has no Aggregate whose category owns the stream '{stream}'.");
        }

        if (!Dispatch.Aggregate.Owns(stream))
            throw new ToolException(
                ExitCode.Unreadable, $"No built-in scenario owns the stream '{stream}'; name its program's library by --with LIB.dll.");
        // The number of backends is in the pin of the run that began the stream.
        var first = journal.ReadKeptAsync(stream).FirstOrDefaultAsync();
        var run = (await first)?.Run;
        var runs = await journal.RunsAsync();
        return runs.FirstOrDefault(info => info.Id == run)?.Pin is { } pin ? DispatchPin.Scenario(pin) : Dispatch.Aggregate;
    }

    private static void Print(JsonObject json) => Facts.Print(
        [.. json.Select(member => (member.Key, member.Value switch
        {
            null => null,
            JsonValue value => value.ToString(),
            var node => Output.Text(node),
        }))]);
}
