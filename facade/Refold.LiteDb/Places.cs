// Where the entries of a name lie, a name being a stream, a type or an outward tag: places in order, and their form in documents.
// Used by RecentPlaces, PlaceCursor, PlaceChange and the verification.
using System.Buffers.Binary;
using System.Text;
using LiteDB;

namespace Refold.LiteDb;

/// <summary>Where an entry lies.</summary>
/// <param name="Number">Its version, where the name is a stream; otherwise its position.</param>
/// <param name="Position">Its position.</param>
/// <param name="Block">The last position of its block.</param>
internal readonly record struct EntryPlace(long Number, long Position, long Block);

/// <summary>Places of one name, ascending. One thread adds; any thread reads.</summary>
internal sealed class PlaceList
{
    private EntryPlace[] items = new EntryPlace[2];
    private int count;

    /// <summary>The places that are there.</summary>
    public ReadOnlySpan<EntryPlace> Items
    {
        get
        {
            // Behind the count: an array that is read then has at least so many.
            var seen = Volatile.Read(ref count);
            return Volatile.Read(ref items).AsSpan(0, seen);
        }
    }

    public void Add(EntryPlace place)
    {
        if (count == items.Length)
        {
            var larger = new EntryPlace[2 * count];
            items.CopyTo(larger, 0);
            Volatile.Write(ref items, larger);
        }

        items[count] = place;
        Volatile.Write(ref count, count + 1);
    }
}

/// <summary>A name whose places are kept: its document holds the last of them, documents of their own the pieces before.</summary>
internal readonly struct PlaceOwner
{
    // Before the bytes of a stream's name; those of a word begin with its kind, which is another.
    private const byte StreamKind = 0;

    private readonly byte[] prefix;

    private PlaceOwner(string collection, byte[] id, byte[] prefix) => (Collection, Id, this.prefix) = (collection, id, prefix);

    /// <summary>Where its document lies.</summary>
    public string Collection { get; }

    /// <summary>The key of its document.</summary>
    public byte[] Id { get; }

    /// <summary>Whether its places have versions.</summary>
    public bool IsStream => Collection == Collections.Streams;

    public static PlaceOwner Of(StreamId stream) => Of(Collections.Streams, Keys.OfStream(stream));

    public static PlaceOwner Of(Word word) => Of(Collections.Words, Keys.OfWord(word));

    /// <summary>The name of a document of a collection.</summary>
    public static PlaceOwner Of(string collection, byte[] id) =>
        new(collection, id, collection == Collections.Streams ? [StreamKind, .. id] : id);

    /// <summary>The name that a piece belongs to.</summary>
    public static PlaceOwner OfPiece(byte[] key)
    {
        if (key.Length < sizeof(long) + 2 || key[^(sizeof(long) + 1)] != 0)
            throw new InvalidDataException("a piece of places has another key");
        var name = key.AsSpan(0, key.Length - sizeof(long) - 1);
        return name[0] == StreamKind ? Of(Collections.Streams, name[1..].ToArray()) : Of(Collections.Words, name.ToArray());
    }

    /// <summary>The key of a piece that ends with a number.</summary>
    public byte[] PieceKey(long last)
    {
        var key = new byte[prefix.Length + 1 + sizeof(long)];
        prefix.CopyTo(key, 0);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(key.Length - sizeof(long)), last);
        return key;
    }

    /// <summary>Its stream.</summary>
    public StreamId ToStream() => StreamId.Create(Encoding.UTF8.GetString(Id));

    /// <summary>Its word.</summary>
    public Word ToWord() => new((WordKind)Id[0], Encoding.UTF8.GetString(Id, 1, Id.Length - 1));
}

/// <summary>Places in bytes: for each, how far its version (of a stream) and its position lie behind those before it, and the end of its
/// block behind it; seven bits a byte.</summary>
internal static class PackedPlaces
{
    public static byte[] Write(ReadOnlySpan<EntryPlace> places, bool hasVersions)
    {
        var (packed, last) = (new PackedNumbers(), default(EntryPlace));
        foreach (var place in places)
        {
            if (hasVersions) packed.Put((ulong)(place.Number - last.Number));
            packed.Put((ulong)(place.Position - last.Position));
            packed.Put((ulong)(place.Block - place.Position));
            last = place;
        }

        return packed.ToArray();
    }

    /// <exception cref="InvalidDataException">They are not in order.</exception>
    public static EntryPlace[] Read(byte[] bytes, bool hasVersions)
    {
        var (places, last) = (new List<EntryPlace>(bytes.Length / 3), default(EntryPlace));
        for (var at = 0; at < bytes.Length;)
        {
            var number = hasVersions ? checked(last.Number + PackedNumbers.NextLong(bytes, ref at, least: 1)) : 0;
            var position = checked(last.Position + PackedNumbers.NextLong(bytes, ref at, least: 1));
            var block = checked(position + PackedNumbers.NextLong(bytes, ref at, least: 0));
            places.Add(last = new EntryPlace(hasVersions ? number : position, position, block));
        }

        return [.. places];
    }

    /// <summary>The places of a piece, which its key has to name.</summary>
    public static EntryPlace[] ReadPiece(BsonDocument document, bool hasVersions) =>
        Read(document["p"].AsBinary, hasVersions) is { Length: > 0 } places
        && Keys.LastNumber(document["_id"].AsBinary) == places[^1].Number
            ? places
            : throw new InvalidDataException("a piece of places has another key");

    /// <summary>The last places of a name, from its document; none where there is none.</summary>
    public static EntryPlace[] ReadLast(BsonDocument? document, bool hasVersions)
    {
        if (document is null) return [];
        var places = Read(document["p"].AsBinary, hasVersions);
        // Or the next append would give a version away a second time.
        return hasVersions && places.Length > 0 && places[^1].Number > document["v"].AsInt64
            ? throw new InvalidDataException("a stream's highest version lies below that of an entry")
            : places;
    }
}
