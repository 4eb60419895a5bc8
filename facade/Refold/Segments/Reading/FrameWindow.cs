// What of a segment file lies in memory: all of it where it is mapped, or else a piece. In it frames are read where they lie.
// Used by FrameWalk and EntryReader; one of each read.
using System.Buffers;

namespace Refold.Segments;

/// <summary>Bytes of a segment: mapped where it may be, else copied, and read ahead where what is asked for follows what was asked for
/// before. Used by one thread.</summary>
internal sealed class FrameWindow : IDisposable
{
    // Large enough that a call of the system costs little of it, small enough for the cache of a core.
    private const int MostAhead = 256 * 1024;
    private const int LeastAhead = 8 * 1024;

    private byte[] buffer = [];
    private SegmentFile? segment;
    private MappedFile.Lease? map;
    private long origin = long.MinValue;
    private int length;
    private int ahead = LeastAhead;

    /// <summary>The bytes from an offset on that are there: at least so many, or fewer where the file ends. Valid until the next
    /// call.</summary>
    /// <param name="file">The segment.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="least">How many have to be there.</param>
    /// <param name="near">How many are asked for soon: where a call of the system is needed anyway, these come with it.</param>
    /// <exception cref="SegmentGoneException">The file was removed before it was opened.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public ReadOnlySpan<byte> From(SegmentFile file, long offset, int least, int near = 0)
    {
        file.RequireOpen();
        if (!ReferenceEquals(file, segment)) Enter(file);
        if (map is not null) return map.From(offset);
        if (offset < origin || offset + least > origin + length) Read(file, offset, least, near);
        var start = (int)(offset - origin);
        return buffer.AsSpan(start, Math.Max(0, length - start));
    }

    /// <summary>Says that bytes at an offset come soon, if nothing else does: where they lie in memory they are on their way.</summary>
    public void Fetch(long offset, int count) => map?.Fetch(offset, count);

    public void Dispose()
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        (buffer, length) = ([], 0);
        LeaveSegment();
    }

    private void Enter(SegmentFile file)
    {
        LeaveSegment();
        map = file.EnterMap();
        segment = file;
    }

    private void LeaveSegment()
    {
        map?.Dispose();
        // What is asked for next follows nothing.
        (map, segment, origin, length) = (null, null, long.MinValue, 0);
    }

    private void Read(SegmentFile file, long offset, int count, int near)
    {
        // What begins in the window or right behind it goes on; anything else may be alone.
        var follows = origin >= 0 && offset >= origin && offset <= origin + length + Format.FrameLayout.block;
        ahead = follows ? Math.Min(2 * ahead, MostAhead) : LeastAhead / 2;
        var wanted = Math.Max(count, Math.Max(follows ? ahead : 0, Math.Min(near, MostAhead)));
        // A length that lies sets nothing aside.
        if (wanted > MostAhead) wanted = (int)Math.Clamp(file.ReadLength() - offset, 0, wanted);
        if (buffer.Length < wanted)
        {
            if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
            buffer = ArrayPool<byte>.Shared.Rent(wanted);
        }

        (origin, length) = (offset, 0);
        try
        {
            length = file.Read(buffer.AsSpan(0, wanted), offset);
        }
        catch (JournalException exception) when (wanted > count && exception is not SegmentGoneException)
        {
            // What cannot be read may lie behind what is asked for.
            length = file.Read(buffer.AsSpan(0, count), offset);
        }
    }
}
