// What a compaction did, seen from outside: where streams and the beginning stood before it, and where they stand behind it.
// Used by the stores' compactions that are asked for a report, and by the tool.
using Refold.Interop;
using Refold.Segments;

namespace Refold;

/// <summary>Begins before a compaction.</summary>
internal sealed class CompactionWatch
{
    private readonly Dictionary<StreamId, long> floors;

    /// <param name="journal">The journal as it is before.</param>
    public CompactionWatch(ILocalJournal journal) =>
        floors = journal.Streams().ToDictionary(stream => stream.Stream, stream => stream.Floor);

    /// <summary>The report of a compaction that ended.</summary>
    /// <param name="journal">The journal as it is behind it.</param>
    /// <param name="begin">The head behind the beginning that is dropped by now; an empty journal's where none is.</param>
    /// <param name="order">What was asked for.</param>
    /// <param name="keysBefore">Keys of batches that begin before this position are forgotten; 0 for none.</param>
    /// <param name="diagnostics">What is said beside the body.</param>
    public EvidenceReport After(
        ILocalJournal journal, Head begin, CompactionRequest order, long keysBefore, IEnumerable<string> diagnostics)
    {
        var gone = journal.Streams()
            .Select(stream => new Core.CompactedVersions(stream.Stream, floors.GetValueOrDefault(stream.Stream) + 1, stream.Floor))
            .Where(versions => versions.Last >= versions.First)
            .ToFSharpList();
        // The head first: what is appended meanwhile is not in the report.
        var head = journal.Head;
        var now = journal.RootAt(journal.TreeSize(head.Position));
        var begun = begin.Position == 0 ? TreeHead.Empty : journal.RootAt(journal.TreeSize(begin.Position));
        var body = new Core.CompactionReportBody(
            OrderOf(order), gone, keysBefore, begin, begun.Size, begun.Root, head, now.Size, now.Root);
        return EvidenceReport.Of(Core.ReportBody.NewCompaction(body), diagnostics);
    }

    private static Core.CompactionOrder OrderOf(CompactionRequest order) => order switch
    {
        CompactionRequest.RetainFrom retain => Core.CompactionOrder.NewRetainFrom(retain.Position),
        CompactionRequest.DeleteStream delete => Core.CompactionOrder.NewDeleteStream(delete.Stream),
        CompactionRequest.ForgetKeysBefore forget => Core.CompactionOrder.NewForgetKeysBefore(forget.Position),
        CompactionRequest.DropDeleted => Core.CompactionOrder.DropDeleted,
        _ => Core.CompactionOrder.Merge,
    };
}
