// The fixtures of the stores in the library: memory, segment files on a device that crashes, segment files in a real directory.
// Used by the conformance tests and by ConformanceSuites.
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
