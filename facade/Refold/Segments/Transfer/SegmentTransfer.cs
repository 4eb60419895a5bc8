// Segment files as the pieces that a journal moves in.
// Called by JournalCopy, which copies between directories, and by the tool's verb copy.
using Refold.Interop;
using Refold.Transfers;

namespace Refold.Segments;

internal static class SegmentTransfer
{
    /// <summary>A piece as a scan found it.</summary>
    public static TransferItem Item(ScannedSegment segment, Format.SegmentItem item) => item.Content switch
    {
        Format.SegmentContent.Base dropped =>
            new TransferItem.Beginning(dropped.content.ToFacade(dropped.head, segment.Found.Header!.Value.FirstFrame)),
        Format.SegmentContent.Batch found =>
            new TransferItem.Batch(
                new StoredBatch(new PlacedBatch(found.batch.Batch), [.. found.batch.Dropped.Select(leaf => leaf.ToFacade())])),
        Format.SegmentContent.KeysForgotten forgotten => new TransferItem.Forgetting(forgotten.before),
        Format.SegmentContent.Deletion deletion => new TransferItem.Deletion(deletion.stream, deletion.version),
        _ => throw new ArgumentException("No such content.", nameof(item)),
    };

    /// <summary>Everything in a directory that is known to be flushed, as a reader has it, checked byte by byte. No
    /// writer may be changing it.</summary>
    /// <exception cref="JournalOpenException">There is no journal.</exception>
    /// <exception cref="JournalException">It is damaged.</exception>
    public static IEnumerable<TransferItem> Read(IStorageDevice from)
    {
        if (!from.Exists || FileNames.Segments(from).Count == 0)
            throw SegmentFaults.NoJournal(from);
        var (plan, refusal) = DirectoryPlan.Of(from, new Format.OpeningWays(checkpoint: false, footers: false, scan: true));
        if (plan is null) throw DirectoryPlan.Exception(refusal!);
        var scanner = new Format.SegmentScanner(plan.ScanStart(_ => 0));
        foreach (var segment in ScannedSegment.All(from, scanner, [.. plan.Segments.Select(segment => segment.Name)], checksFooters: true))
        {
            if (segment.Fault is not null) throw segment.Fault;
            foreach (var item in segment.Confirmed(plan.ConfirmedEnd(scanner))) yield return Item(segment, item);
        }
    }

    /// <summary>Whether entries of the journal in a directory are found by id; null where there is none, or it cannot be known.</summary>
    public static bool? IndexesIds(IStorageDevice device)
    {
        if (!device.Exists || !FileNames.HasSegments(device)) return null;
        var (plan, _) = DirectoryPlan.Of(device, new Format.OpeningWays(checkpoint: false, footers: false, scan: true));
        return plan is null ? null : IndexesIds(plan);
    }

    /// <summary>Whether entries of a journal are found by id. A segment whose header was not written yet says nothing.</summary>
    public static bool IndexesIds(Format.OpeningPlan plan) => plan.Segments.Any(segment => segment.Header?.Value.HasIds != false);

    /// <summary>Writes a journal into a directory that is empty or not there.</summary>
    /// <param name="to">The directory.</param>
    /// <param name="items">What a journal is made of, in order.</param>
    /// <param name="indexIds">Whether its entries are found by id.</param>
    public static TransferResult Write(IStorageDevice to, IEnumerable<TransferItem> items, bool indexIds = true)
    {
        to.CreateDirectory();
        using var target = new SegmentTarget(to, indexIds);
        foreach (var item in items)
        {
            target.Add(item);
            if (target.IsFull) target.Commit();
        }

        target.Commit();
        target.Close();
        return new TransferResult(target.Index.Entries, target.Index.Head);
    }
}
