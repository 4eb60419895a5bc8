// The segment files of an open journal: the tail that is written, and the rotation to the next segment.
// Used by SegmentLog; made by OpenedDirectory.
namespace Refold.Segments;

/// <summary>There is no room for the next segment; nothing was written.</summary>
internal sealed class NoRoomException(Exception innerException) : IOException(innerException.Message, innerException);

/// <summary>The segments of a journal opened for writing. Used by one thread at a time.</summary>
internal sealed class SegmentStore(IStorageDevice device, CommitFile commit, SegmentSealing sealing, int segmentBytes, List<SegmentFile> segments) : IDisposable
{
    // Another list once a compaction replaced files.
    private List<SegmentFile> segments = segments;
    private const int ZeroBytes = 1024 * 1024;

    private readonly uint seed = Core.Checksum.seed(commit.JournalId);
    private readonly Lock gate = new();

    /// <summary>The segment that is written.</summary>
    public SegmentFile Active => segments[^1];

    /// <summary>The offset behind the last frame.</summary>
    public long Tail { get; set; }

    /// <summary>The number of the last frame, which is flushed.</summary>
    public long LastFrame { get; set; }

    /// <summary>Whether the segment that is written has its footer, because the one begun behind it was lost: then nothing is added to it.</summary>
    public bool IsSealed { get; set; }

    /// <summary>What goes into every frame of the next write.</summary>
    public Core.FrameContext Context => new(seed, commit.Epoch, LastFrame);

    /// <summary>The usual size of a segment in bytes.</summary>
    public int SegmentBytes => segmentBytes;

    /// <summary>How many compactions there were.</summary>
    public long SetGeneration => commit.SetGeneration;

    /// <summary>All segments in order.</summary>
    public IReadOnlyList<SegmentFile> Segments
    {
        get
        {
            lock (gate) return [.. segments];
        }
    }

    public bool Fits(long bytes) => segments.Count > 0 && Tail + bytes <= Active.Capacity;

    /// <summary>Begins a new journal, or says that this one is open: it may end in a torn tail from now on.</summary>
    public void Open(Core.Head head)
    {
        if (segments.Count == 0)
        {
            Rotate(Core.SegmentHeaderModule.bytes, head);
            return;
        }

        StoreCommit(head);
        commit.File.Flush();
    }

    /// <summary>Says that nothing more is written: from now on nothing may be torn.</summary>
    public void MarkClosed(Core.Head head)
    {
        StoreCommit(head, isClosed: true);
        commit.File.Flush();
    }

    /// <summary>Says which set of segments counts; durable on return.</summary>
    public void StoreSetGeneration(long setGeneration, Core.Head head)
    {
        commit.SetGeneration = setGeneration;
        StoreCommit(head);
        commit.File.Flush();
    }

    /// <summary>Goes on in other files of the same journal. The last one is the same.</summary>
    public void GoOverTo(List<SegmentFile> files)
    {
        lock (gate) segments = files;
    }

    public void Dispose() => commit.Dispose();

    /// <summary>One write at the tail and one flush; returns when the bytes are durable, and a killed process cannot hide that.</summary>
    /// <param name="bytes">Frames.</param>
    /// <param name="items">What they hold.</param>
    /// <param name="head">The head behind them.</param>
    public void Append(ReadOnlySpan<byte> bytes, List<Core.SegmentItem> items, Core.Head head)
    {
        Active.File.Write(bytes, Tail);
        Active.File.Flush();
        Tail += bytes.Length;
        LastFrame = items[^1].LastFrame;
        sealing.Add(items, commit.Epoch);
        StoreCommit(head);
    }

    /// <summary>Begins the next segment: of the usual size, or as large as is needed. Everything about it is durable on return.</summary>
    /// <exception cref="NoRoomException">There is no room; the journal is as it was.</exception>
    public void Rotate(long neededBytes, Core.Head head)
    {
        var bytes = (Math.Max(segmentBytes, neededBytes) + 7) / 8 * 8;
        var (file, seal) = MakeRoom(bytes, head);
        var first = head.Position + 1;
        var generation = segments.Count > 0 && Active.Name.FirstPosition == first ? Active.Name.Generation + 1 : 0;
        var name = new Core.SegmentName(first, generation);
        var header = new Core.SegmentHeader(commit.JournalId, generation, first, LastFrame + 1, head.Hash, bytes);
        try
        {
            // Before the next segment gets its name: only the last one may end in half a footer.
            if (seal is not null) SegmentSealing.Seal(Active, seal);
            file.Write(Core.SegmentHeaderModule.encode(header).Span, 0);
            file.Flush();
            device.Rename(FileNames.Spare, name.ToString());
            device.FlushDirectory();
        }
        catch
        {
            file.Dispose();
            throw;
        }

        lock (gate) segments.Add(new SegmentFile(name, header, file));
        Tail = Core.SegmentHeaderModule.bytes;
        sealing.Clear();
        IsSealed = false;
        StoreCommit(head);
        commit.File.Flush();
    }

    private void StoreCommit(Core.Head head, bool isClosed = false) => commit.Store(Active.Name, Tail, LastFrame, head, isClosed);

    /// <summary>Makes a file of zeros, flushed, under a name that recovery does not read, and the room in which the segment that is full is sealed.</summary>
    private (IStorageFile Spare, Core.SegmentSeal? Seal) MakeRoom(long bytes, Core.Head head)
    {
        IStorageFile? file = null;
        try
        {
            RemoveSpare(device);
            file = device.Create(FileNames.Spare);
            WriteZeros(file, 0, bytes);
            // Some file systems look for room only now. The name need not last: the rename that follows is made durable.
            file.Flush();
            return (file, segments.Count == 0 || IsSealed ? null : sealing.Prepare(Active, Tail, LastFrame, head));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            try
            {
                RemoveSpare(device);
            }
            catch (IOException)
            {
                // It holds nothing, and is removed before the next one is made.
            }

            throw new NoRoomException(exception);
        }
    }

    /// <summary>Writes zeros from one offset to another.</summary>
    public static void WriteZeros(IStorageFile file, long from, long to)
    {
        var zeros = new byte[Math.Min(ZeroBytes, Math.Max(0, to - from))];
        for (; from < to; from += zeros.Length)
            file.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, to - from)), from);
    }

    /// <summary>Removes a segment that was not quite begun: a crash may have left it with a header.</summary>
    public static void RemoveSpare(IStorageDevice device)
    {
        if (device.List().Contains(FileNames.Spare)) device.Delete(FileNames.Spare);
    }
}
