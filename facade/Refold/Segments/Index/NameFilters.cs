// The filters of all sealed segments side by side: one look tells which of the segments may have a name. FORMAT.md, "Filter".
// One belongs to each SegmentIndex.
namespace Refold.Segments;

/// <summary>Filters that were read, bit by bit next to each other, so that a bit of every segment is in one word. Blocks are read when
/// they are asked for, and taken over when they are asked for again: what they take is what they take in the files, 1.4 bytes for each name
/// of a segment, up to eight times as much where few segments have filters of one size, and never more than 64 MiB; what comes above that
/// is asked segment by segment. Safe for use by many threads.</summary>
internal sealed class NameFilters
{
    private const long MostBytes = 64L * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly List<FilterGroup> groups = [];
    private readonly Dictionary<int, (FilterGroup Group, int Member, FooterPart Part)> places = [];

    // A bit for each part that is in a group.
    private readonly List<ulong> grouped = [];
    private readonly HashSet<FooterPart> hasNoBlock = [];
    private long bytes;
    private volatile bool isEmpty = true;

    /// <summary>Whether no part has a footer: then every part may have every name.</summary>
    public bool IsEmpty => isEmpty;

    /// <summary>A part has a footer.</summary>
    /// <param name="number">The number of the part.</param>
    /// <param name="part">The part.</param>
    public void Add(int number, FooterPart part)
    {
        // One with few names has none: it gets one block here, once it was asked.
        var blocks = Math.Max(1, part.FilterBlocks);
        lock (gate)
        {
            if (groups.Find(known => known.Blocks == blocks) is not { } group) groups.Add(group = new FilterGroup(blocks));
            places[number] = (group, group.Add(number), part);
            while (grouped.Count <= number / 64) grouped.Add(0);
            grouped[number / 64] |= 1UL << (number % 64);
            isEmpty = false;
        }
    }

    /// <summary>A search that no filter narrows.</summary>
    /// <param name="count">How many parts there are.</param>
    public NameSearch All(int count)
    {
        var search = new NameSearch(this, count, default);
        Array.Fill(search.MayHaveIt, ulong.MaxValue);
        search.Cut();
        return search;
    }

    /// <summary>Which of the first parts may have a name.</summary>
    /// <param name="count">How many parts there are.</param>
    /// <param name="hash">The hash of the name.</param>
    public NameSearch Search(int count, Format.FilterHash hash)
    {
        var search = new NameSearch(this, count, hash);
        lock (gate)
        {
            for (var word = 0; word < search.MayHaveIt.Length; word++)
                search.MayHaveIt[word] = word < grouped.Count ? ~grouped[word] : ulong.MaxValue;
            foreach (var group in groups) group.Search(hash, search);
        }

        search.Cut();
        return search;
    }

    /// <summary>Reads the block of a name in the filter of a part; true where it has none.</summary>
    /// <exception cref="JournalCorruptedException">It is not what was written.</exception>
    public bool Ask(int number, Format.FilterHash hash)
    {
        (FilterGroup Group, int Member, FooterPart Part) place;
        lock (gate) place = places[number];
        if (place.Part.FilterBlocks == 0) return AskFew(place, hash);
        var block = hash.Block(place.Group.Blocks);
        var content = place.Part.FilterBlock(block).Span;
        Take(place, block, content);
        return hash.Allows(content);
    }

    private bool AskFew((FilterGroup Group, int Member, FooterPart Part) place, Format.FilterHash hash)
    {
        lock (gate)
        {
            // The first time its rows are asked; where its names cannot be had they always are.
            if (!place.Group.WasAsked(0, place.Member) || hasNoBlock.Contains(place.Part)) return true;
        }

        if (place.Part.BlockOfFew() is { Span: var content })
        {
            Take(place, 0, content);
            return hash.Allows(content);
        }

        lock (gate) hasNoBlock.Add(place.Part);
        return true;
    }

    private void Take((FilterGroup Group, int Member, FooterPart Part) place, int block, ReadOnlySpan<byte> content)
    {
        lock (gate)
        {
            if (place.Group.WasAsked(block, place.Member) && bytes + place.Group.Growth(block, place.Member) <= MostBytes)
                bytes += place.Group.Take(block, place.Member, content);
        }
    }
}

/// <summary>Which parts may have a name, in any order that is asked for. A filter that was not taken over yet is read when its part is
/// come to. Used by one thread.</summary>
internal sealed class NameSearch(NameFilters filters, int count, Format.FilterHash hash)
{
    private readonly ulong[] unasked = new ulong[(count + 63) / 64];

    /// <summary>A bit for each part that may have the name.</summary>
    public ulong[] MayHaveIt { get; } = new ulong[(count + 63) / 64];

    /// <summary>How many parts there are.</summary>
    public int Count => count;

    /// <summary>Takes over a part whose filter allows the name, or has to be asked yet.</summary>
    public void Add(int number, bool isAsked)
    {
        if (number >= count) return;
        MayHaveIt[number / 64] |= 1UL << (number % 64);
        if (!isAsked) unasked[number / 64] |= 1UL << (number % 64);
    }

    /// <summary>Leaves no bit behind the last part.</summary>
    public void Cut()
    {
        if (count % 64 > 0) MayHaveIt[^1] &= (1UL << (count % 64)) - 1;
    }

    /// <summary>Whether a part may have the name; if not, it surely has not.</summary>
    /// <exception cref="JournalCorruptedException">Its filter is not what was written.</exception>
    public bool MayHave(int number)
    {
        var (word, bit) = (number / 64, 1UL << (number % 64));
        if ((MayHaveIt[word] & bit) == 0) return false;
        if ((unasked[word] & bit) == 0) return true;
        var isAllowed = filters.Ask(number, hash);
        unasked[word] &= ~bit;
        if (!isAllowed) MayHaveIt[word] &= ~bit;
        return isAllowed;
    }

    /// <summary>The first part from a number on that may have the name; -1 for none.</summary>
    /// <exception cref="JournalCorruptedException">A filter is not what was written.</exception>
    public int From(int number)
    {
        for (var next = BitSets.From(MayHaveIt, number); next >= 0; next = BitSets.From(MayHaveIt, next + 1))
            if (MayHave(next)) return next;
        return -1;
    }

    /// <summary>The last part down from a number that may have the name; -1 for none.</summary>
    /// <exception cref="JournalCorruptedException">A filter is not what was written.</exception>
    public int DownFrom(int number)
    {
        for (var next = BitSets.DownFrom(MayHaveIt, number); next >= 0; next = BitSets.DownFrom(MayHaveIt, next - 1))
            if (MayHave(next)) return next;
        return -1;
    }
}
