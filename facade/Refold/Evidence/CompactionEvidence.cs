// What a compaction did, seen from outside: where streams and the beginning stood before it, and where they stand behind it.
// Used by the stores' compactions that are asked for a report, by the tool, and by stores of one's own.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>Reports a compaction: made before it, asked behind it. Each reads the names of all streams. Of a store of one's own that drops
/// beginnings or forgets keys, that is not seen.</summary>
public sealed class CompactionEvidence
{
    private readonly Dictionary<StreamId, long> floors;

    private CompactionEvidence(ILocalJournal journal) =>
        floors = journal.Streams().ToDictionary(stream => stream.Stream, stream => stream.Floor);

    /// <summary>Notes where the streams stand.</summary>
    /// <param name="journal">The journal as it is before.</param>
    /// <returns>What is asked behind the compaction.</returns>
    public static CompactionEvidence Before(ILocalJournal journal)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return new CompactionEvidence(journal);
    }

    /// <summary>The report of the compaction that ended: what went of which streams, which keys are forgotten, the beginning that is
    /// dropped with its batches and root, and head, batches and root of the whole, which no compaction changes.</summary>
    /// <param name="journal">The journal as it is behind it; the same, or opened again. What others delete meanwhile is among what
    /// went.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="diagnostics">What is said beside the body; default: nothing.</param>
    /// <returns>The report.</returns>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    public EvidenceReport After(ILocalJournal journal, CompactionRequest request, IEnumerable<string>? diagnostics = null)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(request);
        var gone = journal.Streams()
            .Select(stream => new Core.CompactedVersions(stream.Stream, floors.GetValueOrDefault(stream.Stream) + 1, stream.Floor))
            .Where(versions => versions.Last >= versions.First)
            .ToFSharpList();
        // The head first: what is appended meanwhile is not in the report.
        var head = journal.Head;
        var now = TreeAt(journal, head);
        var (begin, keysBefore) = (JournalBounds.Begin(journal) ?? default, JournalBounds.TryKeysForgottenBefore(journal) ?? 0);
        var begun = TreeAt(journal, begin);
        return EvidenceReport.Of(
            Core.ReportBody.NewCompaction(new Core.CompactionReportBody(
                OrderOf(request), gone, keysBefore, begin, begun.Size, begun.Root, head, now.Size, now.Root)),
            diagnostics);
    }

    private static TreeHead TreeAt(ILocalJournal journal, Head head) =>
        head.Position == 0 ? TreeHead.Empty : journal.RootAt(journal.TreeSize(head.Position));

    private static Core.CompactionOrder OrderOf(CompactionRequest order) => order switch
    {
        CompactionRequest.RetainFrom retain => Core.CompactionOrder.NewRetainFrom(retain.Position),
        CompactionRequest.DeleteStream delete => Core.CompactionOrder.NewDeleteStream(delete.Stream),
        CompactionRequest.ForgetKeysBefore forget => Core.CompactionOrder.NewForgetKeysBefore(forget.Position),
        CompactionRequest.DropDeleted => Core.CompactionOrder.DropDeleted,
        _ => Core.CompactionOrder.Merge,
    };
}

/// <summary>Compactions that are reported.</summary>
public static class CompactionEvidenceExtensions
{
    /// <summary>As <see cref="SegmentJournal.CompactAsync"/>, with a report. What is deleted meanwhile by others is among what
    /// went.</summary>
    /// <param name="journal">The journal, open for writing.</param>
    /// <param name="request">What to do.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Ends it between two new segments; those that were made stay.</param>
    /// <returns>What was done, and the report. Segments, bytes and generations are among its diagnostics.</returns>
    public static async Task<(CompactionReport Done, EvidenceReport Report)> CompactWithEvidenceAsync(
        this SegmentJournal journal, CompactionRequest request, IProgress<CompactionProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var evidence = CompactionEvidence.Before(journal);
        var done = await journal.CompactAsync(request, progress, cancellationToken).ConfigureAwait(false);
        string[] beside =
        [
            FormattableString.Invariant($"segments replaced: {done.Replaced}, {done.BytesBefore} bytes"),
            FormattableString.Invariant($"segments made: {done.Made}, {done.BytesAfter} bytes"),
            FormattableString.Invariant($"generation: {done.SetGeneration}"),
        ];
        return (done, evidence.After(journal, request, beside));
    }
}
