// The fixtures of the snapshot stores in the library: memory, files on a device that crashes, files in a real directory.
// Used by the conformance tests and by ConformanceSuites.
namespace Refold.Suites;

internal sealed class MemorySnapshotFixture : SnapshotFixture
{
    public override SnapshotCapabilities Capabilities => SnapshotCapabilities.Keeps;

    public override ISnapshotStore Open(SnapshotOptions options) => new InMemorySnapshotStore(options);
}

internal sealed class SnapshotFilesFixture : SnapshotFixture
{
    private SimulatedDevice device = new(1);

    public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

    public override ISnapshotStore Open(SnapshotOptions options) => DirectorySnapshotStore.Open(device, options);

    public override bool Crash()
    {
        device.Stop();
        device = device.AfterCrash(Keep.Random((ulong)device.OperationCount));
        return true;
    }

    public override bool Damage(StreamId stream)
    {
        // The names of one stream's files are in the order of its versions.
        device.FlipBit(device.List().Last(name => name.EndsWith(".snapshot", StringComparison.Ordinal)), 60, 3);
        return true;
    }
}

internal sealed class SnapshotDirectoryFixture : SnapshotFixture
{
    private readonly string directory = Directory.CreateTempSubdirectory("refold-").FullName;

    public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

    public override ISnapshotStore Open(SnapshotOptions options) => Refold.Snapshots.Open("segments:" + directory, options);

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return base.DisposeAsync();
    }
}
