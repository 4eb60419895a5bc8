// A file mapped into memory, held by those who read it: it is let go when it is closed and the last of them has left.
// Made by DirectoryDevice; kept by SegmentFile; read by FrameWindow.
using System.Runtime.InteropServices;

namespace Refold.Segments;

/// <summary>A file that can be mapped: one of a local directory, which nobody cuts or writes any more.</summary>
internal interface IMappableFile
{
    /// <summary>Maps the whole file as it is now; null where the system has no room or no way for it.</summary>
    /// <exception cref="IOException">The file is not there, or cannot be opened.</exception>
    MappedFile? TryMap();
}

/// <summary>The bytes of a file. Safe for use by many threads.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly SafeBuffer view;
    private readonly byte* start;
    private readonly long length;

    /// <summary>Takes over a map.</summary>
    /// <param name="view">The map; closed with this.</param>
    /// <param name="length">The length of the file in bytes.</param>
    public MappedFile(SafeBuffer view, long length)
    {
        (this.view, this.length) = (view, length);
        view.AcquirePointer(ref start);
        view.ReleasePointer();
    }

    /// <summary>Keeps the map until <see cref="Leave"/>.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void Enter()
    {
        var isHeld = false;
        view.DangerousAddRef(ref isHeld);
    }

    /// <summary>Gives up what <see cref="Enter"/> kept: from then on no bytes of it may be read.</summary>
    public void Leave() => view.DangerousRelease();

    /// <summary>The bytes from an offset on to the end; none behind it. For those who have entered.</summary>
    public ReadOnlySpan<byte> From(long offset) =>
        offset < 0 || offset >= length ? [] : new ReadOnlySpan<byte>(start + offset, (int)Math.Min(length - offset, int.MaxValue));

    /// <summary>Closes it; those who have entered keep it until they leave.</summary>
    public void Dispose() => view.Dispose();
}
