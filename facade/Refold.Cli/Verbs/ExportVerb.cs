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
    private static readonly Option<bool> Salvage = Options.Flag(
        "--salvage",
        "Read a damaged journal: every entry that still checks; "
        + "the holes are named on standard error (--json: as one object); 1 if there are any");

    public static Command Create()
    {
        var command = new Command("export", "Write entries as NDJSON, in position order") { Stream, From, Raw, Salvage };
        command.SetAction((arguments, _) => RunAsync(arguments));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments)
    {
        var only = arguments.GetValue(Stream) is { } name ? Arguments.Stream(name) : null;
        if (arguments.GetValue(Salvage))
            return RunSalvage(arguments, only);
        await using var journal = Journals.OpenForReading(arguments);
        if (Facts.KeysForgottenBefore(journal) is > 0 and var before)
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"refold: idempotency keys of batches before position {before} are forgotten here, "
                + $"which NDJSON cannot say: a journal made of it knows them. Use copy or backup to keep that."));
        Write(arguments, only, journal.ReadAll(arguments.GetValue(From) ?? 1));
        return ExitCode.Done;
    }

    private static int RunSalvage(ParseResult arguments, StreamId? only)
    {
        var journal = SalvagedJournal.Open(new DirectoryDevice(Journals.RequireSegments(arguments)));
        // First: a reader that closes the pipe early must not miss them.
        if (arguments.GetValue(Options.Json))
            Console.Error.WriteLine(Output.Text(ToJson(journal)));
        else
            Tell(journal);
        long from = arguments.GetValue(From) ?? 1;
        Write(arguments, only, journal.Entries().SkipWhile(entry => entry.Position < from));
        return journal.Holes.Count == 0 ? ExitCode.Done : ExitCode.Negative;
    }

    private static void Write(ParseResult arguments, StreamId? only, IEnumerable<JournalEntry> entries)
    {
        bool raw = arguments.GetValue(Raw);
        foreach (var entry in entries)
        {
            if (only is null || entry.Stream == only)
                Output.Line((raw ? Lines.WriteRaw(entry) : Lines.Write(entry)).Span);
        }
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
            Console.Error.WriteLine($"refold: {place}{hole.What}{positions}");
        }

        Console.Error.WriteLine(
            FormattableString.Invariant($"refold: {journal.Count} entries were read, {journal.Holes.Count} holes were found"));
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
