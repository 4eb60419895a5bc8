// The documents of a journal in LiteDB: collections, fields, keys. What they mean is said in the README of LiteDB journals.
// Written by LiteDbLog and Rebuild, read by Reader, LiteDbIndex and Verification.
using System.Buffers.Binary;
using System.Text;
using LiteDB;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>Names of collections: few and short, so that the header's list of them stays in one sector.</summary>
internal static class Collections
{
    /// <summary>The format, and the head.</summary>
    public const string Meta = "meta";

    /// <summary>Entries in blocks of one batch, by the last position of the block.</summary>
    public const string Entries = "ev";

    /// <summary>Streams: the highest version, and where the last entries lie.</summary>
    public const string Streams = "st";

    /// <summary>Words (types and outward tags): where the last entries lie.</summary>
    public const string Words = "wo";

    /// <summary>Where the entries of streams and words before those lie, in pieces.</summary>
    public const string Places = "pl";

    /// <summary>Floors: how far each stream was deleted, and where its last deleted entry lies.</summary>
    public const string Floors = "fl";

    /// <summary>Batches by last position: first position, head, leaves.</summary>
    public const string Batches = "ba";

    /// <summary>Nodes of the batch tree, sixteen batches a document.</summary>
    public const string Nodes = "nd";

    /// <summary>Idempotency keys: content and batch.</summary>
    public const string Keys = "cmd";

    /// <summary>Versions per stream, where entries of a batch are gone: those of its key's receipt, and
    /// those of its dropped leaves.</summary>
    public const string Receipts = "rc";

    /// <summary>Streams of a beginning that was dropped in another store.</summary>
    public const string Beginning = "bs";

    /// <summary>Positions that have no entry, by first position.</summary>
    public const string Gaps = "gap";

    /// <summary>Ids of entries, of what brought them about, and of runs: where their entries lie, in chunks of sorted runs.</summary>
    public const string Ids = "id";

    /// <summary>Snapshots by stream and version.</summary>
    public const string Snapshots = "sn";

    /// <summary>Pieces of snapshots that are too large for a document.</summary>
    public const string SnapshotParts = "sp";

    /// <summary>Every collection of a journal.</summary>
    public static IReadOnlyList<string> OfJournal { get; } =
        [Meta, Entries, Streams, Words, Places, Floors, Batches, Nodes, Keys, Receipts, Beginning, Gaps, Ids];

    /// <summary>Every collection of a snapshot store.</summary>
    public static IReadOnlyList<string> OfSnapshots { get; } = [Meta, Snapshots, SnapshotParts];
}

/// <summary>Binary keys: compared byte by byte, whatever the collation.</summary>
internal static class Keys
{
    /// <summary>Above the UTF-8 bytes of every name: no UTF-8 has this byte.</summary>
    public static BsonValue AboveNames { get; } = new byte[] { 0xFF };

    public static byte[] OfStream(StreamId stream) => Encoding.UTF8.GetBytes(stream.Value);

    /// <summary>Stream, a zero byte (which no name has), version: snapshots of a stream lie together in version order.</summary>
    public static byte[] OfVersion(StreamId stream, long version)
    {
        var length = Encoding.UTF8.GetByteCount(stream.Value);
        var key = new byte[length + 1 + sizeof(long)];
        Encoding.UTF8.GetBytes(stream.Value, key);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(length + 1), version);
        return key;
    }

    /// <summary>The kind of a word, and the word.</summary>
    public static byte[] OfWord(Word word) => [(byte)word.Kind, .. Encoding.UTF8.GetBytes(word.Text)];

    public static long LastNumber(byte[] key) => BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(key.Length - sizeof(long)));
}

/// <summary>What a query can ask of an entry.</summary>
internal enum WordKind : byte
{
    /// <summary>The entry's type.</summary>
    Type = 1,

    /// <summary>An outward tag; <c>kind:</c> tags show the role.</summary>
    Tag = 2,
}

/// <summary>A type or an outward tag.</summary>
internal readonly record struct Word(WordKind Kind, string Text)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether an entry can have it: a text without zeros, which end it in keys.</summary>
    public bool IsText
    {
        get
        {
            if (Text.Contains('\0', StringComparison.Ordinal)) return false;
            try
            {
                Utf8.GetByteCount(Text);
                return true;
            }
            catch (EncoderFallbackException)
            {
                return false;
            }
        }
    }

    public static IEnumerable<Word> Of(JournalEntry entry) =>
        entry.OutwardTags.Select(tag => new Word(WordKind.Tag, tag)).Prepend(new Word(WordKind.Type, entry.Type));
}

/// <summary>What a database is.</summary>
internal enum StoreKind
{
    /// <summary>A journal.</summary>
    Journal = 1,

    /// <summary>A snapshot store.</summary>
    Snapshots = 2,
}

/// <summary>The format document, checked before anything else is read.</summary>
internal static class Format
{
    public const string Id = "format";

    public static BsonDocument Write(Guid journal, StoreKind kind) =>
        new()
        {
            ["_id"] = Id,
            ["v"] = VersionOf(kind),
            ["kind"] = (int)kind,
            ["page"] = Storage.EngineStream.PageSize,
            ["id"] = journal.ToByteArray(bigEndian: true)
        };

    /// <summary>The only version this program reads. Batches of journals of version 1 had no place in the batch tree; those of version 2
    /// had no ids.</summary>
    public static int VersionOf(StoreKind kind) => kind == StoreKind.Snapshots ? 1 : 3;

    public static (int Version, StoreKind Kind) Read(BsonDocument document) => (document["v"].AsInt32, (StoreKind)document["kind"].AsInt32);

    public static Guid Journal(BsonDocument document) => new(document["id"].AsBinary, bigEndian: true);
}

/// <summary>How far the journal is; replaced in every transaction.</summary>
/// <param name="Head">The last position and head hash.</param>
/// <param name="Commit">The number of the transaction.</param>
/// <param name="Entries">How many entries can be read.</param>
/// <param name="Batches">How many batches there are, those of a dropped beginning counted.</param>
/// <param name="Latest">The latest time of their entries; null where none had one.</param>
/// <param name="KeysBefore">Keys of batches that begin before this position are forgotten; 0 for none.</param>
/// <param name="Indexed">Up to this position the documents of streams, words and ids say where entries lie.</param>
internal sealed record Progress(
    Head Head, long Commit, long Entries, long Batches, DateTimeOffset? Latest, long KeysBefore, long Indexed)
{
    public const string Id = "head";

    public BsonDocument Write() =>
        new()
        {
            ["_id"] = Id,
            ["pos"] = Head.Position,
            ["hash"] = Head.Hash.ToArray(),
            ["commit"] = Commit,
            ["n"] = Entries,
            ["b"] = Batches,
            ["u"] = Times.Write(Latest),
            ["k"] = KeysBefore,
            ["i"] = Indexed,
        };

    public static Progress Read(BsonDocument document) =>
        new(
            new Head(document["pos"].AsInt64, Hash.OfSpan(document["hash"].AsBinary)), document["commit"].AsInt64, document["n"].AsInt64,
            document["b"].AsInt64, Times.Read(document["u"]), document["k"].AsInt64, document["i"].AsInt64);
}

/// <summary>The head behind a beginning that was dropped in another store; there where there is one.</summary>
internal static class Base
{
    public const string Id = "base";

    public static BsonDocument Write(JournalBeginning beginning) => new()
    {
        ["_id"] = Id,
        ["pos"] = beginning.Head.Position,
        ["hash"] = beginning.Head.Hash.ToArray(),
        ["frame"] = beginning.FirstFrame,
        ["n"] = beginning.Summary.Batches,
        ["t"] = Times.Write(beginning.Summary.Latest),
        ["p"] = Packed(beginning.Summary.Peaks),
        ["m"] = (long)beginning.Streams.Count,
        ["s"] = new BsonArray(
            beginning.Provable.Select(provable => new BsonDocument { ["n"] = provable.Size, ["p"] = Packed(provable.Proof) })),
    };

    /// <summary>What the batches of the beginning come to.</summary>
    public static BatchSummary ReadSummary(BsonDocument document) =>
        new(document["n"].AsInt64, Unpacked(document["p"]), Times.Read(document["t"]));

    /// <summary>How many streams the beginning had.</summary>
    public static long ReadStreams(BsonDocument document) => document["m"].AsInt64;

    /// <summary>The smaller numbers of batches that stay provable.</summary>
    public static IReadOnlyList<ProvableSize> ReadProvable(BsonDocument document) =>
        [.. document["s"].AsArray.Select(item => new ProvableSize(item["n"].AsInt64, Unpacked(item["p"])))];

    private static byte[] Packed(IReadOnlyList<Hash> hashes) => [.. hashes.SelectMany(hash => hash.ToArray())];

    private static List<Hash> Unpacked(BsonValue value) => [.. value.AsBinary.Chunk(32).Select(bytes => Hash.OfSpan(bytes))];

    public static (Head Head, long FirstFrame) Read(BsonDocument document) =>
        (new Head(document["pos"].AsInt64, Hash.OfSpan(document["hash"].AsBinary)), document["frame"].AsInt64);
}

/// <summary>The floor of a stream.</summary>
/// <param name="Version">Entries up to this version were deleted.</param>
/// <param name="LastPosition">The position of the last of them that was ever in this journal; 0 where none was.</param>
internal readonly record struct Floor(long Version, long LastPosition)
{
    public BsonDocument Write(StreamId stream) => new() { ["_id"] = Keys.OfStream(stream), ["v"] = Version, ["p"] = LastPosition };

    public static Floor Read(BsonDocument document) => new(document["v"].AsInt64, document["p"].AsInt64);
}

/// <summary>An idempotency key.</summary>
/// <param name="Content">What a retry must repeat.</param>
/// <param name="First">The first position of its batch.</param>
/// <param name="Head">The head behind it.</param>
/// <param name="ReceiptParts">How many documents hold the versions of its receipt; 0 where they follow from the entries.</param>
internal sealed record KeyRow(Hash Content, long First, Head Head, int ReceiptParts)
{
    public BsonDocument Write(string key) => new()
    {
        ["_id"] = Encoding.UTF8.GetBytes(key),
        ["h"] = Content.ToArray(),
        ["f"] = First,
        ["l"] = Head.Position,
        ["e"] = Head.Hash.ToArray(),
        ["r"] = ReceiptParts,
    };

    public static KeyRow Read(BsonDocument document) =>
        new(
            Hash.OfSpan(document["h"].AsBinary), document["f"].AsInt64,
            new Head(document["l"].AsInt64, Hash.OfSpan(document["e"].AsBinary)), document["r"].AsInt32);
}
