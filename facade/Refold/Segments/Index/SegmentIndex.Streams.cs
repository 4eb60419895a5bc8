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
        // A stream comes in the order of the parts, what a dropped beginning had of it first.
        var next = new PriorityQueue<IEnumerator<(StreamId Id, StreamPart Part)>, (string Name, int Part)>(StreamOrder.Instance);
        try
        {
            if (now.Parts.Length > 0) Begin(now.Parts[0].BaseStreamsFrom(from).Select(BasePart), -1);
            for (var number = 0; number < now.Parts.Length; number++) Begin(now.Parts[number].StreamsFrom(from), number);
            while (next.Count > 0) yield return Info(Next(next), now.Moment);
        }
        finally
        {
            foreach (var (part, _) in next.UnorderedItems) part.Dispose();
        }

        void Begin(IEnumerable<(StreamId Id, StreamPart Part)> streams, int number)
        {
            var part = streams.GetEnumerator();
            if (part.MoveNext()) next.Enqueue(part, (part.Current.Id.Value, number));
            else part.Dispose();
        }
    }

    // Of a dropped beginning nothing is left but the highest version.
    private static (StreamId Id, StreamPart Part) BasePart((StreamId Id, long Highest) stream) =>
        (stream.Id, new StreamPart(0, stream.Highest, 0, 0));

    private static (StreamId Id, long Gone, long Highest) Next(
        PriorityQueue<IEnumerator<(StreamId Id, StreamPart Part)>, (string Name, int Part)> next)
    {
        var id = next.Peek().Current.Id;
        var (gone, highest, hasEntries) = (0L, 0L, false);
        while (next.TryPeek(out var part, out var place) && place.Name == id.Value)
        {
            var stream = part.Current.Part;
            highest = Math.Max(highest, stream.Known);
            if (!hasEntries) gone = stream.Count > 0 ? stream.Lowest - 1 : highest;
            hasEntries |= stream.Count > 0;
            if (part.MoveNext())
            {
                next.DequeueEnqueue(part, (part.Current.Id.Value, place.Part));
                continue;
            }

            next.Dequeue();
            part.Dispose();
        }

        return (id, gone, highest);
    }

    private StreamInfo Info((StreamId Id, long Gone, long Highest) stream, long moment) =>
        new(stream.Id, Math.Max(stream.Gone, deleted.FloorAt(stream.Id, moment)), stream.Highest);

    private sealed class StreamOrder : IComparer<(string Name, int Part)>
    {
        public static StreamOrder Instance { get; } = new();

        public int Compare((string Name, int Part) x, (string Name, int Part) y) =>
            Core.Text.compareUtf8(x.Name, y.Name) is var order && order != 0 ? order : x.Part.CompareTo(y.Part);
    }
}
