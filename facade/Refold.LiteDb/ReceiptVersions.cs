// The versions of a receipt: gathered from the keys of its entries, or kept in documents of their own where a compaction removed entries.
// Used by LiteDbIndex to answer a repeated append, and by Rebuild.
using System.Text;
using LiteDB;

namespace Refold.LiteDb;

/// <summary>Versions per stream, streams in order of appearance.</summary>
internal sealed class ReceiptVersions
{
    private readonly Dictionary<StreamId, int> places = [];

    public List<Core.StreamVersions> List { get; } = [];

    /// <summary>The key of one document of a batch's receipt.</summary>
    public static BsonValue PartId(long batch, int part) => new BsonArray(new BsonValue(batch), new BsonValue(part));

    /// <summary>Adds an entry by its key.</summary>
    public void Add(byte[] versionKey) =>
        Add(StreamId.Create(Encoding.UTF8.GetString(versionKey, 0, versionKey.Length - sizeof(long) - 1)), Keys.LastNumber(versionKey), Keys.LastNumber(versionKey));

    /// <summary>Adds what a document holds.</summary>
    public void AddPart(BsonDocument document)
    {
        foreach (var item in document["s"].AsArray)
            Add(StreamId.Create(Encoding.UTF8.GetString(item["s"].AsBinary)), item["f"].AsInt64, item["l"].AsInt64);
    }

    /// <summary>Documents that hold the versions.</summary>
    public static IEnumerable<BsonDocument> Parts(long batch, IEnumerable<Core.StreamVersions> versions) =>
        versions.Chunk(LiteDbIndex.ReceiptPart).Select((chunk, part) => new BsonDocument
        {
            ["_id"] = PartId(batch, part),
            ["s"] = new BsonArray(chunk.Select(item => new BsonDocument { ["s"] = Keys.OfStream(item.Stream), ["f"] = item.First, ["l"] = item.Last })),
        });

    private void Add(StreamId stream, long first, long last)
    {
        if (places.TryGetValue(stream, out var place))
        {
            List[place] = new Core.StreamVersions(stream, List[place].First, last);
            return;
        }

        places[stream] = List.Count;
        List.Add(new Core.StreamVersions(stream, first, last));
    }
}
