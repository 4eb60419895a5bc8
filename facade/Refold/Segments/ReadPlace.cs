// How far a reader has come in a journal's segments.
// Made by OpenedDirectory; carried on by LiveReader; JournalCopy follows heads with it.
namespace Refold.Segments;

/// <summary>A place behind a batch, deletion or base that was taken.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Offset">The offset in it behind what was taken.</param>
/// <param name="Head">The head there.</param>
/// <param name="LastFrame">The number of the last frame that was taken; 0 for none.</param>
internal sealed record ReadPlace(Core.SegmentName Segment, long Offset, Core.Head Head, long LastFrame)
{
    /// <summary>The place at the beginning of a segment, which continues this one.</summary>
    public ReadPlace Entering(Core.SegmentName segment) => this with { Segment = segment, Offset = Core.SegmentHeaderModule.bytes };

    /// <summary>The place behind what comes next in the segment.</summary>
    public ReadPlace Behind(Core.SegmentItem item) => this with
    {
        Offset = item.End,
        LastFrame = item.LastFrame,
        Head = HeadBehind(item, Head),
    };

    /// <summary>The head behind an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="before">The head before it.</param>
    public static Core.Head HeadBehind(Core.SegmentItem item, Core.Head before) => item.Content switch
    {
        Core.SegmentContent.Batch found => found.batch.Batch.Receipt.Head,
        Core.SegmentContent.Base dropped => dropped.head,
        _ => before,
    };
}
