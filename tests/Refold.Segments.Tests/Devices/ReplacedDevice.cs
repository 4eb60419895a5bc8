// A directory whose files are replaced by others at once, as by a restored copy or a compaction; counts the files that are open.
// Used by tests of readers.
namespace Refold.Segments.Tests;

/// <summary>Names are looked up in the device of the moment; files that are open stay those they were.</summary>
internal sealed class ReplacedDevice(MemoryDevice device) : IStorageDevice
{
    private int open;

    public MemoryDevice Current { get; set; } = device;

    /// <summary>Called with a name before it is opened.</summary>
    public Action<string> Opening { get; set; } = _ => { };

    public int OpenFiles => Volatile.Read(ref open);

    public string Place => Current.Place;

    public bool Exists => Current.Exists;

    public void CreateDirectory() => Current.CreateDirectory();

    public IReadOnlyList<string> List() => Current.List();

    public IStorageFile Open(string name, bool writable)
    {
        Opening(name);
        var file = Current.Open(name, writable);
        Interlocked.Increment(ref open);
        return new File(file, () => Interlocked.Decrement(ref open));
    }

    public IStorageFile Create(string name) => Current.Create(name);

    public void Rename(string from, string to) => Current.Rename(from, to);

    public void Delete(string name) => Current.Delete(name);

    public void FlushDirectory() => Current.FlushDirectory();

    public IStorageLock? TryLock(string name) => Current.TryLock(name);

    private sealed class File(IStorageFile file, Action closed) : IStorageFile
    {
        private int disposed;

        public long Length => file.Length;

        public int Read(Span<byte> destination, long offset) => file.Read(destination, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void Flush() => file.Flush();

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) != 0) return;
            closed();
            file.Dispose();
        }
    }
}
