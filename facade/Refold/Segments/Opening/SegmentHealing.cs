// Healing the end of a journal before it is written again. FORMAT.md, "Recovery".
// Called by OpenedDirectory when a journal is opened for writing.
namespace Refold.Segments;

internal static class SegmentHealing
{
    /// <summary>
    /// Keeps the leftovers of a torn tail, writes again what is not known to be flushed, zeros behind it, flushes. A failed flush of an
    /// earlier life may have left pages that look written and are not: writing them again cures that.
    /// </summary>
    /// <returns>The offset behind the last frame of the active segment.</returns>
    public static long Heal(
        IStorageDevice device, List<SegmentFile> files, ScannedSegment last, long flushedEnd, bool isClosed, Durability durability)
    {
        var (bytes, found) = (last.Bytes, last.Found);
        var taken = found.TakenTo;
        KeepLeftovers(device, last);
        if (found.Header is null) device.Delete(last.Name.ToString());
        // A process that was killed may have left names of segments in memory only: they have to be durable before anything is
        // acknowledged there, and the leftovers before they are overwritten.
        device.FlushDirectory();
        if (found.Header is null)
        {
            // Without the torn segment the one before it is the last: it is whole, and full enough that a new one was begun.
            return files.Count == 0 ? 0 : files[^1].Capacity;
        }

        var rewriteFrom = found.Items.Where(item => item.LastFrame > flushedEnd).Select(item => item.Start).DefaultIfEmpty(taken).First();
        // A footer of the last segment may be in memory only, and frames go on where it lies; and zeros too, where a flush of an
        // earlier healing failed.
        var mustClear = !isClosed || last.Torn is not null || found.Trailer is not null;
        if (!mustClear && rewriteFrom == taken) return taken;
        var file = files[^1].File;
        file.Write(bytes.Span[rewriteFrom..taken], rewriteFrom);
        // The rest of the last block is zero, or the segment was replaced.
        var clearFrom = durability == Durability.Padded ? Format.FrameLayout.nextBlock(taken) : taken;
        if (mustClear)
            SegmentStore.WriteZeros(file, clearFrom, Math.Max(found.Header.Value.FileBytes, bytes.Length));
        file.Flush();
        return taken;
    }

    /// <summary>Best effort: what was cut is of use to people only.</summary>
    public static void KeepLeftovers(IStorageDevice device, ScannedSegment last)
    {
        var (name, offset, end) = (last.Name, last.Found.TakenTo, last.Found.WrittenTo);
        if (last.Torn is null || end <= offset) return;
        try
        {
            var names = device.List().ToHashSet(StringComparer.Ordinal);
            var number = 1;
            while (names.Contains(FileNames.Cut(name, offset, number))) number++;
            using var file = device.Create(FileNames.Cut(name, offset, number));
            file.Write(last.Bytes.Span[offset..end], 0);
            file.Flush();
        }
        catch (IOException)
        {
            // No room for it must not keep the journal closed.
        }
    }
}
