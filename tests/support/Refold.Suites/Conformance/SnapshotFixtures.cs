// The fixtures of the snapshot stores in the library: memory, files on a device that crashes, files in a real directory.
// Used by the conformance tests and by ConformanceSuites.
namespace Refold.Suites;

internal sealed class MemorySnapshotFixture : SnapshotFixture
{
    public override SnapshotCapabilities Capabilities => SnapshotCapabilities.Keeps;

    public override ValueTask<ISnapshotStore> OpenAsync(SnapshotOptions options, CancellationToken cancellationToken) =>
        new(new InMemorySnapshotStore(options));
}

internal sealed class SnapshotFilesFixture : SnapshotFixture
{
    private SimulatedDevice device = new(1);

    public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

    public override ValueTask<ISnapshotStore> OpenAsync(SnapshotOptions options, CancellationToken cancellationToken) =>
        new(DirectorySnapshotStore.Open(device, options));

    public override ValueTask<bool> CrashAsync()
    {
        device.Stop();
        device = device.AfterCrash(Keep.Random((ulong)device.OperationCount));
        return new(true);
    }

    public override ValueTask<bool> DamageAsync(StreamId stream)
    {
        // The names of one stream's files are in the order of its versions.
        device.FlipBit(device.List().Last(name => name.EndsWith(".snapshot", StringComparison.Ordinal)), 60, 3);
        return new(true);
    }
}

internal sealed class SnapshotDirectoryFixture : SnapshotFixture
{
    private readonly string directory = Directory.CreateTempSubdirectory("refold-").FullName;

    public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

    public override ValueTask<ISnapshotStore> OpenAsync(SnapshotOptions options, CancellationToken cancellationToken) =>
        Refold.Snapshots.OpenAsync("segments:" + directory, options, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return base.DisposeAsync();
    }
}
