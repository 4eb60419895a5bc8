// The versions of a receipt: gathered from the keys of its entries, or kept in documents of their own where a compaction removed entries.
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
    public static List<BsonDocument> Parts(string kind, long batch, IEnumerable<StreamVersions> versions) =>
    [
        .. versions.Chunk(PartItems).Select((chunk, part) => new BsonDocument
        {
            ["_id"] = PartId(kind, batch, part),
            ["s"] = new BsonArray(
                chunk.Select(item => new BsonDocument { ["s"] = Keys.OfStream(item.Stream), ["f"] = item.First, ["l"] = item.Last })),
        }),
    ];

    /// <summary>What such documents hold.</summary>
    public static IEnumerable<StreamVersions> Kept(Database database, string kind, long batch, int parts) =>
        from part in Enumerable.Range(0, parts)
        from item in database.Get(Collections.Receipts, PartId(kind, batch, part))!["s"].AsArray
        select new StreamVersions(StreamId.Create(Encoding.UTF8.GetString(item["s"].AsBinary)), item["f"].AsInt64, item["l"].AsInt64);

    /// <summary>Documents that hold the versions and the latest times of dropped leaves.</summary>
    public static List<BsonDocument> PartsOfLeaves(long batch, IReadOnlyList<DroppedLeaf> leaves)
    {
        var parts = Parts(OfLeaves, batch, leaves.Select(leaf => leaf.Versions));
        foreach (var (part, chunk) in parts.Zip(leaves.Chunk(PartItems)))
            part["t"] = new BsonArray(chunk.Select(leaf => Times.Write(leaf.Latest)));
        return parts;
    }

    /// <summary>What such documents hold.</summary>
    public static IEnumerable<DroppedLeaf> KeptLeaves(Database database, long batch, int parts) =>
        Kept(database, OfLeaves, batch, parts).Zip(
            from part in Enumerable.Range(0, parts)
            from time in database.Get(Collections.Receipts, PartId(OfLeaves, batch, part))!["t"].AsArray
            select Times.Read(time),
            (versions, latest) => new DroppedLeaf(versions, latest));

    /// <summary>Adds an entry by its key.</summary>
    public void Add(byte[] versionKey) =>
        Add(
            new StreamVersions(
                StreamId.Create(Encoding.UTF8.GetString(versionKey, 0, versionKey.Length - sizeof(long) - 1)), Keys.LastNumber(versionKey),
                Keys.LastNumber(versionKey)));

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

    private static BsonValue PartId(string kind, long batch, int part) => new BsonArray(kind, batch, part);
}
