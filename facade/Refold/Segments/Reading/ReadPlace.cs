// How far a reader has come in a journal's segments.
// Made by OpenedDirectory; carried on by LiveReader; JournalCopy follows heads with it.
namespace Refold.Segments;

/// <summary>A place behind a batch, deletion or base that was taken.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Offset">The offset in it behind what was taken.</param>
/// <param name="Head">The head there.</param>
/// <param name="LastFrame">The number of the last frame that was taken; 0 for none.</param>
internal sealed record ReadPlace(Format.SegmentName Segment, long Offset, Head Head, long LastFrame)
{
    /// <summary>The place at the beginning of a segment, which continues this one.</summary>
    public ReadPlace Entering(Format.SegmentName segment) => this with { Segment = segment, Offset = Format.SegmentHeaderModule.bytes };

    /// <summary>The place behind what comes next in the segment.</summary>
    public ReadPlace Behind(Format.SegmentItem item) => this with
    {
        Offset = item.End,
        LastFrame = item.LastFrame,
        Head = HeadBehind(item, Head),
    };

    /// <summary>The head behind an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="before">The head before it.</param>
    public static Head HeadBehind(Format.SegmentItem item, Head before) => item.Content switch
    {
        Format.SegmentContent.Batch found => found.batch.Batch.Receipt.Head,
        Format.SegmentContent.Base dropped => dropped.head,
        _ => before,
    };
}
