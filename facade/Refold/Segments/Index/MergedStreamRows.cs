// Rows of streams of all segments, put together stream by stream: a heap of which whole groups of equal names go on at once.
// Made by SegmentIndex.Streams for each page of streams.
namespace Refold.Segments;

/// <summary>What all parts of a journal have of the next stream. Used by one thread.</summary>
internal sealed class MergedStreamRows
{
    // No name is below that of the row above it in the tree: the rows of the lowest name are together at the top.
    private readonly List<(StreamRows Rows, int Part)> heap = [];
    private readonly List<int> lowest = [];
    private int parts;

    /// <summary>Adds the rows of the next part; before the first call of <see cref="TryNext"/>.</summary>
    public void Add(StreamRows rows)
    {
        parts++;
        if (!rows.MoveNext()) return;
        heap.Add((rows, parts));
        for (var place = heap.Count - 1; place > 0 && IsBefore(place, (place - 1) / 2); place = (place - 1) / 2)
            (heap[place], heap[(place - 1) / 2]) = (heap[(place - 1) / 2], heap[place]);
    }

    /// <summary>Puts together what the parts have of the stream with the lowest name, and goes on behind it.</summary>
    /// <param name="stream">The stream, the version up to which it is gone, and its highest version.</param>
    /// <returns>False where no stream is left.</returns>
    /// <exception cref="JournalCorruptedException">A page is not what was written.</exception>
    public bool TryNext(out (StreamId Id, long Gone, long Highest) stream)
    {
        stream = default;
        if (heap.Count == 0) return false;
        FindLowest();
        var (highest, first, gone) = (0L, int.MaxValue, 0L);
        foreach (var place in lowest)
        {
            var (rows, number) = heap[place];
            var part = rows.Part;
            highest = Math.Max(highest, part.Known);
            // Of what came before the first entry that is there nothing is left.
            if (part.Count > 0 && number < first) (first, gone) = (number, part.Lowest - 1);
        }

        stream = (heap[0].Rows.Stream, first == int.MaxValue ? highest : gone, highest);
        GoOn();
        return true;
    }

    // They are the top of the tree, and no row is below one that is not of them.
    private void FindLowest()
    {
        lowest.Clear();
        lowest.Add(0);
        var name = heap[0].Rows.Name;
        for (var next = 0; next < lowest.Count; next++)
        {
            for (var below = 2 * lowest[next] + 1; below <= 2 * lowest[next] + 2 && below < heap.Count; below++)
                if (heap[below].Rows.Name.SequenceEqual(name)) lowest.Add(below);
        }
    }

    // From the bottom to the top, so that what lies below one is in order when it is its turn.
    private void GoOn()
    {
        var hasEnded = false;
        for (var next = lowest.Count - 1; next >= 0; next--)
        {
            var place = lowest[next];
            if (heap[place].Rows.MoveNext())
            {
                if (!hasEnded) Sink(place);
                continue;
            }

            heap[place] = (StreamRows.None, 0);
            hasEnded = true;
        }

        if (!hasEnded) return;
        heap.RemoveAll(static row => ReferenceEquals(row.Rows, StreamRows.None));
        for (var place = heap.Count / 2 - 1; place >= 0; place--) Sink(place);
    }

    private void Sink(int place)
    {
        while (true)
        {
            var least = place;
            for (var below = 2 * place + 1; below <= 2 * place + 2 && below < heap.Count; below++)
                if (IsBefore(below, least)) least = below;
            if (least == place) return;
            (heap[place], heap[least]) = (heap[least], heap[place]);
            place = least;
        }
    }

    private bool IsBefore(int left, int right) => heap[left].Rows.Name.SequenceCompareTo(heap[right].Rows.Name) < 0;
}
