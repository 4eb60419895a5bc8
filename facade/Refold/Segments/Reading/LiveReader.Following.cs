// New frames of the active segment, and segments begun since, taken as COMMIT confirms them. FORMAT.md, "Readers".
// Called by LiveReader.Refresh, under its lock.
using Refold.Interop;

namespace Refold.Segments;

internal sealed partial class LiveReader
{
    /// <summary>Takes what lies between the place and the end that a slot names, and never a byte behind it.</summary>
    /// <returns>False where something does not fit, or a file is not there: the directory is another one,
    /// or has changed in between.</returns>
    private bool TryAdvance(Format.CommitSlot slot)
    {
        try
        {
            while (place.Segment.CompareTo(slot.Segment) < 0)
            {
                if (!EnterNext(slot.Segment)) return false;
            }

            if (place.Segment.CompareTo(slot.Segment) != 0) return false;
            var scanner = Scanner();
            if (slot.LastFrame > place.LastFrame && !Take(scanner, slot.EndOffset, mayEndBefore: false)) return false;
            if (place.LastFrame != slot.LastFrame || place.Head.Position != slot.Head.Position || !place.Head.Hash.Equals(slot.Head.Hash))
                return false;
            HasMoved = true;
            return true;
        }
        catch (Exception exception) when (exception is FileNotFoundException or SegmentGoneException)
        {
            // One that compaction replaced, perhaps a sealed one that was asked for a version.
            return false;
        }
    }

    /// <summary>Takes the rest of a segment that is written no more, and goes on in the next one.</summary>
    private bool EnterNext(Format.SegmentName upTo)
    {
        var next = FileNames.Segments(device).Find(name => name.CompareTo(place.Segment) > 0);
        if (next.FirstPosition == 0 || next.CompareTo(upTo) > 0) return false;
        var file = device.Open(next.ToString(), writable: false);
        try
        {
            if (Format.SegmentHeaderModule.decode(Read(file, 0, Format.SegmentHeaderModule.bytes))
                    is { IsOk: true, ResultValue: var header }
                && Finish(header))
            {
                var (last, trailer) = (current.Files[^1], Trailer());
                if (trailer is not null) current.Index.Seal(last, trailer);
                OpenFiles.Release(last.File, SegmentFile.Check(last.Header, trailer));
                lock (current.Files) current.Files.Add(new SegmentFile(next, header, current.Handles.Pin(next.ToString(), file)));
                place = place.Entering(next);
                file = null;
                return true;
            }

            return false;
        }
        finally
        {
            file?.Dispose();
        }
    }

    private bool Finish(Format.SegmentHeader next)
    {
        var scanner = Scanner();
        if (next.FirstFrame > place.LastFrame + 1)
        {
            // A segment that an older version left has no footer: zeros end it.
            var trailer = Trailer();
            if (!Take(scanner, trailer?.FramesEnd ?? current.Files[^1].File.Length, mayEndBefore: trailer is null)) return false;
        }

        return scanner.Enter(next) is null;
    }

    /// <summary>The trailer of the last segment that was taken.</summary>
    private Format.SegmentTrailer? Trailer()
    {
        var segment = current.Files[^1];
        var length = segment.File.Length;
        return FollowTranslation.Trailer(segment.Header, length, Read(segment.File, length - Format.SegmentTrailerModule.bytes, length));
    }

    private Format.SegmentScanner Scanner() =>
        place.Scanner(JournalId, current.Index.HighestVersion, current.Files is [var first, ..] && first.Header.HasIds);

    /// <summary>Takes whole batches from the place up to an end.</summary>
    private bool Take(Format.SegmentScanner scanner, long end, bool mayEndBefore)
    {
        var segment = current.Files[^1];
        // From the beginning of a block on, as frames may leave the rest of one free.
        var origin = place.Offset / Format.FrameLayout.block * Format.FrameLayout.block;
        if (end < place.Offset) return false;
        var window = Read(segment.File, origin, end);
        if (window.Length < end - origin && !mayEndBefore) return false;
        if (scanner.Follow(window, (int)origin, (int)place.Offset) is not { IsOk: true, ResultValue: var items }) return false;
        foreach (var item in items)
        {
            current.Index.Take(item.Content, segment);
            place = place.Behind(item);
        }

        return true;
    }

    private static ReadOnlyMemory<byte> Read(IStorageFile file, long from, long to)
    {
        var bytes = new byte[Math.Max(0, to - from)];
        return bytes.AsMemory(0, file.Read(bytes, from));
    }
}
