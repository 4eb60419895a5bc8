// The streams of a journal in the order of their names, put together from what each segment has of them.
// Called by SegmentJournal for pages of streams.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    /// <summary>Streams in the order of their names' UTF-8 bytes, from a name on; put together as they are asked for, by one
    /// thread.</summary>
    public IEnumerable<StreamInfo> Streams(string from = "")
    {
        var now = Now();
        if (now.Parts.Length == 0) yield break;
        var rows = new MergedStreamRows();
        // Of a dropped beginning nothing is left but the highest version.
        rows.Add(new ListedStreamRows(
            now.Parts[0].BaseStreamsFrom(from).Select(stream => (stream.Id, new StreamPart(0, stream.Highest, 0, 0)))));
        foreach (var part in now.Parts) rows.Add(part.StreamsFrom(from));
        while (rows.TryNext(out var stream))
            yield return new StreamInfo(stream.Id, Math.Max(stream.Gone, deleted.FloorAt(stream.Id, now.Moment)), stream.Highest);
    }
}
