// Names of files that only the facade makes; those with a form are the core's. FORMAT.md, "Directory".
// Used wherever the directory of a journal is listed or a file is made.
using System.Globalization;

namespace Refold.Segments;

internal static class FileNames
{
    /// <summary>The name of a segment that has no header yet.</summary>
    public const string Spare = "spare";

    /// <summary>The name of the lock file.</summary>
    public const string Lock = "lock";

    /// <summary>The name for what was cut from a segment at an offset.</summary>
    public static string Cut(Format.SegmentName segment, long offset, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"cut.{segment.FirstPosition:D16}.{segment.Generation}.{offset}.{number}");

    /// <summary>Whether a directory holds a segment, and so a journal.</summary>
    public static bool HasSegments(IStorageDevice device) => Segments(device).Count > 0;

    /// <summary>The segments of a directory in order.</summary>
    public static List<Format.SegmentName> Segments(IStorageDevice device) =>
        [.. device.List().Select(Format.FileName.trySegment).Where(name => name is not null).Select(name => name!.Value).Order()];
}
