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
        // A stream comes in the order of the parts, what a dropped beginning had of it first.
        var rows = new MergedStreamRows();
        rows.Add(new ListedStreamRows(now.Parts[0].BaseStreamsFrom(from).Select(BasePart)));
        foreach (var part in now.Parts) rows.Add(part.StreamsFrom(from));
        while (rows.First is { } first)
        {
            var (gone, highest) = Next(rows, first.Name.ToArray(), out var stream);
            yield return new StreamInfo(stream, Math.Max(gone, deleted.FloorAt(stream, now.Moment)), highest);
        }
    }

    // Of a dropped beginning nothing is left but the highest version.
    private static (StreamId Id, StreamPart Part) BasePart((StreamId Id, long Highest) stream) =>
        (stream.Id, new StreamPart(0, stream.Highest, 0, 0));

    private static (long Gone, long Highest) Next(MergedStreamRows rows, ReadOnlySpan<byte> name, out StreamId stream)
    {
        stream = rows.First!.Stream;
        var (gone, highest, hasEntries) = (0L, 0L, false);
        while (rows.First is { } row && row.Name.SequenceEqual(name))
        {
            var part = row.Part;
            highest = Math.Max(highest, part.Known);
            if (!hasEntries) gone = part.Count > 0 ? part.Lowest - 1 : highest;
            hasEntries |= part.Count > 0;
            rows.MoveNext();
        }

        return (gone, highest);
    }
}
