// Finding positions by words: leaps from index range to index range (leapfrog join, Veldhuizen 2014), so
// that the cost follows the rarest word.
// Made by Reader for each query, and by LiteDbIndex for append conditions.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>Positions that match a query, ascending. Used by one thread.</summary>
/// <param name="database">Where to look.</param>
/// <param name="query">What to find.</param>
/// <param name="last">The last position that is looked at.</param>
internal sealed class QueryCursor(Database database, Query query, long last)
{
    private readonly List<IReadOnlyList<IReadOnlyList<RangeCursor>>> items = query.Items.Count == 0
        ? [[[All(database, last)]]]
        : [.. query.Items.Select(item => Demands(database, item, last))];

    /// <summary>The first match at or behind a position; <see cref="long.MaxValue"/> for none.</summary>
    public long Next(long from) => items.Min(item => Next(item, from));

    private static long Next(IReadOnlyList<IReadOnlyList<RangeCursor>> demands, long from)
    {
        var candidate = from;
        while (candidate != long.MaxValue)
        {
            var start = candidate;
            foreach (var alternatives in demands)
            {
                candidate = alternatives.Min(cursor => cursor.Next(candidate));
                if (candidate == long.MaxValue) break;
            }

            if (candidate == start) break;
        }

        return candidate;
    }

    // Each demand is met by one of its alternatives.
    private static IReadOnlyList<IReadOnlyList<RangeCursor>> Demands(Database database, QueryItem item, long last)
    {
        List<IReadOnlyList<RangeCursor>> demands = [.. item.Tags.Select(tag => new[] { Of(database, new Word(WordKind.Tag, tag), last) })];
        if (item.Types.Count > 0)
            demands.Add([.. item.Types.Distinct(StringComparer.Ordinal).Select(type => Of(database, new Word(WordKind.Type, type), last))]);
        return demands.Count > 0 ? demands : [[All(database, last)]];
    }

    private static RangeCursor All(Database database, long last) => new(database, from => Search.Positions(from, last));

    private static RangeCursor Of(Database database, Word word, long last) => new(database, from => Search.ByWord(word, from, last));
}

/// <summary>Positions of one range of an index, fetched ahead in pieces that grow while they are used up.</summary>
internal sealed class RangeCursor(Database database, Func<long, Search> search)
{
    private const int LargestPiece = 512;

    private List<long> piece = [];
    private int size = 1;
    private bool isLast;

    /// <summary>The first position at or behind one; <see cref="long.MaxValue"/> for none.</summary>
    public long Next(long from)
    {
        while (true)
        {
            var index = piece.BinarySearch(from);
            if (index < 0) index = ~index;
            if (index < piece.Count) return piece[index];
            if (isLast) return long.MaxValue;
            piece = [.. database.Find(search(from), size).Select(document => document["_id"].AsInt64)];
            isLast = piece.Count < size;
            size = Math.Min(LargestPiece, size * 8);
        }
    }
}
