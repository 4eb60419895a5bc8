// Snapshots in files: what is damaged is a finding, what a crash leaves is an older snapshot or the new one, an answered save is there.
// Run by `dotnet test`, crashes and faults in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;
using static Refold.Suites.SnapshotCrashes;

namespace Refold.Segments.Tests;

public class DirectorySnapshotStoreTests(ITestOutputHelper output)
{
    private static readonly StreamId Stream = SnapshotCrashes.Stream;

    [Fact]
    public async Task EachDamagedByte_IsAFinding_AndTheOlderSnapshotIsGiven()
    {
        var device = new SimulatedDevice(1);
        await using (var store = DirectorySnapshotStore.Open(device))
        {
            await store.SaveAsync(Of(1));
            await store.SaveAsync(Of(2));
        }

        var newest = Files(device).Last();
        for (var offset = 0; offset < device.Image()[newest].Length; offset++)
        {
            var damaged = device.AfterKill();
            damaged.FlipBit(newest, offset, offset % 8);
            await using var store = DirectorySnapshotStore.Open(damaged, new SnapshotOptions { ReadOnly = true });
            var answer = store.Load(Stream);
            Assert.Equal(1, answer.Snapshot!.Version);
            Assert.Contains(newest, Assert.Single(answer.Findings).Reason, StringComparison.Ordinal);
            Assert.Single(store.List().Findings);
        }
    }

    [Fact]
    public async Task AFileThatIsGoneOrEmptyOrAnothersSnapshot_IsNoError()
    {
        var device = new SimulatedDevice(1);
        await using var store = DirectorySnapshotStore.Open(device, new SnapshotOptions { Retention = 9 });
        for (var version = 1; version <= 4; version++) await store.SaveAsync(Of(version));
        var files = Files(device);
        device.LoseFile(files[3]);
        Assert.Equal((3, 0), (store.Load(Stream).Snapshot!.Version, store.Load(Stream).Findings.Count));
        device.Delete(files[2]);
        device.Create(files[2]).Dispose();
        device.Rename(files[1], files[3]);
        await using var reader = DirectorySnapshotStore.Open(device, new SnapshotOptions { ReadOnly = true });
        var answer = reader.Load(Stream);
        Assert.Equal(1, answer.Snapshot!.Version);
        Assert.Equal([SnapshotDoubt.NotAsked, SnapshotDoubt.Unreadable], answer.Findings.Select(finding => finding.Doubt));
    }

    [Fact]
    public async Task ADeviceThatCannotBeRead_GivesFindings_AndOneThatCannotBeWrittenAnException()
    {
        var device = new SimulatedDevice(1);
        await using var store = DirectorySnapshotStore.Open(device);
        await store.SaveAsync(Of(1));
        device.Faults = operation =>
            operation.Kind is StorageOperationKind.Open or StorageOperationKind.Create ? StorageFault.Fails : StorageFault.None;
        Assert.Null(store.Load(Stream).Snapshot);
        Assert.Equal(SnapshotDoubt.Unreadable, Assert.Single(store.Load(Stream).Findings).Doubt);
        Assert.Equal("snapshot-store", (await Assert.ThrowsAsync<SnapshotStoreException>(async () => await store.SaveAsync(Of(2)))).Code);
        device.Faults = _ => StorageFault.None;
        Assert.Equal(1, store.Load(Stream).Snapshot!.Version);
        await using var other = DirectorySnapshotStore.Open(device, new SnapshotOptions { ReadOnly = true });
        device.Stop();
        Assert.Equal(SnapshotDoubt.StoreFailed, Assert.Single(other.Load(Stream).Findings).Doubt);
    }

    [Fact]
    public async Task OneWritesAtATime_AndReadersSeeWhatItSaves()
    {
        var device = new SimulatedDevice(1);
        await using var reader = DirectorySnapshotStore.Open(device, new SnapshotOptions { ReadOnly = true });
        Assert.True(reader.IsEmpty);
        await using (var writer = DirectorySnapshotStore.Open(device))
        {
            Assert.Throws<JournalInUseException>(() => DirectorySnapshotStore.Open(device));
            await writer.SaveAsync(Of(1));
            Assert.Equal(1, reader.Load(Stream).Snapshot!.Version);
            await writer.ClearAsync();
            Assert.True(reader.IsEmpty);
        }

        await Assert.ThrowsAsync<SnapshotStoreException>(async () => await reader.SaveAsync(Of(1)));
        await using var next = DirectorySnapshotStore.Open(device);
    }

    [Fact]
    public async Task StreamNames_AreNeverFileNames()
    {
        var device = new SimulatedDevice(1);
        await using var store = DirectorySnapshotStore.Open(device);
        StreamId[] streams =
        [
            "../../etc/passwd", "a/b", "a\\b", "A/B", "a", "A", "con", "a.1.0.snapshot", new string('x', 512), "\u00e9", "e\u0301", "*?<>|"
        ];
        foreach (var stream in streams) await store.SaveAsync(Of(1, stream));
        Assert.Equal(streams.Order(), store.List().Snapshots.Select(info => info.Stream));
        Assert.All(streams, stream => Assert.Equal(stream, store.Load(stream).Snapshot!.Stream));
        Assert.All(Files(device), file => Assert.Matches("^[0-9a-f]{64}[.][0-9]{19}[.][0-9]+[.]snapshot$", file));
    }

    [Fact]
    public Task WhateverMomentThePowerIsCut_AnAnsweredSaveIsThere_AndATornOneIsNeverUsed() =>
        SegmentSuites.SnapshotCrashes.HoldsAsync(output);

    [Fact]
    public Task SavesThatFail_LoseNothingThatWasAnswered() => SegmentSuites.SnapshotFaults.HoldsAsync(output);

    /// <summary>Power cuts after saves, and after everything was deleted, on a device made ready.</summary>
    internal static async Task SaveAndClearAsync(Action<SimulatedDevice> prepare)
    {
        // A single save: nothing is let go after it, so nothing else makes its name durable.
        var first = new SimulatedDevice(0);
        prepare(first);
        await using (var store = DirectorySnapshotStore.Open(first)) await store.SaveAsync(Of(1));
        await JudgeAsync(first.AfterCrash(Keep.None), new Dictionary<StreamId, long> { [Stream] = 1 });
        for (var seed = 0UL; seed < 10; seed++)
        {
            var device = new SimulatedDevice(seed);
            prepare(device);
            var answered = await WorkAsync(device, seed);
            await JudgeAsync(device.AfterCrash(Keep.Random(seed)), answered);
            device = device.AfterCrash(Keep.All);
            await using (var store = DirectorySnapshotStore.Open(device)) await store.ClearAsync();
            await using var after = DirectorySnapshotStore.Open(device.AfterCrash(Keep.None), new SnapshotOptions { ReadOnly = true });
            if (!after.IsEmpty) throw new CrashViolationException("What was deleted is there again.\n" + device.Story());
        }
    }

    private static List<string> Files(SimulatedDevice device) =>
        [.. device.List().Where(name => name.EndsWith(".snapshot", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
