// The names of a segment that grows, in the order of their UTF-8 bytes, for those who go through them.
// Used by MemoryPart, under its lock.
namespace Refold.Segments;

/// <summary>Numbers of names in the order of the names. Names that came since they were sorted last are few: they are looked through, and
/// sorted in once they are more.</summary>
/// <param name="count">How many names there are.</param>
/// <param name="nameOf">The name of a number.</param>
internal sealed class SortedNames(Func<int> count, Func<int, string> nameOf)
{
    // Few enough to be looked through for each page of names.
    private const int FewNames = 64;

    private int[] sorted = [];

    /// <summary>The first names from one on.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isAfter">Whether the name itself is left out.</param>
    /// <param name="most">How many at most.</param>
    /// <returns>Their numbers.</returns>
    public IEnumerable<int> From(string name, bool isAfter, int most)
    {
        if (count() - sorted.Length > FewNames) Sort();
        var first = Search.LowerBound(sorted.Length, place => IsFrom(sorted[place]));
        var later = Enumerable.Range(sorted.Length, count() - sorted.Length).Where(IsFrom).ToList();
        later.Sort(Compare);
        return Merged(sorted.Skip(first), later).Take(most);

        bool IsFrom(int number) => Core.Text.compareUtf8(nameOf(number), name) >= (isAfter ? 1 : 0);
    }

    private int Compare(int left, int right) => Core.Text.compareUtf8(nameOf(left), nameOf(right));

    private void Sort()
    {
        var later = Enumerable.Range(sorted.Length, count() - sorted.Length).ToArray();
        Array.Sort(later, Compare);
        sorted = [.. Merged(sorted, later)];
    }

    private IEnumerable<int> Merged(IEnumerable<int> left, IReadOnlyList<int> right)
    {
        var next = 0;
        foreach (var number in left)
        {
            while (next < right.Count && Compare(right[next], number) < 0) yield return right[next++];
            yield return number;
        }

        while (next < right.Count) yield return right[next++];
    }
}
