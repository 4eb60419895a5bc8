// One entry as a document: its place, its canonical bytes as they were hashed, a checksum over both, and the words it is found by.
// Written by LiteDbLog and Rebuild; read by Reader, which believes nothing that does not check.
using System.Buffers.Binary;
using LiteDB;

namespace Refold.LiteDb;

/// <summary>Entries as documents of one journal.</summary>
/// <param name="journal">The journal's id: an entry that strayed from another journal does not check.</param>
/// <param name="file">How errors name the file.</param>
internal sealed class EntryDocument(Guid journal, string file)
{
    private readonly uint seed = Core.Checksum.seed(journal);

    /// <summary>The entry at an index of a batch.</summary>
    public BsonDocument Write(PlacedBatch batch, int item, JournalEntry entry)
    {
        var (position, version, canonical) = (batch.Position(item), batch.Version(item), batch.CanonicalBytes(item));
        return new BsonDocument
        {
            ["_id"] = position,
            ["k"] = Keys.OfVersion(batch.Stream(item), version),
            ["b"] = batch.FirstPosition,
            ["d"] = canonical.ToArray(),
            ["x"] = (long)Checksum(position, version, batch.FirstPosition, canonical.Span),
            ["w"] = Words(entry),
        };
    }

    /// <summary>The entry of a document, checked.</summary>
    /// <exception cref="JournalCorruptedException">The document is not what was written.</exception>
    public StoredEntry Read(BsonDocument document)
    {
        if (
            document["_id"] is not { IsInt64: true } id || document["k"] is not { IsBinary: true } key
                || document["b"] is not { IsInt64: true } batch || document["d"] is not { IsBinary: true } bytes
                || key.AsBinary.Length <= sizeof(long))
            throw Corrupt(document["_id"], "the fields of an entry", "something else");
        var position = id.AsInt64;
        var version = Keys.LastNumber(key.AsBinary);
        var canonical = bytes.AsBinary;
        var checksum = Checksum(position, version, batch.AsInt64, canonical);
        if (document["x"] is not { IsInt64: true } expected || expected.AsInt64 != checksum)
            throw new JournalCorruptedException(
                file, 0, $"the checksum of the entry at position {position}", $"{document["x"].RawValue}", $"{checksum}");
        if (JournalEntry.TryRead(position, version, batch.AsInt64, canonical) is not { } entry)
            throw Corrupt(id, "canonical bytes", "bytes that are no entry");
        return key.AsBinary.AsSpan().SequenceEqual(Keys.OfVersion(entry.Stream, version))
            ? new StoredEntry(entry, canonical)
            : throw Corrupt(id, "the key of its stream and version", "another key");
    }

    /// <summary>The same, and the words that it is found by are those of the entry.</summary>
    public StoredEntry ReadWithWords(BsonDocument document)
    {
        var stored = Read(document);
        if (document["w"] != Words(stored.Entry)) throw Corrupt(document["_id"], "the index words of its type and tags", "others");
        return stored;
    }

    private static BsonArray Words(JournalEntry entry) =>
        new(Word.Of(entry).Select(word => new BsonValue(Keys.OfWord(word, entry.Position))));

    /// <summary>The exception for an entry that is not what was written.</summary>
    public JournalCorruptedException Corrupt(BsonValue position, string expected, string found) =>
        new(file, 0, $"the entry at position {position.RawValue}", expected, found);

    private uint Checksum(long position, long version, long batch, ReadOnlySpan<byte> canonical)
    {
        Span<byte> place = stackalloc byte[3 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(place, position);
        BinaryPrimitives.WriteInt64LittleEndian(place[8..], version);
        BinaryPrimitives.WriteInt64LittleEndian(place[16..], batch);
        return Core.Checksum.seeded(~Core.Checksum.seeded(seed, place), canonical);
    }
}
