// A journal in segment files: durable, one writer at a time, recovered by scan. FORMAT.md has every byte.
// Opened with `segments:DIR`; used by applications and by the tool.

namespace Refold.Segments;

/// <summary>A journal in the segment files of a local directory. An append is answered when a flush made it durable.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed partial class SegmentJournal : LocalJournal, IObservedJournal
{
    /// <summary>The usual size of a segment file: 8 MiB.</summary>
    public const int DefaultSegmentBytes = 8 * 1024 * 1024;

    /// <summary>The smallest size that <see cref="SegmentOptions.SegmentBytes"/> may have: 512 bytes.</summary>
    public const int MinSegmentBytes = 512;

    /// <summary>The least bound of what stays in memory of indexes, in bytes.</summary>
    public const int MinIndexCacheBytes = 64 * 1024;

    /// <summary>With <see cref="Durability.PowerCutLosesNewest"/>, a flush comes at the latest with the answer after which so many
    /// bytes wait for one: 1 MiB.</summary>
    public const int MaxUnflushedBytes = 1024 * 1024;

    /// <summary>With <see cref="Durability.PowerCutLosesNewest"/>, a flush is begun at the latest so long after an answer, if the device is
    /// not busy with another: 100 ms. The clock needs a thread of the pool for it: while an application blocks all of them, what is
    /// answered is flushed after <see cref="MaxUnflushedBytes"/>, or by <see cref="FlushAsync"/>.</summary>
    public static readonly TimeSpan MaxUnflushedTime = TimeSpan.FromMilliseconds(100);

    /// <summary>The usual number of bytes after which a checkpoint is written
    /// (<see cref="SegmentOptions.CheckpointBytes"/>): 4 MiB.</summary>
    public const int DefaultCheckpointBytes = 4 * 1024 * 1024;

    /// <summary>A journal that is closed leaves at most so many bytes of its last segment without a checkpoint, as scanning them
    /// costs less than one: 256 KiB.</summary>
    public const int CheckpointAtCloseBytes = 256 * 1024;

    private readonly IStorageDevice device;
    private readonly JournalOptions options;
    private readonly Subscriptions subscriptions;
    private readonly SegmentStore? store;
    private readonly SegmentLog? log;
    private readonly SegmentWriter? writer;
    private readonly DelayedFlush? delayed;
    private readonly IDisposable? directoryLock;
    private readonly LiveReader? live;
    private readonly CommitWatch? watch;
    private readonly JournalObserver observer;
    private readonly RequiredGates gates;
    // Another one once a compaction replaced files.
    private volatile OpenedDirectory opened;
    private volatile bool closed;

    private SegmentJournal(
        IStorageDevice device, JournalOptions options, OpenedDirectory opened, SegmentStore? store, IDisposable? directoryLock)
    {
        (this.device, this.options, this.opened) = (device, options, opened);
        this.store = store;
        this.directoryLock = directoryLock;
        observer = new JournalObserver(options, "segments", device.Place);
        gates = Refold.RequiredGates.Of(options, AppendUnobservedAsync, RestoreUnaskedAsync);
        subscriptions = new Subscriptions(opened.Index.Head.Position);
        Restored = opened.Entries;
        if (store is not null)
        {
            if (options.Segments.Durability == Durability.PowerCutLosesNewest)
                delayed = new DelayedFlush(options.TimeProvider ?? TimeProvider.System, () => _ = TryFlushAsync());
            store.Checkpoints.Failed = observer.CheckpointFailed;
            log = new SegmentLog(store, opened.Index, subscriptions.Publish, observer, delayed is null ? null : delayed.Arm);
            writer = new SegmentWriter(log, options.Segments.Pipelined);
        }
        else
        {
            live = new LiveReader(device, options, opened);
            watch = new CommitWatch(live, subscriptions);
            live.Published = subscriptions.Publish;
            subscriptions.Awaited = watch.Wake;
        }

        observer.Opened(opened.Index.Head, opened.Healed);
    }

    JournalObserver IObservedJournal.Observer => observer;

    /// <inheritdoc/>
    protected internal override bool AnswersOnItsThread => true;

    // A gate may keep what it was asked about.
    internal override bool GivesBatchesBack => gates.Gates is null;

    /// <inheritdoc/>
    public override bool IsOnlyWriter => writer is not null;

    /// <inheritdoc/>
    /// <exception cref="JournalException">It was opened for reading, and what its writer has done since cannot be read.</exception>
    public override Head Head => Latest.Index.Head;

    /// <summary>The head behind a beginning that was dropped; of a journal that is whole, position 0.</summary>
    public Head Begin => Latest.Index.Begin;

    /// <summary>Idempotency keys of batches that begin before this position were forgotten
    /// (<see cref="CompactionRequest.ForgetKeysBefore"/>); 0 where none were.</summary>
    public long KeysForgottenBefore => Latest.Index.KeysBefore;

    /// <summary>The torn tail that was found and left alone, because the journal was opened for reading; null
    /// once a writer has gone on.</summary>
    public TornTail? TornTail => live is { HasMoved: true } ? null : Latest.Torn;

    /// <summary>How many entries and deletions lie behind the end that is known to be flushed, and are not read: a writer ended in the
    /// middle, or the power was cut and the last answers did not reach COMMIT. Opening for writing decides about them. Usually 0, and
    /// always in a journal opened for writing.</summary>
    public long Unconfirmed => live is { HasMoved: true } ? 0 : Latest.Unconfirmed;

    /// <summary>How it was opened.</summary>
    public OpeningReport Opened => opened.Report;

    /// <summary>How many entries could be read when it was opened.</summary>
    public long Restored { get; }

    /// <summary>The segment files in order.</summary>
    public IReadOnlyList<SegmentInfo> Segments
    {
        get
        {
            return Ask(Latest, set =>
            {
                var (entries, files) = (set.Index.EntriesBySegment(), set.Snapshot());
                return files.Select((file, item) =>
                    new SegmentInfo(
                        file.Name.ToString(), entries.GetValueOrDefault(file), file.ReadLength(), item < files.Count - 1)).ToList();
            }).Answer;
        }
    }

    /// <summary>Opens the journal of a directory. For writing it takes the lock, heals a torn tail, and makes a
    /// new journal where none is.</summary>
    /// <param name="directory">The directory; made if need be, unless it is opened for reading.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The journal; to be disposed by the caller.</returns>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    /// <exception cref="JournalCorruptedException">Its bytes are not what was written. Nothing was changed.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it. Nothing was changed.</exception>
    /// <exception cref="JournalOpenException">It is not there, is no journal, or access is denied.</exception>
    public static SegmentJournal Open(string directory, JournalOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Open(new DirectoryDevice(directory), options);
    }

    /// <summary>Opens the journal of a device; see <see cref="Open(string, JournalOptions)"/>.</summary>
    /// <param name="device">The device: a <see cref="DirectoryDevice"/>, or a simulated one in tests.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The journal; to be disposed by the caller.</returns>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    /// <exception cref="JournalCorruptedException">Its bytes are not what was written. Nothing was changed.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it. Nothing was changed.</exception>
    /// <exception cref="JournalOpenException">It is not there, is no journal, or the device failed.</exception>
    public static SegmentJournal Open(IStorageDevice device, JournalOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options ??= new JournalOptions();
        ArgumentNullException.ThrowIfNull(options.Segments, nameof(options));
        options.Segments.RequireRanges(nameof(options));
        try
        {
            return options.ReadOnly ? OpenForReading(device, options) : OpenForWriting(device, options);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw JournalOpenException.OfDevice($"The journal {device.Place} cannot be opened", exception);
        }
    }

    /// <summary>Checks every byte of the directory's journal and changes nothing; no lock is needed.</summary>
    /// <remarks>Beside a writer, a write that is going on may be told as a torn tail, and a spare segment being made as not zero.</remarks>
    /// <param name="directory">The directory.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="JournalOpenException">There is no journal, or it cannot be read.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    public static SegmentVerification Verify(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Verify(new DirectoryDevice(directory));
    }

    /// <summary>Checks every byte of a device's journal and changes nothing; see <see cref="Verify(string)"/>.</summary>
    /// <param name="device">The device.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="JournalOpenException">There is no journal, or it cannot be read.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    public static SegmentVerification Verify(IStorageDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return SegmentVerification.Of(device);
    }

    /// <inheritdoc/>
    /// <remarks>After a power cut the last deletions, like the last entries, may be <see cref="Unconfirmed"/> to whoever opens for reading,
    /// who then still sees what was deleted; opening for writing brings them back.</remarks>
    public override ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return closed
            ? ValueTask.FromException(new ObjectDisposedException(nameof(SegmentJournal)))
            : WriteAsync(new PendingDeletion(stream, version), cancellationToken);
    }

    /// <summary>Returns when everything that was answered before the call is flushed. Only with
    /// <see cref="Durability.PowerCutLosesNewest"/> there is anything to wait for.</summary>
    /// <param name="cancellationToken">Ends the waiting; the flush goes on.</param>
    /// <returns>A task that ends when it is durable.</returns>
    /// <exception cref="OutcomeUnknownException">The flush failed: what was answered since the last one may be lost.</exception>
    /// <exception cref="NotAppendedException">The journal was opened for reading, closed, or an earlier write failed.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) =>
        WriteAsync(new PendingChange(log => log.Flush()), cancellationToken);

    private async Task TryFlushAsync()
    {
        try
        {
            await writer!.WriteAsync(
                new PendingChange(log => log.Flush()) { Pipelined = true }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OutcomeUnknownException or NotAppendedException)
        {
            // The next append is answered with it. Of a journal that was closed meanwhile, closing has flushed.
        }
    }

    private static SegmentJournal OpenForReading(IStorageDevice device, JournalOptions options)
    {
        if (!device.Exists) throw SegmentFaults.NoJournal(device);
        return new SegmentJournal(device, options, OpenedDirectory.ForReading(device, options, 0, _ => true)!, null, null);
    }

    private static SegmentJournal OpenForWriting(IStorageDevice device, JournalOptions options)
    {
        device.CreateDirectory();
        var directoryLock = device.TryLock(FileNames.Lock) ?? throw new JournalInUseException(device.Place);
        OpenedDirectory? opened = null;
        try
        {
            (opened, var store) = OpenedDirectory.ForWriting(device, options, directoryLock);
            return new SegmentJournal(device, options, opened, store, directoryLock);
        }
        catch
        {
            opened?.Close();
            directoryLock.Dispose();
            throw;
        }
    }

    private ValueTask WriteAsync(PendingWrite write, CancellationToken cancellationToken)
    {
        if (closed) write.Answer(SegmentLog.Unavailable("the journal was closed", null));
        else if (writer is null) write.Answer(SegmentLog.Unavailable("it was opened for reading", null));
        else return new ValueTask(writer.WriteAsync(write, cancellationToken));
        return new ValueTask(write.Answered);
    }
}

/// <summary>A segment file of a journal.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Entries">How many entries of it can be read.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sealed">Whether it is written no more.</param>
public sealed record SegmentInfo(string Id, long Entries, long Bytes, bool Sealed);
