// A file mapped into memory, held by those who read it: it is let go when it is closed and the last of them has left.
// Made by DirectoryDevice; kept by SegmentFile; read by FrameWindow.
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

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
    // A quarter of the maps that Linux lets a process have; without any left the runtime itself ends the process.
    private const int MostByDefault = 16 * 1024;

    // Bytes that come into a cache together, and as many as are worth asking for: of what is longer, the core itself sees that it goes on.
    private const int Line = 64, MostFetched = 1024;

    private static int most = MostByDefault;
    private static int count;

    private readonly SafeBuffer view;
    private readonly byte* start;
    private readonly long length;
    private int closed;

    /// <summary>Takes over a map.</summary>
    /// <param name="view">The map; closed with this.</param>
    /// <param name="length">The length of the file in bytes.</param>
    public MappedFile(SafeBuffer view, long length)
    {
        (this.view, this.length) = (view, length);
        view.AcquirePointer(ref start);
        view.ReleasePointer();
    }

    /// <summary>How many files the process may have mapped at once, in all journals. For tests.</summary>
    public static int Most
    {
        get => Volatile.Read(ref most);
        set => Volatile.Write(ref most, value);
    }

    /// <summary>Whether there are as many as there may be.</summary>
    public static bool AreEnough => Volatile.Read(ref count) >= Most;

    /// <summary>Counts a map that is about to be made; false where there are enough. It is counted until it is closed.</summary>
    public static bool TryCount()
    {
        if (Interlocked.Increment(ref count) <= Most) return true;
        Uncount();
        return false;
    }

    /// <summary>Takes back what <see cref="TryCount"/> counted, where no map was made.</summary>
    public static void Uncount() => Interlocked.Decrement(ref count);

    /// <summary>Keeps the map until what is answered is disposed of, or, where a reader was abandoned, collected.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public Lease Enter()
    {
        var isHeld = false;
        view.DangerousAddRef(ref isHeld);
        return new Lease(this);
    }

    /// <summary>Gives up what <see cref="Enter"/> kept: from then on no bytes of it may be read.</summary>
    private void Leave() => view.DangerousRelease();

    private ReadOnlySpan<byte> From(long offset) =>
        offset < 0 || offset >= length ? [] : new ReadOnlySpan<byte>(start + offset, (int)Math.Min(length - offset, int.MaxValue));

    /// <summary>Has bytes come into the cache of the core, up to a number of them. The instruction reads nothing and cannot fail, whatever
    /// lies there by then: no lease is needed.</summary>
    public void Fetch(long offset, int count)
    {
        if (!Sse.IsSupported || offset < 0 || offset >= length) return;
        var end = Math.Min(offset + Math.Min(count, MostFetched), length);
        for (var at = offset; at < end; at += Line) Sse.Prefetch0(start + at);
    }

    /// <summary>Counts no more a map of a journal that nobody closed.</summary>
    ~MappedFile() => Close();

    /// <summary>Closes it; those who have entered keep it until they leave.</summary>
    public void Dispose()
    {
        view.Dispose();
        Close();
        GC.SuppressFinalize(this);
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref closed, 1) == 0) Uncount();
    }

    /// <summary>A map that is kept. Used by one thread.</summary>
    /// <param name="file">The map.</param>
    public sealed class Lease(MappedFile file) : IDisposable
    {
        private MappedFile? file = file;

        /// <summary>Ends the lease of a reader that nobody disposed of.</summary>
        ~Lease() => End();

        /// <summary>The bytes from an offset on to the end; none behind it.</summary>
        public ReadOnlySpan<byte> From(long offset) => file!.From(offset);

        /// <summary>See <see cref="MappedFile.Fetch"/>.</summary>
        public void Fetch(long offset, int count) => file!.Fetch(offset, count);

        /// <summary>From now on no bytes of it may be read.</summary>
        public void Dispose()
        {
            End();
            GC.SuppressFinalize(this);
        }

        private void End()
        {
            file?.Leave();
            file = null;
        }
    }
}
