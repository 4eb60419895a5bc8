// What one segment has of its streams, in the order of their names, for those who put the parts of a journal together.
// Made by the parts of SegmentIndex; merged by SegmentIndex.Streams.
using System.Text;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>Rows of streams, one after the other. Used by one thread.</summary>
internal abstract class StreamRows
{
    /// <summary>No rows.</summary>
    public static StreamRows None { get; } = new ListedStreamRows([]);

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
