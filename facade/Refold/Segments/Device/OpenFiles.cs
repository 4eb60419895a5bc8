// A budget of open files: sealed segments are opened when they are read, and closed when too many are.
// One belongs to each OpenedDirectory; SegmentFile reads and writes through it.
namespace Refold.Segments;

/// <summary>Opens files when they are used; those used longest ago are closed when there are more than a number.
/// Safe for use by many threads.</summary>
/// <param name="device">The directory.</param>
/// <param name="most">How many may stay open, besides those that are being read and the one that is written.</param>
internal sealed class OpenFiles(IStorageDevice device, int most)
{
    private readonly Lock gate = new();

    /// <summary>The directory.</summary>
    public IStorageDevice Device { get; } = device;

    // Those that may be closed: the one used last is the last.
    private readonly LinkedList<OnDemand> idle = [];

    /// <summary>A file for reading: opened now where there is room, or else when it is used.</summary>
    /// <param name="name">The file.</param>
    /// <param name="isSame">Whether a file that was opened again is the one it was: another copy of the journal
    /// may have been put in its place.</param>
    public IStorageFile Add(string name, Func<IStorageFile, bool> isSame)
    {
        var file = new OnDemand(this, name, null, isSame);
        lock (gate)
        {
            if (idle.Count < most) file.OpenAhead();
        }

        return file;
    }

    /// <summary>A file that is open, perhaps for writing too, and stays so until it is released.</summary>
    public IStorageFile Pin(string name, IStorageFile open) => new OnDemand(this, name, open, _ => true);

    /// <summary>A file that was pinned is not written any more: from now on it is opened when it is used.</summary>
    public static void Release(IStorageFile file, Func<IStorageFile, bool> isSame) => ((OnDemand)file).Release(isSame);

    private void Shrink()
    {
        while (idle.Count > most) idle.First!.Value.Close();
    }

    private sealed class OnDemand(OpenFiles files, string name, IStorageFile? open, Func<IStorageFile, bool> isSame)
        : IStorageFile, IMappableFile
    {
        private IStorageFile? open = open;
        private Func<IStorageFile, bool> isSame = isSame;
        private LinkedListNode<OnDemand>? node;
        // Whoever pins a file uses it.
        private int users = open is null ? 0 : 1;
        private bool isPinned = open is not null;
        private bool disposed;

        public long Length
        {
            get
            {
                var file = Enter();
                try
                {
                    return file.Length;
                }
                finally
                {
                    Leave();
                }
            }
        }

        public int Read(Span<byte> destination, long offset)
        {
            var file = Enter();
            try
            {
                return file.Read(destination, offset);
            }
            finally
            {
                Leave();
            }
        }

        public MappedFile? TryMap()
        {
            var file = Enter();
            try
            {
                return (file as IMappableFile)?.TryMap();
            }
            finally
            {
                Leave();
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => Pinned.Write(bytes, offset);

        public void Flush() => Pinned.Flush();

        public void Dispose()
        {
            lock (files.gate)
            {
                disposed = true;
                // A file that is being written is closed as one that is read is, by the last who leaves, or here.
                Close();
            }
        }

        public void OpenAhead()
        {
            open = files.Device.Open(name, writable: false);
            node = files.idle.AddLast(this);
        }

        public void Release(Func<IStorageFile, bool> check)
        {
            if (!isPinned) return;
            (isPinned, isSame) = (false, check);
            Leave();
        }

        public void Close()
        {
            open?.Dispose();
            open = null;
            if (node is not null) files.idle.Remove(node);
            node = null;
        }

        private IStorageFile Pinned => isPinned && open is not null ? open : throw new ObjectDisposedException(nameof(SegmentJournal));

        private IStorageFile Enter()
        {
            lock (files.gate)
            {
                ObjectDisposedException.ThrowIf(disposed, typeof(SegmentJournal));
                open ??= Again();
                users++;
                if (node is not null) files.idle.Remove(node);
                node = null;
                return open;
            }
        }

        private IStorageFile Again()
        {
            var file = files.Device.Open(name, writable: false);
            try
            {
                return isSame(file) ? file : throw new FileNotFoundException($"Another file has the name {name} now.");
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }

        private void Leave()
        {
            lock (files.gate)
            {
                if (--users > 0 || disposed) return;
                node = files.idle.AddLast(this);
                files.Shrink();
            }
        }
    }
}
