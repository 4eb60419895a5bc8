// The segment journal as the simulator opens it, workloads by name, and seeds: fresh ones, printed, or the one of the environment.
// Used by the crash tests.
using System.Globalization;
using System.Security.Cryptography;
using Xunit.Abstractions;

namespace Refold.Testing.Tests;

internal static class SegmentStore
{
    /// <summary>Segments so small that most workloads rotate.</summary>
    private static readonly JournalOptions Small = new() { SegmentBytes = 2048 };

    public static IJournal Open(IStorageDevice device) => SegmentJournal.Open(device, Small);

    /// <summary>Every byte of what is left is in order, once it was opened for writing.</summary>
    public static string? Inspect(SimulatedDevice device) =>
        SegmentJournal.Verify(device).First is { } fault ? $"After recovery the files are not in order: {fault}" : null;

    public static CrashSimulation Simulation(Action<SimulatedDevice>? prepare = null) =>
        new(Open) { Inspect = Inspect, Prepare = prepare ?? (_ => { }) };

    public static EntryData Entry(string stream, string payload = "{}") =>
        new(stream, "Happened", System.Text.Encoding.UTF8.GetBytes(payload));

    public static AppendRequest Batch(string stream, int entries, int payloadBytes = 8, string? key = null) =>
        new([.. Enumerable.Range(0, entries).Select(number => Entry(stream, $"{stream} {number} {new string('x', payloadBytes)}"))]) { IdempotencyKey = key };

    /// <summary>The seed to begin with: REFOLD_CRASH_SEED, or a fresh one.</summary>
    public static ulong Seed(ITestOutputHelper output, string test)
    {
        var seed = Environment.GetEnvironmentVariable("REFOLD_CRASH_SEED") is { Length: > 0 } given
            ? ulong.Parse(given, CultureInfo.InvariantCulture)
            : BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        output.WriteLine(Again(test, seed));
        return seed;
    }

    /// <summary>How many runs: REFOLD_CRASH_RUNS for a soak, or a few.</summary>
    public static int Runs(int usual) =>
        Environment.GetEnvironmentVariable("REFOLD_CRASH_RUNS") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : usual;

    /// <summary>Runs tests of consecutive seeds; the message of a failure is the line that repeats it.</summary>
    public static async Task ForEachSeed(ITestOutputHelper output, string test, int usual, Func<ulong, Task> run)
    {
        var first = Seed(output, test);
        for (var seed = first; seed < first + (ulong)Runs(usual); seed++)
        {
            try
            {
                await run(seed);
            }
            catch (CrashViolationException violation)
            {
                throw new CrashViolationException($"{Again(test, seed)}\n{violation.Message}", violation);
            }
        }
    }

    private static string Again(string test, ulong seed) =>
        string.Create(CultureInfo.InvariantCulture, $"again: dotnet test tests/Refold.Testing.Tests --filter {test} -e REFOLD_CRASH_SEED={seed} -e REFOLD_CRASH_RUNS=1");
}
