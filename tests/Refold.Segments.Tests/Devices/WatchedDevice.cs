// A device that tells of every read, and may refuse what changes something.
// Used by tests of readers.
namespace Refold.Segments.Tests;

/// <summary>Hands everything on.</summary>
/// <param name="device">The device.</param>
/// <param name="read">Told of each read: name, offset, length.</param>
internal sealed class WatchedDevice(IStorageDevice device, Action<string, long, int> read) : IStorageDevice
{
    public bool RefusesWrites { get; init; }

    public string Place => device.Place;

    public bool Exists => device.Exists;

    public void CreateDirectory() => Changing().CreateDirectory();

    public IReadOnlyList<string> List() => device.List();

    public IStorageFile Open(string name, bool writable) =>
        new File((writable ? Changing() : device).Open(name, writable), (offset, length) => read(name, offset, length));

    public IStorageFile Create(string name) => Changing().Create(name);

    public void Rename(string from, string to) => Changing().Rename(from, to);

    public void Delete(string name) => Changing().Delete(name);

    public void FlushDirectory() => Changing().FlushDirectory();

    public IStorageLock? TryLock(string name) => Changing().TryLock(name);

    private IStorageDevice Changing() => RefusesWrites ? throw new UnauthorizedAccessException("The directory is read-only.") : device;

    private sealed class File(IStorageFile file, Action<long, int> read) : IStorageFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> destination, long offset)
        {
            read(offset, destination.Length);
            return file.Read(destination, offset);
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void Flush() => file.Flush();

        public void Dispose() => file.Dispose();
    }
}
