// A directory whose reading is counted and can be interrupted: for work of the library that tells neither how far it is nor stops.
// Used by verify, backup and copy, and by the growth tables.
using Refold.Segments;

namespace Refold.Cli.Shell;

/// <summary>A device that counts what is read of segments.</summary>
/// <param name="inner">The device.</param>
/// <param name="told">Told of each read of a segment: the offset, and how many bytes were read. Called by any thread.</param>
/// <param name="cancellationToken">Ends the next read or write with <see cref="OperationCanceledException"/>.</param>
internal sealed class WatchedDevice(IStorageDevice inner, Action<long, int> told, CancellationToken cancellationToken) : IStorageDevice
{
    public string Place => inner.Place;

    public bool Exists => inner.Exists;

    /// <summary>How many bytes its segments have: what has to be read.</summary>
    public static long SegmentBytes(string directory) =>
        Directory.Exists(directory) ? new DirectoryInfo(directory).EnumerateFiles("*.seg").Sum(file => file.Length) : 0;

    public void CreateDirectory() => inner.CreateDirectory();

    public IReadOnlyList<string> List() => inner.List();

    public IStorageFile Open(string name, bool writable) =>
        new WatchedFile(this, inner.Open(name, writable), name.EndsWith(".seg", StringComparison.Ordinal));

    public IStorageFile Create(string name) => new WatchedFile(this, inner.Create(name), isCounted: false);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string name) => inner.Delete(name);

    public void FlushDirectory() => inner.FlushDirectory();

    public IStorageLock? TryLock(string name) => inner.TryLock(name);

    private sealed class WatchedFile(WatchedDevice device, IStorageFile inner, bool isCounted) : IStorageFile
    {
        public long Length => inner.Length;

        public int Read(Span<byte> destination, long offset)
        {
            device.Stop();
            int count = inner.Read(destination, offset);
            if (isCounted) device.Tell(offset, count);
            return count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            device.Stop();
            inner.Write(bytes, offset);
        }

        public void Flush() => inner.Flush();

        public void Dispose() => inner.Dispose();
    }

    private void Stop() => cancellationToken.ThrowIfCancellationRequested();

    private void Tell(long offset, int bytes) => told(offset, bytes);
}
