// A directory that knows how often flushing it failed: each failure puts names in doubt that others have not flushed yet.
// Made by SegmentStore; whoever relies on a name that it made asks whether a flush failed since.
namespace Refold.Segments;

/// <summary>A device as its writer, its compaction and its checkpoints share it. Safe for use by many threads.</summary>
/// <param name="device">The device.</param>
internal sealed class WatchedDirectory(IStorageDevice device) : IStorageDevice
{
    private readonly Lock gate = new();
    private long failures;

    /// <summary>How many flushes of the directory failed.</summary>
    public long Failures
    {
        get
        {
            lock (gate) return failures;
        }
    }

    public string Place => device.Place;

    public bool Exists => device.Exists;

    /// <summary>Flushes. One that fails may take back names that were not durable yet, whoever made them, and the next
    /// one succeeds all the same.</summary>
    public void FlushDirectory()
    {
        // Under the lock, so that whoever flushes after one that failed can know of it.
        lock (gate)
        {
            try
            {
                device.FlushDirectory();
            }
            catch
            {
                failures++;
                throw;
            }
        }
    }

    /// <summary>Throws where a flush has failed since there were so many failures.</summary>
    /// <param name="count">What <see cref="Failures"/> was before a name was made that has been flushed since.</param>
    /// <exception cref="IOException">The name may be gone.</exception>
    public void RequireNoFailureSince(long count)
    {
        if (Failures != count) throw new IOException("A flush of the directory failed meanwhile, so it is in doubt which files are there.");
    }

    public void CreateDirectory() => device.CreateDirectory();

    public IReadOnlyList<string> List() => device.List();

    public IStorageFile Open(string name, bool writable) => device.Open(name, writable);

    public IStorageFile Create(string name) => device.Create(name);

    public void Rename(string from, string to) => device.Rename(from, to);

    public void Delete(string name) => device.Delete(name);

    public IStorageLock? TryLock(string name) => device.TryLock(name);
}
