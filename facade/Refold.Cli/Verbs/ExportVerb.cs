// `refold export`: entries out, in NDJSON and position order; also of a damaged journal what still checks.
// Called from the command line; import reads what it writes.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Segments;

namespace Refold.Cli.Verbs;

internal static class ExportVerb
{
    private static readonly Option<string?> Stream = Options.Text("--stream", "STREAM", "Only the entries of this stream");
    private static readonly Option<long?> From = Options.Number(
        "--from", "POSITION", "Only entries from this position on. Default: 1", 1, long.MaxValue);
    private static readonly Option<bool> Raw = Options.Flag(
        "--raw", "Add the canonical bytes in base64, from which with the batches the head hash can be computed");
    private static readonly Option<bool> Records = Options.Flag(
        "--records",
        "Instead of entries write the record of each batch, also of those without entries: head and root follow from them alone. "
        + "Of a dropped beginning its base comes first");
    private static readonly Option<bool> Salvage = Options.Flag(
        "--salvage",
        "Read a damaged journal: every entry that still checks; "
        + "the holes are named on standard error (--json: as one object); 1 if there are any");

    public static Command Create()
    {
        var command = new Command("export", "Write entries as NDJSON, in position order") { Stream, From, Raw, Records, Salvage };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var only = arguments.GetValue(Stream) is { } name ? Arguments.Stream(name) : null;
        if (arguments.GetValue(Records))
        {
            if (only is not null || arguments.GetValue(From) is not null || arguments.GetValue(Raw) || arguments.GetValue(Salvage))
                throw new ToolException(
                    ExitCode.Usage, "--records writes all batches: it goes without --stream, --from, --raw and --salvage.");
            return BatchRecords.Write(Journals.Uri(arguments), cancellationToken);
        }

        if (arguments.GetValue(Salvage))
            return RunSalvage(arguments, only, cancellationToken);
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        if (JournalBounds.KeysForgottenBefore(journal) is > 0 and var before)
            Terminal.Warn(string.Create(
                CultureInfo.InvariantCulture,
                $"idempotency keys of batches before position {before} are forgotten here, "
                + $"which NDJSON cannot say: a journal made of it knows them. Use copy or backup to keep that."));
        if (only is not null && journal.HighestVersion(only) == 0)
            throw Journals.NoStream(only);
        Write(arguments, only, journal.ReadAll(arguments.GetValue(From) ?? 1), journal.Head.Position, cancellationToken);
        return ExitCode.Done;
    }

    private static int RunSalvage(ParseResult arguments, StreamId? only, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var journal = SalvagedJournal.Open(new DirectoryDevice(Journals.RequireSegments(arguments)));
        // First: a reader that closes the pipe early must not miss them.
        if (arguments.GetValue(Options.Json))
            Terminal.Current.Error.WriteLine(Output.Text(ToJson(journal)));
        else
            Tell(journal);
        long from = arguments.GetValue(From) ?? 1;
        bool any = Write(arguments, only, journal.Entries().SkipWhile(entry => entry.Position < from), null, cancellationToken);
        if (journal.Holes.Count > 0)
            return ExitCode.Negative;
        return any || only is null || from > 1 ? ExitCode.Done : throw Journals.NoStream(only);
    }

    /// <returns>Whether an entry was written.</returns>
    private static bool Write(
        ParseResult arguments, StreamId? only, IEnumerable<JournalEntry> entries, long? head, CancellationToken cancellationToken)
    {
        bool raw = arguments.GetValue(Raw);
        var (any, last) = (false, 0L);
        using var progress = Progress.StartBesideOutput("exporting", "positions", head);
        try
        {
            foreach (var entry in Interruption.Until(entries, cancellationToken))
            {
                progress.Tell(last = entry.Position);
                if (only is not null && entry.Stream != only) continue;
                Output.Line((raw ? Lines.WriteRaw(entry) : Lines.Write(entry)).Span);
                any = true;
            }
        }
        catch (OperationCanceledException)
        {
            throw Interruption.At(
                FormattableString.Invariant($"everything up to position {last} was written, and the journal is as it was"),
                CommandText.AgainFrom("--from", last + 1));
        }

        return any;
    }

    private static void Tell(SalvagedJournal journal)
    {
        foreach (var hole in journal.Holes)
        {
            string place = hole switch
            {
                { File: { } file, From: { } start, To: { } end } => FormattableString.Invariant($"{file}, offset {start} to {end}: "),
                { File: { } file } => file + ": ",
                _ => "",
            };
            string positions = hole is { FirstPosition: { } first, LastPosition: { } last }
                ? FormattableString.Invariant($" (positions {first} to {last})")
                : "";
            Terminal.Warn($"{place}{hole.What}{positions}");
        }

        Terminal.Warn(
            FormattableString.Invariant($"{journal.Count} entries were read, {journal.Holes.Count} holes were found"));
    }

    private static JsonObject ToJson(SalvagedJournal journal) => new()
    {
        ["entries"] = journal.Count,
        ["deleted"] = journal.Deleted,
        ["holes"] = new JsonArray([.. journal.Holes.Select(ToJson)]),
    };

    private static JsonObject ToJson(SalvageHole hole) => new()
    {
        ["what"] = hole.What,
        ["file"] = hole.File,
        ["from"] = hole.From,
        ["to"] = hole.To,
        ["firstPosition"] = hole.FirstPosition,
        ["lastPosition"] = hole.LastPosition,
    };
}
