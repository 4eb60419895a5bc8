// Compaction of a segment journal: one at a time, beside appends and reads.
// Called by applications and by the tool's verb compact.
using System.Globalization;

namespace Refold.Segments;

public sealed partial class SegmentJournal
{
    private readonly SemaphoreSlim compacting = new(1, 1);
    private readonly CancellationTokenSource closing = new();

    // What was replaced while reads that had begun are in flight. It goes with the last of them, or when the journal is closed.
    private readonly List<OpenedDirectory> replaced = [];

    /// <summary>
    /// Replaces sealed segments by smaller ones, while appends and reads go on. What is asked for in the segment that is written to is
    /// sealed first. Nothing is renumbered: positions, versions, heads and receipts stay, and survivors stay byte for byte. A process that
    /// ends at any moment of it loses nothing: the next opening for writing ends what was begun. Every byte of the segments is checked
    /// before they are replaced. Room is needed for one new segment at a time.
    /// </summary>
    /// <param name="request">What to do.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Ends it between two new segments; those that were made stay.</param>
    /// <returns>What was done; durable.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A position is below 1 or more than one behind the head, or a
    /// size is out of its range.</exception>
    /// <exception cref="ProofException">A size that is to stay provable is not provable any more. Nothing was dropped.</exception>
    /// <exception cref="NotAppendedException">The journal was opened for reading, was closed, takes no writes after a failure, or has no
    /// room to begin the next segment.</exception>
    /// <exception cref="JournalCorruptedException">A sealed segment is damaged. It was not replaced.</exception>
    /// <exception cref="OutboxLossException">An outbox needs what would go, and <see cref="CompactionRequest.MayLose"/> does not name it.
    /// Nothing was dropped.</exception>
    /// <exception cref="OutboxLogException">What an outbox needs cannot be known, and it is not named there. Nothing was
    /// dropped.</exception>
    /// <exception cref="JournalException">There is no room for a new segment, and the journal goes on; or the device failed,
    /// and the message says so.</exception>
    public async Task<CompactionReport> CompactAsync(
        CompactionRequest request, IProgress<CompactionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(closed, this);
        Check(request);
        if (writer is null) throw new NotAppendedException(new AppendFailure.Unavailable("the journal was opened for reading", null));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        await compacting.WaitAsync(ending.Token).ConfigureAwait(false);
        try
        {
            // Another one may have dropped meanwhile what was provable.
            CheckProvable(request);
            var compaction = new SegmentCompaction(
                store!, () => opened.Index, change => writer.WriteAsync(change, CancellationToken.None), GoOver);
            // Reading and building take long: not on the caller's thread.
            return await Task.Run(
                async () =>
                {
                    // As far as the stream goes now: what is sent through an outbox after the look at it stays.
                    var deletedTo = request is CompactionRequest.DeleteStream delete
                        ? opened.Index.HighestVersion(delete.Stream)
                        : long.MaxValue;
                    await RequireOutboxesAsync(request, ending.Token).ConfigureAwait(false);
                    // What they are over is about to change, and no flush of the directory may fail beside those of a compaction.
                    store!.Checkpoints.Pause();
                    return await compaction.RunAsync(request, deletedTo, progress, ending.Token).ConfigureAwait(false);
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            store!.Checkpoints.Resume();
            compacting.Release();
        }
    }

    // What is sent or confirmed meanwhile lies behind what goes, or makes an outbox need less.
    private Task RequireOutboxesAsync(CompactionRequest request, CancellationToken cancellationToken)
    {
        var retention = new OutboxRetention(this, request.MayLose, cancellationToken);
        return request switch
        {
            CompactionRequest.RetainFrom retain => retention.RequireAsync(retain.Position),
            CompactionRequest.DeleteStream delete => retention.RequireAsync(delete.Stream),
            _ => Task.CompletedTask,
        };
    }

    private void Check(CompactionRequest request)
    {
        if (request is CompactionRequest.Merge { MaxBytes: { } bytes } && bytes is < 1 or > 1L << 30)
            throw new ArgumentOutOfRangeException(nameof(request), bytes, "A joined segment has 1 to 2^30 bytes.");
        if (request is CompactionRequest.RetainFrom retain) CheckPosition(retain.Position);
        CheckProvable(request);

        if (request is CompactionRequest.ForgetKeysBefore forget) CheckPosition(forget.Position);
    }

    /// <summary>Sizes below that of a dropped beginning from which growth is proved all the same, ascending.</summary>
    internal IReadOnlyList<long> ProvableSizes => AskTree(tree => tree.Provable.Select(provable => provable.Size).ToList());

    // What cannot be proved now cannot be kept.
    private void CheckProvable(CompactionRequest request)
    {
        if (request is not CompactionRequest.RetainFrom retain) return;
        foreach (var size in retain.ProvableSizes)
        {
            if (size < 0 || size > RootAt().Size)
                throw new ArgumentOutOfRangeException(
                    nameof(request), size, "A size that is to stay provable is from 0 to the number of batches of the journal.");
            ConsistencyProof(size);
        }
    }

    private void CheckPosition(long position)
    {
        var last = Head.Position + 1;
        if (position < 1 || position > last)
            throw new ArgumentOutOfRangeException(
                "request", position, string.Create(CultureInfo.InvariantCulture, $"The position has to be from 1 to {last}."));
    }

    /// <summary>Reads that begin from now on see the new files; those that were begun keep the old ones.</summary>
    private void GoOver(SegmentLog log, long setGeneration, IReadOnlyCollection<string> without)
    {
        var before = opened;
        log.GoOverTo(setGeneration, () =>
        {
            // A journal that may not be scanned is no reason to end here: what is scanned was written by this process.
            var segments = options.Segments with { Opening = options.Segments.Opening with { Checkpoint = false, Scan = true } };
            var again = OpenedDirectory.Again(device, options with { Segments = segments }, without);
            return opened = again with { Healed = before.Healed, Report = before.Report };
        });
        lock (replaced) replaced.Add(before);
        before.Leases.CloseWhenLeft(() =>
        {
            before.Close();
            lock (replaced) replaced.Remove(before);
        });
    }

    /// <summary>Waits for a compaction that goes on; none is begun any more.</summary>
    private async Task EndCompactionAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await compacting.WaitAsync().ConfigureAwait(false);
    }

    private void CloseReplaced()
    {
        lock (replaced)
        {
            foreach (var set in replaced) set.Close();
        }
    }
}
