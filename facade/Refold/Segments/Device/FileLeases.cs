// Reads in flight keep the files they began with, when the journal has gone over to others.
// One belongs to each OpenedDirectory; SegmentJournal enters for each read, LiveReader ends it.
namespace Refold.Segments;

/// <summary>Counts who uses some files, and closes them when they are not needed any more and the last user has left.
/// Safe for use by many threads.</summary>
internal sealed class FileLeases
{
    private readonly Lock gate = new();
    private int users;
    private Action? close;
    private bool ended;

    /// <summary>Uses the files until <see cref="Leave"/>; false where they are closed.</summary>
    public bool TryEnter()
    {
        lock (gate)
        {
            if (ended) return false;
            users++;
            return true;
        }
    }

    /// <summary>As <see cref="TryEnter"/>, for a user who may forget to leave: who is collected has left. Null where the files are
    /// closed.</summary>
    public IDisposable? TryLease() => TryEnter() ? new Lease(this) : null;

    public void Leave()
    {
        lock (gate) users--;
        CloseIfLeft();
    }

    /// <summary>Says that the files are not needed any more: they are closed by the last one who leaves, or now.</summary>
    public void CloseWhenLeft(Action close)
    {
        lock (gate) this.close = close;
        CloseIfLeft();
    }

    private void CloseIfLeft()
    {
        lock (gate)
        {
            if (close is null || users > 0 || ended) return;
            ended = true;
        }

        close();
    }

    private sealed class Lease(FileLeases leases) : IDisposable
    {
        private FileLeases? leases = leases;

        ~Lease()
        {
            // Closing takes locks that whoever is collected for must not wait for.
            if (leases is { } left) ThreadPool.UnsafeQueueUserWorkItem(static item => item.Leave(), left, preferLocal: false);
        }

        public void Dispose()
        {
            leases?.Leave();
            leases = null;
            GC.SuppressFinalize(this);
        }
    }
}
