// Smaller sequences of a failing one: parts left out, then items made smaller.
// Used by the random sequences of the conformance kit and by the laws of aggregates.
namespace Refold.Testing;

internal static class SequenceShrinking
{
    /// <summary>Halves and other large parts first, then one item less, then smaller items.</summary>
    public static IEnumerable<T[]> Shrink<T>(T[] items, Func<T, IEnumerable<T>> smaller)
    {
        for (var size = items.Length / 2; size >= 1; size /= 2)
        {
            for (var start = 0; start + size <= items.Length; start += size)
                yield return [.. items[..start], .. items[(start + size)..]];
        }

        for (var index = 0; index < items.Length; index++)
        {
            foreach (var item in smaller(items[index])) yield return [.. items[..index], item, .. items[(index + 1)..]];
        }
    }

    /// <summary>Two items less, where neither can be left out alone.</summary>
    public static IEnumerable<T[]> WithoutPairs<T>(T[] items)
    {
        for (var first = 0; first < items.Length; first++)
        {
            for (var second = first + 1; second < items.Length; second++)
                yield return [.. items[..first], .. items[(first + 1)..second], .. items[(second + 1)..]];
        }
    }
}
