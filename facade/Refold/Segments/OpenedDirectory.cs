// Opening a journal: plan, scan, refuse what is corrupt, heal a torn tail. FORMAT.md, "Opening" and "Recovery".
// Called by SegmentJournal.Open.
using System.Security.Cryptography;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>An opened directory.</summary>
/// <param name="Index">Everything that was taken.</param>
/// <param name="Files">The segments, open.</param>
/// <param name="Torn">A torn tail; null where there was none, or where it was healed.</param>
internal sealed record OpenedDirectory(SegmentIndex Index, List<SegmentFile> Files, TornTail? Torn)
{
    /// <summary>The torn tail that opening healed, if any.</summary>
    public TornTail? Healed { get; init; }

    /// <summary>Opens what is there, and heals and writes nothing.</summary>
    public static OpenedDirectory ForReading(IStorageDevice device) => DirectoryPlan.Settled(
        device,
        () =>
        {
            var (opened, _, _, last) = Load(device, writable: false);
            return last is null
                ? throw new JournalOpenException($"There is no journal in {device.Place}: no segment file is there.")
                : opened;
        },
        _ => false);

    /// <summary>Opens, heals a torn tail, and begins the next epoch; an empty directory becomes a new journal.</summary>
    public static (OpenedDirectory Opened, SegmentStore Store) ForWriting(IStorageDevice device, int segmentBytes)
    {
        var (opened, plan, scanner, last) = Load(device, writable: true);
        IStorageFile? commit = null;
        try
        {
            if (plan.Steps.Any(step => step.IsFlushDirectory))
                throw new JournalOpenException("A compaction was interrupted, and this version does not compact; open the journal with the version that did.");
            SegmentStore.RemoveSpare(device);
            commit = CommitFile.OpenOrCreate(device);
            var tail = last is null ? 0 : SegmentHealing.Heal(device, opened.Files, last, scanner.FlushedEnd);
            var id = plan.JournalId is { } known ? known.Value : new Guid(RandomNumberGenerator.GetBytes(16));
            var epoch = checked(Math.Max(plan.Epoch, scanner.Epoch) + 1);
            var slots = new CommitFile(commit, id, epoch, plan.SetGeneration, plan.Commit?.Value.Sequence ?? 0);
            var store = new SegmentStore(device, slots, segmentBytes, opened.Files) { LastFrame = scanner.LastFrame, Tail = tail };
            store.Open(opened.Index.Head);
            return (opened with { Torn = null, Healed = opened.Torn }, store);
        }
        catch
        {
            commit?.Dispose();
            opened.Close();
            throw;
        }
    }

    public void Close()
    {
        foreach (var file in Files) file.Dispose();
    }

    private static (OpenedDirectory Opened, Core.OpeningPlan Plan, Core.SegmentScanner Scanner, ScannedSegment? Last) Load(IStorageDevice device, bool writable)
    {
        var (plan, refusal) = DirectoryPlan.Of(device, new Core.OpeningWays(checkpoint: false, footers: false, scan: true));
        if (plan is null) throw DirectoryPlan.Exception(refusal!);
        var opened = new OpenedDirectory(new SegmentIndex(), [], null);
        try
        {
            var scanner = new Core.SegmentScanner(plan.ScanStart(opened.Index.HighestVersion));
            ScannedSegment? last = null;
            foreach (var segment in ScannedSegment.All(device, scanner, [.. plan.Segments.Select(segment => segment.Name)]))
            {
                if (segment.Fault is not null) throw segment.Fault;
                last = segment;
                // A torn header: the file holds nothing yet.
                if (segment.Found.Header is not { } header) continue;
                var file = new SegmentFile(segment.Name, header.Value, device.Open(segment.Name.ToString(), writable));
                opened.Files.Add(file);
                foreach (var item in segment.Found.Items) opened.Index.Take(item.Content, file);
            }

            return (opened with { Torn = last?.Torn }, plan, scanner, last);
        }
        catch
        {
            opened.Close();
            throw;
        }
    }
}
