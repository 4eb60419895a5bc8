// Filters of one size next to each other, bit by bit.
// Used by NameFilters, under its lock.
using System.Buffers.Binary;
using System.Numerics;

namespace Refold.Segments;

/// <summary>The filters that have so many blocks.</summary>
/// <param name="blocks">How many.</param>
internal sealed class FilterGroup(int blocks)
{
    private readonly List<int> numbers = [];
    private readonly FilterSlice[] slices = [.. Enumerable.Range(0, blocks).Select(_ => new FilterSlice())];
    private ulong[] found = [];

    public int Blocks => blocks;

    /// <summary>Adds the filter of a part.</summary>
    /// <returns>Which of the group's it is.</returns>
    public int Add(int number)
    {
        numbers.Add(number);
        return numbers.Count - 1;
    }

    /// <summary>Tells a search which parts of the group may have its name, and which have to be asked yet.</summary>
    public void Search(Format.FilterHash hash, NameSearch search)
    {
        var slice = slices[hash.Block(blocks)];
        var words = (numbers.Count + 63) / 64;
        if (found.Length < words) found = new ulong[words];
        slice.Find(hash, found.AsSpan(0, words));
        for (var word = 0; word < words; word++)
        {
            var members = numbers.Count - word * 64 is < 64 and var count ? (1UL << count) - 1 : ulong.MaxValue;
            var taken = slice.Taken(word);
            for (var rest = members & (found[word] | ~taken); rest != 0; rest &= rest - 1)
            {
                var bit = BitOperations.TrailingZeroCount(rest);
                search.Add(numbers[word * 64 + bit], (taken & (1UL << bit)) != 0);
            }
        }
    }

    /// <summary>Whether a block was asked for before; it is from now on.</summary>
    public bool WasAsked(int block, int member) => slices[block].WasAsked(member);

    /// <summary>How many bytes it takes to take over a block.</summary>
    public long Growth(int block, int member) => slices[block].Growth(member);

    /// <summary>Takes over a block.</summary>
    /// <returns>How many bytes that took.</returns>
    public long Take(int block, int member, ReadOnlySpan<byte> content) => slices[block].Take(member, content);
}

/// <summary>One block of each filter of a group: for each bit of a block a row with that bit of each filter.</summary>
internal sealed class FilterSlice
{
    // Rows are read eight bytes at a time, also the last one.
    private const int Slack = 8;

    private byte[] rows = [];
    private int rowBytes;
    private ulong[] taken = [];
    private ulong[] asked = [];

    /// <summary>Which of 64 filters were taken over.</summary>
    public ulong Taken(int word) => word < taken.Length ? taken[word] : 0;

    /// <summary>Which of those that were taken over allow a name.</summary>
    public void Find(Format.FilterHash hash, Span<ulong> found)
    {
        var any = 0UL;
        for (var word = 0; word < found.Length; word++) any |= found[word] = Taken(word);
        for (var number = 0; number < Format.FilterBits.ofName && any != 0; number++)
        {
            var row = rows.AsSpan(hash.Bit(number) * rowBytes);
            any = 0;
            // What lies behind a short row is of the next one, and not taken over.
            for (var word = 0; word < found.Length && word * 8 < rowBytes; word++)
                any |= found[word] &= BinaryPrimitives.ReadUInt64LittleEndian(row[(word * 8)..]);
        }
    }

    /// <summary>Whether the block of a filter was asked for before; it is from now on.</summary>
    public bool WasAsked(int member)
    {
        var (word, bit) = (member / 64, 1UL << (member % 64));
        if (asked.Length <= word)
        {
            Array.Resize(ref asked, word + 1);
            Array.Resize(ref taken, word + 1);
        }

        var was = (asked[word] & bit) != 0;
        asked[word] |= bit;
        return was;
    }

    /// <summary>How many bytes it takes to take over the block of a filter.</summary>
    public long Growth(int member) => member < rowBytes * 8 ? 0 : SizeOf(RowBytesFor(member)) - rows.Length;

    /// <summary>Takes over the block of a filter that was asked for.</summary>
    /// <returns>How many bytes that took.</returns>
    public long Take(int member, ReadOnlySpan<byte> content)
    {
        var (word, bit) = (member / 64, 1UL << (member % 64));
        if ((taken[word] & bit) != 0) return 0;
        var before = rows.Length;
        if (member >= rowBytes * 8) Widen(RowBytesFor(member));
        var place = member / 8;
        var mask = (byte)(1 << (member % 8));
        for (var index = 0; index < content.Length; index++)
        {
            for (uint rest = content[index]; rest != 0; rest &= rest - 1)
                rows[(index * 8 + BitOperations.TrailingZeroCount(rest)) * rowBytes + place] |= mask;
        }

        taken[word] |= bit;
        return rows.Length - before;
    }

    private static int RowBytesFor(int member) => (int)BitOperations.RoundUpToPowerOf2((uint)(member / 8 + 1));

    private static long SizeOf(int bytes) => (long)Format.FilterBits.inBlock * bytes + Slack;

    private void Widen(int bytes)
    {
        var wider = new byte[SizeOf(bytes)];
        if (rowBytes > 0)
        {
            for (var row = 0; row < Format.FilterBits.inBlock; row++)
                rows.AsSpan(row * rowBytes, rowBytes).CopyTo(wider.AsSpan(row * bytes));
        }

        (rows, rowBytes) = (wider, bytes);
    }
}
