// Footer and trailer of a segment that is written no more. FORMAT.md, "Footer" and "Trailer".
// Called by SegmentStore when it goes on in the next segment.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>The end of the active segment: its footer, and room for it. Used by one thread at a time.</summary>
/// <param name="epoch">The epoch of its last frame.</param>
internal sealed class SegmentSealing(uint epoch)
{
    // What is rented for pages at first.
    internal const int PageBytes = 1024 * 1024;

    private uint epoch = epoch;
    private long room;
    private Core.ByteWriter? pages;

    /// <summary>Whether zeros were written for the footer and are not flushed, because making room failed: until they are, the
    /// segment may end in anything.</summary>
    public bool HasUnflushedRoom { get; private set; }

    /// <summary>Frames were written behind the rest.</summary>
    public void Written(uint writtenEpoch) => epoch = writtenEpoch;

    /// <summary>Makes what seals a segment, and room for it: all that can fail for want of room.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="columns">What is kept of it.</param>
    /// <param name="framesEnd">The offset behind its last frame.</param>
    /// <param name="lastFrame">The number of that frame.</param>
    /// <param name="head">The head behind it.</param>
    public Format.SegmentSeal Prepare(SegmentFile segment, Format.IndexColumns columns, long framesEnd, long lastFrame, Head head)
    {
        // A length that an earlier try did not flush is no room yet. Frames may lie behind the length that it was made with.
        room = Math.Max(Math.Max(room, segment.Capacity), framesEnd);
        var length = Math.Max(room, segment.File.Length);
        var cut = columns.Cut();
        pages?.Release();
        pages = Core.ByteWriter.RentLarge(PageBytes);
        var rows = Format.ColumnRows.tables(cut, columns);
        var seal = Format.FooterEncoding.sealRowsInto(
            pages, segment.Header, length, rows, cut.KeysBefore, framesEnd, lastFrame, head, epoch);
        rows.Release.Invoke();
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

    /// <summary>What makes a checkpoint over all of it, on another thread too, given an empty writer for its pages.</summary>
    /// <param name="segments">All segments; this is the last one.</param>
    /// <param name="columns">What is kept of it.</param>
    /// <param name="setGeneration">The set generation.</param>
    /// <param name="end">The offset behind the last frame.</param>
    /// <param name="lastFrame">The number of that frame.</param>
    /// <param name="head">The head behind it.</param>
    public Func<Core.ByteWriter, Format.CheckpointFile> Checkpoint(
        IReadOnlyList<SegmentFile> segments, Format.IndexColumns columns, long setGeneration, long end, long lastFrame, Head head)
    {
        var cut = columns.Cut();
        var place = new Format.CheckpointPlace(
            setGeneration, segments.Select(segment => segment.Name).ToFSharpList(), segments[^1].Header, end, lastFrame, head, epoch);
        return writer =>
        {
            var rows = Format.ColumnRows.tables(cut, columns);
            var file = Format.Checkpoint.makeInto(writer, place, rows, cut.KeysBefore);
            rows.Release.Invoke();
            return file;
        };
    }

    /// <summary>Begins anew for the next segment.</summary>
    public void Clear()
    {
        (room, HasUnflushedRoom) = (0, false);
        // The seal is written.
        pages?.Release();
        pages = null;
    }
}

/// <summary>What a checkpoint says of the beginning of a segment.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Root">Its root.</param>
internal sealed record RestoredRows(Format.SegmentRows Rows, Format.CheckpointRoot Root);
