// `refold evidence`: makes the report of a projection's run, and checks a report against a journal.
// Called from the command line. What a stranger does without this tool is explained in facade/docs/verify.md.
using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class EvidenceVerb
{
    private static readonly Option<string?> Projection = Options.Text("--projection", "ID", "The projection. Default: activity-counts");
    private static readonly Argument<string> File = new("FILE") { Description = "A report, as evidence make --json prints it" };
    private static readonly Option<string?> Sign = Options.Text(
        "--sign", "KEY", "Sign the report with this private key, which keygen made");
    private static readonly Option<string?> Key = Options.Text(
        "--key", "VKEY", "The verifier key of who must have signed it, or a file with it. Default: a signature is not checked");

    public static Command Create()
    {
        var make = new Command("make", "Run a projection and print the report of the run; nothing is appended")
        {
            Projection, ProjectVerb.At, Sign,
        };
        make.SetAction(MakeAsync);
        var verify = new Command("verify", "Run the projection of a report again, as of its place, and name the first difference")
        {
            File, Key,
        };
        verify.SetAction(VerifyAsync);
        return new Command("evidence", "Make and check reports of what was read, folded and found") { make, verify };
    }

    private static async Task<int> MakeAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var key = ReportSignature.Key(Journals.Uri(arguments), arguments.GetValue(Sign));
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        string id = arguments.GetValue(Projection) ?? ActivityCounts.Projection.Id;
        ProjectionReport report;
        bool failed = false;
        try
        {
            report = ProjectVerb.Run(journal, id, arguments.GetValue(ProjectVerb.At)).Report;
        }
        catch (ProjectionFailedException exception)
        {
            // A failed run gives its report too.
            (report, failed) = (exception.Report, true);
            Terminal.Warn(exception.Message.TrimEnd('.'));
        }

        var json = ToJson(report.MadeAt(TimeProvider.System.GetUtcNow()));
        if (key is not null)
            json[ReportSignature.Member] =
                (await ReportSignature.MakeAsync(key, json["body"]!, report.BodyHash, cancellationToken)).Signed.ToString();
        if (arguments.GetValue(Options.Json)) Output.Json(json);
        else Print(report, key?.Key.Name);
        return failed ? ExitCode.Negative : ExitCode.Done;
    }

    private static JsonObject ToJson(ProjectionReport report)
    {
        var whole = JsonNode.Parse(report.ToJson())!.AsObject();
        var body = whole["body"]!;
        whole.Remove("body");
        whole.Remove("body_hash");
        return new JsonObject { ["body"] = body, ["bodyHash"] = report.BodyHash.ToString(), ["envelope"] = whole };
    }

    private static void Print(ProjectionReport report, string? signer) => Facts.Print(
        ("projection", report.ProjectionId),
        ("frontier", report.Frontier is { } at ? FormattableString.Invariant($"position {at.Position}, {at.WallMs} ms") : null),
        ("state hash", report.OutputHash?.ToString()),
        ("head", report.Head?.ToString()),
        ("tree", report.Tree?.ToString()),
        ("entries hash", report.EntriesHash?.ToString()),
        ("findings", string.Join(", ", report.Findings)),
        ("body hash", report.BodyHash.ToString()),
        ("signed by", signer is null ? null : signer + "; --json prints the signature"));

    private static async Task<int> VerifyAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var (report, signature) = Read(arguments.GetRequiredValue(File));
        var key = arguments.GetValue(Key) is { } text ? SigningFiles.Verifier(text) : null;
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        string? unsigned = key is null
            ? null
            : ReportSignature.FindFault(signature, key, JsonNode.Parse(report.BodyToJson())!, report.BodyHash);
        string? difference = unsigned ?? Difference(report, journal);
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject
            {
                ["ok"] = difference is null,
                ["bodyHash"] = report.BodyHash.ToString(),
                ["projection"] = report.ProjectionId,
                ["signature"] = signature?.ToJson(key is null ? null : unsigned is null),
                ["first"] = difference,
            });
        else
            Facts.Print(
                (difference is null ? "the same" : "different", difference ?? report.ProjectionId),
                ("signature", unsigned is null ? signature?.ToText(key is not null) : null),
                ("body hash", report.BodyHash.ToString()));
        return difference is null ? ExitCode.Done : ExitCode.Negative;
    }

    // Both the form the tool prints and the canonical one of the library.
    private static (ProjectionReport Report, ReportSignature? Signature) Read(string path)
    {
        try
        {
            string text = System.IO.File.ReadAllText(path);
            if (JsonNode.Parse(text, documentOptions: new() { AllowDuplicateProperties = false }) is not JsonObject json)
                throw new ToolException(ExitCode.Unreadable, $"{path} is no report; name a file that evidence make --json wrote.");
            if (json["envelope"] is not JsonObject envelope) return (ProjectionReport.Parse(text), null);
            // What lies outside the hash may not stand in for what is hashed.
            var signature = ReportSignature.Read(json);
            if (json.Count != (signature is null ? 3 : 4) || envelope.ContainsKey("body") || envelope.ContainsKey("body_hash"))
                throw new FormatException("A report has body, bodyHash and envelope, perhaps a signature, and no body in its envelope");
            var whole = new JsonObject { ["body"] = json["body"]?.DeepClone(), ["body_hash"] = json["bodyHash"]?.DeepClone() };
            foreach (var member in envelope) whole[member.Key] = member.Value?.DeepClone();
            return (ProjectionReport.Parse(whole.ToJsonString()), signature);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException(ExitCode.Unreadable, $"{path} does not exist; name a file that evidence make --json wrote.");
        }
        catch (Exception exception) when (
            exception is System.Text.Json.JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                ExitCode.Unreadable,
                $"{path} cannot be read as a report; name a file that evidence make --json wrote ({exception.Message.TrimEnd('.')}).");
        }
        catch (FormatException exception)
        {
            throw new ToolException(ExitCode.Negative, $"{path} is no report that holds together: {exception.Message.TrimEnd('.')}.");
        }
    }

    private static string? Difference(ProjectionReport report, ILocalJournal journal)
    {
        if (!ProjectVerb.Known.Contains(report.ProjectionId))
            throw new ToolException(
                ExitCode.Usage,
                $"The report is of the projection '{report.ProjectionId}', and this tool has {string.Join(", ", ProjectVerb.Known.Ids)}.");
        if (report.Findings.Contains(ProjectionFinding.ProjectionFailed))
            throw new ToolException(ExitCode.Unreadable, "The report is of a run that failed: it shows nothing that could be made again.");
        if (report.CacheStatus != "Bypassed" || report.Freshness == "StaleAllowed")
            throw new ToolException(
                ExitCode.Unreadable, "The report was made with a cache, and says what was in there: make one without to compare it.");
        long? at = report.Head?.Position ?? report.Frontier?.Position;
        if (at > journal.Head.Position)
            return FormattableString.Invariant(
                $"the report is as of position {at}, and the journal ends at {journal.Head.Position}: its tail is gone");
        if (report.Head is { } head && journal.HeadAt(head.Position) != head)
            return $"/head: the journal has the head {journal.HeadAt(head.Position)?.ToString() ?? "none"} there, not {head}";
        ProjectionReport again;
        try
        {
            again = ProjectVerb.Run(journal, report.ProjectionId, at).Report;
        }
        catch (ProjectionFailedException failed)
        {
            throw new ToolException(
                ExitCode.Unreadable,
                $"It cannot be checked with this journal: {failed.Message.TrimEnd('.')}. Use a backup that has all of it.");
        }

        if (report.SchemaVersion == 1) again = again.AsVersion1();

        var (expected, found) = (Encoding.UTF8.GetBytes(report.BodyToJson()), Encoding.UTF8.GetBytes(again.BodyToJson()));
        if (expected.AsSpan().SequenceEqual(found)) return null;
        var first = Microsoft.FSharp.Core.OptionModule.ToObj(Core.JsonDifferenceModule.first(expected, found));
        return first is null
            ? "the bodies are different"
            : $"{first.Pointer}: the report says {first.Expected}, the journal {first.Actual}";
    }
}
