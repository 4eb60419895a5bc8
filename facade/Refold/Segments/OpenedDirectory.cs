// Opening a journal: scan, refuse what is corrupt, heal a torn tail. FORMAT.md, "Recovery".
// Called by SegmentJournal.Open.
using System.Security.Cryptography;

namespace Refold.Segments;

/// <summary>An opened directory.</summary>
/// <param name="Index">Everything that was taken.</param>
/// <param name="Files">The segments, open.</param>
/// <param name="Torn">A torn tail; null where there was none, or where it was healed.</param>
internal sealed record OpenedDirectory(SegmentIndex Index, List<SegmentFile> Files, TornTail? Torn)
{
    /// <summary>Opens what is there, and heals and writes nothing.</summary>
    public static OpenedDirectory ForReading(IStorageDevice device)
    {
        var (opened, _, last) = Scan(device, writable: false);
        return last is null
            ? throw new JournalOpenException($"There is no journal in {device.Place}: no segment file is there.")
            : opened;
    }

    /// <summary>Opens, heals a torn tail, and begins the next epoch; an empty directory becomes a new journal.</summary>
    public static (OpenedDirectory Opened, SegmentStore Store) ForWriting(IStorageDevice device, int segmentBytes)
    {
        var (opened, scanner, last) = Scan(device, writable: true);
        try
        {
            SegmentStore.RemoveSpare(device);
            var tail = last is null ? 0 : Heal(device, opened.Files, last, scanner.FlushedEnd);
            var id = scanner.JournalId is { } known ? known.Value : new Guid(RandomNumberGenerator.GetBytes(16));
            var store = new SegmentStore(device, id, checked(scanner.Epoch + 1), segmentBytes, opened.Files)
            {
                LastFrame = scanner.LastFrame,
                Tail = tail,
            };
            return (opened with { Torn = null }, store);
        }
        catch
        {
            opened.Close();
            throw;
        }
    }

    public void Close()
    {
        foreach (var file in Files) file.Dispose();
    }

    private static (OpenedDirectory Opened, Core.SegmentScanner Scanner, ScannedSegment? Last) Scan(IStorageDevice device, bool writable)
    {
        var scanner = new Core.SegmentScanner();
        var opened = new OpenedDirectory(new SegmentIndex(), [], null);
        ScannedSegment? last = null;
        try
        {
            foreach (var segment in ScannedSegment.All(device, scanner))
            {
                if (segment.Fault is not null) throw segment.Fault;
                last = segment;
                // A torn header: the file holds nothing yet.
                if (segment.Found.Header is not { } header) continue;
                var file = new SegmentFile(segment.Name, header.Value, device.Open(segment.Name.ToString(), writable));
                opened.Files.Add(file);
                foreach (var item in segment.Found.Items) opened.Index.Take(item.Content, file);
            }

            return (opened with { Torn = last?.Torn }, scanner, last);
        }
        catch
        {
            opened.Close();
            throw;
        }
    }

    /// <summary>
    /// Keeps the leftovers of a torn tail, writes again what is not known to be flushed, zeros behind it, flushes. A failed flush of an
    /// earlier life may have left pages that look written and are not: writing them again cures that.
    /// </summary>
    /// <returns>The offset behind the last frame of the active segment.</returns>
    private static long Heal(IStorageDevice device, List<SegmentFile> files, ScannedSegment last, long flushedEnd)
    {
        var (bytes, found) = (last.Bytes, last.Found);
        var taken = found.TakenTo;
        if (last.Torn is not null && found.WrittenTo > taken)
            KeepLeftovers(device, last.Name, taken, bytes.Span[taken..found.WrittenTo]);
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
        if (last.Torn is null && rewriteFrom == taken) return taken;
        var file = files[^1].File;
        file.Write(bytes.Span[rewriteFrom..taken], rewriteFrom);
        if (last.Torn is not null)
            SegmentStore.WriteZeros(file, taken, Math.Max(found.Header.Value.FileBytes, bytes.Length));
        file.Flush();
        return taken;
    }

    /// <summary>Best effort: what was cut is of use to people only.</summary>
    private static void KeepLeftovers(IStorageDevice device, SegmentName name, long offset, ReadOnlySpan<byte> leftovers)
    {
        try
        {
            var names = device.List().ToHashSet(StringComparer.Ordinal);
            var number = 1;
            while (names.Contains(name.Cut(offset, number))) number++;
            using var file = device.Create(name.Cut(offset, number));
            file.Write(leftovers, 0);
            file.Flush();
        }
        catch (IOException)
        {
            // No room for it must not keep the journal closed.
        }
    }
}
