// Names of segment files: `<first position>.<generation>.seg`. FORMAT.md, "Directory".
// Used wherever the directory of a journal is listed or a segment is made.
using System.Globalization;

namespace Refold.Segments;

/// <summary>A segment's name; ordered as the journal runs.</summary>
internal readonly record struct SegmentName(long FirstPosition, int Generation) : IComparable<SegmentName>
{
    /// <summary>The name of a segment that has no header yet.</summary>
    public const string Spare = "spare";

    /// <summary>The name of the lock file.</summary>
    public const string Lock = "lock";

    public static SegmentName? TryParse(string name)
    {
        var parts = name.Split('.');
        return parts.Length == 3 && parts[2] == "seg"
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            && new SegmentName(position, generation) is var parsed && parsed.ToString() == name
                ? parsed
                : null;
    }

    /// <summary>The segments of a directory in order.</summary>
    public static List<SegmentName> ListIn(IStorageDevice device) =>
        [.. device.List().Select(TryParse).OfType<SegmentName>().Order()];

    public int CompareTo(SegmentName other)
    {
        var order = FirstPosition.CompareTo(other.FirstPosition);
        return order != 0 ? order : Generation.CompareTo(other.Generation);
    }

    /// <summary>The name for what was cut from this segment at an offset.</summary>
    public string Cut(long offset, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"cut.{FirstPosition:D16}.{Generation}.{offset}.{number}");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{FirstPosition:D16}.{Generation}.seg");
}
