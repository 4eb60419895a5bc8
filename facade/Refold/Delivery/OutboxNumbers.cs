// Which numbers of an outbox are settled: confirmed, or given up and never asked for again. Ranges, so that many cost little.
// Used by OutboxLog.
namespace Refold;

internal sealed class OutboxNumbers
{
    // First and last of each range, rising, with a gap between any two.
    private readonly SortedList<long, long> ranges = [];

    /// <summary>How many there are.</summary>
    public long Count { get; private set; }

    /// <summary>The highest number up to which all are settled; 0 for none.</summary>
    public long To => ranges.Count > 0 && ranges.GetKeyAtIndex(0) == 1 ? ranges.GetValueAtIndex(0) : 0;

    /// <summary>The same where all up to another number need not be settled any more.</summary>
    public long ToBehind(long gone)
    {
        var to = gone;
        foreach (var (first, last) in ranges)
        {
            if (first > to + 1) break;
            to = Math.Max(to, last);
        }

        return to;
    }

    public IReadOnlyList<(long First, long Last)> Ranges => [.. ranges.Select(range => (range.Key, range.Value))];

    public bool Contains(long number) => IndexOf(number) is var index && index >= 0 && ranges.GetValueAtIndex(index) >= number;

    /// <summary>Adds one; false where it was there.</summary>
    public bool Add(long number)
    {
        if (Contains(number)) return false;
        Add(number, number);
        return true;
    }

    /// <summary>Takes one away.</summary>
    public void Remove(long number)
    {
        if (!Contains(number)) return;
        Count--;
        var index = IndexOf(number);
        var (first, last) = (ranges.GetKeyAtIndex(index), ranges.GetValueAtIndex(index));
        ranges.RemoveAt(index);
        if (first < number) ranges.Add(first, number - 1);
        if (number < last) ranges.Add(number + 1, last);
    }

    /// <summary>Adds all of some ranges.</summary>
    public void Add(IEnumerable<(long First, long Last)> more)
    {
        foreach (var (first, last) in more) Add(Math.Max(1, first), last);
    }

    // With what it overlaps or touches it becomes one range, however long that is.
    private void Add(long first, long last)
    {
        if (last < first) return;
        var index = IndexOf(first);
        if (index < 0 || ranges.GetValueAtIndex(index) < first - 1) index++;
        while (index < ranges.Count && (last == long.MaxValue || ranges.GetKeyAtIndex(index) <= last + 1))
        {
            var (start, end) = (ranges.GetKeyAtIndex(index), ranges.GetValueAtIndex(index));
            (first, last) = (Math.Min(first, start), Math.Max(last, end));
            Count -= end - start + 1;
            ranges.RemoveAt(index);
        }

        ranges.Add(first, last);
        Count += last - first + 1;
    }

    // The last range that begins at the number or before; -1 for none.
    private int IndexOf(long number)
    {
        var (low, high) = (0, ranges.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (ranges.GetKeyAtIndex(middle) <= number) low = middle + 1;
            else high = middle - 1;
        }

        return high;
    }
}
