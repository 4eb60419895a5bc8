// Footer and trailer of a segment that is written no more. FORMAT.md, "Footer" and "Trailer".
// Called by SegmentStore when it goes on in the next segment.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>What the active segment holds, kept until its footer is written. Used by one thread at a time.</summary>
/// <param name="items">What was found in it when the journal was opened.</param>
/// <param name="epoch">The epoch of its last frame.</param>
internal sealed class SegmentSealing(IEnumerable<Core.SegmentItem> items, uint epoch)
{
    private readonly List<Core.SegmentItem> items = [.. items];
    private uint epoch = epoch;
    private long room;

    /// <summary>Whether zeros were written for the footer and are not flushed, because making room failed: until they are, the segment may end in anything.</summary>
    public bool HasUnflushedRoom { get; private set; }

    /// <summary>Adds what was written behind the rest.</summary>
    public void Add(IEnumerable<Core.SegmentItem> written, uint writtenEpoch)
    {
        items.AddRange(written);
        epoch = writtenEpoch;
    }

    /// <summary>Makes what seals a segment, and room for it: all that can fail for want of room.</summary>
    public Core.SegmentSeal Prepare(SegmentFile segment, long framesEnd, long lastFrame, Core.Head head)
    {
        // A length that an earlier try did not flush is no room yet.
        room = Math.Max(room, segment.Capacity);
        var length = Math.Max(room, segment.File.Length);
        var seal = Core.FooterEncoding.seal(segment.Header, length, items.ToFSharpList(), framesEnd, lastFrame, head, epoch);
        var end = seal.TrailerOffset + seal.Trailer.Length;
        if (end <= room) return seal;
        HasUnflushedRoom = true;
        SegmentStore.WriteZeros(segment.File, room, end);
        segment.File.Flush();
        (room, HasUnflushedRoom) = (end, false);
        return seal;
    }

    /// <summary>Seals the segment; durable on return. Half of it is a torn tail, as long as no other segment follows.</summary>
    public static void Seal(SegmentFile segment, Core.SegmentSeal seal)
    {
        segment.File.Write(seal.Footer.Span, seal.FooterOffset);
        segment.File.Write(seal.Trailer.Span, seal.TrailerOffset);
        segment.File.Flush();
    }

    /// <summary>The trailer of a segment that was sealed.</summary>
    public static Core.SegmentTrailer TrailerOf(SegmentFile segment, Core.SegmentSeal seal) =>
        Core.SegmentTrailerModule.decode(segment.Header, seal.TrailerOffset + seal.Trailer.Length, seal.Trailer).ResultValue!.Value;

    /// <summary>Begins anew for the next segment.</summary>
    public void Clear()
    {
        items.Clear();
        (room, HasUnflushedRoom) = (0, false);
    }
}
