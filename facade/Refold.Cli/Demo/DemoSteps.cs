// The steps of the demo, each told in a line or two.
// Called by `refold demo`, in order.
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Scenarios;
using Refold.Cli.Shell;

namespace Refold.Cli.Demo;

/// <param name="directory">The demo's directory.</param>
/// <param name="log">The access log in it.</param>
/// <param name="pin">The pin of the recording.</param>
/// <param name="story">Where it is told.</param>
/// <param name="cancellationToken">Ends the step that is under way.</param>
internal sealed class DemoSteps(string directory, string log, RunPin pin, Story story, CancellationToken cancellationToken)
{
    private readonly RunId run = RunId.Create("demo");
    private readonly string journalDirectory = Path.Combine(directory, "journal");
    private readonly string tamperedDirectory = Path.Combine(directory, "tampered");

    private string JournalUri => "segments:" + journalDirectory;

    public async Task RecordAndKillAsync(ReadOnlyMemory<byte>[] firstLines, int all)
    {
        string[] arguments =
        [
            "record", "--scenario", Dispatch.Category, "--input", "-", "--seed", FormattableString.Invariant($"{pin.Seed}"),
            "--run", run.Value, "--journal", JournalUri, "--ack",
        ];
        var (processId, position) = await RecordingChild.KillHalfWayAsync(arguments, firstLines, cancellationToken);
        story.Facts["recorded"] = new JsonObject { ["commands"] = firstLines.Length, ["of"] = all, ["position"] = position };
        story.Facts["killed"] = true;
        story.Step("recorded", FormattableString.Invariant(
            $"{firstLines.Length} of {all} commands in process {processId}; it acknowledged position {position}"));
        story.Step("killed", FormattableString.Invariant($"process {processId} with SIGKILL, half way"));
    }

    public async Task ResumeAsync()
    {
        var (resumed, head) = await RecordAsync(JournalUri);
        story.Step("resumed", string.Create(
            CultureInfo.InvariantCulture,
            $"{resumed.AlreadyThere} commands were there, {resumed.Commands - resumed.AlreadyThere} more recorded; "
            + $"head {Short(head.Hash.ToString())}"));
        var (_, never) = await RecordAsync("memory:");
        if (head != never)
            throw new ToolException(
                ExitCode.Negative, $"The head of a recording that was never killed is {never}, not {head}; please report it.");
        story.Facts["resumed"] = new JsonObject
        {
            ["alreadyThere"] = resumed.AlreadyThere,
            ["commands"] = resumed.Commands - resumed.AlreadyThere,
            ["head"] = Facts.Json(head),
        };
        story.Facts["same"] = true;
        story.Step("same", "a recording that was never killed ends with the same head");
    }

    public async Task ReplayAsync()
    {
        var report = await VerifyAsync(pin, ignorePin: false);
        if (!report.Matched)
            throw new ToolException(ExitCode.Negative, $"The replay differs: {report}");
        story.Facts["replayed"] = new JsonObject
        {
            ["matched"] = report.Matched,
            ["entries"] = report.Entries,
            ["stateHash"] = report.StateHash,
        };
        story.Step("replayed", string.Create(
            CultureInfo.InvariantCulture,
            $"identical: {report.Decided} commands decided anew, {report.Derived} entries compared; "
            + $"state hash {Short(report.StateHash)}"));
    }

    public async Task ReplayAnotherRuleAsync()
    {
        var another = DispatchPin.Current(pin, choices: Dispatch.DefaultChoices + 1, backends: null);
        var divergence = (await VerifyAsync(another, ignorePin: true)).Divergence
            ?? throw new ToolException(ExitCode.Negative, "Another rule gave the same entries; please report it.");
        story.Facts["anotherRule"] = new JsonObject
        {
            ["choices"] = Dispatch.DefaultChoices + 1,
            ["position"] = divergence.Position,
            ["stream"] = divergence.Stream.Value,
            ["version"] = divergence.Version,
            ["path"] = divergence.Path,
            ["expected"] = divergence.Expected,
            ["actual"] = divergence.Actual,
            ["cause"] = divergence.CauseName,
        };
        story.Found("replayed", string.Create(
            CultureInfo.InvariantCulture,
            $"with {Dispatch.DefaultChoices + 1} choices instead of {Dispatch.DefaultChoices}: "
            + $"first differs at position {divergence.Position}, {divergence.Stream} version {divergence.Version}"));
        story.Found("", $"{divergence.Path}: recorded {divergence.Expected}, now {divergence.Actual} ({divergence.CauseName})");
    }

    public async Task TamperAsync()
    {
        var (file, offset) = Tampering.CopyAndFlip(journalDirectory, tamperedDirectory);
        var check = await JournalCheck.RunAsync("segments:" + tamperedDirectory, expectedHead: null, cancellationToken);
        if (check.First is not { } fault)
            throw new ToolException(ExitCode.Negative, $"A flipped byte at offset {offset} of {file} was not found; please report it.");
        story.Facts["tampered"] = new JsonObject { ["file"] = file, ["offset"] = offset, ["found"] = fault.What };
        story.Found("tampered", FormattableString.Invariant($"one bit of a copy, at offset {offset} of {file}; verify says:"));
        story.Found("", fault.What);
    }

    public void SuggestCommands()
    {
        var (host, library) = RecordingChild.Self();
        string program = library is [var path] ? "dotnet " + Quoted(Relative(path)) : Quoted(host);
        string[] commands =
        [
            $"{program} read --journal {Quoted(JournalUri)} --stream {Dispatch.Category} --max 5",
            $"{program} replay --journal {Quoted(JournalUri)} --choices 3 --ignore-pin",
            $"{program} verify --journal {Quoted("segments:" + tamperedDirectory)}",
        ];
        story.Facts["try"] = new JsonArray([.. commands.Select(command => (JsonNode)command)]);
        story.Title("Try:");
        foreach (string command in commands) story.Command(command);
    }

    private async Task<(DispatchSummary Summary, Head Head)> RecordAsync(string uri)
    {
        await using var journal = Journal.Open(uri);
        using var input = LineReader.Open(log);
        var summary = await new DispatchRecorder(journal, run, pin, _ => { }).RecordAsync(input, log, cancellationToken);
        return (summary, journal.Head);
    }

    private async Task<ReplayReport> VerifyAsync(RunPin current, bool ignorePin)
    {
        await using var journal = Journals.OpenForReading(JournalUri);
        var options = new VerifyOptions { Pin = current, IgnorePin = ignorePin };
        return await journal.VerifyAsync(run, [DispatchPin.Scenario(current)], options, cancellationToken);
    }

    private static string Relative(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }

    private static string Quoted(string text) => CommandText.Quoted(text);

    private static string Short(string? hash) => hash is null ? "none" : hash[..12];
}
