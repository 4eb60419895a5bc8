// `refold inspect`: opens a journal, tells what it found and how it was opened, and changes nothing.
// Called from the command line.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Segments;
using Refold.Transfers;

namespace Refold.Cli.Verbs;

internal static class InspectVerb
{
    public static Command Create()
    {
        var command = new Command("inspect", "Open a journal and tell what is there; changes nothing")
        {
            ReportFile.To, ReportFile.Sign,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var writer = ReportWriter.Of(arguments);
        if (writer is not null && Journals.SegmentDirectory(Journals.Uri(arguments)) is null)
            throw new ToolException(
                ExitCode.Usage, $"--report tells how a journal in segment files was opened; --journal is '{Journals.Uri(arguments)}'.");
        var clock = Stopwatch.StartNew();
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        double elapsed = Milliseconds(clock.Elapsed);
        var segments = journal as SegmentJournal;
        // A database knows where it stands: nothing was read to open it.
        var database = journal as IDatabaseJournal;
        long restored = segments?.Restored ?? database?.Entries ?? journal.ReadAll().LongCount();
        var opened = segments?.Opened;
        // Of the moment in which the entries were counted: somebody may be writing.
        var head = opened?.Head ?? journal.Head;
        long scanned = database is null ? opened?.Tail ?? restored : 0;
        if (writer is not null) await writer.WriteAsync(EvidenceReport.Of(opened!));
        string path = restored == 0 ? "empty" : database is not null ? "checkpoint" : PathOf(opened);
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["entries"] = restored,
                ["streams"] = journal.Streams().Count,
                ["head"] = Facts.Json(head),
                ["begin"] = JournalBounds.Begin(journal) is { } begin ? Facts.Json(begin) : null,
                ["keysForgottenBefore"] = JournalBounds.KeysForgottenBefore(journal),
                ["opened"] = new JsonObject
                {
                    ["path"] = path,
                    ["restored"] = opened?.Restored ?? restored,
                    ["tail"] = scanned,
                    ["elapsedMs"] = elapsed,
                    ["phasesMs"] = opened is null ? null : ToJson(opened.Elapsed),
                    ["ignored"] = new JsonArray([.. (opened?.Ignored ?? []).Select(ignored => JsonValue.Create(ignored))]),
                },
                ["tornTail"] = segments?.TornTail is not { } torn
                    ? null
                    : new JsonObject { ["file"] = torn.File, ["offset"] = torn.Offset, ["reason"] = torn.Reason },
                ["interruptedCompaction"] = opened?.Interrupted is not { } interrupted
                    ? null
                    : new JsonObject { ["target"] = interrupted.Target, ["switched"] = interrupted.Switched },
                ["unconfirmed"] = segments?.Unconfirmed ?? 0,
                ["indexesIds"] = IndexesIds(arguments),
                ["segments"] = new JsonArray([.. (segments?.Segments ?? []).Select(ToJson)]),
            });
            return ExitCode.Done;
        }

        Facts.Print(
            ("entries", restored.ToString(CultureInfo.InvariantCulture)),
            ("streams", journal.Streams().Count.ToString(CultureInfo.InvariantCulture)),
            ("begins behind", Facts.Begin(journal)),
            ("keys forgotten", Facts.ForgottenKeys(journal)),
            ("head", head.ToString()),
            ("ids", IndexesIds(arguments) == false ? "without an index: entries are found by position, stream and query only" : null),
            ("opened",
                FormattableString.Invariant(
                    $"by {path} in {elapsed} ms, {scanned} of {opened?.Restored ?? restored} entries from their frames")),
            ("ignored", opened is { Ignored: { Count: > 0 } ignored } ? string.Join("; ", ignored) : null),
            ("torn tail",
                segments?.TornTail is { } tail
                    ? FormattableString.Invariant($"{tail.File}, offset {tail.Offset}: {tail.Reason}; opening for writing heals it")
                    : null),
            ("interrupted", opened?.Interrupted is { } left ? $"a compaction into {left.Target}; opening for writing ends it" : null),
            ("unconfirmed",
                segments is { Unconfirmed: > 0 and var count }
                    ? FormattableString.Invariant(
                        $"{count} entries or deletions behind the end that is known to be flushed; opening for writing decides about them")
                    : null));
        if (segments is not null)
            Table.Print(
                [
                    new("segment"), new("entries") { IsNumber = true }, new("bytes") { GoesAt = 2, IsNumber = true },
                    new("sealed") { GoesAt = 1 },
                ],
                segments.Segments.Select(Row),
                "--json");
        return ExitCode.Done;
    }

    private static bool? IndexesIds(ParseResult arguments) =>
        Journals.SegmentDirectory(Journals.Uri(arguments)) is { } directory
            ? SegmentTransfer.IndexesIds(new DirectoryDevice(directory))
            : null;

    private static string PathOf(OpeningReport? opened) => opened?.Path switch
    {
        OpeningPath.Checkpoint => "checkpoint",
        OpeningPath.Footers => "footers",
        _ => "scan",
    };

    private static JsonObject ToJson(OpeningElapsed elapsed) => new()
    {
        ["planning"] = Milliseconds(elapsed.Planning),
        ["restoring"] = Milliseconds(elapsed.Restoring),
        ["footers"] = Milliseconds(elapsed.Footers),
        ["scanning"] = Milliseconds(elapsed.Scanning),
    };

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static JsonObject ToJson(SegmentInfo segment) => new()
    {
        ["id"] = segment.Id,
        ["entries"] = segment.Entries,
        ["bytes"] = segment.Bytes,
        ["sealed"] = segment.Sealed,
    };

    private static string[] Row(SegmentInfo segment) =>
    [
        segment.Id,
        segment.Entries.ToString(CultureInfo.InvariantCulture),
        segment.Bytes.ToString(CultureInfo.InvariantCulture),
        segment.Sealed ? "yes" : "no",
    ];
}
