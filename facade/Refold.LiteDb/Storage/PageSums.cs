// A checksum of every page of the data file: LiteDB's pages have none. Kept in the mark, so that the file stays LiteDB's own.
// Made by Mark and Database; asked and kept by DataStream.
namespace Refold.LiteDb.Storage;

/// <summary>Checksums by the number of the page; a page that has none is one that nobody vouches for.</summary>
internal sealed class PageSums
{
    private readonly List<uint> sums = [];
    private readonly SortedSet<int> changed = [];

    /// <summary>How many pages there are.</summary>
    public int Count => sums.Count;

    /// <summary>Pages whose checksum is another than the one that was kept last, in order.</summary>
    public IReadOnlyCollection<int> Changed => changed;

    /// <summary>The checksum of a page; 0 for none.</summary>
    public uint this[long page]
    {
        get => page < sums.Count ? sums[(int)page] : 0;
        set
        {
            while (sums.Count <= page) sums.Add(0);
            sums[(int)page] = value;
            changed.Add((int)page);
        }
    }

    /// <summary>The checksum of bytes as a page of a number, so that pages in each other's place are found; never 0.</summary>
    public static uint Of(long page, ReadOnlySpan<byte> bytes) => Core.Checksum.seeded((uint)page, bytes) is > 0 and var sum ? sum : 1;

    /// <summary>Says that they are kept as they are.</summary>
    public void Kept() => changed.Clear();
}
