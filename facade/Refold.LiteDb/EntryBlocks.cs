// Entries as they lie in documents: a block of one batch's entries in each, with a checksum of every entry over its place and bytes.
// Written by TransactionGroup; read by Reader and JournalState, which believe nothing that does not check.
using System.Buffers.Binary;
using LiteDB;

namespace Refold.LiteDb;

/// <summary>A block that was read: where its entries begin. Immutable.</summary>
/// <param name="Batch">The first position of their batch.</param>
/// <param name="Bytes">The entries, one behind another.</param>
/// <param name="Positions">Their positions, ascending.</param>
/// <param name="Starts">Where each begins in the bytes.</param>
internal sealed record EntryBlock(long Batch, byte[] Bytes, long[] Positions, int[] Starts)
{
    public int Count => Positions.Length;

    public long First => Positions[0];

    public long Last => Positions[^1];

    /// <summary>The index of the entry at a position; negative where it has none.</summary>
    public int IndexOf(long position) => Array.BinarySearch(Positions, position);
}

/// <summary>Entries of one journal as blocks.</summary>
/// <param name="journal">The journal's id: an entry that strayed from another journal does not check.</param>
/// <param name="file">How errors name the file.</param>
internal sealed class EntryBlocks(Guid journal, string file)
{
    // A block has so many bytes at most: two pages. A larger entry has one of its own.
    private const int MostBytes = 16_000;

    // Position, version, length, checksum.
    private const int VersionPlace = 8, LengthPlace = 16, ChecksumPlace = 20, HeaderBytes = 24;

    private readonly uint seed = Core.Checksum.seed(journal);

    /// <summary>The entries of a batch that are there.</summary>
    public IEnumerable<BsonDocument> Write(PlacedBatch batch)
    {
        for (var first = 0; first < batch.Count;)
        {
            var (next, size) = (first, 0L);
            do size += HeaderBytes + batch.CanonicalBytes(next++).Length;
            while (next < batch.Count && size + HeaderBytes + batch.CanonicalBytes(next).Length <= MostBytes);
            var bytes = new byte[size];
            for (var (item, at) = (first, 0); item < next; item++) at += Write(batch, item, bytes.AsSpan(at));
            yield return new BsonDocument { ["_id"] = batch.Position(next - 1), ["b"] = batch.FirstPosition, ["d"] = bytes };
            first = next;
        }
    }

    /// <summary>The block of a document; its entries are not looked at yet.</summary>
    /// <exception cref="JournalCorruptedException">The document is not what was written.</exception>
    public EntryBlock Read(BsonDocument document)
    {
        if (
            document.Count != 3 || document["_id"] is not { IsInt64: true } last || document["b"] is not { IsInt64: true } batch
                || document["d"] is not { IsBinary: true } content)
            throw Corrupt(document["_id"], "the fields of a block", "something else");
        var bytes = content.AsBinary;
        var (positions, starts) = (new List<long>(), new List<int>());
        for (var at = 0; at < bytes.Length;)
        {
            var header = bytes.AsSpan(at);
            if (header.Length < HeaderBytes || Length(header) > header.Length - HeaderBytes || Length(header) < 0)
                throw Corrupt(positions.Count == 0 ? last : positions[^1] + 1, "an entry", "one that is cut short");
            var position = BinaryPrimitives.ReadInt64LittleEndian(header);
            if (positions.Count > 0 && position <= positions[^1]) throw Corrupt(positions[^1], "in order", "followed by an earlier one");
            positions.Add(position);
            starts.Add(at);
            at += HeaderBytes + Length(header);
        }

        return positions.Count > 0 && positions[^1] == last.AsInt64
            ? new EntryBlock(batch.AsInt64, bytes, [.. positions], [.. starts])
            : throw Corrupt(last, "at the end of its block", "not there");
    }

    /// <summary>An entry of a block, checked; it holds on to nothing of the block.</summary>
    /// <exception cref="JournalCorruptedException">The entry is not what was written.</exception>
    public StoredEntry Read(EntryBlock block, int index)
    {
        var header = block.Bytes.AsSpan(block.Starts[index]);
        var (position, version) = (block.Positions[index], BinaryPrimitives.ReadInt64LittleEndian(header[VersionPlace..]));
        var canonical = header.Slice(HeaderBytes, Length(header)).ToArray();
        var (expected, found) = (
            BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumPlace..]), Checksum(position, version, block.Batch, canonical));
        if (expected != found)
            throw new JournalCorruptedException(
                file, 0, $"the checksum of the entry at position {position}", $"{expected:x8}", $"{found:x8}");
        return JournalEntry.TryRead(position, version, block.Batch, canonical) is { } entry
            ? new StoredEntry(entry, canonical)
            : throw Corrupt(position, "canonical bytes", "bytes that are no entry");
    }

    /// <summary>The exception for an entry that is not what was written.</summary>
    public JournalCorruptedException Corrupt(BsonValue position, string expected, string found) =>
        new(file, 0, $"the entry at position {position.RawValue}", expected, found);

    private int Write(PlacedBatch batch, int item, Span<byte> bytes)
    {
        var (position, version) = (batch.Position(item), batch.Version(item));
        var canonical = batch.CanonicalBytes(item).Span;
        BinaryPrimitives.WriteInt64LittleEndian(bytes, position);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[VersionPlace..], version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[LengthPlace..], canonical.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[ChecksumPlace..], Checksum(position, version, batch.FirstPosition, canonical));
        canonical.CopyTo(bytes[HeaderBytes..]);
        return HeaderBytes + canonical.Length;
    }

    private static int Length(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadInt32LittleEndian(header[LengthPlace..]);

    private uint Checksum(long position, long version, long batch, ReadOnlySpan<byte> canonical)
    {
        Span<byte> place = stackalloc byte[3 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(place, position);
        BinaryPrimitives.WriteInt64LittleEndian(place[8..], version);
        BinaryPrimitives.WriteInt64LittleEndian(place[16..], batch);
        return Core.Checksum.seeded(~Core.Checksum.seeded(seed, place), canonical);
    }
}
