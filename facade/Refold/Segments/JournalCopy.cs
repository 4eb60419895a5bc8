// A journal copied whole from one directory of segments to another: every batch, key, deletion and dropped beginning in its place.
// Called by JournalBackup.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>Copies what is committed at some moment of the copying. It reads beside a writer, without a lock, and checks every byte.</summary>
internal static class JournalCopy
{
    /// <summary>Copies into a directory that is empty or not there. The copy has the same positions, versions, batches, keys, floors and head, and an id of its own.</summary>
    /// <param name="from">The journal; nothing is changed there.</param>
    /// <param name="to">The directory of the copy.</param>
    /// <returns>The head of the copy, how many entries can be read in it, and the torn tail that was left out.</returns>
    /// <exception cref="JournalOpenException">There is no journal.</exception>
    /// <exception cref="JournalException">The journal is damaged, or the copy cannot be written.</exception>
    public static (Core.Head Head, long Entries, TornTail? Torn) Run(IStorageDevice from, IStorageDevice to)
    {
        if (!from.Exists || FileNames.Segments(from).Count == 0)
            throw new JournalOpenException($"There is no journal in {from.Place}: no segment file is there.");
        to.CreateDirectory();
        // Each try begins anew: bytes that a writer adds while a file is read can arrive in another order than they were written.
        return DirectoryPlan.Settled(from, () => Copy(from, to), _ => false);
    }

    private static (Core.Head Head, long Entries, TornTail? Torn) Copy(IStorageDevice from, IStorageDevice to)
    {
        foreach (var name in to.List()) to.Delete(name);
        var (plan, refusal) = DirectoryPlan.Of(from, new Core.OpeningWays(checkpoint: false, footers: false, scan: true));
        if (plan is null) throw DirectoryPlan.Exception(refusal!);
        var scanner = new Core.SegmentScanner(plan.ScanStart(_ => 0));
        TornTail? torn = null;
        using var target = new SegmentTarget(to);
        foreach (var segment in ScannedSegment.All(from, scanner, [.. plan.Segments.Select(segment => segment.Name)]))
        {
            if (segment.Fault is not null) throw segment.Fault;
            torn = segment.Torn;
            if (segment.Found.Header is not { } header) continue;
            foreach (var item in segment.Found.Items) target.Add(SegmentTransfer.Item(header.Value, item.Content));
            // The bytes of the items are those of the segment: none are kept beyond it.
            target.Commit();
        }

        target.Close();
        return target.Index.Head is var head && head.Position == scanner.Head.Position && head.Hash.Equals(scanner.Head.Hash)
            ? (head, target.Index.Entries, torn)
            : throw new JournalException("copy-failed", $"The copy of {from.Place} came to another head; try again, and verify the journal.");
    }
}
