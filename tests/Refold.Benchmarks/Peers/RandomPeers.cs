// The row of a draw against BouncyCastle's ChaCha20, read as a stream eight bytes at a time.
// Part of PeerRows.
using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace Refold.Benchmarks.Peers;

internal static class RandomPeers
{
    public static IEnumerable<Row> All =>
    [
        new(
            "next_u64.bouncy_castle", "A 64-bit draw against BouncyCastle's ChaCha20 engine read as a stream", "ns", Better.Smaller,
            "BouncyCastle", Avx512F.IsSupported ? 12 : 8, NextUInt64),
    ];

    private static Figures NextUInt64(BenchSession session)
    {
        var generator = SeededRng.FromSeed(42);
        var engine = new ChaChaEngine(20);
        engine.Init(true, new ParametersWithIV(new KeyParameter(new byte[32]), new byte[8]));
        int count = session.Scaled(10_000_000, 50_000);
        return Measure.Interleaved(
            session.Rounds,
            () => Measure.Nanoseconds(count, () => Draw(generator, count)),
            () => Measure.Nanoseconds(count, () => DrawEngine(engine, count)));
    }

    private static ulong sink;

    private static void Draw(SeededRng generator, int count)
    {
        ulong sum = 0;
        for (int draw = 0; draw < count; draw++) sum ^= generator.NextUInt64();
        sink ^= sum;
    }

    private static void DrawEngine(ChaChaEngine engine, int count)
    {
        Span<byte> zeros = stackalloc byte[8], word = stackalloc byte[8];
        zeros.Clear();
        ulong sum = 0;
        for (int draw = 0; draw < count; draw++)
        {
            engine.ProcessBytes(zeros, word);
            sum ^= BinaryPrimitives.ReadUInt64LittleEndian(word);
        }

        sink ^= sum;
    }
}
