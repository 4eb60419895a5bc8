// Finding positions by words: leaps from index range to index range (leapfrog join, Veldhuizen 2014), so
// that the cost follows the rarest word.
// Made by Reader for each query, and by LiteDbIndex for append conditions.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>Positions that match a query, ascending. Used by one thread.</summary>
/// <param name="database">Where to look.</param>
/// <param name="query">What to find.</param>
/// <param name="view">The moment that is looked at.</param>
internal sealed class QueryCursor(Database database, Query query, View view)
{
    private readonly IReadOnlyList<IReadOnlyList<IReadOnlyList<PositionCursor>>> items = query.Items.Count == 0
        ? [[[new PositionCursor(view, null)]]]
        : [.. query.Items.Select(item => Demands(database, item, view))];

    /// <summary>The position of the first match at or behind one; <see cref="long.MaxValue"/> for none.</summary>
    public long Next(long from) => Find(from).Position;

    /// <summary>The first match at or behind a position; its position is <see cref="long.MaxValue"/> for none, and its block 0 where no
    /// word told it.</summary>
    public EntryPlace Find(long from) => items.Select(item => Next(item, from)).MinBy(place => place.Position);

    private static EntryPlace Next(IReadOnlyList<IReadOnlyList<PositionCursor>> demands, long from)
    {
        var candidate = new EntryPlace(from, from, 0);
        while (candidate.Position != long.MaxValue)
        {
            var start = candidate.Position;
            foreach (var alternatives in demands)
            {
                candidate = alternatives.Select(cursor => cursor.Next(candidate.Position)).MinBy(place => place.Position);
                if (candidate.Position == long.MaxValue) break;
            }

            if (candidate.Position == start) break;
        }

        return candidate;
    }

    // Each demand is met by one of its alternatives.
    private static IReadOnlyList<IReadOnlyList<PositionCursor>> Demands(Database database, QueryItem item, View view)
    {
        List<IReadOnlyList<PositionCursor>> demands =
            [.. item.Tags.Select(tag => new[] { Of(database, new Word(WordKind.Tag, tag), view) })];
        if (item.Types.Count > 0)
            demands.Add([.. item.Types.Distinct(StringComparer.Ordinal).Select(type => Of(database, new Word(WordKind.Type, type), view))]);
        return demands.Count > 0 ? demands : [[new PositionCursor(view, null)]];
    }

    // What no entry can have lies nowhere: as a key it could be that of another word.
    private static PositionCursor Of(Database database, Word word, View view) =>
        word.IsText ? new(view, PlaceCursor.Of(database, view, word)) : new(view, null) { IsNone = true };
}

/// <summary>Positions of one word, or of every entry, up to the moment that is looked at.</summary>
/// <param name="view">The moment.</param>
/// <param name="places">The places of the word; null for every entry.</param>
internal sealed class PositionCursor(View view, PlaceCursor? places)
{
    private static readonly EntryPlace None = new(long.MaxValue, long.MaxValue, 0);

    /// <summary>Whether there is none at all.</summary>
    public bool IsNone { get; init; }

    /// <summary>The first place at or behind a position.</summary>
    public EntryPlace Next(long from)
    {
        if (IsNone || from > view.LastPosition) return None;
        var found = places is null ? new EntryPlace(0, view.NextEntry(from - 1), 0) : places.Next(from) ?? None;
        return found.Position <= view.LastPosition ? found : None;
    }
}
