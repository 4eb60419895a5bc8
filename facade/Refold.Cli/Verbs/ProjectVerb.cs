// `refold project`: runs a projection over a journal and prints its state.
// Called from the command line; EvidenceVerb knows the same projections.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ProjectVerb
{
    private static readonly Argument<string> Id = new("ID") { Description = "The projection: activity-counts, or one of --with" };

    /// <summary>The position that a state is as of.</summary>
    public static readonly Option<long?> At = Options.Number(
        "--at", "POSITION", "The position the state is as of; the batch that holds it counts whole. Default: the head", 1, long.MaxValue);

    /// <summary>The time that a state is as of.</summary>
    public static readonly Option<DateTimeOffset?> AsOfTime = Options.Time(
        "--as-of-time",
        "The time the state is as of, instead of --at: up to the last batch before which, and in which, no entry has a later "
        + "recorded time");

    public static Command Create()
    {
        var command = new Command("project", "Run a projection and print its state") { Id, At, AsOfTime, KnownProjections.With };
        command.SetAction(RunAsync);
        command.Validators.Add(RequireOnePlace);
        return command;
    }

    /// <summary>A position and a time are two places.</summary>
    public static void RequireOnePlace(CommandResult result)
    {
        if (result.GetResult(At) is not null && result.GetResult(AsOfTime) is not null)
            result.AddError("--at and --as-of-time are two places that a state may be as of; give one of them.");
    }

    /// <summary>The position that is asked for: of <see cref="At"/>, or of <see cref="AsOfTime"/>; null for the head.</summary>
    public static long? PlaceOf(ParseResult arguments, ILocalJournal journal)
    {
        if (arguments.GetValue(AsOfTime) is not { } time) return arguments.GetValue(At);
        try
        {
            return journal.HeadAsOf(time).Position;
        }
        catch (ArgumentOutOfRangeException dropped)
        {
            string reason = dropped.Message.Split(" (Parameter", StringSplitOptions.None)[0];
            throw new ToolException(ExitCode.Usage, $"--as-of-time is {Facts.Time(time)}. {reason} Use a backup that has all of it.");
        }
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string id = arguments.GetRequiredValue(Id);
        var known = KnownProjections.Of(arguments);
        known.Require(id);
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        var result = await RunAsync(known, id, journal, PlaceOf(arguments, journal), cancellationToken);
        var state = State(result);
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["projection"] = result.Report.ProjectionId,
                ["asOf"] = result.Report.Frontier?.Position,
                ["state"] = state,
                ["stateHash"] = result.Report.OutputHash?.ToString(),
                ["bodyHash"] = result.Report.BodyHash.ToString(),
            });
            return ExitCode.Done;
        }

        Facts.Print(
            ("projection", result.Report.ProjectionId),
            ("as of", result.Report.Frontier?.Position.ToString(CultureInfo.InvariantCulture)),
            ("state hash", result.Report.OutputHash?.ToString()),
            ("state", state switch
            {
                null => result.Encoded is null ? "none: nothing matched" : "null",
                JsonValue value => value.ToString(),
                _ => Output.Text(state),
            }));
        return ExitCode.Done;
    }

    private static async Task<RegisteredResult> RunAsync(
        KnownProjections known, string id, ILocalJournal journal, long? at, CancellationToken cancellationToken)
    {
        try
        {
            return await known.RunAsync(id, journal, at, cancellationToken);
        }
        catch (ProjectionFailedException failed)
        {
            throw new ToolException(ExitCode.Negative, failed.Message);
        }
    }

    // A state as `refold state` prints one: JSON as it is, other bytes in base64, and what has no form as its text.
    private static JsonNode? State(RegisteredResult result)
    {
        if (result.Encoded is not { } bytes) return result.State?.ToString();
        try
        {
            return JsonNode.Parse(bytes.Span);
        }
        catch (System.Text.Json.JsonException)
        {
            return new JsonObject { ["dataBase64"] = Convert.ToBase64String(bytes.Span) };
        }
    }
}
