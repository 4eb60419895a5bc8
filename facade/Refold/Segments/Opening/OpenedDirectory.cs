// Opening a journal: plan, scan, refuse what is corrupt, heal a torn tail. FORMAT.md, "Opening" and "Recovery".
// Called by SegmentJournal.Open.
using System.Diagnostics;
using System.Security.Cryptography;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>An opened directory.</summary>
/// <param name="Index">Everything that was taken.</param>
/// <param name="Files">The segments, open; locked while one is added.</param>
/// <param name="Torn">A torn tail; null where there was none, or where it was healed.</param>
/// <param name="Report">How it was opened.</param>
internal sealed record OpenedDirectory(SegmentIndex Index, List<SegmentFile> Files, TornTail? Torn, OpeningReport Report)
{
    /// <summary>The torn tail that opening healed, if any.</summary>
    public TornTail? Healed { get; init; }

    /// <summary>What opens the files.</summary>
    public required OpenFiles Handles { get; init; }

    /// <summary>What the files were planned from.</summary>
    public required Format.OpeningPlan Plan { get; init; }

    /// <summary>The beginning of the last segment, as a checkpoint had it; null where its frames were scanned.</summary>
    public RestoredRows? Restored { get; init; }

    /// <summary>Checkpoints that were found and not used.</summary>
    public IReadOnlyList<string> Unusable { get; init; } = [];

    /// <summary>The place behind what was taken; null where there is no segment.</summary>
    public ReadPlace? End { get; init; }

    /// <summary>How many entries can be read. Asking for it may read pages of footers, so it is asked before anything is healed:
    /// a refusal changes nothing.</summary>
    public long Entries { get; init; }

    /// <summary>Entries and deletions that are whole, and were not taken, because nothing says that they are
    /// flushed; of a writer always 0.</summary>
    public long Unconfirmed { get; init; }

    /// <summary>Who uses the files.</summary>
    public FileLeases Leases { get; } = new();

    /// <summary>Opens what is there, for a reader that may have come to some place, and heals and writes nothing.</summary>
    /// <param name="device">The directory.</param>
    /// <param name="options">How it is opened.</param>
    /// <param name="flushed">The last frame that COMMIT once said was flushed, 0 for none: it may say less where writing it failed.</param>
    /// <param name="continues">Whether it continues what was read; it may ask the index, and so the files.</param>
    /// <returns>Null where it does not.</returns>
    public static OpenedDirectory? ForReading(
        IStorageDevice device, JournalOptions options, long flushed, Func<OpenedDirectory, bool> continues)
    {
        var tries = 0;
        return DirectoryPlan.Settled<OpenedDirectory?>(
            device,
            () =>
            {
                // A writer that goes on while everything is read is alive, and then COMMIT is exact.
                var (opened, _, _, last) = Load(
                    tries++ == 0 ? device : CommittedView.Of(device), options, writable: false, flushed: flushed);
                if (last is null) throw SegmentFaults.NoJournal(device);
                var isTaken = false;
                try
                {
                    isTaken = continues(opened);
                    return isTaken ? opened : null;
                }
                finally
                {
                    if (!isTaken) opened.Close();
                }
            },
            _ => false);
    }

    /// <summary>Opens, heals a torn tail, and begins the next epoch; an empty directory becomes a new journal.</summary>
    /// <param name="device">The directory.</param>
    /// <param name="options">How it is opened.</param>
    /// <param name="held">The lock of the directory, which is held on COMMIT too.</param>
    /// <exception cref="JournalInUseException">Another writer holds COMMIT.</exception>
    public static (OpenedDirectory Opened, SegmentStore Store) ForWriting(
        IStorageDevice device, JournalOptions options, IStorageLock held)
    {
        Hold();
        var (opened, plan, scanner, last) = Load(device, options, writable: true);
        var healed = opened.Torn;
        var clock = Stopwatch.StartNew();
        IStorageFile? commit = null;
        try
        {
            CompactionFiles.Heal(device, plan.Steps);
            if (options.Segments.Durability == Durability.Padded && last is not null && SegmentReplacing.IsNeeded(last, scanner.FlushedEnd))
            {
                if (opened.Restored is not null)
                {
                    // All frames are written anew: each has to be what it was.
                    opened.Close();
                    var segments = options.Segments with { Opening = new OpeningWays { Checkpoint = false } };
                    (opened, plan, scanner, last) = Load(device, options with { Segments = segments }, writable: true);
                }

                SegmentReplacing.Run(device, plan, scanner, last!);
                opened.Close();
                (opened, plan, scanner, last) = Load(device, options, writable: true);
            }

            SegmentStore.RemoveSpare(device);
            commit = CommitFile.OpenOrCreate(device);
            Hold();
            var tail = last is null
                ? 0
                : SegmentHealing.Heal(device, opened.Files, last, scanner.FlushedEnd, plan.IsClosed, options.Segments.Durability);
            var id = plan.JournalId is { } known ? known.Value : new Guid(RandomNumberGenerator.GetBytes(16));
            var epoch = checked(Math.Max(plan.Epoch, scanner.Epoch) + 1);
            var slots = new CommitFile(commit, id, epoch, plan.SetGeneration, plan.Commit?.Value.Sequence ?? 0);
            var sealing = new SegmentSealing(scanner.LastEpoch);
            var isSealed = last is { Found.Header: null };
            var store = new SegmentStore(new WatchedDirectory(device), slots, sealing, options, opened.Files)
            {
                Handles = opened.Handles,
                Lock = held,
                LastFrame = scanner.LastFrame,
                Tail = tail,
                IsSealed = isSealed
            };
            store.CheckpointedTo = opened.Restored?.Root.Offset ?? 0;
            store.Open(opened.Index.Head);
            store.Checkpoints.RemoveUnusable(opened.Unusable);
            var report = opened.Report with { Elapsed = opened.Report.Elapsed with { Healing = clock.Elapsed } };
            return (opened with { Torn = null, Healed = healed, Report = report }, store);
        }
        catch
        {
            commit?.Dispose();
            opened.Close();
            throw;
        }

        void Hold()
        {
            if (!held.TryHold(Format.FileName.commit)) throw new JournalInUseException(device.Place);
        }
    }

    /// <summary>Opens the files of a journal that this process writes, as a compaction left them, and changes nothing.</summary>
    /// <param name="device">The directory.</param>
    /// <param name="options">How it is opened.</param>
    /// <param name="without">Files that are about to be removed.</param>
    public static OpenedDirectory Again(IStorageDevice device, JournalOptions options, IReadOnlyCollection<string> without) =>
        Load(device, options, writable: true, without).Opened;

    /// <summary>The segments at this moment: they are locked while one is added.</summary>
    public IReadOnlyList<SegmentFile> Snapshot()
    {
        lock (Files) return [.. Files];
    }

    public void Close()
    {
        foreach (var file in Snapshot()) file.Dispose();
    }

    private static (OpenedDirectory Opened, Format.OpeningPlan Plan, Format.SegmentScanner Scanner, ScannedSegment? Last) Load(
        IStorageDevice device, JournalOptions options, bool writable, IReadOnlyCollection<string>? without = null, long flushed = 0)
    {
        var clock = Stopwatch.StartNew();
        var checkpointed = CheckpointLoading.Plan(device, options.Segments.Opening, without);
        var plan = checkpointed.Plan;
        var planned = clock.Elapsed;
        var (index, files, handles) = (
            new SegmentIndex(writable, options.Segments),
            new List<SegmentFile>(),
            new OpenFiles((device as CommittedView)?.Device ?? device, options.Segments.OpenFiles));
        try
        {
            var isSealed = plan.Segments.Where(segment => segment.Trailer is not null).ToList();
            foreach (var segment in isSealed) Add(segment.Name, segment.Header!.Value, segment.Trailer?.Value);
            var footers = FooterLoading.ReadAll(
                index, [.. files.Zip(isSealed, (file, segment) => (file, segment.Trailer!.Value))], Environment.ProcessorCount);
            foreach (var found in footers) index.Take(found);
            // Read now: whoever writes needs it later, when it must not fail.
            if (writable && footers.Length > 0) _ = footers[^1].Part.Behind();
            index.ForgetKeysBefore(plan.KeysBefore);
            var read = clock.Elapsed;
            var end = files.Count == 0
                ? null
                : new ReadPlace(files[^1].Name, isSealed[^1].Trailer!.Value.FramesEnd, plan.Head, plan.LastFrame);
            RestoredRows? restored = null;
            if (checkpointed.Rows is { } rows && plan.Checkpoint is { } checkpoint)
            {
                restored = new RestoredRows(rows, checkpoint.Value.Item2);
                var segment = plan.Segments.Last();
                index.Take(restored, plan.Head, Add(segment.Name, segment.Header!.Value, null));
                end = new ReadPlace(segment.Name, restored.Root.Offset, plan.Head, plan.LastFrame);
            }

            var known = clock.Elapsed;
            var scanner = new Format.SegmentScanner(plan.ScanStart(index.HighestVersion));
            ScannedSegment? last = null;
            var (tail, unconfirmed) = (0L, 0L);
            foreach (var segment in ScannedSegment.All(
                device, scanner, [.. plan.Segments.Skip(isSealed.Count).Select(segment => segment.Name)], plan.Tail?.Value.Offset ?? 0))
            {
                if (segment.Fault is not null) throw segment.Fault;
                last = segment;
                // A torn header: the file holds nothing yet.
                if (segment.Found.Header is not { } header) continue;
                var isBegun = restored is not null && segment.Name.Equals(files[^1].Name);
                var file = isBegun ? files[^1] : Add(segment.Name, header.Value, null);
                end = (isBegun ? end : end?.Entering(segment.Name))
                    ?? new ReadPlace(segment.Name, Format.SegmentHeaderModule.bytes, plan.Head, plan.LastFrame);
                var confirmedEnd = writable ? long.MaxValue : Math.Max(flushed, plan.ConfirmedEnd(scanner));
                unconfirmed += segment.Unconfirmed(confirmedEnd);
                foreach (var item in segment.Confirmed(confirmedEnd))
                {
                    index.Take(item.Content, file, item.LastFrame);
                    end = end.Behind(item);
                    tail += ScannedSegment.EntriesOf([item]);
                }
            }

            // Else batches that were scanned, and with them all bytes of the file, would be kept until the next append.
            if (writable && files.Count > 0) index.Settle(files[^1]);
            var path = plan.Path.IsCheckpoint
                ? OpeningPath.Checkpoint
                : plan.Path.IsEmpty ? OpeningPath.Empty : plan.Path.IsFooters ? OpeningPath.Footers : OpeningPath.Scan;
            var elapsed = new OpeningElapsed(planned, read - planned, clock.Elapsed - known, TimeSpan.Zero) { Restoring = known - read };
            var report = new OpeningReport(path, plan.Restored + tail, tail, elapsed, checkpointed.Ignored)
            {
                Interrupted = InterruptedCompaction.Of(plan),
                Head = index.Head,
            };
            return (
                new OpenedDirectory(index, files, last?.Torn, report)
                {
                    Handles = handles,
                    Plan = plan,
                    Entries = index.Entries,
                    Restored = restored,
                    Unusable = checkpointed.Unusable,
                    End = end,
                    Unconfirmed = unconfirmed
                },
                plan, scanner, last);
        }
        catch
        {
            foreach (var file in files) file.Dispose();
            throw;
        }

        SegmentFile Add(Format.SegmentName name, Format.SegmentHeader header, Format.SegmentTrailer? trailer)
        {
            var text = name.ToString();
            // The last one is written, or grows.
            var isLast = name.Equals(plan.Segments.Last().Name);
            var file = new SegmentFile(
                name, header,
                isLast ? handles.Pin(text, handles.Device.Open(text, writable)) : handles.Add(text, SegmentFile.Check(header, trailer)));
            files.Add(file);
            return file;
        }
    }
}
