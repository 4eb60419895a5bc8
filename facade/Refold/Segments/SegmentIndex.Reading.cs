// Finding rows: of a stream, from a position on, by tags and types. The reads themselves happen outside the lock, page by page.
// Called by SegmentJournal and, for append conditions, through AppendIndex.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    // Large enough that locking costs little beside reading.
    private const int PageSize = 256;

    // Rows ascending, by outward tag (so `kind:` tags answer for provenance) and by type.
    private readonly Dictionary<string, List<int>> tagged = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> typed = new(StringComparer.Ordinal);

    /// <summary>Rows of a stream, as of this call.</summary>
    /// <exception cref="EntriesDroppedException">The first version was deleted.</exception>
    public IEnumerable<EntryRow> OfStream(StreamId id, long fromVersion, long toVersion, long maxCount)
    {
        lock (gate)
        {
            if (!streams.TryGetValue(id, out var stream)) return [];
            var from = Math.Max(1, fromVersion);
            if (from <= stream.Floor) throw new EntriesDroppedException(id, stream.Floor);
            if (from > stream.Highest || toVersion < from || maxCount <= 0) return [];
            var count = Math.Min(maxCount, Math.Min(toVersion, stream.Highest) - from + 1);
            var start = (int)Math.Max(0, from - stream.First);
            return Pages(start, start + (int)count, item => rows[stream.Rows[item]], long.MaxValue);
        }
    }

    /// <summary>Rows from a position on, as of this call.</summary>
    public IEnumerable<EntryRow> From(long position, long maxCount)
    {
        lock (gate)
        {
            var moment = deletions;
            return Pages(RowAt(position), rows.Count, item => rows[item].Version > rows[item].Stream.FloorAt(moment) ? rows[item] : null, maxCount);
        }
    }

    /// <summary>Matches from a position on, with the head position they were found at.</summary>
    public (long AsOf, List<EntryRow> Rows) Find(Core.Query query, long fromPosition, long maxCount)
    {
        lock (gate)
        {
            var found = new List<EntryRow>();
            for (var row = Next(query, RowAt(fromPosition)); row >= 0 && found.Count < maxCount; row = Next(query, row + 1))
            {
                if (rows[row].Version > rows[row].Stream.Floor) found.Add(rows[row]);
            }

            return (head.Position, found);
        }
    }

    /// <summary>The first match or hole after a position; 0 for none. What was deleted, or never came, cannot be asked and counts as a match.</summary>
    public override long FirstMatchAfter(Core.Query query, long after)
    {
        lock (gate)
        {
            var row = Next(query, RowAt(after + 1));
            var match = row < 0 ? long.MaxValue : rows[row].Position;
            var gap = LowerBound(gaps.Count, item => gaps[item].Last > after);
            if (gap < gaps.Count) match = Math.Min(match, Math.Max(gaps[gap].First, after + 1));
            var gone = deleted.GetViewBetween(after + 1, long.MaxValue);
            // The least of an empty view is 0; its count would be counted one by one.
            if (gone.Min != 0) match = Math.Min(match, gone.Min);
            return match == long.MaxValue ? 0 : match;
        }
    }

    private void AddWords(Core.EntryData data, int row)
    {
        foreach (var tag in Core.Tags.toOutward(data.Role, data.Tags)) Add(tagged, tag, row);
        Add(typed, data.Type, row);

        static void Add(Dictionary<string, List<int>> words, string word, int row)
        {
            if (!words.TryGetValue(word, out var list)) words[word] = list = [];
            list.Add(row);
        }
    }

    private int RowAt(long position) => LowerBound(rows.Count, item => rows[item].Position >= position);

    /// <summary>The first row at or behind one that matches; -1 for none.</summary>
    private int Next(Core.Query query, int from)
    {
        if (query.Items.IsEmpty) return from < rows.Count ? from : -1;
        var least = -1;
        foreach (var item in query.Items)
        {
            var next = Next(item, from);
            if (next >= 0 && (least < 0 || next < least)) least = next;
        }

        return least;
    }

    // Leaps from list to list, so that the cost follows the rarest word.
    private int Next(Core.QueryItem item, int from)
    {
        var candidate = from;
        while (true)
        {
            var start = candidate;
            foreach (var tag in Demands(item))
            {
                candidate = NextIn(tagged, tag, candidate);
                if (candidate < 0) return -1;
            }

            if (!item.Types.IsEmpty)
            {
                var nearest = item.Types.Select(type => NextIn(typed, type, candidate)).Where(row => row >= 0).DefaultIfEmpty(-1).Min();
                if (nearest < 0) return -1;
                candidate = nearest;
            }

            if (candidate == start) return candidate < rows.Count ? candidate : -1;
        }
    }

    private static IEnumerable<string> Demands(Core.QueryItem item)
    {
        foreach (var tag in item.Tags) yield return tag.Value;
        if (item.Kind is { } kind) yield return Core.EntryKindModule.tag(kind.Value);
    }

    private static int NextIn(Dictionary<string, List<int>> words, string word, int from)
    {
        if (!words.TryGetValue(word, out var list)) return -1;
        var index = list.BinarySearch(from);
        if (index < 0) index = ~index;
        return index < list.Count ? list[index] : -1;
    }

    private IEnumerable<EntryRow> Pages(int from, int to, Func<int, EntryRow?> row, long maxCount)
    {
        var page = new List<EntryRow>(PageSize);
        var left = maxCount;
        while (from < to && left > 0)
        {
            page.Clear();
            lock (gate)
            {
                for (; from < to && page.Count < PageSize; from++)
                {
                    if (row(from) is { } found) page.Add(found);
                }
            }

            foreach (var found in page)
            {
                if (left-- <= 0) yield break;
                yield return found;
            }
        }
    }
}
