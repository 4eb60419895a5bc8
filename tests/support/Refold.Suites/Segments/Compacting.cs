// Compactions of a device in memory, carried out without a store: plan, targets, switch. FORMAT.md, "Compaction".
// Used by CompactedJournalCase and CompactedJournalTests.
using Refold.Interop;
using Refold.Segments;

namespace Refold.Suites;

internal static class Compacting
{
    /// <summary>Compacts a journal that is not open. Targets get footers, or none, so that they are scanned.</summary>
    /// <returns>What had to be deleted first; null where there is nothing to do.</returns>
    public static async Task<IReadOnlyList<(StreamId Stream, long Version)>?> CompactAsync(
        this MemoryDevice device, IEnumerable<Format.CompactionDrop> drop, long mergeBytes, bool seals)
    {
        var plan = Format.Compaction.plan(new Format.CompactionRequest(drop.ToFSharpList(), mergeBytes), Sources(device).ToFSharpList());
        if (plan.IsError) return null;
        List<(StreamId, long)> deletions = [.. plan.ResultValue.Deletions.Select(deletion => (deletion.Item1, deletion.Item2))];
        await DeleteAsync(device, deletions);
        foreach (var step in plan.ResultValue.Steps)
        {
            var target = Format.Compaction.target(step, Sources(device).ToFSharpList());
            foreach (var source in step.Sources) device.Delete(source.ToString());
            device.Put(step.Target.ToString(), target.ToArray());
            if (seals) Seal(device, step.Target);
        }

        return deletions;
    }

    /// <summary>Opens the journal and deletes.</summary>
    public static async Task DeleteAsync(MemoryDevice device, IEnumerable<(StreamId Stream, long Version)> deletions)
    {
        await using var journal = SegmentJournal.Open(device, Samples.Small);
        foreach (var (stream, version) in deletions) await journal.DeleteToAsync(stream, version);
    }

    private static IEnumerable<Format.CompactionSource> Sources(MemoryDevice device) =>
        ScannedSegment.All(device, new Format.SegmentScanner(), FileNames.Segments(device), checksFooters: true)
            .Select(segment =>
                new Format.CompactionSource(segment.Found.Header!.Value, segment.Bytes, segment.Found.Items, segment.Before));

    private static void Seal(MemoryDevice device, Format.SegmentName name)
    {
        var scanner = new Format.SegmentScanner();
        var segment = ScannedSegment.All(device, scanner, FileNames.Segments(device), checksFooters: true)
            .First(segment => segment.Name.Equals(name));
        var seal = Format.FooterEncoding.seal(
            segment.Found.Header!.Value, segment.Bytes.Length, segment.Before, segment.Found.Items, segment.Found.TakenTo,
            scanner.LastFrame, scanner.Head, scanner.Epoch);
        var file = new byte[seal.TrailerOffset + seal.Trailer.Length];
        segment.Bytes.CopyTo(file);
        seal.Footer.CopyTo(file.AsMemory((int)seal.FooterOffset));
        seal.Trailer.CopyTo(file.AsMemory((int)seal.TrailerOffset));
        device.Put(name.ToString(), file);
    }
}
