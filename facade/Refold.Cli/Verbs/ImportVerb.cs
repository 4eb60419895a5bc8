// `refold import`: entries in NDJSON into a journal. The whole file is checked before the first write.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Import;
using Refold.Cli.Shell;

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

    public static Command Create()
    {
        var command = new Command("import", "Bring entries in; into an empty journal given positions, versions and batches are kept")
        {
            File, BatchSize, Acknowledge, Resume, Renumber,
        };
        command.SetAction((arguments, _) => RunAsync(arguments));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments)
    {
        string path = arguments.GetRequiredValue(File);
        await using var stream = Seekable(LineReader.Open(path));
        var file = new ImportFile(path == "-" ? "standard input" : path, stream, arguments.GetValue(BatchSize) ?? 1);
        var hashes = new List<Hash>();
        var positions = new List<long?>();
        foreach (var line in file.Batches().SelectMany(batch => batch))
        {
            hashes.Add(line.CanonicalHash);
            positions.Add(line.Position);
        }

        bool renumbers = arguments.GetValue(Renumber);
        if (!renumbers && file.Misplaced is { } misplaced && await IsEmptyAsync(arguments))
            throw new ToolException(misplaced.ExitCode, misplaced.Message + " To give new places, import with --renumber.");
        bool fits = !renumbers && file.HasPlaces && file.Misplaced is null;
        if (!fits) RequireSingleKeys(path, file);

        await using var journal = Journals.OpenForWriting(arguments);
        int there = arguments.GetValue(Resume) ? Overlap.Find(journal.ReadAll(), hashes) : 0;
        bool restores = fits && journal.Head.Position == (there == 0 ? 0 : positions[there - 1] ?? -1);
        if (!restores) RequireSingleKeys(path, file);
        there += await AppendAsync(journal, file, there, restores, arguments.GetValue(Acknowledge));

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
        if (file.KeyUsedAgain is var (again, key))
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"refold: line {again} uses the idempotency key '{key}' again, which had been forgotten; "
                + $"each key answers with the last batch that has it."));
        return ExitCode.Done;
    }

    /// <returns>How many entries were there already, by the idempotency key of their batch.</returns>
    private static async Task<int> AppendAsync(ILocalJournal journal, ImportFile file, int there, bool restores, bool acknowledges)
    {
        var (last, repeated) = (journal.Head.Position, 0);
        var places = new PlaceRule("");
        var acknowledgements = new Acknowledgements();
        var window = new Window<AppendResult>(result =>
        {
            var receipt = result.ReceiptOrThrow();
            if (receipt.LastPosition <= last)
                repeated += receipt.Count;
            if (acknowledges)
                acknowledgements.Print(receipt.FirstPosition, receipt.LastPosition);
            else
                Progress.Tell(receipt.LastPosition, "positions");
        });
        int skip = there;
        foreach (var batch in file.Batches())
        {
            int skipped = Math.Min(skip, batch.Count);
            skip -= skipped;
            // Places are followed from the first line on, also over what is there already.
            List<JournalEntry> placed = restores ? [.. batch.Select((line, index) => places.Place(line, index == 0))] : [];
            if (skipped == batch.Count)
                continue;
            var append = restores
                ? journal.TryRestoreAsync(placed[skipped..])
                : journal.TryAppendAsync(
                    new AppendRequest([.. batch.Skip(skipped).Select(line => line.Data)])
                    {
                        IdempotencyKey = batch[0].Key,
                        AllowsOwnStreams = true,
                    });
            await window.AddAsync(append.AsTask());
        }

        await window.CompleteAsync();
        Progress.End();
        return repeated;
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

    private static Stream Seekable(Stream stream)
    {
        if (stream.CanSeek)
            return stream;
        using (stream)
        {
            var copy = new MemoryStream();
            stream.CopyTo(copy);
            return copy;
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
