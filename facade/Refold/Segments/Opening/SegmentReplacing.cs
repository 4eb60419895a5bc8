// The last segment written anew under another name, where writing its blocks again in place could turn them
// to garbage. FORMAT.md, "Durability".
// Called by OpenedDirectory before a journal is written with Durability.Padded.
using Refold.Interop;

namespace Refold.Segments;

internal static class SegmentReplacing
{
    /// <summary>Whether blocks that may hold acknowledged frames would have to be written again: frames that are not known to be flushed,
    /// or something behind the last one in its block.</summary>
    public static bool IsNeeded(ScannedSegment last, long flushedEnd)
    {
        if (last.Found.Header is null) return false;
        var taken = last.Found.TakenTo;
        var blockEnd = (int)Math.Min(last.Bytes.Length, Format.FrameLayout.nextBlock(taken));
        return last.Found.Items.Any(item => item.LastFrame > flushedEnd) || last.Bytes.Span[taken..blockEnd].ContainsAnyExcept((byte)0);
    }

    /// <summary>Makes a segment of the next generation with the same frames at the same offsets, and switches to it under a marker, as a
    /// compaction does. COMMIT then says that they are flushed.</summary>
    public static void Run(IStorageDevice device, Format.OpeningPlan plan, Format.SegmentScanner scanner, ScannedSegment last)
    {
        var (old, taken) = (last.Found.Header!.Value, last.Found.TakenTo);
        SegmentHealing.KeepLeftovers(device, last);
        var target = new Format.SegmentName(last.Name.FirstPosition, last.Name.Generation + 1);
        var header = new Format.SegmentHeader(
            old.JournalId, target.Generation, old.FirstPosition, old.FirstFrame, old.HeadBefore, old.FileBytes, old.HasIds);
        CompactionFiles.Write(device, Format.FileName.targetUnfinished, file =>
        {
            file.Write(Format.SegmentHeaderModule.encode(header).Span, 0);
            file.Write(last.Bytes.Span[Format.SegmentHeaderModule.bytes..taken], Format.SegmentHeaderModule.bytes);
            SegmentStore.WriteZeros(file, taken, old.FileBytes);
        });
        CompactionFiles.WriteMarker(
            device, new Format.CompactionMarker(old.JournalId, plan.SetGeneration + 1, Lists.ToFSharpList([last.Name]), target));
        CompactionFiles.Switch(device, target);
        using (var file = CommitFile.OpenOrCreate(device))
        {
            var commit = new CommitFile(file, old.JournalId, scanner.Epoch, plan.SetGeneration + 1, plan.Commit?.Value.Sequence ?? 0);
            commit.Store(target, taken, scanner.LastFrame, scanner.Head);
        }

        CompactionFiles.Clear(device, [last.Name.ToString()]);
    }
}
