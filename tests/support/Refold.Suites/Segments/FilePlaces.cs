// Places in the files of a journal: one drawn in each field of each structure, or a part of all bytes.
// Used by DamagedBytes. The lengths of fields are those of FORMAT.md.
using System.Buffers.Binary;

namespace Refold.Suites;

internal static class FilePlaces
{
    /// <summary>How many parts the bytes of headers, frames and trailers come in.</summary>
    public const int Parts = 16;

    private const int PageBytes = 4096;

    /// <summary>Of a footer and the zeros before it, a part has one byte where it has so many of the others.</summary>
    private const int Sparse = 61;

    private const int SlotBytes = 2048;

    private static readonly int[] Header = [8, 4, 4, 16, 8, 8, 32, 8, 4, 32, 4];

    private static readonly int[] Frame = [4, 1, 1, 1, 1, 4, 4, 8, 8, 8, 8, 8, 4, 4, 2, 2, 4, 2, 2, 4, 4];

    private static readonly int[] Root = [4, 1, 1, 2, 4, 4, 8, 4, 4, 4, 4];

    private static readonly int[] Trailer = [8, 4, 4, 8, 8, 8, 4, 4, 8, 8, 32, 4, 4, 8, 8, 4, 4];

    private static readonly int[] Slot = [8, 4, 4, 16, 8, 4, 4, 8, 8, 8, 8, 8, 32, 4, 4];

    /// <summary>A part of a segment's bytes: consecutive numbers cover all of them.</summary>
    public static IEnumerable<int> PartOf(byte[] bytes, ulong number) => Enumerable.Range(0, bytes.Length).Where(offset =>
    {
        var parts = offset < 1024 || offset >= bytes.Length - 128 ? Parts : Parts * Sparse;
        return offset % parts == (int)(number % (ulong)parts);
    });

    /// <summary>In a segment: one place in each field of the header, of a frame of each kind, of the root and the trailer, in each page,
    /// and in what is zero between them.</summary>
    public static SortedSet<int> DrawSegment(byte[] bytes, SeededRng rng)
    {
        var places = new SortedSet<int>();
        var end = Fields(places, rng, 0, Header);
        var frames = new List<int>();
        for (; end + 88 <= bytes.Length && Number(bytes, end) >= 88; end += Number(bytes, end)) frames.Add(end);
        foreach (var kind in frames.GroupBy(frame => (bytes[frame + 4], bytes[frame + 5])))
            DrawFrame(places, rng, bytes, rng.Pick([.. kind]));
        if (!bytes.AsSpan(bytes.Length - 128).StartsWith("REFOLDTR"u8))
        {
            In(places, rng, end, bytes.Length);
            return places;
        }

        var (pages, footer) = (Number(bytes, bytes.Length - 128 + 12), Number(bytes, bytes.Length - 128 + 16));
        In(places, rng, end, footer);
        for (var page = 0; page < pages; page++) DrawPage(places, rng, bytes, footer + page * PageBytes, page == 0 ? Root : [4, 20]);
        In(places, rng, footer + pages * PageBytes, bytes.Length - 128);
        Fields(places, rng, bytes.Length - 128, Trailer);
        return places;
    }

    /// <summary>In COMMIT: one place in each field of both slots, and in what is zero behind each.</summary>
    public static SortedSet<int> DrawCommit(SeededRng rng)
    {
        var places = new SortedSet<int>();
        foreach (var slot in new[] { 0, SlotBytes }) In(places, rng, Fields(places, rng, slot, Slot), slot + SlotBytes);
        return places;
    }

    private static void DrawFrame(SortedSet<int> places, SeededRng rng, byte[] bytes, int frame)
    {
        var end = frame + Number(bytes, frame);
        var head = Fields(places, rng, frame, Frame);
        var checksum = head + ((bytes[frame + 5] & 1) == 0 ? 0 : 32);
        var (body, zeros) = (checksum + 4, checksum + 4 + Number(bytes, frame + 60));
        In(places, rng, head, checksum);
        In(places, rng, checksum, body);
        In(places, rng, body, zeros);
        In(places, rng, zeros, end);
    }

    private static void DrawPage(SortedSet<int> places, SeededRng rng, byte[] bytes, int page, int[] fields)
    {
        var rows = Fields(places, rng, page, fields);
        var zeros = page + bytes.AsSpan(page, PageBytes).LastIndexOfAnyExcept((byte)0) + 1;
        In(places, rng, rows, zeros);
        In(places, rng, Math.Max(rows, zeros), page + PageBytes);
    }

    /// <summary>A place in each of some fields that follow one another; returns where they end.</summary>
    private static int Fields(SortedSet<int> places, SeededRng rng, int start, int[] lengths)
    {
        foreach (var length in lengths)
        {
            In(places, rng, start, start + length);
            start += length;
        }

        return start;
    }

    private static void In(SortedSet<int> places, SeededRng rng, int from, int end)
    {
        if (from < end) places.Add(rng.Between(from, end - 1));
    }

    private static int Number(byte[] bytes, int offset) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset));
}
