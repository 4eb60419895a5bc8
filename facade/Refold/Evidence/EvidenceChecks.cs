// Checking reports against a journal: what can be made again is made again and compared, what cannot is named.
// Called by applications that were handed a report, and by the tool's verb evidence verify.
using System.Security.Cryptography;
using Refold.Interop;

namespace Refold;

/// <summary>Checks reports against a local journal. Nothing is appended.</summary>
public static class EvidenceChecks
{
    private static readonly string[] OfTheState = ["/state_hash", "/state_schema_version", "/state_type"];

    /// <summary>Compares a report with what the journal has. A journal that goes on behind the report's head changes nothing.</summary>
    /// <param name="journal">The journal that the report is of, or a copy.</param>
    /// <param name="report">The report.</param>
    /// <returns>The first difference, and what was not checked. Of a replay and of a snapshot, what deciding and folding gave is not
    /// checked; see <see cref="CheckReplay"/> and
    /// <see cref="CheckSnapshotAsync"/>.</returns>
    /// <exception cref="JournalException">What the report is of was deleted or dropped (<c>dropped</c>): use a backup.</exception>
    /// <exception cref="NotSupportedException">The report is of an import or of gates, and the store has no batch tree.</exception>
    public static EvidenceCheck Check(this ILocalJournal journal, EvidenceReport report)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(report);
        if (report.Head is { } head && HeadFault(journal, head) is { } fault) return new EvidenceCheck(fault, []);
        return report.Value.Body switch
        {
            Core.ReportBody.Run { body: var body } => Run(journal, report, body),
            Core.ReportBody.Import { body: var body } => Import(journal, report, body),
            Core.ReportBody.Compaction { body: var body } => CompactionCheck.Of(journal, body),
            Core.ReportBody.Snapshot { body: var body } => Snapshot(journal, body),
            Core.ReportBody.Replay { body: var body } => Replay(journal, body),
            Core.ReportBody.Gates { body: var body } => Gates(journal, body),
            _ => new EvidenceCheck(null, ["/ignored", "/interrupted", "/path", "/restored", "/tail"]),
        };
    }

    /// <summary>Compares the report of a replay with a replay that was made again, as of the same head
    /// (<see cref="VerifyOptions.UpTo"/>).</summary>
    /// <param name="journal">The journal that was replayed, or a copy.</param>
    /// <param name="report">The report.</param>
    /// <param name="again">What <c>VerifyAsync</c> or <c>ReplayAsync</c> answered over this journal.</param>
    /// <returns>The first difference; everything is checked.</returns>
    /// <exception cref="ArgumentException">The report is not of a replay, or the replay is as of another head.</exception>
    /// <exception cref="JournalException">The head of the report was dropped (<c>dropped</c>): use a backup.</exception>
    public static EvidenceCheck CheckReplay(this ILocalJournal journal, EvidenceReport report, ReplayReport again)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(again);
        if (report.Value.Body is not Core.ReportBody.Replay { body: var body })
            throw new ArgumentException($"A report of a replay is checked, this one is of the kind {report.KindName}.", nameof(report));
        if (HeadFault(journal, body.Head) is { } fault) return new EvidenceCheck(fault, []);
        return again.Head == body.Head
            ? new EvidenceCheck(report.DifferenceFrom(EvidenceReport.Of(again)), [])
            : throw new ArgumentException(
                $"The replay is as of {again.Head}, and the report as of {body.Head}; replay with VerifyOptions.UpTo.", nameof(again));
    }

    /// <summary>Compares the report of a snapshot with a snapshot that was made again.</summary>
    /// <param name="journal">The journal that it was taken of, or a copy.</param>
    /// <param name="report">The report.</param>
    /// <param name="aggregate">What folds the stream; it has a state codec.</param>
    /// <param name="cancellationToken">Stops folding.</param>
    /// <returns>The first difference, and what was not checked: in which run it was taken, and its checksum where the run's start is
    /// gone.</returns>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <exception cref="ArgumentException">The report is not of a snapshot, or the aggregate has no state codec.</exception>
    /// <exception cref="JournalException">Some of the stream was deleted or dropped: use a backup.</exception>
    public static async Task<EvidenceCheck> CheckSnapshotAsync<TState, TCommand, TEvent, TError>(
        this ILocalJournal journal, EvidenceReport report, Aggregate<TState, TCommand, TEvent, TError> aggregate,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(aggregate);
        if (report.Value.Body is not Core.ReportBody.Snapshot { body: var body })
            throw new ArgumentException($"A report of a snapshot is checked, this one is of the kind {report.KindName}.", nameof(report));
        if (aggregate.State is not { } codec)
            throw new ArgumentException($"The aggregate '{aggregate.Category}' has no state codec.", nameof(aggregate));
        var checkedOf = journal.Check(report);
        if (!checkedOf.Holds) return checkedOf;
        FoldReport<TState> folded;
        try
        {
            folded = await journal.FoldAsync(body.Stream, aggregate, body.Version, cancellationToken).ConfigureAwait(false);
        }
        catch (HistoryDroppedException dropped)
        {
            throw EvidenceExtensions.Dropped($"the stream '{body.Stream}' up to version {NumberText.Of(dropped.UpTo)}");
        }

        if (folded.Divergence is { } divergence)
            return new EvidenceCheck(ReportDifference.At("/state_hash", "that it was folded", divergence.ToString()), []);
        var state = codec.Encode(folded.State);
        Snapshot made;
        if (body.Run.ToReference() is not { } run) made = new(body.Stream, body.Version, body.Head, state);
        else if (RunOf(journal, body) is var (pin, root)) made = new(body.Stream, body.Version, body.Head, state, run, pin, root);
        else return StateOf(body, state, checkedOf);
        return report.DifferenceFrom(EvidenceReport.Of(made)) is { } difference
            ? new EvidenceCheck(difference, [])
            : new EvidenceCheck(null, [.. checkedOf.NotChecked.Except(OfTheState).Except(["/checksum"])]);
    }

    // Without the run's start the snapshot cannot be made again; its state can.
    private static EvidenceCheck StateOf(Core.SnapshotReportBody body, Encoded state, EvidenceCheck found)
    {
        var bare = Core.SnapshotReportBody.Of(new Snapshot(body.Stream, body.Version, body.Head, state).Value);
        if (bare.StateType != body.StateType) return new(ReportDifference.At("/state_type", body.StateType, bare.StateType), []);
        if (bare.StateSchemaVersion != body.StateSchemaVersion)
            return new(
                ReportDifference.At(
                    "/state_schema_version", NumberText.Of(body.StateSchemaVersion), NumberText.Of(bare.StateSchemaVersion)),
                []);
        return bare.StateHash == body.StateHash
            ? new(null, [.. found.NotChecked.Except(OfTheState)])
            : new(ReportDifference.At("/state_hash", body.StateHash.ToString(), bare.StateHash.ToString()), []);
    }

    /// <summary>What is wrong with the head that a report is as of; null for nothing.</summary>
    /// <exception cref="JournalException">It lies before the journal's beginning (<c>dropped</c>).</exception>
    internal static string? HeadFault(ILocalJournal journal, Head head, string at = "/head")
    {
        if (head.Position <= 0)
            return head == default ? null : ReportDifference.At(at, head.ToString(), "has " + default(Head) + " before its first entry");
        if (head.Position > journal.Head.Position)
            return FormattableString.Invariant(
                $"{at}: the report is as of position {head.Position}, and the journal ends at {journal.Head.Position}: its tail is gone");
        if (head.Position < (JournalBounds.Begin(journal)?.Position ?? 0))
            throw EvidenceExtensions.Dropped(
                $"the report is as of position {NumberText.Of(head.Position)}, before the journal's beginning");
        return journal.HeadAt(head.Position) == head
            ? null
            : ReportDifference.At(at, head.ToString(), journal.HeadAt(head.Position)?.ToString() ?? "has no batch there");
    }

    private static EvidenceCheck Run(ILocalJournal journal, EvidenceReport report, Core.RunReportBody body)
    {
        if (body.Head.Position < 1) return new EvidenceCheck("/head: a run has entries, and there are none before it", []);
        if (EvidenceExtensions.FloorOf(journal, body.Run.Stream) > 0)
            throw EvidenceExtensions.Dropped($"the start of the run '{body.Run}'");
        try
        {
            return new EvidenceCheck(report.DifferenceFrom(journal.RunReport(body.Run, body.Head.Position)), []);
        }
        catch (RunNotFoundException missing)
        {
            return new EvidenceCheck("/run: " + missing.Message, []);
        }
    }

    private static EvidenceCheck Import(ILocalJournal journal, EvidenceReport report, Core.ImportReportBody body)
    {
        if (HeadFault(journal, body.Before, "/head_before") is { } fault) return new EvidenceCheck(fault, []);
        if (body.Before.Position > body.Head.Position)
            return new EvidenceCheck("/head_before: it lies behind the head", []);
        if (body.AlreadyThere < 0) return new EvidenceCheck("/already_there: it is below 0", []);
        if (body.Before.Position < (JournalBounds.Begin(journal)?.Position ?? 0))
            throw EvidenceExtensions.Dropped("the first of the imported entries lie before the journal's beginning");
        var again = journal.ImportReport(body.Before, body.Head, body.AlreadyThere, body.IsRenumbered, body.TimesTruncated);
        if (((Core.ReportBody.Import)again.Value.Body).body.Entries < body.Entries)
            throw EvidenceExtensions.Dropped("of the imported entries not all are there");
        return new EvidenceCheck(report.DifferenceFrom(again), ["/already_there", "/renumbered", "/times_truncated"]);
    }

    private static EvidenceCheck Snapshot(ILocalJournal journal, Core.SnapshotReportBody body)
    {
        var highest = journal.HighestVersion(body.Stream);
        if (body.Version < 1 || body.Version > highest)
            return new(
                ReportDifference.At("/version", NumberText.Of(body.Version), $"has versions up to {NumberText.Of(highest)}"), []);
        // In which run it was taken is told, not shown.
        List<string> left = ["/checksum", "/pin", "/run", .. OfTheState];
        if (body.Version <= EvidenceExtensions.FloorOf(journal, body.Stream)) left.Add("/version");
        else if (journal.HeadAt(journal.ReadStream(body.Stream, body.Version, body.Version).Single().Position) != body.Head)
            return new(ReportDifference.At("/head", body.Head.ToString(), $"has version {NumberText.Of(body.Version)} elsewhere"), []);
        if (RunFault(journal, body) is { } fault) return new(fault, []);
        left.Sort(StringComparer.Ordinal);
        return new(null, left);
    }

    private static string? RunFault(ILocalJournal journal, Core.SnapshotReportBody body)
    {
        if (body.Run.ToReference() is not { } run) return body.Pin is null ? null : "/pin: there is one, and no run";
        if (body.Pin.ToReference() is not { } said) return "/pin: there is none, and a run";
        if (journal.HighestVersion(run.Stream) == 0) return "/run: the journal has no run of this name";
        if (EvidenceExtensions.FloorOf(journal, run.Stream) > 0) return null;
        if (journal.ReadStream(run.Stream, 1, 1).Single().Position > body.Head.Position) return "/run: it was started behind the head";
        return RunOf(journal, body) is var (pin, _) && said.DiffersIn(pin) is [var field, ..]
            ? $"/pin: it differs from the run's in {field}"
            : null;
    }

    // What the run of a snapshot was started with; null outside runs, and where its start is gone.
    private static (RunPin Pin, RngState Root)? RunOf(ILocalJournal journal, Core.SnapshotReportBody body) =>
        body.Run.ToReference() is { } run && EvidenceExtensions.FloorOf(journal, run.Stream) == 0
            && journal.ReadStream(run.Stream, 1, 1).SingleOrDefault() is { } start
            ? RunTranslation.TryReadStart(start, out _)
            : null;

    private static EvidenceCheck Replay(ILocalJournal journal, Core.ReplayReportBody body)
    {
        string[] left =
        [
            "/decided", "/derived", "/divergence", "/entries", "/external", "/findings", "/state_hash", "/streams", "/verdict",
        ];
        return journal.HighestVersion(body.Report.Run.Stream) == 0
            ? new("/run: the journal has no run of this name", [])
            : new(null, left);
    }

    private static EvidenceCheck Gates(ILocalJournal journal, Core.GatesReportBody body)
    {
        string[] asked = ["/evaluations", "/pipeline"];
        if (body.Head.ToNullable() is not { } head) return new(null, ["/content", .. asked, "/types"]);
        if (head.Position < 1) return new("/head: something was appended, and there is nothing before it", []);
        var place = journal.BatchAt(head.Position) ?? throw EvidenceExtensions.Dropped("the batch that was appended is gone");
        JournalEntry[] batch = [.. journal.ReadAll(place.FirstPosition, head.Position - place.FirstPosition + 1)];
        if (batch.Length != head.Position - place.FirstPosition + 1)
            throw EvidenceExtensions.Dropped("of the batch that was appended entries are gone");
        if (!body.Trace.IsPassed)
        {
            // What a denial or a bypass leaves says what was denied.
            if (batch is [var only] && DenialOf(only) is { } recorded)
                return new(ReportDifference.Of(Text(body.Trace), Text(recorded)), []);
            if (!BypassRecord.TryRead(batch[^1], out var bypass) || bypass.Pipeline != body.Trace.Pipeline)
                return new("/evaluations: a gate denied, and the batch at the head neither records it nor goes around the gates", []);
            batch = batch[..^1];
        }

        using var content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in batch) content.AppendData(entry.ToCanonicalBytes());
        var found = Hash.OfSpan(content.GetHashAndReset());
        if (found != body.Trace.Content) return new(ReportDifference.At("/content", body.Trace.Content.ToString(), found.ToString()), []);
        string[] types = [.. batch.Select(entry => entry.Type).Distinct()];
        return types.SequenceEqual(body.Trace.Types)
            ? new(null, asked)
            : new(ReportDifference.At("/types", string.Join(", ", body.Trace.Types), string.Join(", ", types)), []);
    }

    private static GateTrace? DenialOf(JournalEntry entry) =>
        entry.Type == GateTranslation.DeniedType && entry.Stream.Value.StartsWith(GateTranslation.StreamPrefix, StringComparison.Ordinal)
            && GateTrace.TryParse(entry.Payload, out var trace)
            ? trace
            : null;

    private static string Text(GateTrace trace) => System.Text.Encoding.UTF8.GetString(trace.ToJson().Span);
}
