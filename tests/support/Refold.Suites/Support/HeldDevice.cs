// A device whose writer can be held between a write and its flush.
// Used by tests of readers, in this process and in others.
using Refold.Segments;

namespace Refold.Suites;

/// <summary>Hands everything on; while it holds, the flush of a segment does not begin.</summary>
internal sealed class HeldDevice(IStorageDevice device) : IStorageDevice, IDisposable
{
    private readonly ManualResetEventSlim held = new();
    private readonly ManualResetEventSlim mayFlush = new(initialState: true);

    public string Place => device.Place;

    public bool Exists => device.Exists;

    public void Hold() => mayFlush.Reset();

    public void WaitUntilHeld() => held.Wait();

    public void Release() => mayFlush.Set();

    public void CreateDirectory() => device.CreateDirectory();

    public IReadOnlyList<string> List() => device.List();

    public IStorageFile Open(string name, bool writable) => new File(device.Open(name, writable), this, name != "COMMIT");

    public IStorageFile Create(string name) => new File(device.Create(name), this, name != "COMMIT");

    public void Rename(string from, string to) => device.Rename(from, to);

    public void Delete(string name) => device.Delete(name);

    public void FlushDirectory() => device.FlushDirectory();

    public IStorageLock? TryLock(string name) => device.TryLock(name);

    public void Dispose()
    {
        held.Dispose();
        mayFlush.Dispose();
    }

    private sealed class File(IStorageFile file, HeldDevice device, bool isHeld) : IStorageFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> destination, long offset) => file.Read(destination, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void Flush()
        {
            if (isHeld && !device.mayFlush.IsSet) device.held.Set();
            if (isHeld) device.mayFlush.Wait();
            file.Flush();
        }

        public void Dispose() => file.Dispose();
    }
}
