// A query over one segment: from match to match.
// Made by SegmentIndex for each segment that a query or an append condition comes to.
namespace Refold.Segments;

/// <summary>Finds matches by leaping from list to list, so that the cost follows the rarest word (leapfrog join, Veldhuizen
/// 2014). Used by one thread.</summary>
internal sealed class PartQuery
{
    private readonly IndexPart part;
    private readonly bool isAll;

    // For each alternative: for each demand the lists of which any will do; and where it matches next.
    private readonly List<(Func<int, int>[][] Demands, int Next)> items = [];

    public PartQuery(IndexPart part, Core.Query query)
    {
        this.part = part;
        isAll = query.Items.IsEmpty;
        foreach (var item in query.Items)
        {
            if (Demands(part, item) is { } demands) items.Add((demands, 0));
        }
    }

    /// <summary>The first match at or behind a number; -1 for none. Never asked for a number below one it was asked for.</summary>
    public int Next(int from)
    {
        if (isAll) return from < part.Count ? from : -1;
        var least = -1;
        for (var number = 0; number < items.Count; number++)
        {
            var (demands, next) = items[number];
            if (next >= 0 && (next < from || next == 0))
            {
                next = Next(demands, from);
                items[number] = (demands, next);
            }

            if (next >= 0 && (least < 0 || next < least)) least = next;
        }

        return least;
    }

    /// <summary>The tags that an entry must have for an alternative.</summary>
    public static IEnumerable<string> Tags(Core.QueryItem item)
    {
        IEnumerable<string> tags = item.Tags.Select(tag => tag.Value);
        return item.Kind is { } kind ? tags.Append(Core.EntryKindModule.tag(kind.Value)) : tags;
    }

    /// <summary>The lists that an alternative needs; null where the segment has no entry for one of its demands.</summary>
    private static Func<int, int>[][]? Demands(IndexPart part, Core.QueryItem item)
    {
        var demands = new List<Func<int, int>[]>();
        foreach (var tag in Tags(item))
        {
            if (part.Tagged(tag) is not { } list) return null;
            demands.Add([list]);
        }

        if (!item.Types.IsEmpty)
        {
            Func<int, int>[] types = [.. item.Types.Distinct().Select(type => part.OfType(type)).OfType<Func<int, int>>()];
            if (types.Length == 0) return null;
            demands.Add(types);
        }

        return [.. demands];
    }

    private int Next(Func<int, int>[][] demands, int from)
    {
        var candidate = from;
        while (true)
        {
            var start = candidate;
            foreach (var lists in demands)
            {
                var nearest = -1;
                foreach (var list in lists)
                {
                    var next = list(candidate);
                    if (next >= 0 && (nearest < 0 || next < nearest)) nearest = next;
                }

                if (nearest < 0) return -1;
                candidate = nearest;
            }

            if (candidate == start) return candidate < part.Count ? candidate : -1;
        }
    }
}
