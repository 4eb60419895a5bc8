// Reports besides those of projections, as the tool makes and checks them: what the journal shows, and what a program's library shows.
// Called by EvidenceVerb.
using Refold.Cli.Shell;
using Refold.Signing;

namespace Refold.Cli.Verbs;

internal static class OtherReports
{
    /// <summary>The report of a recorded run.</summary>
    public static EvidenceReport OfRun(ILocalJournal journal, string run, long? at)
    {
        try
        {
            return journal.RunReport(Arguments.Run(run), at);
        }
        catch (RunNotFoundException missing)
        {
            throw new ToolException(ExitCode.Unreadable, missing.Message + " 'refold runs' lists those there are.");
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new ToolException(
                ExitCode.Usage,
                FormattableString.Invariant(
                    $"--at is {at}, and no batch of the journal holds that position; the head is at {journal.Head.Position}."));
        }
    }

    /// <summary>Prints a report: whole, or the few things that people look for.</summary>
    public static async Task PrintAsync(EvidenceReport report, bool asJson, Ed25519SigningKey? key, CancellationToken cancellationToken)
    {
        if (asJson)
            Output.Json(await ReportFile.ToJsonAsync(report.ToJson(), report.BodyHash, key, cancellationToken));
        else
            Facts.Print(
                ("report", report.KindName),
                ("head", report.Head?.ToString()),
                ("body hash", report.BodyHash.ToString()),
                ("signed by", key is null ? null : key.Key.Name + "; --json prints the signature"));
    }

    /// <summary>Compares a report with what the journal has, and with what a library decides or folds.</summary>
    public static async Task<EvidenceCheck> CheckAsync(
        ILocalJournal journal, EvidenceReport report, string? library, (int? Choices, int? Backends) scenario,
        CancellationToken cancellationToken)
    {
        if (report.Kind != EvidenceKind.Replay && scenario is not (null, null))
            throw new ToolException(
                ExitCode.Usage, $"--choices and --backends are for reports of replays, and this one is of the kind {report.KindName}.");
        if (report.Head is null)
            throw new ToolException(
                ExitCode.Unreadable, "The report is of gates that denied an append and left no record: the journal shows nothing of it.");
        if (library is not null && report.Kind is not (EvidenceKind.Replay or EvidenceKind.Snapshot))
            throw new ToolException(
                ExitCode.Usage, $"--with is for reports of replays and states, and this one is of the kind {report.KindName}.");
        try
        {
            var found = journal.Check(report);
            return !found.Holds ? found : report.Kind switch
            {
                EvidenceKind.Replay => await ReplayAsync(journal, report, library, scenario, found, cancellationToken),
                EvidenceKind.Snapshot => await FoldAsync(journal, report, library, found, cancellationToken),
                _ => found,
            };
        }
        catch (JournalException gone) when (gone.Code == "dropped")
        {
            throw new ToolException(ExitCode.Unreadable, $"It cannot be checked with this journal: {gone.Message}");
        }
    }

    private static async Task<EvidenceCheck> ReplayAsync(
        ILocalJournal journal, EvidenceReport report, string? library, (int? Choices, int? Backends) scenario, EvidenceCheck found,
        CancellationToken cancellationToken)
    {
        var (choices, backends) = scenario;
        var run = await ReplayVerb.FindAsync(journal, report.Run!.Value, cancellationToken);
        // Without a library only the built-in scenario can be decided again.
        if (library is null && run.Pin?.Model != Scenarios.Dispatch.Category) return found;
        // What was given to that replay, and not to this one: a snapshot, or the pin of a program.
        if (report.StartsFromSnapshot || (library is not null && report.ComparesPins)) return found;
        var (program, pin) = ReplayVerb.Rule(library, run, choices, backends);
        var options = new VerifyOptions { Pin = pin, IgnorePin = report.IgnoresPin, UpTo = report.Head!.Value.Position };
        var again = await Interruption.LeaveAsync(
            () => ReplayVerb.ReplayAsync(journal, run.Id, program, options, cancellationToken).GetAwaiter().GetResult(), cancellationToken);
        return journal.CheckReplay(report, again);
    }

    private static async Task<EvidenceCheck> FoldAsync(
        ILocalJournal journal, EvidenceReport report, string? library, EvidenceCheck found, CancellationToken cancellationToken)
    {
        var stream = report.Stream!;
        if (library is null && !Scenarios.Dispatch.Aggregate.Owns(stream)) return found;
        var aggregate = await StateVerb.AggregateOfAsync(library, journal, stream);
        return await StateReader.CheckAsync(journal, report, aggregate, cancellationToken);
    }
}
