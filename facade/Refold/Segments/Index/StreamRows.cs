// What one segment has of its streams, in the order of their names, for those who put the parts of a journal together.
// Made by the parts of SegmentIndex; merged by SegmentIndex.Streams.
using System.Text;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>Rows of streams, one after the other. Used by one thread.</summary>
internal abstract class StreamRows
{
    /// <summary>Goes to the next row, at first to the first one; false behind the last one.</summary>
    /// <exception cref="JournalCorruptedException">A page is not what was written.</exception>
    public abstract bool MoveNext();

    /// <summary>The name of the stream, in UTF-8.</summary>
    public abstract ReadOnlySpan<byte> Name { get; }

    /// <summary>The stream.</summary>
    public abstract StreamId Stream { get; }

    /// <summary>What the segment has of it.</summary>
    public abstract StreamPart Part { get; }
}

/// <summary>Rows of a footer, looked at where they lie.</summary>
internal sealed class FooterStreamRows(FooterQuestions footer, string from) : StreamRows
{
    private readonly Format.StreamCursor cursor = footer.StreamsFrom(from);

    public override ReadOnlySpan<byte> Name => cursor.Name;

    public override StreamId Stream => footer.NameOf(cursor);

    public override StreamPart Part => new(cursor.Highest, cursor.DeletedTo, cursor.First, cursor.Count);

    public override bool MoveNext() => footer.MoveNext(cursor);
}

/// <summary>Rows that others list.</summary>
internal sealed class ListedStreamRows(IEnumerable<(StreamId Id, StreamPart Part)> streams) : StreamRows
{
    private readonly IEnumerator<(StreamId Id, StreamPart Part)> rows = streams.GetEnumerator();
    private byte[] name = [];

    public override ReadOnlySpan<byte> Name => name;

    public override StreamId Stream => rows.Current.Id;

    public override StreamPart Part => rows.Current.Part;

    public override bool MoveNext()
    {
        if (!rows.MoveNext()) return false;
        name = Encoding.UTF8.GetBytes(rows.Current.Id.Value);
        return true;
    }
}

/// <summary>The rows of all parts of a journal, the lowest name first, and of one name that of the first part: a heap.</summary>
internal sealed class MergedStreamRows
{
    private readonly List<(StreamRows Rows, int Part)> heap = [];
    private int parts;

    /// <summary>The lowest of the rows; null where there is none.</summary>
    public StreamRows? First => heap.Count > 0 ? heap[0].Rows : null;

    /// <summary>Adds the rows of the next part.</summary>
    public void Add(StreamRows rows)
    {
        parts++;
        if (!rows.MoveNext()) return;
        heap.Add((rows, parts));
        for (var place = heap.Count - 1; place > 0 && IsBefore(place, (place - 1) / 2); place = (place - 1) / 2)
            (heap[place], heap[(place - 1) / 2]) = (heap[(place - 1) / 2], heap[place]);
    }

    /// <summary>Leaves the lowest of the rows.</summary>
    public void MoveNext()
    {
        if (!heap[0].Rows.MoveNext())
        {
            heap[0] = heap[^1];
            heap.RemoveAt(heap.Count - 1);
        }

        for (var place = 0; ;)
        {
            var least = place;
            for (var below = 2 * place + 1; below <= 2 * place + 2 && below < heap.Count; below++)
                if (IsBefore(below, least)) least = below;
            if (least == place) return;
            (heap[place], heap[least]) = (heap[least], heap[place]);
            place = least;
        }
    }

    private bool IsBefore(int left, int right)
    {
        var order = heap[left].Rows.Name.SequenceCompareTo(heap[right].Rows.Name);
        return order < 0 || (order == 0 && heap[left].Part < heap[right].Part);
    }
}
