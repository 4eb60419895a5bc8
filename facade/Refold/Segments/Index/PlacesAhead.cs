// Rows of a stream read some at a time, so that what they say and the frames they name come from memory, or from the system, together.
// Used by SegmentIndex for reads of a stream; one of each read.
using System.Buffers;

namespace Refold.Segments;

/// <summary>The rows that come next. A reader that goes on has more of them read at once, up to a number. Used by one thread.</summary>
internal sealed class PlacesAhead : IDisposable
{
    // A core waits for about as many lines of memory at once as a dozen frames have; more than a few frames of these hide that.
    private const int Least = 2, Most = 32;

    // What lies between two frames is copied with them where that is cheaper than another call of the system.
    private const int MostBetween = 8 * 1024;

    private readonly Format.EntryPlace[] places = ArrayPool<Format.EntryPlace>.Shared.Rent(Most);
    private int wanted = Least;
    private int count;
    private long nearEnd;

    /// <summary>One of the rows.</summary>
    public ref readonly Format.EntryPlace this[int item] => ref places[item];

    /// <summary>Reads rows.</summary>
    /// <param name="segment">The segment that has the frames.</param>
    /// <param name="read">Reads rows.</param>
    /// <param name="ordinal">The first that is wanted.</param>
    /// <param name="left">How many there are from it on.</param>
    /// <returns>How many were read, at least one.</returns>
    public int Read(SegmentFile segment, PlaceReader read, int ordinal, long left)
    {
        count = read(ordinal, places.AsSpan(0, (int)Math.Min(wanted, left)));
        wanted = Math.Min(2 * wanted, Most);
        nearEnd = 0;
        segment.Fetch(places.AsSpan(0, count));
        return count;
    }

    /// <summary>The bytes from a row's frame to the end of the last one near.</summary>
    public int Near(int item)
    {
        if (places[item].Offset >= nearEnd)
        {
            nearEnd = places[item].Offset + places[item].Length;
            for (var next = item + 1; next < count && places[next].Offset - nearEnd is >= 0 and <= MostBetween; next++)
                nearEnd = places[next].Offset + places[next].Length;
        }

        return (int)(nearEnd - places[item].Offset);
    }

    public void Dispose() => ArrayPool<Format.EntryPlace>.Shared.Return(places);
}
