// A checksum over a small document, in the document: LiteDB has none over its pages.
// Put on every document but entries and snapshots, which have their own; taken off by Database when it reads.
using LiteDB;

namespace Refold.LiteDb;

internal static class Seal
{
    private const string Field = "x";

    /// <summary>Adds the checksum of everything else.</summary>
    public static BsonDocument Sealed(this BsonDocument document)
    {
        document[Field] = Checksum(document);
        return document;
    }

    /// <summary>The document, if it is what was written.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static BsonDocument Unsealed(this BsonDocument document)
    {
        var id = document["_id"];
        return document[Field] is { IsInt64: true } found && document.Remove(Field) && found.AsInt64 == Checksum(document)
            ? document
            : throw new InvalidDataException($"the document {id} is not what was written");
    }

    private static long Checksum(BsonDocument document) => Core.Checksum.plain(BsonSerializer.Serialize(document));
}
