// Checking a directory from the first byte to the last, without changing one.
// Called by SegmentJournal.Verify, for the tool and for people who keep backups.
using Refold.Segments;

namespace Refold;

/// <summary>What verifying the files of a journal found.</summary>
/// <param name="Entries">How many entries are whole before the first fault.</param>
/// <param name="Head">The head behind them.</param>
/// <param name="First">The first fault; null where every byte is in order.</param>
/// <param name="Torn">Whether the fault is a torn tail or a segment that was not quite begun, which opening for writing heals.</param>
public sealed record SegmentVerification(long Entries, Head Head, SegmentFault? First, bool Torn)
{
    /// <summary>Whether every byte is in order.</summary>
    public bool Ok => First is null;

    internal static SegmentVerification Of(IStorageDevice device)
    {
        try
        {
            if (!device.Exists || SegmentName.ListIn(device).Count == 0)
                throw new JournalOpenException($"There is no journal in {device.Place}: no segment file is there.");
            return Check(device);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JournalOpenException($"The journal {device.Place} cannot be read: {exception.Message}", exception);
        }
    }

    private static SegmentVerification Check(IStorageDevice device)
    {
        var scanner = new Core.SegmentScanner();
        var entries = 0L;
        foreach (var segment in ScannedSegment.All(device, scanner))
        {
            entries += segment.Found.Items.Sum(item => item.Content is Core.SegmentContent.Batch batch ? batch.batch.Batch.Entries.LongLength : 0);
            var next = scanner.Head.Position + 1;
            switch (segment)
            {
                case { Fault: JournalCorruptedException corrupted }:
                    return new(entries, new Head(scanner.Head), new SegmentFault(next, $"{corrupted.What} is {corrupted.Found}, expected {corrupted.Expected}", corrupted.File, corrupted.Offset), false);
                case { Fault: { } refused }:
                    throw refused;
                case { Torn: { } torn }:
                    return new(entries, new Head(scanner.Head), new SegmentFault(next, "torn tail: " + torn.Reason, torn.File, torn.Offset), true);
            }
        }

        var spare = CheckSpare(device);
        return new(entries, new Head(scanner.Head), spare, spare is not null);
    }

    /// <summary>A segment that was not begun yet holds zeros, unless a crash came between its header and its name.</summary>
    private static SegmentFault? CheckSpare(IStorageDevice device)
    {
        if (!device.List().Contains(SegmentName.Spare)) return null;
        using var file = device.Open(SegmentName.Spare, writable: false);
        var bytes = new byte[file.Length];
        var written = bytes.AsSpan(0, file.Read(bytes, 0)).IndexOfAnyExcept((byte)0);
        return written < 0 ? null : new SegmentFault(null, "a byte of the spare segment is not zero", SegmentName.Spare, written);
    }
}

/// <summary>The first thing that is not in order.</summary>
/// <param name="Position">The first position that could not be confirmed, where it is known.</param>
/// <param name="What">What is wrong: field, found and expected.</param>
/// <param name="File">The file.</param>
/// <param name="Offset">The offset in bytes from the start of the file.</param>
public sealed record SegmentFault(long? Position, string What, string File, long Offset);
