// Every search the adapter makes. Each is one range of one index: LiteDB uses one predicate for that, so a range is a BETWEEN, and
// what is asked for is a parameter, because each other text is compiled and kept for good. Made by Reader and LiteDbIndex.
using LiteDB;

namespace Refold.LiteDb.Storage;

/// <summary>A search in one collection, answered in the order of its index.</summary>
internal sealed class Search
{
    private const string Key = "$._id";
    private const string VersionKey = "$.k";
    private const string Words = "$.w[*]";

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

    /// <summary>Entries of a stream in version order.</summary>
    public static Search ByVersions(StreamId stream, long first, long last) => Versions(stream, first, last, LiteDB.Query.Ascending);

    /// <summary>The last entries of a stream up to a version, the last first.</summary>
    public static Search LastVersion(StreamId stream, long last) => Versions(stream, 1, last, LiteDB.Query.Descending);

    /// <summary>Positions of entries with a word, in order.</summary>
    public static Search ByWord(Word word, long first, long last) =>
        new(Collections.Entries, Words, "$.w[*] ANY BETWEEN @0 AND @1", [Keys.OfWord(word, first), Keys.OfWord(word, last)], "{_id:$._id}")
        {
            range = ("_id", first, last)
        };

    /// <summary>Positions of entries, in order.</summary>
    public static Search Positions(long first, long last) => Ids(Collections.Entries, first, last);

    /// <summary>Streams and versions of entries in position order: their keys, without what they hold.</summary>
    public static Search VersionKeys(long first, long last) => Between(Collections.Entries, first, last, "{_id:$._id,k:$.k}");

    /// <summary>Entries at these positions.</summary>
    public static Search AtPositions(IEnumerable<long> positions) =>
        new(Collections.Entries, Key, "$._id IN @0", [new BsonArray(positions.Select(position => new BsonValue(position)))]);

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

    private static Search Between(string collection, BsonValue first, BsonValue last, string? only) =>
        new(collection, Key, "$._id BETWEEN @0 AND @1", [first, last], only) { range = ("_id", first, last) };

    private static Search Versions(StreamId stream, long first, long last, int order)
    {
        BsonValue from = Keys.OfVersion(stream, first);
        BsonValue to = Keys.OfVersion(stream, last);
        return new Search(Collections.Entries, VersionKey, "$.k BETWEEN @0 AND @1", [from, to], order: order) { range = ("k", from, to) };
    }
}
