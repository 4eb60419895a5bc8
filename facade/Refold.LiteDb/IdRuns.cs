// The documents of ids: runs of sorted pairs, in chunks, and the list of the runs. What they mean is said in the README of LiteDB journals.
// Written by IdChange; read by IdSearch and the verification.
using System.Buffers.Binary;
using LiteDB;

namespace Refold.LiteDb;

/// <summary>A run: pairs that lie in their order in chunks.</summary>
/// <param name="Number">Its number; the later it was begun, the higher.</param>
/// <param name="Pairs">How many pairs its chunks have.</param>
/// <param name="Into">The number of the run that it is being merged into; 0 for none.</param>
internal readonly record struct IdRun(long Number, long Pairs, long Into);

/// <summary>The list of all runs, a document that changes in the transactions that change runs; not there while there is no run.</summary>
internal static class IdRuns
{
    public const string Id = "ids";

    /// <summary>The document of runs in the order of their numbers.</summary>
    public static BsonDocument Write(IReadOnlyCollection<IdRun> runs)
    {
        var packed = new PackedNumbers();
        var last = 0L;
        foreach (var run in runs)
        {
            packed.Put((ulong)(run.Number - last));
            packed.Put((ulong)run.Pairs);
            packed.Put(run.Into == 0 ? 0 : (ulong)(run.Into - run.Number));
            last = run.Number;
        }

        return new BsonDocument { ["_id"] = Id, ["r"] = packed.ToArray() };
    }

    /// <summary>The runs of a document; none where there is none.</summary>
    /// <exception cref="InvalidDataException">They are not in order, or one is merged into another that is none.</exception>
    public static List<IdRun> Read(BsonDocument? document)
    {
        var runs = new List<IdRun>();
        if (document is null) return runs;
        var (bytes, last) = (document["r"].AsBinary, 0L);
        for (var at = 0; at < bytes.Length;)
        {
            last = checked(last + PackedNumbers.NextLong(bytes, ref at, least: 1));
            var pairs = PackedNumbers.NextLong(bytes, ref at, least: 1);
            var behind = PackedNumbers.NextLong(bytes, ref at, least: 0);
            runs.Add(new IdRun(last, pairs, behind == 0 ? 0 : checked(last + behind)));
        }

        var numbers = runs.ConvertAll(run => run.Number);
        if (runs.Exists(run => run.Into != 0 && !(numbers.BinarySearch(run.Into) is >= 0 and var target && runs[target].Into == 0)))
            throw new InvalidDataException("a run of ids is merged into another that is none");
        return runs;
    }
}

/// <summary>A chunk: some pairs of a run, one behind another. The key has the first, the content the others.</summary>
internal static class IdChunk
{
    private const int KeyBytes = 3 * sizeof(long);

    /// <summary>The key of a chunk of a run that begins with a pair.</summary>
    public static byte[] Key(long run, IdPair first)
    {
        var key = new byte[KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(key, run);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(8), first.Hash);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(16), first.Position);
        return key;
    }

    /// <summary>The least key of a run's chunks.</summary>
    public static byte[] First(long run) => Key(run, default);

    /// <summary>The greatest key of a run's chunks.</summary>
    public static byte[] Last(long run) => Key(run, new IdPair(ulong.MaxValue, long.MaxValue));

    /// <summary>The run of a chunk.</summary>
    public static long RunOf(BsonDocument document) => document["_id"] is { IsBinary: true } key && key.AsBinary.Length == KeyBytes
        ? BinaryPrimitives.ReadInt64BigEndian(key.AsBinary)
        : throw new InvalidDataException("a chunk of ids has another key");

    /// <summary>The pairs of a run, in their order; at least one.</summary>
    public static BsonDocument Write(long run, ReadOnlySpan<IdPair> pairs)
    {
        var (packed, last) = (new PackedNumbers(), pairs[0]);
        foreach (var pair in pairs[1..])
        {
            packed.Put(pair.Hash - last.Hash);
            packed.Put((ulong)(pair.Hash == last.Hash ? pair.Position - last.Position : pair.Position));
            last = pair;
        }

        return new BsonDocument { ["_id"] = Key(run, pairs[0]), ["p"] = packed.ToArray() };
    }

    /// <summary>The pairs of a chunk.</summary>
    /// <exception cref="InvalidDataException">They are not in order.</exception>
    public static IdPair[] Read(BsonDocument document)
    {
        _ = RunOf(document);
        var (key, bytes) = (document["_id"].AsBinary, document["p"].AsBinary);
        var last = new IdPair(
            BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(8)), BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(16)));
        // No entry lies there; and whoever goes on before it would come to it again.
        if (last.Position < 1) throw new InvalidDataException("a chunk of ids has another key");
        var pairs = new List<IdPair>(1 + bytes.Length / 8) { last };
        for (var at = 0; at < bytes.Length;)
        {
            var step = PackedNumbers.Next(bytes, ref at);
            var position = PackedNumbers.NextLong(bytes, ref at, least: 1);
            last = new IdPair(checked(last.Hash + step), step == 0 ? checked(last.Position + position) : position);
            pairs.Add(last);
        }

        return [.. pairs];
    }
}

/// <summary>Numbers in bytes: seven bits a byte, the lowest first; the high bit says that another byte follows.</summary>
internal sealed class PackedNumbers
{
    private byte[] bytes = new byte[64];
    private int size;

    public void Put(ulong number)
    {
        if (size + 10 > bytes.Length) Array.Resize(ref bytes, 2 * bytes.Length);
        for (; number > 0x7F; number >>= 7) bytes[size++] = (byte)((number & 0x7F) | 0x80);
        bytes[size++] = (byte)number;
    }

    public byte[] ToArray() => bytes[..size];

    /// <exception cref="InvalidDataException">It is cut short, or too large.</exception>
    public static ulong Next(byte[] bytes, ref int at)
    {
        var number = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            if (at == bytes.Length || (shift == 63 && bytes[at] > 1)) throw new InvalidDataException("packed ids are cut short");
            number |= (ulong)(bytes[at] & 0x7F) << shift;
            if (bytes[at++] < 0x80) return number;
        }
    }

    /// <exception cref="InvalidDataException">It is cut short, too large, or too small.</exception>
    public static long NextLong(byte[] bytes, ref int at, long least) => Next(bytes, ref at) is <= long.MaxValue and var number
        && (long)number >= least
            ? (long)number
            : throw new InvalidDataException("packed ids are out of their range");
}
