// `refold evidence`: makes the report of a projection's run, and checks a report against a journal.
// Called from the command line. What a stranger does without this tool is explained in facade/docs/verify.md.
using System.CommandLine;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class EvidenceVerb
{
    private static readonly Option<string?> Projection = Options.Text(
        "--projection", "ID", "The projection: activity-counts, the default, or one of --with");
    private static readonly Argument<string> File = new("FILE")
    {
        Description = "A report, as evidence make --json prints it or --report writes it",
    };

    private static readonly Option<string?> Sign = Options.Text(
        "--sign", "KEY", "Sign the report with this private key, which keygen made");
    private static readonly Option<string?> Run = Options.Text("--run", "RUN", "Report this recorded run, and no projection");
    private static readonly Option<string?> Key = Options.Text(
        "--key", "VKEY", "The verifier key of who must have signed it, or a file with it. Default: a signature is not checked");

    public static Command Create()
    {
        var make = new Command("make", "Run a projection, or read a recorded run, and print the report; nothing is appended")
        {
            Projection, Run, ProjectVerb.At, ProjectVerb.AsOfTime, KnownProjections.With, Sign,
        };
        make.Validators.Add(ProjectVerb.RequireOnePlace);
        make.SetAction(MakeAsync);
        var verify = new Command("verify", "Make a report again, as of its place, and name the first difference")
        {
            File, KnownProjections.With, Key, ReplayVerb.Choices, ReplayVerb.Backends,
        };
        verify.SetAction(VerifyAsync);
        return new Command("evidence", "Make and check reports of what was read, folded and found") { make, verify };
    }

    private static async Task<int> MakeAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var key = ReportSignature.Key(Journals.Uri(arguments), arguments.GetValue(Sign));
        if (arguments.GetValue(Run) is { } run)
        {
            if (arguments.GetValue(Projection) is not null || arguments.GetValue(KnownProjections.With) is not null)
                throw new ToolException(
                    ExitCode.Usage, "A report is of a projection or of a run; give --projection with --with, or --run.");
            await using var recorded = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
            var made = OtherReports.OfRun(recorded, run, ProjectVerb.PlaceOf(arguments, recorded));
            made = made.MadeAt(TimeProvider.System.GetUtcNow());
            await OtherReports.PrintAsync(made, arguments.GetValue(Options.Json), key, cancellationToken);
            return ExitCode.Done;
        }

        string id = arguments.GetValue(Projection) ?? ActivityCounts.Projection.Id;
        var known = KnownProjections.Of(arguments);
        known.Require(id);
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        ProjectionReport report;
        bool failed = false;
        try
        {
            report = (await known.RunAsync(id, journal, ProjectVerb.PlaceOf(arguments, journal), cancellationToken)).Report;
        }
        catch (ProjectionFailedException exception)
        {
            // A failed run gives its report too.
            (report, failed) = (exception.Report, true);
            Terminal.Warn(exception.Message.TrimEnd('.'));
        }

        string whole = report.MadeAt(TimeProvider.System.GetUtcNow()).ToJson();
        var json = await ReportFile.ToJsonAsync(whole, report.BodyHash, key, cancellationToken);
        if (arguments.GetValue(Options.Json)) Output.Json(json);
        else Print(report, key?.Key.Name);
        return failed ? ExitCode.Negative : ExitCode.Done;
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
        var file = ReportFile.Read(arguments.GetRequiredValue(File));
        var signature = file.Signature;
        var key = arguments.GetValue(Key) is { } text ? SigningFiles.Verifier(text) : null;
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        string? unsigned = key is null
            ? null
            : ReportSignature.FindFault(signature, key, JsonNode.Parse(file.BodyToJson())!, file.BodyHash);
        EvidenceCheck check;
        if (unsigned is not null) check = new(unsigned, []);
        else if (file.Other is { } other)
        {
            var scenario = (arguments.GetValue(ReplayVerb.Choices), arguments.GetValue(ReplayVerb.Backends));
            check = await OtherReports.CheckAsync(
                journal, other, arguments.GetValue(KnownProjections.With), scenario, cancellationToken);
        }
        else check = new(await DifferenceAsync(file.Projection!, KnownProjections.Of(arguments), journal, cancellationToken), []);
        string kind = file.Other?.KindName ?? file.Projection!.ProjectionId;
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject
            {
                ["ok"] = check.Holds,
                ["bodyHash"] = file.BodyHash.ToString(),
                [file.Other is null ? "projection" : "kind"] = kind,
                ["signature"] = signature?.ToJson(key is null ? null : unsigned is null),
                ["first"] = check.Difference,
                ["notChecked"] = new JsonArray([.. check.NotChecked.Select(member => JsonValue.Create(member))]),
            });
        else
            Facts.Print(
            [
                (check.Holds ? "the same" : "different", check.Difference ?? kind),
                .. NotChecked(check),
                ("signature", unsigned is null ? signature?.ToText(key is not null) : null),
                ("body hash", file.BodyHash.ToString()),
            ]);
        return check.Holds ? ExitCode.Done : ExitCode.Negative;
    }

    private static (string, string?)[] NotChecked(EvidenceCheck check) =>
        check.NotChecked.Count == 0 ? [] : [("not checked", string.Join(", ", check.NotChecked))];

    private static async Task<string?> DifferenceAsync(
        ProjectionReport report, KnownProjections known, ILocalJournal journal, CancellationToken cancellationToken)
    {
        known.Require(report.ProjectionId, $"The report is of the projection '{report.ProjectionId}'");
        if (report.Findings.Contains(ProjectionFinding.ProjectionFailed))
            throw new ToolException(ExitCode.Unreadable, "The report is of a run that failed: it shows nothing that could be made again.");
        if (report.CacheStatus != "Bypassed" || report.Freshness == "StaleAllowed")
            throw new ToolException(
                ExitCode.Unreadable, "The report was made with a cache, and says what was in there: make one without to compare it.");
        if (!report.IsConsistent)
            throw new ToolException(
                ExitCode.Unreadable, "The report was made with a state that may be stale: make one without to compare it.");
        if ((report.Head?.Position ?? report.Frontier?.Position) is not { } at)
            throw new ToolException(ExitCode.Unreadable, "The report does not say where it is as of: nothing can be compared.");
        if (at < 0) return FormattableString.Invariant($"/input_frontier: there is no position {at}");
        try
        {
            if (report.Head is { } head && EvidenceChecks.HeadFault(journal, head) is { } fault) return fault;
        }
        catch (JournalException gone) when (gone.Code == "dropped")
        {
            throw new ToolException(ExitCode.Unreadable, $"It cannot be checked with this journal: {gone.Message}");
        }

        if (at > journal.Head.Position)
            return FormattableString.Invariant(
                $"/input_frontier: the report is as of position {at}, and the journal ends at {journal.Head.Position}: its tail is gone");
        ProjectionReport again;
        try
        {
            again = (await known.RunAsync(report.ProjectionId, journal, at, cancellationToken)).Report;
        }
        // What a program does is its own, and not the journal's.
        catch (ProjectionFailedException failed) when (failed.InnerException is Core.ProjectionException { Code: "threw" or "undecodable" })
        {
            return "the report is of a run that gave a state, and now it fails: " + failed.Message.TrimEnd('.');
        }
        catch (ProjectionFailedException failed)
        {
            throw new ToolException(ExitCode.Unreadable, "It cannot be checked with this journal: " + failed.Message);
        }

        if (report.SchemaVersion == 1) again = again.AsVersion1();

        return ReportDifference.Of(report.BodyToJson(), again.BodyToJson());
    }
}
