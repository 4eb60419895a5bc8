// `refold project`: runs a projection over a journal and prints its state.
// Called from the command line; EvidenceVerb knows the same projections.
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ProjectVerb
{
    private static readonly Argument<string> Id = new("ID") { Description = "The projection: activity-counts" };

    /// <summary>The position that a state is as of.</summary>
    public static readonly Option<long?> At = Options.Number(
        "--at", "POSITION", "The position the state is as of; the batch that holds it counts whole. Default: the head", 1, long.MaxValue);

    public static ProjectionRegistry Known { get; } = new ProjectionRegistry().Register(ActivityCounts.Projection);

    public static Command Create()
    {
        var command = new Command("project", "Run a projection and print its state") { Id, At };
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>Runs a projection; what cannot be run ends the tool.</summary>
    public static RegisteredResult Run(ILocalJournal journal, string id, long? at, bool passesFailures = true)
    {
        try
        {
            return Known.TryRun(id, journal, at) ?? throw new ToolException(
                ExitCode.Usage, $"There is no projection '{id}'; there is {string.Join(", ", Known.Ids)}.");
        }
        catch (ProjectionFailedException failed) when (!passesFailures)
        {
            throw new ToolException(ExitCode.Negative, failed.Message);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new ToolException(ExitCode.Usage, string.Create(
                CultureInfo.InvariantCulture,
                $"--at is {at}, and no batch of the journal holds that position; the head is at {journal.Head.Position}."));
        }
    }

    /// <summary>A state as JSON: itself, where it is that, else in base64.</summary>
    public static JsonNode? ToJson(RegisteredResult result)
    {
        if (result.Encoded is not { } bytes) return null;
        try
        {
            return JsonNode.Parse(bytes.Span);
        }
        catch (System.Text.Json.JsonException)
        {
            return JsonValue.Create(Convert.ToBase64String(bytes.Span));
        }
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        var result = Run(journal, arguments.GetRequiredValue(Id), arguments.GetValue(At), passesFailures: false);
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["projection"] = result.Report.ProjectionId,
                ["asOf"] = result.Report.Frontier?.Position,
                ["state"] = ToJson(result),
                ["stateHash"] = result.Report.OutputHash?.ToString(),
                ["bodyHash"] = result.Report.BodyHash.ToString(),
            });
            return ExitCode.Done;
        }

        Facts.Print(
            ("projection", result.Report.ProjectionId),
            ("as of", result.Report.Frontier?.Position.ToString(CultureInfo.InvariantCulture)),
            ("state hash", result.Report.OutputHash?.ToString()),
            ("state", result.Encoded is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : "none: nothing matched"));
        return ExitCode.Done;
    }
}
