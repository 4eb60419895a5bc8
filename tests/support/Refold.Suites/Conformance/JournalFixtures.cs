// The fixtures of the stores in the library: memory, segment files on a device that crashes, segment files in a real directory.
// Used by the conformance tests.
using System.Globalization;

namespace Refold.Suites;

/// <summary>Memory: declares everything but durability and several processes.</summary>
internal sealed class MemoryFixture : JournalFixture
{
    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~(JournalCapabilities.Durability | JournalCapabilities.SeveralProcesses);

    public override IJournal Open() => new InMemoryJournal();
}

/// <summary>Segment files on the simulated device, with segments so small that every sequence rotates; a crash keeps a subset of what was not
/// flushed that follows from what was done, so that a sequence's seed repeats it.</summary>
internal sealed class SimulatedSegmentFixture : JournalFixture
{
    private static readonly JournalOptions Small = new() { SegmentBytes = SegmentJournal.MinSegmentBytes };
    private SimulatedDevice device = new(1);

    public override JournalCapabilities Capabilities => JournalCapabilities.All;

    public override IJournal Open() => SegmentJournal.Open(device, Small);

    public override IJournal OpenForReading() => SegmentJournal.Open(device, Small with { ReadOnly = true });

    public override bool Crash()
    {
        device.Stop();
        device = device.AfterCrash(Keep.Random((ulong)device.OperationCount));
        return true;
    }
}

/// <summary>Segment files in a directory, as applications have them. A process that ends is shown by the tests of the tool, so there are no crashes here.</summary>
internal sealed class DirectoryFixture : JournalFixture
{
    private readonly string directory = Directory.CreateTempSubdirectory("refold-").FullName;

    public override JournalCapabilities Capabilities => JournalCapabilities.All;

    public override IJournal Open() => Journal.Open("segments:" + directory);

    public override IJournal OpenForReading() => Journal.Open("segments:" + directory, new JournalOptions { ReadOnly = true });

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return base.DisposeAsync();
    }
}

/// <summary>The suites of these stores, as large as the environment asks for.</summary>
internal static class ConformanceStores
{
    public static JournalConformance Memory(int sequences) => new("memory", () => new MemoryFixture(), Options(sequences));

    public static JournalConformance Segments(int sequences) => new("segments", () => new SimulatedSegmentFixture(), Options(sequences));

    public static JournalConformance InDirectory(int sequences) => new("segments in a directory", () => new DirectoryFixture(), Options(sequences));

    /// <summary>REFOLD_CONFORMANCE_SEQUENCES and REFOLD_CONFORMANCE_SEED, or so many with a fresh seed.</summary>
    public static ConformanceOptions Options(int sequences) => new()
    {
        Sequences = (int?)Number("REFOLD_CONFORMANCE_SEQUENCES") ?? sequences,
        Seed = Number("REFOLD_CONFORMANCE_SEED"),
    };

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? ulong.Parse(given, CultureInfo.InvariantCulture) : null;
}
