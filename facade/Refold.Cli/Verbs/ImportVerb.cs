// `refold import`: entries in NDJSON into a journal. The whole file is checked before the first write.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Import;
using Refold.Cli.Shell;
using Refold.Segments;

namespace Refold.Cli.Verbs;

internal static class ImportVerb
{
    private static readonly Argument<string> File = new("FILE") { Description = "Entries in NDJSON, one a line; - for standard input" };
    private static readonly Option<int?> BatchSize = Options.Number(
        "--batch", "N", "Entries of one atomic append where the file names no batches. Default: 1", 1, Lines.MostBatchEntries);
    private static readonly Option<bool> Acknowledge = Options.Flag("--ack", "Print 'ack POSITION' once that position is durable");
    private static readonly Option<bool> Resume = Options.Flag("--resume", "Go on where an interrupted import of this file ended");

    private static readonly Option<bool> Renumber = Options.Flag(
        "--renumber", "Give new positions, versions and batches, also in an empty journal: for what is salvaged, where some are missing");

    private static readonly Option<bool> Repeat = Options.Flag(
        "--again", "Append a file also where its beginning is in the journal already; batches with a known idempotency key stay once");
    private static readonly Option<bool> TruncateTimes = Options.Flag(
        "--truncate-times", "Cut off digits of times behind the seventh: a journal has steps of 100 ns");

    private static readonly Option<string?> IndexIds = Options.YesOrNo(
        "--index-ids",
        "Whether entries of a journal in segment files that is begun here are found by id: some 40 bytes an entry. Default: yes");

    public static Command Create()
    {
        var command = new Command("import", "Bring entries in; into an empty journal given positions, versions and batches are kept")
        {
            File, BatchSize, Acknowledge, Resume, Repeat, Renumber, TruncateTimes, IndexIds, ReportFile.To, ReportFile.Sign,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string path = arguments.GetRequiredValue(File);
        string name = path == "-" ? "standard input" : path;
        bool resumes = arguments.GetValue(Resume);
        if (resumes && arguments.GetValue(Repeat))
            throw new ToolException(ExitCode.Usage, "--resume goes on with an import, --again makes another; give one of them.");
        CheckIds(arguments);
        using var writer = ReportWriter.Of(arguments);
        await using var stream = ImportSource.Open(path, name, cancellationToken);
        var file = new ImportFile(name, stream, arguments.GetValue(BatchSize) ?? 1, arguments.GetValue(TruncateTimes));
        var (hashes, positions, first) = Check(file, cancellationToken);

        if (hashes.Count == 0)
            throw new ToolException(ExitCode.Unreadable, $"{name} is empty: nothing was imported. Name a file with entries.");
        bool renumbers = arguments.GetValue(Renumber);
        if (!renumbers && file.Misplaced is { } misplaced && await IsEmptyAsync(arguments))
            throw new ToolException(misplaced.ExitCode, misplaced.Message + " To give new places, import with --renumber.");
        bool fits = !renumbers && file.HasPlaces && file.Misplaced is null;
        if (!fits) RequireSingleKeys(path, file);

        await using var journal = await Journals.OpenForWritingAsync(
            arguments, cancellationToken, Options.IsYes(arguments.GetValue(IndexIds)) ?? true);
        if (!resumes && !arguments.GetValue(Repeat) && RepeatedImport.Find(journal, first, cancellationToken) is { } repeated)
            throw new ToolException(
                ExitCode.Conflict,
                $"{name} looks as if it had been imported before: {repeated}. Nothing was imported; "
                + "add --resume to go on with an import that was interrupted, or --again to append it all the same.");
        var (there, broken) = resumes ? Overlap.Find(Interruption.Until(journal.ReadAll(), cancellationToken), hashes) : (0, 0);
        // What an interrupted import left ends the journal; where something came behind it, to go on would append it a second time.
        if (broken > there)
            throw new ToolException(
                ExitCode.Conflict,
                $"The first entries of {name}, {Text(broken)} of them, are in the journal, and something else came behind them, so "
                + "there is no going on. Nothing was imported; import into another journal, or add --again, without --resume, to "
                + "append all of it.");
        bool restores = fits && journal.Head.Position == (there == 0 ? 0 : positions[there - 1] ?? -1);
        if (!restores) RequireSingleKeys(path, file);
        var before = journal.Head;
        there += await new ImportWork(journal, file, hashes.Count).AppendAsync(
            there, restores, arguments.GetValue(Acknowledge), cancellationToken);

        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject
            {
                ["entries"] = hashes.Count - there,
                ["alreadyThere"] = there,
                ["head"] = Facts.Json(journal.Head)
            });
        else
            Facts.Print(
                ("entries", Text(hashes.Count - there)), ("already there", there > 0 || arguments.GetValue(Resume) ? Text(there) : null),
                ("head", journal.Head.ToString()));
        if (writer is not null)
        {
            var evidence = journal.ImportReport(
                before, alreadyThere: there, renumbered: !restores, timesTruncated: arguments.GetValue(TruncateTimes));
            await writer.WriteAsync(evidence);
        }

        if (file.KeyUsedAgain is var (again, key))
            Terminal.Warn(string.Create(
                CultureInfo.InvariantCulture,
                $"line {again} uses the idempotency key '{key}' again, which had been forgotten; "
                + $"each key answers with the last batch that has it."));
        return ExitCode.Done;
    }

    /// <summary>A journal that is there stays as it was begun: what it would not heed is refused.</summary>
    private static void CheckIds(ParseResult arguments)
    {
        if (Options.IsYes(arguments.GetValue(IndexIds)) is not { } asked) return;
        if (Journals.SegmentDirectory(Journals.Uri(arguments)) is not { } directory)
            throw new ToolException(
                ExitCode.Usage, $"--index-ids is for a journal in segment files; --journal is '{Journals.Uri(arguments)}'.");
        if (SegmentTransfer.IndexesIds(new DirectoryDevice(directory)) is { } found && found != asked)
            throw new ToolException(
                ExitCode.Usage,
                $"The journal in {directory} was begun {(found ? "with" : "without")} an index of ids, and stays so; leave --index-ids "
                + $"away, or 'refold copy --index-ids {(asked ? "yes" : "no")}' it.");
    }

    /// <summary>Reads the whole file once: its hashes, the positions it gives, and its first batch.</summary>
    private static (List<Hash> Hashes, List<long?> Positions, List<ImportLine> First) Check(
        ImportFile file, CancellationToken cancellationToken)
    {
        var (hashes, positions, first) = (new List<Hash>(), new List<long?>(), new List<ImportLine>());
        using var progress = Progress.Start("checking", "bytes", file.Length);
        foreach (var batch in file.Batches(cancellationToken))
        {
            if (first.Count == 0) first = batch;
            hashes.AddRange(batch.Select(line => line.CanonicalHash));
            positions.AddRange(batch.Select(line => line.Position));
            progress.Tell(file.Read);
        }

        return (hashes, positions, first);
    }

    /// <summary>Refuses a file of which a batch would be answered with the receipt of an earlier one.</summary>
    private static void RequireSingleKeys(string path, ImportFile file)
    {
        if (file.KeyUsedAgain is not var (line, key))
            return;
        var fault = Lines.Fault(path, line, $"the idempotency key '{key}' was used by an earlier batch");
        throw new ToolException(fault.ExitCode, fault.Message + " Only an empty journal takes such a file, with the places it gives.");
    }

    private static async Task<bool> IsEmptyAsync(ParseResult arguments)
    {
        if (Journals.Uri(arguments) == "memory:")
            return true;
        try
        {
            await using var journal = Journals.OpenForReading(arguments);
            return journal.Head.Position == 0;
        }
        catch (JournalOpenException)
        {
            return true;
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
