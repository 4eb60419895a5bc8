// The segment files of an open journal: the tail that is written, and the rotation to the next segment.
// Used by SegmentLog; made by OpenedDirectory.
namespace Refold.Segments;

/// <summary>The segments of a journal opened for writing. Used by one thread at a time.</summary>
/// <param name="device">The directory.</param>
/// <param name="commit">COMMIT.</param>
/// <param name="sealing">The end of the segment that is written.</param>
/// <param name="options">The size of segments, the durability, where spares are made.</param>
/// <param name="segments">The segments that are there.</param>
internal sealed partial class SegmentStore(
    WatchedDirectory device, CommitFile commit, SegmentSealing sealing, JournalOptions options, List<SegmentFile> segments)
    : IDisposable
{
    // Another list once a compaction replaced files. Whoever reads it may be on another thread: it is locked while it is changed.
    private volatile List<SegmentFile> segments = segments;
    private const int ZeroBytes = 1024 * 1024;

    private readonly uint seed = Core.Checksum.seed(commit.JournalId);
    private readonly long segmentBytes = Aligned(options.Segments.SegmentBytes ?? SegmentJournal.DefaultSegmentBytes);
    private readonly SpareSegment spare = new(device, options.Segments.Background ?? TaskScheduler.Default);
    private readonly CheckpointWriter checkpoints = new(device, commit, options.Segments.Background ?? TaskScheduler.Default);
    private long flushedTo;
    private bool hasStaleCheckpoint;
    private Tuple<SegmentFile, string>? named;

    /// <summary>The directory, as all who change it share it.</summary>
    public WatchedDirectory Device => device;

    /// <summary>What opens the files.</summary>
    public OpenFiles Handles { get; set; } = new(device, new SegmentOptions().OpenFiles);

    /// <summary>What says that the place is still this writer's; null where a copy is written that nobody knows of.</summary>
    public IStorageLock? Lock { get; init; }

    /// <summary>What is kept of the segment that is written; asked by the thread that writes.</summary>
    public Func<SegmentFile, Format.IndexColumns> Columns { get; set; } = _ => throw new InvalidOperationException("Nothing was begun.");

    /// <summary>The segment that was written before, with the trailer it got; null where it got none.</summary>
    public (SegmentFile Segment, Format.SegmentTrailer Trailer)? Sealed { get; private set; }

    /// <summary>The segment that is written.</summary>
    public SegmentFile Active => segments[^1];

    /// <summary>The offset behind the last frame.</summary>
    public long Tail { get; set; }

    /// <summary>Where the next write begins.</summary>
    public long NextOffset => NextOffsetBehind(Tail);

    /// <summary>The number of the last frame.</summary>
    public long LastFrame { get; set; }

    /// <summary>The number of the last frame that is known to be flushed.</summary>
    public long FlushedFrame { get; set; }

    /// <summary>Whether frames were written and not flushed, as only the mode that says so leaves them.</summary>
    public bool HasUnflushed => FlushedFrame < LastFrame;

    /// <summary>Whether the segment that is written has its footer, because the one begun behind it was lost:
    /// then nothing is added to it.</summary>
    public bool IsSealed { get; set; }

    /// <summary>What goes into every frame of the next write.</summary>
    public Format.FrameContext Context => new(seed, commit.Epoch, FlushedFrame);

    /// <summary>Whether zeros may lie between frames. Those of a journal that was written so before, and is not now, are not
    /// known.</summary>
    public bool HasGaps => options.Segments.Durability == Durability.Padded;

    /// <summary>The usual size of a segment in bytes.</summary>
    public int SegmentBytes => options.Segments.SegmentBytes ?? SegmentJournal.DefaultSegmentBytes;

    /// <summary>How many compactions there were.</summary>
    public long SetGeneration => commit.SetGeneration;

    /// <summary>What writes checkpoints.</summary>
    public CheckpointWriter Checkpoints => checkpoints;

    /// <summary>The offset in the active segment that a checkpoint covers, or would if it had not failed; 0 for none.</summary>
    public long CheckpointedTo { get; set; }

    /// <summary>All segments in order.</summary>
    public IReadOnlyList<SegmentFile> Segments
    {
        get
        {
            var now = segments;
            lock (now) return [.. now];
        }
    }

    /// <summary>How many bytes the active segment has left; below 0 where there is none.</summary>
    public long Room => segments.Count > 0 ? Active.Capacity - NextOffset : -1;

    public bool Fits(long bytes) => segments.Count > 0 && NextOffset + bytes <= Active.Capacity;

    /// <summary>Returns where whoever opens the journal finds what was written.</summary>
    /// <exception cref="PlaceLostException">The place is not this writer's any more.</exception>
    public void RequireHeld() => Lock?.RequireHeld(segments.Count > 0 ? ActiveName() : null);

    /// <summary>Begins a new journal, or says that this one is open: it may end in a torn tail from now on.</summary>
    public void Open(Head head)
    {
        if (segments.Count == 0)
        {
            Rotate(0, head);
            return;
        }

        (FlushedFrame, flushedTo) = (LastFrame, Tail);
        // In both slots, so that where writing one harms the other no slot says "closed" any more.
        StoreCommit(head);
        StoreCommit(head);
        commit.File.Flush();
        RequireHeld();
    }

    /// <summary>Says that nothing more is written: from now on nothing may be torn. Writes a last checkpoint where that saves
    /// the next opening something.</summary>
    public void MarkClosed(Head head)
    {
        Flush(head);
        RequireHeld();
        if (sealing.HasUnflushedRoom) Active.File.Flush();
        checkpoints.Wait();
        if (IsCheckpointDue(Math.Min(options.Segments.CheckpointBytes, SegmentJournal.CheckpointAtCloseBytes)))
            checkpoints.Write(MakeCheckpoint(head));
        else if (hasStaleCheckpoint && CheckpointedTo == 0) checkpoints.RemoveAll();
        StoreCommit(head, isClosed: true);
        commit.File.Flush();
    }

    /// <summary>Says which set of segments counts; durable on return.</summary>
    public void StoreSetGeneration(long setGeneration, Head head)
    {
        // COMMIT speaks of flushed frames only.
        Flush(head);
        RequireHeld();
        commit.SetGeneration = setGeneration;
        StoreCommit(head);
        commit.File.Flush();
    }

    /// <summary>Goes on in other files of the same journal. The last one is the same.</summary>
    public void GoOverTo(OpenedDirectory opened)
    {
        Handles = opened.Handles;
        segments = opened.Files;
        // It was written in another set generation.
        CheckpointedTo = 0;
    }

    public void Dispose()
    {
        checkpoints.Wait();
        spare.Dispose();
        commit.Dispose();
    }

    /// <summary>One write behind the last, and one flush; returns when the bytes are durable and a killed process cannot hide that. Without
    /// the flush where the mode says so.</summary>
    /// <param name="bytes">Frames.</param>
    /// <param name="lastFrame">The number of the last of them.</param>
    /// <param name="head">The head behind them.</param>
    public void Append(ReadOnlySpan<byte> bytes, long lastFrame, Head head)
    {
        var start = NextOffset;
        Active.File.Write(bytes, start);
        Tail = start + bytes.Length;
        LastFrame = lastFrame;
        sealing.Written(commit.Epoch);
        if (options.Segments.Durability != Durability.PowerCutLosesNewest || Tail - flushedTo >= SegmentJournal.MaxUnflushedBytes)
            Flush(head);
    }

    /// <summary>Flushes what was written and was not. Only then COMMIT speaks of it: it never leads.</summary>
    public void Flush(Head head)
    {
        if (!HasUnflushed) return;
        Active.File.Flush();
        (FlushedFrame, flushedTo) = (LastFrame, Tail);
        StoreCommit(head);
    }

    /// <summary>Begins to make the next segment when this one is more than half full, so that going on there waits for nothing.</summary>
    public void PrepareNext()
    {
        if (segments.Count > 0 && Tail > Active.Capacity / 2) spare.MakeAhead(segmentBytes);
    }

    /// <summary>Begins to write a checkpoint when enough was flushed since the last one.</summary>
    public void CheckpointIfDue(Head head)
    {
        // Each is made of all that is there: in large segments they come as the segment grows, so that all of
        // them cost little more than the last.
        if (HasUnflushed || !IsCheckpointDue(Math.Max(options.Segments.CheckpointBytes, CheckpointedTo / 8))) return;
        RequireHeld();
        if (checkpoints.TryBegin(MakeCheckpoint(head))) CheckpointedTo = Tail;
    }

    // Asked for with each write, and the same in most.
    private string ActiveName()
    {
        var active = Active;
        if (named is { } known && ReferenceEquals(known.Item1, active)) return known.Item2;
        var name = active.Name.ToString();
        named = new Tuple<SegmentFile, string>(active, name);
        return name;
    }

    private static long Aligned(long bytes) => (bytes + 7) / 8 * 8;

    private long NextOffsetBehind(long end) => options.Segments.Durability == Durability.Padded ? Format.FrameLayout.nextBlock(end) : end;

    private bool IsCheckpointDue(long bytes) =>
        options.Segments.CheckpointBytes > 0 && segments.Count > 0 && !IsSealed
            && Tail - Math.Max(CheckpointedTo, Format.SegmentHeaderModule.bytes) >= bytes;

    /// <summary>Of what is there now, all of it flushed.</summary>
    private Func<Core.ByteWriter, Format.CheckpointFile> MakeCheckpoint(Head head) =>
        sealing.Checkpoint(Segments, Columns(Active), SetGeneration, Tail, LastFrame, head);

    private void StoreCommit(Head head, bool isClosed = false) => commit.Store(Active.Name, Tail, LastFrame, head, isClosed);

    /// <summary>Writes zeros from one offset to another.</summary>
    public static void WriteZeros(IStorageFile file, long from, long to)
    {
        if (to <= from) return;
        var length = (int)Math.Min(ZeroBytes, to - from);
        var zeros = Core.LargeArrays<byte>.Rent(length);
        zeros.AsSpan(0, length).Clear();
        for (; from < to; from += length)
            file.Write(zeros.AsSpan(0, (int)Math.Min(length, to - from)), from);
        Core.LargeArrays<byte>.Return(zeros);
    }

    /// <summary>Removes a segment that was not quite begun: a crash may have left it with a header.</summary>
    public static void RemoveSpare(IStorageDevice device)
    {
        if (device.List().Contains(FileNames.Spare)) device.Delete(FileNames.Spare);
    }
}
