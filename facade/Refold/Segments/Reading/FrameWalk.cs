// Goes from frame to frame through segments and hands each entry to a visitor where it lies. FORMAT.md, "Frame".
// Used by SegmentJournal.ScanAll.
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Refold.Segments;

/// <summary>A walk over the frames of segments. Every frame is checked by its checksums, by its number, which has no gaps, and by the head
/// where the walk has to end: what is missing is never passed over. Used by one thread.</summary>
/// <param name="visitor">Takes the entries.</param>
/// <param name="maxCount">At most this many.</param>
internal sealed class FrameWalk(EntryVisitor visitor, long maxCount) : IDisposable
{
    // Codes of FORMAT.md.
    private const byte EntryKind = 1, StubKind = 3;

    // Further than the core looks by itself: it stops at the end of a page.
    private const int Ahead = 2048;

    private readonly FrameWindow window = new();

    /// <summary>How many entries were handed out.</summary>
    public long Visited { get; private set; }

    /// <summary>The position of the last entry that was handed out; 0 before the first.</summary>
    public long Last { get; private set; }

    /// <summary>Whether the visitor wants no more, or has had as many as were asked for.</summary>
    public bool HasEnded { get; private set; } = maxCount <= 0;

    /// <summary>What the visitor threw that is no fault of this journal; the walk ended with it.</summary>
    public ExceptionDispatchInfo? Failed { get; private set; }

    /// <summary>Goes through a segment.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="until">The head behind the last batch that is wanted.</param>
    /// <param name="hidden">What deletions hide; null for nothing.</param>
    /// <exception cref="JournalCorruptedException">A frame is not what was written, or not there.</exception>
    public void Through(WalkStart start, Head until, HiddenEntries? hidden)
    {
        var (segment, offset, number) = (start.Segment, start.Offset, start.NumberBefore);
        var frames = new FramesInPlace(window);
        // Only behind a whole batch may zeros reach to the next block.
        var (reached, isBetween) = (0L, true);
        while (reached < until.Position && !HasEnded)
        {
            if (isBetween) offset = BehindGap(frames, segment, offset);
            var frame = frames.Frame(segment, offset);
            var (kind, found) = (FrameHeader.Kind(frame.Bytes), FrameHeader.Number(frame.Bytes));
            var count = kind == StubKind ? frames.StubCount(frame, segment, offset) : 1;
            if (number is null && kind != EntryKind) throw frames.Wrong(segment, offset);
            if (number is { } before && unchecked(found - before) != count)
                throw new JournalCorruptedException(
                    segment.Name.ToString(), offset, "the frame number", NumberText.Of(unchecked(before + count)), NumberText.Of(found));
            var (at, position) = (offset, FrameHeader.Position(frame.Bytes));
            offset += frame.Bytes.Length;
            window.Fetch(offset + Ahead, frame.Bytes.Length);
            // Of a deletion or base, which is no part of a batch.
            if (kind is not (EntryKind or StubKind))
            {
                number = found;
                continue;
            }

            if (kind == EntryKind)
            {
                frames.CheckEntry(frame, segment, at);
                if (position <= reached || (number is null && !start.IsAt(frame.Entry))) throw frames.Wrong(segment, at);
                if (hidden?.Hides(frame.Entry) != true) Visit(frame.Entry);
            }


            number = found;
            reached = unchecked(position + count - 1);
            isBetween = frame.HasHead;
            if (reached >= until.Position && !HasEnded) CheckEnd(frame, segment, at, reached, until);
        }
    }

    public void Dispose() => window.Dispose();

    private void Visit(in EntryView entry)
    {
        Last = entry.Position;
        Visited++;
        try
        {
            HasEnded = !visitor(entry) || Visited == maxCount;
        }
        catch (SegmentGoneException gone)
        {
            // Of another journal: files of this one are not looked for because of it.
            (HasEnded, Failed) = (true, ExceptionDispatchInfo.Capture(gone));
        }
    }

    // The last batch ends where it has to, with the head that is known.
    private static void CheckEnd(in FrameInPlace frame, SegmentFile segment, long offset, long reached, Head until)
    {
        if (reached == until.Position && frame.HasHead && Hash.OfSpan(FrameHeader.Head(frame.Bytes)) == until.Hash) return;
        throw new JournalCorruptedException(
            segment.Name.ToString(), offset, "the head behind a batch", until.ToString(),
            string.Create(CultureInfo.InvariantCulture, $"another, at position {reached}"));
    }

    private static long BehindGap(FramesInPlace frames, SegmentFile segment, long offset)
    {
        var next = Format.FrameLayout.nextBlock(offset);
        return next > offset && frames.AreZeros(segment, offset, Math.Min(next, offset + Format.FrameLayout.alignment))
            && frames.AreZeros(segment, offset, next)
                ? next
                : offset;
    }
}

/// <summary>Where a walk begins in a segment.</summary>
internal readonly record struct WalkStart
{
    private readonly EntryRow row;

    /// <summary>With its first frame.</summary>
    public WalkStart(SegmentFile segment) => (Segment, Offset, NumberBefore) =
        (segment, Format.SegmentHeaderModule.bytes, segment.Header.FirstFrame - 1);

    /// <summary>With an entry.</summary>
    public WalkStart(in EntryRow row) => (this.row, Segment, Offset) = (row, row.Segment, row.Offset);

    public SegmentFile Segment { get; }

    public long Offset { get; }

    /// <summary>The number of the frame before; null where only the entry is known.</summary>
    public long? NumberBefore { get; }

    /// <summary>Whether it is the entry with which it begins.</summary>
    public bool IsAt(in EntryView entry) => entry.Position == row.Position && entry.Version == row.Version;
}
