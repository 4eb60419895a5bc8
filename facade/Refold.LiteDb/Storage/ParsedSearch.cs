// The expressions of a search, parsed once for each thread: parsing costs more than most look-ups.
// Used by Search, whose answers Database reads to the end on the thread that asks.
using LiteDB;

namespace Refold.LiteDb.Storage;

/// <summary>What LiteDB is asked, with values to be put in.</summary>
internal sealed class ParsedSearch
{
    // An expression holds its values, so two threads cannot share one. There are about ten.
    [ThreadStatic]
    private static Dictionary<(string Order, string Predicate, string? Only), ParsedSearch>? parsed;

    private readonly BsonDocument values = [];
    private readonly BsonExpression order;
    private readonly BsonExpression predicate;
    private readonly BsonExpression? only;

    private ParsedSearch(string order, string predicate, string? only)
    {
        this.order = BsonExpression.Create(order);
        this.predicate = BsonExpression.Create(predicate, values);
        this.only = only is null ? null : BsonExpression.Create(only);
    }

    /// <summary>The query with these values; it is to be read to the end before this thread asks for the next.</summary>
    public static LiteDB.Query Query(string order, string predicate, string? only, BsonValue[] values, int direction, int limit)
    {
        parsed ??= [];
        if (!parsed.TryGetValue((order, predicate, only), out var found))
            parsed[(order, predicate, only)] = found = new ParsedSearch(order, predicate, only);
        for (var item = 0; item < values.Length; item++) found.values[item == 0 ? "0" : "1"] = values[item];
        var query = new LiteDB.Query { Limit = limit, OrderBy = found.order, Order = direction };
        query.Where.Add(found.predicate);
        if (found.only is not null) query.Select = found.only;
        return query;
    }
}
