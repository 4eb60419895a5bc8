// The versions of a receipt: gathered from its entries, or kept in documents of their own where a compaction removed entries.
// Used by LiteDbIndex to answer a repeated append, and by StoredJournal and Rebuild.
using System.Text;
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>Versions per stream, streams in order of appearance.</summary>
internal sealed class ReceiptVersions
{
    /// <summary>Documents that hold the versions of a receipt.</summary>
    public const string OfReceipt = "r";

    /// <summary>Documents that hold the versions of dropped leaves.</summary>
    public const string OfLeaves = "l";

    // A name has 512 bytes at most, and a document 16 MB.
    private const int PartItems = 4096;

    private readonly Dictionary<StreamId, int> places = [];

    public List<StreamVersions> List { get; } = [];

    /// <summary>Documents that hold versions.</summary>
    private static List<BsonDocument> Parts(string kind, long batch, IEnumerable<StreamVersions> versions) =>
    [
        .. versions.Chunk(PartItems).Select((chunk, part) => new BsonDocument
        {
            ["_id"] = PartId(kind, batch, part),
            ["s"] = new BsonArray(
                chunk.Select(item => new BsonDocument { ["s"] = Keys.OfStream(item.Stream), ["f"] = item.First, ["l"] = item.Last })),
        }),
    ];

    /// <summary>Documents that hold the versions of a receipt, and its key, which is lost with none of them.</summary>
    public static List<BsonDocument> PartsOfReceipt(string key, Receipt receipt)
    {
        var parts = Parts(OfReceipt, receipt.FirstPosition, receipt.Versions);
        foreach (var part in parts) part["k"] = Encoding.UTF8.GetBytes(key);
        return parts;
    }

    /// <summary>What such documents hold.</summary>
    public static IEnumerable<StreamVersions> OfKey(Database database, KeyRow row) => Parts(database, row).SelectMany(Versions);

    /// <summary>The same; null where there are none, or those of another key.</summary>
    public static List<StreamVersions>? OfKey(Database database, KeyRow row, string key)
    {
        var parts = Parts(database, row).ToList();
        if (parts.Count == 0 || parts.Exists(part => part["k"] != Encoding.UTF8.GetBytes(key))) return null;
        return [.. parts.SelectMany(Versions)];
    }

    private static IEnumerable<BsonDocument> Parts(Database database, KeyRow row) =>
        Enumerable.Range(0, row.ReceiptParts).Select(part => database.Get(Collections.Receipts, PartId(OfReceipt, row.First, part))!);

    /// <summary>Documents that hold the versions and the latest times of dropped leaves.</summary>
    public static List<BsonDocument> PartsOfLeaves(long batch, IReadOnlyList<DroppedLeaf> leaves)
    {
        var parts = Parts(OfLeaves, batch, leaves.Select(leaf => leaf.Versions));
        foreach (var (part, chunk) in parts.Zip(leaves.Chunk(PartItems)))
            part["t"] = new BsonArray(chunk.Select(leaf => Times.Write(leaf.Latest)));
        return parts;
    }

    /// <summary>What such documents hold.</summary>
    public static IEnumerable<DroppedLeaf> KeptLeaves(Database database, long batch, int parts)
    {
        foreach (var part in Enumerable.Range(0, parts))
        {
            var document = database.Get(Collections.Receipts, PartId(OfLeaves, batch, part))!;
            var (versions, times) = (Versions(document).ToList(), document["t"].AsArray);
            if (versions.Count != times.Count) throw new InvalidDataException("dropped leaves without a time each");
            foreach (var (leaf, time) in versions.Zip(times)) yield return new DroppedLeaf(leaf, Times.Read(time));
        }
    }

    /// <summary>Adds an entry.</summary>
    public void Add(JournalEntry entry) => Add(new StreamVersions(entry.Stream, entry.Version, entry.Version));

    /// <summary>Adds versions behind those of the same stream.</summary>
    public void Add(StreamVersions versions)
    {
        if (places.TryGetValue(versions.Stream, out var place))
        {
            List[place] = new StreamVersions(versions.Stream, List[place].First, versions.Last);
            return;
        }

        places[versions.Stream] = List.Count;
        List.Add(versions);
    }

    /// <summary>What a document that holds versions belongs to.</summary>
    public static (string Kind, long Batch, int Part) Id(BsonDocument document) =>
        document["_id"].AsArray is var id ? (id[0].AsString, id[1].AsInt64, id[2].AsInt32) : default;

    private static IEnumerable<StreamVersions> Versions(BsonDocument document) =>
        from item in document["s"].AsArray
        select new StreamVersions(StreamId.Create(Encoding.UTF8.GetString(item["s"].AsBinary)), item["f"].AsInt64, item["l"].AsInt64);

    private static BsonValue PartId(string kind, long batch, int part) => new BsonArray(kind, batch, part);
}
