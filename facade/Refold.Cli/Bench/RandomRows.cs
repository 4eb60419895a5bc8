// Rows of the random generator: draws, filling, restoring, and the generator that each step gets.
// Part of the tool's own rows; the peer from a package is in the benchmark program.
using System.Runtime.Intrinsics.X86;

namespace Refold.Bench;

internal static class RandomRows
{
    // Limits of the issue that asked for speed.
    private const double StepNanoseconds = 900, StepBytes = 200, ScalarBlocks = 1.3, OfOpenSsl = 0.75, OfSystemRandom = 1 / 1.2;

    public static IEnumerable<Row> All =>
    [
        new(
            "next_u64.system_random", "A 64-bit draw against System.Random's xoshiro256**, which cannot be restored", "ns", Better.Smaller,
            "System.Random", Avx512F.IsSupported ? 1 : OfSystemRandom, NextUInt64),
        new(
            "fill", "Filling 8 KiB with key stream against OpenSSL's ChaCha20 at the same vector width", "GB/s", Better.Larger,
            "openssl", OfOpenSsl, Fill),
        new(
            "restore_draw", "A generator made from a state and one draw against one block of ChaCha20 made with scalar instructions", "ns",
            Better.Smaller, "scalar block", 1 / ScalarBlocks, Restore),
        Row.Limit("step_generator", "The generator of a step and one draw from it", "ns", StepNanoseconds, StepGenerator),
    ];

    /// <summary>Bytes of a 64-bit draw.</summary>
    public static double DrawBytes(BenchSession session)
    {
        var generator = SeededRng.FromSeed(42);
        int count = session.Scaled(1_000_000, 10_000);
        return Measure.Allocated(session.Rounds, count, () => Draw(generator, count));
    }

    /// <summary>Bytes of the generator of a step and one draw from it.</summary>
    public static double StepGeneratorBytes(BenchSession session)
    {
        int count = session.Scaled(20_000, 500);
        return Measure.Allocated(session.Rounds, count, () => DrawSteps(count));
    }

    /// <summary>The limit of <see cref="StepGeneratorBytes"/>.</summary>
    public static double StepGeneratorLimit => StepBytes;

    private static Figures NextUInt64(BenchSession session)
    {
        var generator = SeededRng.FromSeed(42);
        var system = new Random();
        int count = session.Scaled(20_000_000, 100_000);
        return Measure.Interleaved(
            session.Rounds,
            () => Measure.Nanoseconds(count, () => Draw(generator, count)),
            () => Measure.Nanoseconds(count, () => DrawSystem(system, count)));
    }

    private static Figures Fill(BenchSession session)
    {
        var generator = SeededRng.FromSeed(42);
        byte[] buffer = new byte[OpenSsl.Bytes];
        int count = session.Scaled(40_000, 1_000);
        double Ours() => Measure.Rate((long)count * buffer.Length, () => FillTimes(generator, buffer, count)) / 1e9;
        if (OpenSsl.Missing is { } missing) return new Figures(Measure.Repeated(session.Rounds, Ours), null) { Absent = missing };
        session.Note(OpenSsl.Remark);
        return Measure.Interleaved(session.Options.Quick ? 1 : session.Rounds, Ours, OpenSsl.ChaCha20);
    }

    private static Figures Restore(BenchSession session)
    {
        var root = RngState.FromSeed(42);
        RngState[] states = [.. Enumerable.Range(1, 1024).Select(number => root.Seek((UInt128)number * 1016))];
        int count = session.Scaled(1_000_000, 5_000);
        return Measure.Interleaved(
            session.Rounds,
            () => Measure.Nanoseconds(count, () => RestoreEach(states, count)),
            () => Measure.Nanoseconds(count, () => ScalarBlock.Times(count)));
    }

    private static double StepGenerator(BenchSession session)
    {
        int count = session.Scaled(200_000, 2_000);
        return Measure.Repeated(session.Rounds, () => Measure.Nanoseconds(count, () => DrawSteps(count)));
    }

    // The answers are kept, so that no draw is optimised away.
    private static ulong sink;

    private static void Draw(SeededRng generator, int count)
    {
        ulong sum = 0;
        for (int draw = 0; draw < count; draw++) sum ^= generator.NextUInt64();
        sink ^= sum;
    }

    private static void DrawSystem(Random system, int count)
    {
        long sum = 0;
        for (int draw = 0; draw < count; draw++) sum ^= system.NextInt64();
        sink ^= unchecked((ulong)sum);
    }

    private static void FillTimes(SeededRng generator, byte[] buffer, int count)
    {
        for (int fill = 0; fill < count; fill++) generator.Fill(buffer);
        sink ^= buffer[^1];
    }

    private static void RestoreEach(RngState[] states, int count)
    {
        ulong sum = 0;
        for (int place = 0; place < count; place++) sum ^= new SeededRng(states[place % states.Length]).NextUInt64();
        sink ^= sum;
    }

    private static void DrawSteps(int count)
    {
        var root = RngState.FromSeed(42);
        ulong sum = 0;
        for (int version = 1; version <= count; version++) sum ^= Core.Run.random(root, Payloads.One, version).NextUInt64();
        sink ^= sum;
    }
}
