// Sets of numbers as bits of words.
// Used by NameFilters and its searches.
using System.Numerics;

namespace Refold.Segments;

internal static class BitSets
{
    /// <summary>The lowest number of a set at or above another one; -1 for none.</summary>
    public static int From(ReadOnlySpan<ulong> words, int number)
    {
        var word = number / 64;
        if (word >= words.Length) return -1;
        var rest = words[word] & (ulong.MaxValue << (number % 64));
        while (rest == 0)
        {
            if (++word == words.Length) return -1;
            rest = words[word];
        }

        return word * 64 + BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>The highest number of a set at or below another one; -1 for none.</summary>
    public static int DownFrom(ReadOnlySpan<ulong> words, int number)
    {
        if (number < 0) return -1;
        var word = number / 64;
        var rest = words[word] & (ulong.MaxValue >> (63 - number % 64));
        while (rest == 0)
        {
            if (--word < 0) return -1;
            rest = words[word];
        }

        return word * 64 + 63 - BitOperations.LeadingZeroCount(rest);
    }
}
