// Binary search over numbers.
// Called wherever an index looks something up that ascends.
namespace Refold.Segments;

internal static class Search
{
    /// <summary>The lowest number below a count for which a condition holds that holds for all above it; the
    /// count where there is none.</summary>
    public static int LowerBound(int count, Func<int, bool> holds)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (holds(middle)) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
