// Every search the adapter makes. Each is one range of one index: LiteDB uses one predicate for that, so a range is a BETWEEN, and
// what is asked for is a parameter, because each other text is compiled and kept for good. Made by Reader and LiteDbIndex.
using LiteDB;

namespace Refold.LiteDb.Storage;

/// <summary>A search in one collection, answered in the order of its index.</summary>
internal sealed class Search
{
    private const string Key = "$._id";

    private readonly string expression;
    private readonly string predicate;
    private readonly BsonValue[] values;
    private readonly string? only;
    private readonly int order;

    // What the answers are ordered by, and within; null where they come in any order.
    private (string Field, BsonValue First, BsonValue Last)? range;

    private Search(
        string collection, string expression, string predicate, BsonValue[] values, string? only = null, int order = LiteDB.Query.Ascending)
    {
        this.order = order;
        Collection = collection;
        this.expression = expression;
        this.predicate = predicate;
        this.values = values;
        this.only = only;
    }

    public string Collection { get; }

    /// <summary>Whether the documents carry a seal.</summary>
    public bool IsSealed => only is null && Collection is not (Collections.Entries or Collections.Snapshots or Collections.SnapshotParts);

    /// <summary>The document with a key.</summary>
    public static Search ById(string collection, BsonValue id) => new(collection, Key, "$._id = @0", [id]) { range = ("_id", id, id) };

    /// <summary>Documents by key, both ends included.</summary>
    public static Search ByIds(string collection, BsonValue first, BsonValue last) => Between(collection, first, last, only: null);

    /// <summary>Keys of documents, both ends included.</summary>
    public static Search Ids(string collection, BsonValue first, BsonValue last) => Between(collection, first, last, "{_id:$._id}");

    /// <summary>The last document by key of a range, both ends included.</summary>
    public static Search LastId(string collection, BsonValue first, BsonValue last) =>
        Between(collection, first, last, only: null, LiteDB.Query.Descending);

    /// <summary>Documents with one of these keys, in any order.</summary>
    public static Search ByAnyId(string collection, IEnumerable<BsonValue> ids) =>
        new(collection, Key, "$._id IN @0", [new BsonArray(ids)]);

    /// <summary>Whether its range is empty; LiteDB would answer it with what equals its beginning.</summary>
    public bool IsEmpty => range is var (_, first, last) && first > last;

    /// <summary>Whether a document is one that can follow: a damaged index points at any, and whoever goes on behind
    /// the last would go in circles.</summary>
    /// <param name="previous">The document before it; null for none.</param>
    /// <param name="document">The document.</param>
    public bool CanFollow(BsonDocument? previous, BsonDocument document)
    {
        if (range is not var (field, first, last)) return true;
        var value = document[field];
        return value >= first && value <= last
            && (previous is null || (order == LiteDB.Query.Ascending ? value > previous[field] : value < previous[field]));
    }

    /// <summary>The query, to be read to the end before this thread makes the next.</summary>
    public LiteDB.Query ToQuery(int limit) => ParsedSearch.Query(expression, predicate, only, values, order, limit);

    private static Search Between(
        string collection, BsonValue first, BsonValue last, string? only, int order = LiteDB.Query.Ascending) =>
        new(collection, Key, "$._id BETWEEN @0 AND @1", [first, last], only, order) { range = ("_id", first, last) };
}
