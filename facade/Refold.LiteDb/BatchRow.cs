// A batch as a document: what its head is made of, and its place in the batch tree. The README of LiteDB journals explains the fields.
// Written by TransactionGroup; read by LiteDbIndex, StoredJournal and the verification.
using System.Buffers.Binary;
using System.Text;
using LiteDB;

namespace Refold.LiteDb;

/// <summary>Times that may be missing.</summary>
internal static class Times
{
    public static BsonValue Write(DateTimeOffset? time) => time is { } found ? found.UtcTicks : BsonValue.Null;

    public static DateTimeOffset? Read(BsonValue value) => value.IsNull ? null : new DateTimeOffset(value.AsInt64, TimeSpan.Zero);

    /// <summary>A time in a message.</summary>
    public static string Text(DateTimeOffset? time) => time is { } found
        ? found.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture)
        : "none";

    /// <summary>The later of two; null where both are missing.</summary>
    public static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other > one ? other?.ToUniversalTime() : one;
}

/// <summary>Where a batch lies in the journal's batch tree.</summary>
/// <param name="Ordinal">How many batches come before it, those of a dropped beginning counted.</param>
/// <param name="Leaf">Its leaf.</param>
/// <param name="Latest">The latest time of its entries and of all before it; null where none had one.</param>
internal sealed record TreeRow(long Ordinal, Hash Leaf, DateTimeOffset? Latest);

/// <summary>A batch: where it lies, and what its head is made of.</summary>
/// <param name="First">Its first position, which is its id.</param>
/// <param name="Head">The head behind it.</param>
/// <param name="Leaves">Its leaves, holes included.</param>
/// <param name="Key">Its idempotency key; null for none.</param>
/// <param name="DroppedParts">How many documents hold the versions of the leaves that a compaction dropped; 0 where none was.</param>
/// <param name="Tree">Its place in the batch tree.</param>
internal sealed record BatchRow(long First, Head Head, IReadOnlyList<Leaf> Leaves, string? Key, int DroppedParts, TreeRow Tree)
{
    private const int LeafBytes = 4 + 8 + 32;

    public static BatchRow Of(PlacedBatch batch, int droppedParts, long ordinal, DateTimeOffset? latest) =>
        new(
            // An array: those of a batch are a list that is walked along to each one.
            batch.FirstPosition, batch.Receipt.Head, [.. batch.Leaves], batch.Key, droppedParts,
            new TreeRow(ordinal, AppendRule.TreeLeaf(batch.FirstPosition, batch.Leaves), latest));

    public BsonDocument Write()
    {
        var packed = new byte[Leaves.Count * LeafBytes];
        for (var item = 0; item < Leaves.Count; item++)
        {
            var bytes = packed.AsSpan(item * LeafBytes, LeafBytes);
            BinaryPrimitives.WriteInt32BigEndian(bytes, Leaves[item].Count);
            BinaryPrimitives.WriteInt64BigEndian(bytes[4..], Leaves[item].FirstVersion);
            Leaves[item].Hash.CopyTo(bytes[12..]);
        }

        return new BsonDocument
        {
            ["_id"] = Head.Position,
            ["f"] = First,
            ["h"] = Head.Hash.ToArray(),
            ["l"] = packed,
            ["k"] = Key is null ? BsonValue.Null : Encoding.UTF8.GetBytes(Key),
            ["g"] = DroppedParts,
            ["n"] = Tree.Ordinal,
            ["t"] = Tree.Leaf.ToArray(),
            ["u"] = Times.Write(Tree.Latest),
        };
    }

    public static BatchRow Read(BsonDocument document)
    {
        var packed = document["l"].AsBinary;
        var leaves = new Leaf[packed.Length / LeafBytes];
        for (var item = 0; item < leaves.Length; item++)
        {
            var bytes = packed.AsSpan(item * LeafBytes, LeafBytes);
            leaves[item] = new Leaf(
                BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[4..]), Hash.OfSpan(bytes[12..]));
        }

        return new BatchRow(
            document["f"].AsInt64, new Head(document["_id"].AsInt64, Hash.OfSpan(document["h"].AsBinary)), leaves,
            document["k"] is { IsBinary: true } key ? Encoding.UTF8.GetString(key.AsBinary) : null, document["g"].AsInt32,
            new TreeRow(document["n"].AsInt64, Hash.OfSpan(document["t"].AsBinary), Times.Read(document["u"])));
    }
}
