// Which segments a query goes to, by the filters of its tags and types.
// Made by SegmentIndex for each query and append condition.
namespace Refold.Segments;

/// <summary>The parts that may have a match. Used by one thread.</summary>
internal sealed class PartSearch
{
    private readonly (NameSearch[] Tags, NameSearch[] Types)[] items;

    // A bit for each part that may match, as far as filters were taken over; null for all.
    private readonly ulong[]? mayMatch;
    private readonly int count;

    /// <param name="count">How many parts there are.</param>
    /// <param name="items">For each alternative its tags, all of which an entry must have, and its types, of which it must have one where
    /// there are any; null where every entry matches.</param>
    public PartSearch(int count, (NameSearch[] Tags, NameSearch[] Types)[]? items)
    {
        (this.count, this.items) = (count, items ?? []);
        if (items is null) return;
        mayMatch = new ulong[(count + 63) / 64];
        if (count == 0) return;
        for (var word = 0; word < mayMatch.Length; word++)
            foreach (var item in items) mayMatch[word] |= Allowed(item, word);
        // What asks for no word names no part.
        if (count % 64 > 0) mayMatch[^1] &= (1UL << (count % 64)) - 1;
    }

    /// <summary>The first part from a number on that may have a match; -1 for none.</summary>
    /// <exception cref="JournalCorruptedException">A filter is not what was written.</exception>
    public int From(int number)
    {
        if (mayMatch is null) return number < count ? number : -1;
        var next = BitSets.From(mayMatch, number);
        while (next >= 0 && !MayMatch(next)) next = BitSets.From(mayMatch, next + 1);
        return next;
    }

    /// <summary>Whether a part may have a match; if not, it surely has none.</summary>
    /// <exception cref="JournalCorruptedException">A filter is not what was written.</exception>
    public bool MayMatch(int number) =>
        mayMatch is null
            || ((mayMatch[number / 64] & (1UL << (number % 64))) != 0 && Array.Exists(items, item => MayMatch(item, number)));

    private static bool MayMatch((NameSearch[] Tags, NameSearch[] Types) item, int number) =>
        Array.TrueForAll(item.Tags, tag => tag.MayHave(number))
            && (item.Types.Length == 0 || Array.Exists(item.Types, type => type.MayHave(number)));

    private static ulong Allowed((NameSearch[] Tags, NameSearch[] Types) item, int word)
    {
        var all = ulong.MaxValue;
        foreach (var tag in item.Tags) all &= tag.MayHaveIt[word];
        if (item.Types.Length == 0) return all;
        var any = 0UL;
        foreach (var type in item.Types) any |= type.MayHaveIt[word];
        return all & any;
    }
}
