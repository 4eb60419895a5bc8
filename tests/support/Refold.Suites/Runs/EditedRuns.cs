// Recorded runs of random aggregates, exported, edited at one place, imported and verified: an edited run never matches without a finding
// that names the edited entry, and an honest one is never accused. Run by RunSuites.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Interop;
using Xunit;

namespace Refold.Suites;

internal static class EditedRuns
{
    private const int EditsOfACase = 4;

    /// <summary>Records two runs, and tries some edits of their export.</summary>
    public static async Task RunAsync(Tally tally, ulong seed)
    {
        var rng = SeededRng.FromSeed(seed);
        await using var journal = Open(seed);
        await TryAsync(tally, seed, rng, await RecordedWorld.RecordAsync(journal, rng));
    }

    /// <summary>Records runs with operations, and tries some edits of their export: every run is verified and replayed.</summary>
    public static async Task RunWithOperationsAsync(Tally tally, ulong seed)
    {
        var rng = SeededRng.FromSeed(seed);
        await TryAsync(tally, seed, rng, await RecordedOperations.RecordAsync(() => Open(seed), rng));
    }

    private static async Task TryAsync(Tally tally, ulong seed, SeededRng rng, RecordedWorld world)
    {
        string[] lines = Exports.Of(world.Lines);
        await using (var journal = Open(seed))
        {
            Assert.True(await Exports.TryImportAsync(journal, lines));
            Assert.Equal(world.Head, journal.Head);
            foreach (var (run, _) in world.Runs)
            {
                var report = await VerifyAsync(journal, run, world, comparesPin: rng.Between(0, 1) == 0);
                // A run that was given no command and began no operation has nothing to compare.
                var isEmpty = world.Operations.Count > 0
                    && !world.Lines.Any(entry => entry.Run == run && entry.Role is (EntryRole.Command or EntryRole.Effect));
                Assert.True(
                    isEmpty ? report.Verdict == ReplayVerdict.NotRecorded : report.Matched,
                    report + "\n" + string.Join('\n', report.Findings));
                tally.Add("honest runs");
            }
        }

        for (var tried = 0; tried < EditsOfACase;)
        {
            var edit = ExportEdit.Draw(lines, rng);
            await using var journal = Open(seed);
            var isImported = await Exports.TryImportAsync(journal, edit.Lines);
            if (isImported && SameContent(world.Lines, [.. journal.ReadAll()])) continue;
            tried++;
            tally.Add(isImported ? "imported" : "refused");
            if (!isImported) continue;
            // Whatever is compared or not: against a head that was kept, every edit is found.
            Assert.NotEqual(world.Head, journal.Head);
            await JudgeAsync(tally, journal, world, edit, comparesPin: rng.Between(0, 1) == 0);
        }
    }

    private static async Task JudgeAsync(Tally tally, ILocalJournal journal, RecordedWorld world, ExportEdit edit, bool comparesPin)
    {
        var named = false;
        var told = new StringBuilder();
        // Also one that only the edit names.
        var runs = journal.ReadAll().Select(entry => entry.Run).OfType<RunId>().Concat(world.Runs.Select(run => run.Id)).Distinct();
        foreach (var run in runs.ToList())
        {
            ReplayReport report;
            try
            {
                report = await VerifyAsync(journal, run, world, comparesPin);
            }
            catch (JournalException refused) when (refused is RunNotFoundException or AggregateNotGivenException)
            {
                tally.Add("refused by name");
                return;
            }

            if (!report.Matched)
            {
                tally.Add("found");
                return;
            }

            // Another run may list an entry of this one as not its own: that says nothing about this run's verdict.
            if (edit.Of is not { } owner || owner == run) named |= Names(report, edit, journal);
            told.AppendLine(report.ToString()).AppendJoin('\n', report.Findings).AppendLine().AppendJoin('\n', report.Uncompared);
        }

        if (named)
            tally.Add("named");
        else if (edit.IsOfPlaceOrKey || IsNobodys(edit, world) || HasOnlyOtherPlaces(world, journal))
            tally.Add("not compared");
        else if (edit.Kind == "version" && IsMessage(edit.Before))
            // Its number, which the store gives: it depends on who else sends.
            tally.Add("numbers of messages");
        else if (IsFactElsewhere(edit, world))
            tally.Add("facts elsewhere");
        else if (IsNobodysLast(edit, world))
            tally.Add("nobody's last deleted");
        else
            Assert.Fail($"{edit.Kind} at line {edit.Place + 1}:\n{edit.Before}\n{edit.Lines.ElementAtOrDefault(edit.Place)}\n{told}");
    }

    // Whether a report says something about the place that was edited; of two that were swapped, about either.
    private static bool Names(ReplayReport report, ExportEdit edit, ILocalJournal journal) =>
        Names(report, edit, edit.Place, journal) || (edit.Other is { } other && Names(report, edit, other, journal));

    // That inputs of an unfinished run are not compared counts for their content only; that a run has no end counts for what is not there
    // any more.
    private static bool Names(ReplayReport report, ExportEdit edit, int place, ILocalJournal journal)
    {
        var entries = journal.ReadAll().ToList();
        var position = place < entries.Count ? entries[place].Position : journal.Head.Position;
        if (edit.Kind == "deleted")
        {
            return IsMessage(edit.Before) && IsOfDeletedMessages(report, Read(edit.Before), entries)
                || report.Findings.Any(finding =>
                    finding.Contains("has not ended", StringComparison.Ordinal)
                    || finding.Contains("deleted are the beginnings of", StringComparison.Ordinal));
        }

        foreach (var uncompared in report.Uncompared)
        {
            var isOfInputs = uncompared.Members.StartsWith("content", StringComparison.Ordinal);
            var mayDiffer = OperationEdits.IsOfOne(edit)
                ? OperationEdits.MayDiffer(edit)
                : edit.Kind is "data" or "time" or "tags" or "correlationId" or "causationId" or "type" or "inserted"
                    || (edit.Kind == "run" && uncompared.Members.Contains(" run,", StringComparison.Ordinal))
                    || (edit.Kind == "swapped" && DifferInContent(edit.Before, edit.Lines[edit.Place]));
            if ((!isOfInputs || mayDiffer) && uncompared.Ranges.Any(range => range.First <= position && position <= range.Last))
                return true;
        }

        var name = "position " + position.ToString(CultureInfo.InvariantCulture);
        // That something may be missing behind the last entry says nothing of what that entry says.
        return report.Findings.Any(finding =>
            !finding.Contains("has not ended", StringComparison.Ordinal)
            && (finding + " ").Replace(',', ' ').Replace(':', ' ').Contains(name + " ", StringComparison.Ordinal));
    }

    private static bool IsMessage(string line) => line.Length > 0 && Read(line).Data.Role == EntryRole.Message;

    // The first of an outbox, as where its beginning was deleted: the step that sent it is named.
    private static bool IsOfDeletedMessages(ReplayReport report, ImportLine message, IReadOnlyList<JournalEntry> entries) =>
        entries.FirstOrDefault(entry => entry.Id == message.Data.CausationId) is { Position: var sentBy }
        && report.Uncompared.Any(uncompared => uncompared.Members == "deleted messages"
            && uncompared.Ranges.Any(range => range.First <= sentBy && sentBy <= range.Last));

    // Two inputs of one stream in each other's place: to each the same as an edit of what is not compared of it.
    private static bool DifferInContent(string one, string other)
    {
        static JsonObject Rest(string line)
        {
            var rest = JsonNode.Parse(line)!.AsObject();
            foreach (var member in (string[])[
                "position", "version", "batch", "idempotencyKey", "data", "time", "tags", "correlationId", "causationId"])
            {
                rest.Remove(member);
            }

            return rest;
        }

        return JsonNode.DeepEquals(Rest(one), Rest(other));
    }

    // Two lines in another order: the same entries with the same versions, at other positions, which are not compared.
    private static bool HasOnlyOtherPlaces(RecordedWorld world, ILocalJournal journal)
    {
        static List<string> Content(IEnumerable<JournalEntry> entries) =>
            [.. entries.Select(entry => entry.Version + " " + Lines.CanonicalHash(entry)).Order(StringComparer.Ordinal)];
        return Content(world.Lines).SequenceEqual(Content(journal.ReadAll()));
    }

    // A fact under a run's name in a stream that no command of the run was for, with no end behind it that vouches for it.
    private static bool IsFactElsewhere(ExportEdit edit, RecordedWorld world) => edit.Kind == "swapped"
        ? Texts(edit).All(text => IsUnvouchedElsewhere(Read(text), world) || IsNobodys(Read(text), world))
        : edit.Before.Length > 0 && IsUnvouchedElsewhere(Read(edit.Before), world);

    private static bool IsUnvouchedElsewhere(ImportLine line, RecordedWorld world) =>
        IsFactElsewhere(line, world) && !IsVouchedFor(line, world, entry => entry.Run == line.Data.Run);

    // Whether a run of some kind ended behind the line, so that its end vouches for it.
    private static bool IsVouchedFor(ImportLine line, RecordedWorld world, Func<JournalEntry, bool> isOfRun) => world.Lines.Any(entry =>
        RunTranslation.IsEnd(entry) && entry.Position > line.Position && isOfRun(entry));

    private static bool IsFactElsewhere(ImportLine line, RecordedWorld world) =>
        IsFactElsewhere(line.Data.Stream, line.Data.Role, line.Data.Run, world);

    private static bool IsFactElsewhere(StreamId stream, EntryRole role, RunId? run, RecordedWorld world) =>
        role == EntryRole.Fact && run is not null && !world.Lines.Any(entry =>
            entry.Run == run && RunTranslation.TryReadCommand(entry) is { } command && command.Stream == stream);

    // Deleted from the end of a stream, or moved to one of nobody's, behind every step and every end, and never any run's: nothing that is
    // left could tell, but the head does.
    private static bool IsNobodysLast(ExportEdit edit, RecordedWorld world)
    {
        if (edit.Kind != "deleted" && (edit.Kind != "stream" || !IsNobodys(Read(edit.Lines[edit.Place]), world))) return false;
        var deleted = Read(edit.Before);
        return deleted.Data.Run is null
            && world.Lines.Last(entry => entry.Stream == deleted.Data.Stream).Version == deleted.Version
            && !IsVouchedFor(deleted, world, end => world.Lines.Any(entry =>
                entry.Run == end.Run && RunTranslation.TryReadCommand(entry) is { } command && command.Stream == deleted.Data.Stream));
    }

    // Entries that name no run and lie in no stream of one, before the edit and after.
    private static bool IsNobodys(ExportEdit edit, RecordedWorld world) => Texts(edit).All(text => IsNobodys(Read(text), world));

    private static bool IsNobodys(ImportLine line, RecordedWorld world) => line.Data.Run is null && !world.Lines.Any(entry =>
        entry.Stream == line.Data.Stream && entry.Run is not null && !IsFactElsewhere(entry.Stream, entry.Role, entry.Run, world));

    // What the edited lines said and say. Of two that were swapped, what the other said stands where the first was.
    private static string[] Texts(ExportEdit edit) => edit.Kind switch
    {
        "deleted" => [edit.Before],
        "inserted" => [edit.Lines[edit.Place]],
        "swapped" => [edit.Before, edit.Lines[edit.Place], edit.Lines[edit.Other!.Value]],
        _ => [edit.Before, edit.Lines[edit.Place]],
    };

    private static ImportLine Read(string text) => Lines.Read("edit", 1, Encoding.UTF8.GetBytes(text), truncatesTimes: false);

    private static Task<ReplayReport> VerifyAsync(ILocalJournal journal, RunId run, RecordedWorld world, bool comparesPin)
    {
        var options = new VerifyOptions { Pin = comparesPin ? RecordedWorld.Pin : null };
        return world.Operations.Count == 0
            ? journal.VerifyAsync(run, world.Aggregates, options)
            : journal.ReplayAsync(run, world.Operations, world.Aggregates, options);
    }

    private static bool SameContent(IReadOnlyList<JournalEntry> before, IReadOnlyList<JournalEntry> after) =>
        before.Count == after.Count
        && before.Zip(after).All(pair =>
            pair.First.Version == pair.Second.Version && pair.First.Batch == pair.Second.Batch
            && pair.First.Position == pair.Second.Position && Lines.CanonicalHash(pair.First) == Lines.CanonicalHash(pair.Second));

    private static ILocalJournal Open(ulong seed) => Stores.Open((seed % 16) switch
    {
        3 or 7 => "segments",
        5 => "litedb",
        _ => "memory",
    });
}
