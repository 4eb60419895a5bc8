// The segment files of a directory, scanned one after the other by the core.
// Used by OpenedDirectory and SegmentVerification: the same judgement for both.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>A segment file that was read whole.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its bytes; anything for those that were known already.</param>
/// <param name="Found">What it holds.</param>
/// <param name="Fault">Why it is refused; null where it is whole or torn.</param>
/// <param name="Torn">The torn tail it ends with, if any.</param>
internal sealed record ScannedSegment(
    Format.SegmentName Name, ReadOnlyMemory<byte> Bytes, Format.SegmentScan Found, JournalException? Fault, TornTail? Torn)
{
    /// <summary>What the batches before it come to, where footers are checked.</summary>
    public Core.TreePlace Before { get; init; } = Core.TreePlaceModule.none;

    /// <summary>How many entries were taken.</summary>
    public long Entries => EntriesOf(Found.Items);

    /// <summary>How many entries some of the items have.</summary>
    public static long EntriesOf(IEnumerable<Format.SegmentItem> items) =>
        items.Sum(item => item.Content is Format.SegmentContent.Batch batch ? (long)batch.batch.Batch.Count : 0);

    /// <summary>What was taken up to a frame.</summary>
    public IEnumerable<Format.SegmentItem> Confirmed(long confirmedEnd) => Found.Items.Where(item => item.LastFrame <= confirmedEnd);

    /// <summary>How many entries, deletions and what else stands alone lie behind a frame.</summary>
    public long Unconfirmed(long confirmedEnd)
    {
        var behind = Found.Items.Where(item => item.LastFrame > confirmedEnd).ToList();
        return EntriesOf(behind) + behind.Count(item => item.Content is not Format.SegmentContent.Batch);
    }

    /// <summary>Scans the files in order; ends behind the first one that is refused.</summary>
    /// <param name="device">The directory.</param>
    /// <param name="scanner">What scans them.</param>
    /// <param name="names">The files.</param>
    /// <param name="from">The offset at which the frames of the first one begin that are not known; what lies between its
    /// header and that is not read.</param>
    /// <param name="checksFooters">Whether footers are built again from the frames and compared.</param>
    public static IEnumerable<ScannedSegment> All(
        IStorageDevice device, Format.SegmentScanner scanner, List<Format.SegmentName> names, long from = 0, bool checksFooters = false)
    {
        var before = Core.TreePlaceModule.none;
        for (var item = 0; item < names.Count; item++)
        {
            var start = (int)Math.Max(item == 0 ? from : 0, Format.SegmentHeaderModule.bytes);
            var bytes = Read(device, names[item], start);
            var segment = Judge(names[item], bytes, scanner.Scan(bytes, item == names.Count - 1, start));
            if (checksFooters && segment.Fault is null && segment.Found.WrongFooter(bytes, scanner.Epoch, before) is { } wrong)
                segment = segment with { Fault = SegmentFaults.Of(wrong, segment.Name.ToString()) };
            yield return segment with { Before = before };
            if (checksFooters) before = Format.IndexRows.placeBehind(before, segment.Found.Items);
            if (segment.Fault is not null) yield break;
        }
    }

    private static ScannedSegment Judge(Format.SegmentName name, ReadOnlyMemory<byte> bytes, Format.SegmentScan found)
    {
        var file = name.ToString();
        var fault = found.End is Format.SegmentEnd.Refused refused ? SegmentFaults.Of(refused.error, file) : null;
        var torn = found.End is Format.SegmentEnd.Torn tail ? new TornTail(file, tail.offset, tail.reason) : null;
        return new ScannedSegment(name, bytes, found, fault, torn);
    }

    /// <summary>The bytes of a file; anything between the header and an offset, where none was read and none is looked at.</summary>
    private static byte[] Read(IStorageDevice device, Format.SegmentName name, int from)
    {
        using var file = device.Open(name.ToString(), writable: false);
        if (file.Length > Array.MaxLength)
            throw new JournalOpenException($"{name} is no segment: it has more than 2 GiB; move it away, or open another directory.");
        var bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
        from = Math.Min(from, bytes.Length);
        _ = file.Read(bytes.AsSpan(0, Math.Min(from, Format.SegmentHeaderModule.bytes)), 0);
        var end = from + file.Read(bytes.AsSpan(from), from);
        // A trailer is looked for in the last bytes, whatever is known of them.
        var unread = Math.Max(Format.SegmentHeaderModule.bytes, bytes.Length - Format.SegmentTrailerModule.bytes);
        if (unread < from) bytes.AsSpan(unread, from - unread).Clear();
        return end == bytes.Length ? bytes : bytes[..end];
    }
}

/// <summary>What an interrupted write left at the end of a journal. Opening for writing heals it.</summary>
/// <param name="File">The segment file.</param>
/// <param name="Offset">Where it begins, in bytes from the start of the file.</param>
/// <param name="Reason">What is not whole.</param>
public sealed record TornTail(string File, long Offset, string Reason);
