// From the core's frame errors to exceptions that name the file.
// Called when a segment is opened, read or verified.
namespace Refold.Segments;

internal static class SegmentFaults
{
    /// <summary>The exception for an error.</summary>
    /// <param name="error">What is wrong; offsets from the start of what was read.</param>
    /// <param name="file">The file.</param>
    /// <param name="start">Where in the file what was read begins.</param>
    public static JournalException Of(Format.FrameError error, string file, long start = 0) => error switch
    {
        Format.FrameError.Corrupt corrupt =>
            new JournalCorruptedException(file, start + corrupt.offset, corrupt.what, corrupt.expected, corrupt.found),
        Format.FrameError.Torn torn => new JournalCorruptedException(file, start + torn.offset, "a frame", "whole", torn.reason),
        Format.FrameError.FutureVersion future => new UnsupportedFormatException(file, future.found, future.supported),
        Format.FrameError.PastVersion past => new UnsupportedFormatException(file, past.found, Format.Block.formatVersion),
        _ => new JournalOpenException($"{file} is {error}; move it away, or open another directory."),
    };

    /// <summary>The exception for a place where there is no journal.</summary>
    public static JournalOpenException NoJournal(IStorageDevice device) =>
        new(
            $"There is no journal in {device.Place}: "
            + $"{(device.Exists ? "no segment file is there" : "there is no such directory")}. "
            + "Name another, or make one by opening it for writing.");
}
