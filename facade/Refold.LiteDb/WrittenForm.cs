// Whether documents are exactly what is written of what they say: none of an unknown name, no value of another type, no byte too many.
// Called by LiteDbVerification; what the values have to be is for DerivedDocuments to say.
using System.Text;
using LiteDB;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

internal static class WrittenForm
{
    /// <summary>Whether two documents are the same, also in the types of their values, and in the order of their fields.</summary>
    public static bool Is(BsonDocument found, BsonDocument written) =>
        BsonSerializer.Serialize(found).AsSpan().SequenceEqual(BsonSerializer.Serialize(written));

    /// <summary>The first of the single documents, floors, keys and gaps that is none; null where all are in order.</summary>
    public static DerivedFault? Fault(Database database) =>
        All(database, Collections.Meta, BsonValue.MinValue, BsonValue.MaxValue, document => Single(database, document))
        ?? All(database, Collections.Floors, Array.Empty<byte>(), Keys.AboveNames,
            document => Floor.Read(document).Write(StreamId.Create(Name(document))))
        ?? All(database, Collections.Keys, Array.Empty<byte>(), Keys.AboveNames, document => KeyRow.Read(document).Write(Name(document)))
        ?? All(database, Collections.Gaps, 0L, long.MaxValue,
            document => new BsonDocument { ["_id"] = document["_id"].AsInt64, ["l"] = document["l"].AsInt64 })
        ?? Fields(database, Collections.Streams, "_id v p")
        ?? Fields(database, Collections.Words, "_id p")
        ?? Fields(database, Collections.Places, "_id p")
        ?? Fields(database, Collections.Beginning, "_id h v")
        ?? Fields(database, Collections.Receipts, "_id s k", "_id s t");

    private static DerivedFault? All(
        Database database, string collection, BsonValue first, BsonValue last, Func<BsonDocument, BsonDocument?> written)
    {
        foreach (var document in database.All(from => Search.ByIds(collection, from, last), first))
        {
            var id = document["_id"];
            if (written(document) is not { } again || !Is(document, again))
                return new($"the document {id} of the collection '{collection}' is not as one is written");
        }

        return null;
    }

    /// <summary>The same of documents whose values are compared elsewhere: they have these fields and no others.</summary>
    private static DerivedFault? Fields(Database database, string collection, params string[] fields) => All(
        database, collection, BsonValue.MinValue, BsonValue.MaxValue,
        document => fields.Contains(string.Join(' ', document.Keys)) ? document : null);

    private static BsonDocument? Single(Database database, BsonDocument document) => document["_id"].AsString switch
    {
        Format.Id => Format.Write(database.Journal, StoreKind.Journal),
        Progress.Id => Progress.Read(document).Write(),
        IdRuns.Id => IdRuns.Write(IdRuns.Read(document)),
        // Its values are compared elsewhere.
        Base.Id => string.Join(' ', document.Keys) == "_id pos hash frame n t p m s" ? document : null,
        _ => null,
    };

    private static string Name(BsonDocument document) => Encoding.UTF8.GetString(document["_id"].AsBinary);
}
