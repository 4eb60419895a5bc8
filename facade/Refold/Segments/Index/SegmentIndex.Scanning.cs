// What a scan goes through, as of its call.
// Called by SegmentJournal.ScanAll and ScanStream.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    /// <summary>What a scan from a position on goes through.</summary>
    public ScanPlan Scan(long position)
    {
        var now = Now();
        var hidden = now.Moment > 0 ? new HiddenEntries(deleted, now.Moment) : null;
        return new ScanPlan(now.Parts.Length == 0 ? [] : now.Parts[now.PartOf(position)..], now.Head, hidden);
    }
}

/// <summary>What a scan goes through.</summary>
/// <param name="Parts">The segments, the first one with the first position or behind it.</param>
/// <param name="Head">The head up to which it goes.</param>
/// <param name="Hidden">What deletions hide; null for nothing.</param>
internal sealed record ScanPlan(IndexPart[] Parts, Head Head, HiddenEntries? Hidden)
{
    /// <summary>Goes through the segments from a position on.</summary>
    /// <exception cref="JournalCorruptedException">A frame is not what was written, or not there.</exception>
    public void Walk(FrameWalk walk, long position)
    {
        foreach (var part in Parts)
        {
            if (walk.HasEnded) return;
            // One without a batch has nothing to go through.
            if (part.LastHead is not { } last) continue;
            var until = last.Position < Head.Position ? last : Head;
            if (until.Position < part.FirstPosition || until.Position < position) continue;
            if (position <= part.FirstPosition)
            {
                walk.Through(new WalkStart(part.Segment), until, Hidden);
                continue;
            }

            var index = part.IndexAt(position);
            if (index == part.Count) continue;
            var row = part.Reader()(index);
            if (row.Position <= until.Position) walk.Through(new WalkStart(row), until, Hidden);
        }
    }
}
