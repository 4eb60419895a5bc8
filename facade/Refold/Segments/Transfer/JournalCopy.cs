// A journal copied whole from one directory of segments to another: every batch, key, deletion and dropped beginning in its place.
// Called by JournalBackup.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>A copy that was made.</summary>
/// <param name="Head">Its head.</param>
/// <param name="Entries">How many entries can be read in it.</param>
/// <param name="Torn">The torn tail that was left out.</param>
/// <param name="Unconfirmed">How many entries and deletions were left out because nothing says that they are flushed.</param>
internal sealed record CopiedJournal(Head Head, long Entries, TornTail? Torn, long Unconfirmed);

/// <summary>Copies what is committed at some moment of the copying. It reads beside a writer, and checks every byte.</summary>
internal static class JournalCopy
{
    /// <summary>Copies into a directory that is empty or not there. The copy has the same positions, versions, batches, keys, floors and
    /// head, and an id of its own.</summary>
    /// <param name="from">The journal; nothing is changed there.</param>
    /// <param name="to">The directory of the copy.</param>
    /// <exception cref="JournalOpenException">There is no journal.</exception>
    /// <exception cref="JournalException">The journal is damaged, or the copy cannot be written.</exception>
    public static CopiedJournal Run(IStorageDevice from, IStorageDevice to)
    {
        if (!from.Exists || FileNames.Segments(from).Count == 0)
            throw SegmentFaults.NoJournal(from);
        to.CreateDirectory();
        // Each try begins anew: bytes that a writer adds while a file is read can arrive in another order than they were written.
        var copied = DirectoryPlan.Settled(from, () => Copy(from, to, isWritten: true), _ => false);
        if (copied.Unconfirmed == 0) return copied;
        // A writer that is alive answers what is behind COMMIT later. Without one, a power cut may have taken from COMMIT what was answered
        // already: then the copy holds what opening for writing would find, and none may be opened until it does.
        using var nobodyWrites = TryLock(from);
        return nobodyWrites is null ? copied : Copy(from, to, isWritten: false);
    }

    private static IDisposable? TryLock(IStorageDevice device)
    {
        try
        {
            return device.List().Contains(FileNames.Lock) ? device.TryLock(FileNames.Lock) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A directory that may only be read.
            return null;
        }
    }

    private static CopiedJournal Copy(IStorageDevice from, IStorageDevice to, bool isWritten)
    {
        foreach (var name in to.List()) to.Delete(name);
        var (plan, refusal) = DirectoryPlan.Of(from, new Format.OpeningWays(checkpoint: false, footers: false, scan: true));
        if (plan is null) throw DirectoryPlan.Exception(refusal!);
        var scanner = new Format.SegmentScanner(plan.ScanStart(_ => 0));
        TornTail? torn = null;
        var unconfirmed = 0L;
        var head = plan.Head;
        using var target = new SegmentTarget(to, SegmentTransfer.IndexesIds(plan));
        foreach (var segment in ScannedSegment.All(from, scanner, [.. plan.Segments.Select(segment => segment.Name)], checksFooters: true))
        {
            if (segment.Fault is not null) throw segment.Fault;
            torn = segment.Torn;
            var end = isWritten ? plan.ConfirmedEnd(scanner) : long.MaxValue;
            unconfirmed += segment.Unconfirmed(end);
            foreach (var item in segment.Confirmed(end))
            {
                target.Add(SegmentTransfer.Item(segment, item));
                head = ReadPlace.HeadBehind(item, head);
            }

            // The bytes of the items are those of the segment: none are kept beyond it.
            target.Commit();
        }

        target.Close();
        return target.Index.Head is var made && made.Position == head.Position && made.Hash.Equals(head.Hash)
            ? new CopiedJournal(made, target.Index.Entries, torn, unconfirmed)
            : throw new JournalException(
                "copy-failed", $"The copy of {from.Place} came to another head; try again, and verify the journal.");
    }
}
