// Footer and trailer of a segment that is written no more. FORMAT.md, "Footer" and "Trailer".
// Called by SegmentStore when it goes on in the next segment.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>What the active segment holds, kept until its footer is written. Used by one thread at a time.</summary>
/// <param name="items">What was found in it when the journal was opened.</param>
/// <param name="epoch">The epoch of its last frame.</param>
/// <param name="before">What the batches before the segment come to; where rows were restored, they say it.</param>
/// <param name="restored">What lies before that and was not scanned; null for nothing.</param>
internal sealed class SegmentSealing(
    IEnumerable<Format.SegmentItem> items, uint epoch, Core.TreePlace before, RestoredRows? restored = null)
{
    private Core.TreePlace before = before;
    private Core.TreePlace? behind;
    private readonly List<Format.SegmentItem> items = [.. items];
    private uint epoch = epoch;
    private RestoredRows? restored = restored;
    private long room;

    /// <summary>Whether zeros were written for the footer and are not flushed, because making room failed: until they are, the
    /// segment may end in anything.</summary>
    public bool HasUnflushedRoom { get; private set; }

    /// <summary>Adds what was written behind the rest.</summary>
    public void Add(IEnumerable<Format.SegmentItem> written, uint writtenEpoch)
    {
        items.AddRange(written);
        epoch = writtenEpoch;
    }

    /// <summary>Makes what seals a segment, and room for it: all that can fail for want of room.</summary>
    public Format.SegmentSeal Prepare(SegmentFile segment, long framesEnd, long lastFrame, Head head)
    {
        // A length that an earlier try did not flush is no room yet. Frames may lie behind the length that it was made with.
        room = Math.Max(Math.Max(room, segment.Capacity), framesEnd);
        var length = Math.Max(room, segment.File.Length);
        var (rows, keysBefore) = RestoredRows.Extend(restored, segment.Header.HasIds, before, items);
        behind = rows.Behind;
        var seal = Format.FooterEncoding.sealRows(segment.Header, length, rows, keysBefore, framesEnd, lastFrame, head, epoch);
        var end = seal.TrailerOffset + seal.Trailer.Length;
        Lengthen(segment, end);
        return seal;
    }

    /// <summary>Makes a segment that holds nothing yet as large as its first batch needs.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="end">The length in bytes.</param>
    public void Grow(SegmentFile segment, long end)
    {
        room = Math.Max(room, segment.Capacity);
        Lengthen(segment, end);
        segment.Capacity = Math.Max(room, end);
    }

    private void Lengthen(SegmentFile segment, long end)
    {
        if (end <= room) return;
        HasUnflushedRoom = true;
        SegmentStore.WriteZeros(segment.File, room, end);
        segment.File.Flush();
        (room, HasUnflushedRoom) = (end, false);
    }

    /// <summary>Seals the segment; durable on return. Half of it is a torn tail, as long as no other segment follows.</summary>
    public static void Seal(SegmentFile segment, Format.SegmentSeal seal)
    {
        segment.File.Write(seal.Footer.Span, seal.FooterOffset);
        segment.File.Write(seal.Trailer.Span, seal.TrailerOffset);
        segment.File.Flush();
    }

    /// <summary>The trailer of a segment that was sealed.</summary>
    public static Format.SegmentTrailer TrailerOf(SegmentFile segment, Format.SegmentSeal seal) =>
        Format.SegmentTrailerModule.decode(segment.Header, seal.TrailerOffset + seal.Trailer.Length, seal.Trailer).ResultValue!.Value;

    /// <summary>What makes a checkpoint over all of it, on another thread too.</summary>
    /// <param name="segments">All segments; this is the last one.</param>
    /// <param name="setGeneration">The set generation.</param>
    /// <param name="end">The offset behind the last frame.</param>
    /// <param name="lastFrame">The number of that frame.</param>
    /// <param name="head">The head behind it.</param>
    public Func<Format.CheckpointFile> Checkpoint(
        IReadOnlyList<SegmentFile> segments, long setGeneration, long end, long lastFrame, Head head)
    {
        var (known, first, held) = (restored, before, items.ToArray());
        var hasIds = segments[^1].Header.HasIds;
        var place = new Format.CheckpointPlace(
            setGeneration, segments.Select(segment => segment.Name).ToFSharpList(), segments[^1].Header, end, lastFrame, head, epoch);
        return () =>
        {
            var (rows, keysBefore) = RestoredRows.Extend(known, hasIds, first, held);
            return Format.Checkpoint.make(place, rows, keysBefore);
        };
    }

    /// <summary>Begins anew for the next segment.</summary>
    public void Clear()
    {
        items.Clear();
        restored = null;
        // Without a footer of its own the segment before had nothing: it was sealed before, or is the first.
        (before, behind) = (behind ?? before, null);
        (room, HasUnflushedRoom) = (0, false);
    }
}

/// <summary>What a checkpoint says of the beginning of a segment.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Root">Its root.</param>
internal sealed record RestoredRows(Format.SegmentRows Rows, Format.CheckpointRoot Root)
{
    /// <summary>The rows of a segment, and the highest position before which its frames forget keys.</summary>
    /// <param name="known">Its beginning; null where the items are all of it.</param>
    /// <param name="hasIds">Whether it has rows of ids.</param>
    /// <param name="before">What the batches before it come to.</param>
    /// <param name="items">The rest.</param>
    public static (Format.SegmentRows Rows, long KeysBefore) Extend(
        RestoredRows? known, bool hasIds, Core.TreePlace before, IEnumerable<Format.SegmentItem> items)
    {
        var list = items.ToFSharpList();
        var rows = known is null
            ? Format.IndexRows.ofItems(hasIds, before, list)
            : Format.IndexRows.extend(known.Rows, known.Root.Head.Position, list);
        return (rows, list.Aggregate(known?.Root.KeysBefore ?? 0, Format.IndexRows.keysBefore));
    }
}
