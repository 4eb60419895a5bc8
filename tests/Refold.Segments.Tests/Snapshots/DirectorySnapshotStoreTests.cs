// Snapshots in files: what is damaged is a finding, what a crash leaves is an older snapshot or the new one, an answered save is there.
// Run by `dotnet test`; REFOLD_CRASH_SEED repeats a run, REFOLD_CRASH_RUNS makes more of them.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class DirectorySnapshotStoreTests(ITestOutputHelper output)
{
    private static readonly StreamId Stream = "order/42";

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
        device.Faults = operation => operation.Kind is StorageOperationKind.Open or StorageOperationKind.Create ? StorageFault.Fails : StorageFault.None;
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
        StreamId[] streams = ["../../etc/passwd", "a/b", "a\\b", "A/B", "a", "A", "con", "a.1.0.snapshot", new string('x', 512), "\u00e9", "e\u0301", "*?<>|"];
        foreach (var stream in streams) await store.SaveAsync(Of(1, stream));
        Assert.Equal(streams.Order(), store.List().Snapshots.Select(info => info.Stream));
        Assert.All(streams, stream => Assert.Equal(stream, store.Load(stream).Snapshot!.Stream));
        Assert.All(Files(device), file => Assert.Matches("^[0-9a-f]{64}[.][0-9]{19}[.][0-9]+[.]snapshot$", file));
    }

    [Fact]
    public Task WhateverMomentThePowerIsCut_AnAnsweredSaveIsThere_AndATornOneIsNeverUsed() =>
        SegmentStore.ForEachSeed(output, nameof(WhateverMomentThePowerIsCut_AnAnsweredSaveIsThere_AndATornOneIsNeverUsed), 30, async seed =>
        {
            for (var at = 0; await CrashAsync(seed, at); at++)
            {
            }
        });

    [Fact]
    public Task SavesThatFail_LoseNothingThatWasAnswered() =>
        SegmentStore.ForEachSeed(output, nameof(SavesThatFail_LoseNothingThatWasAnswered), 200, async seed =>
        {
            var rng = SeededRng.FromSeed(seed);
            var device = new SimulatedDevice(seed);
            var answered = await WorkAsync(device, seed, () => device.Faults = _ => (StorageFault)rng.Between(0, 40) is var fault && Enum.IsDefined(fault) ? fault : StorageFault.None);
            device.Faults = _ => StorageFault.None;
            await JudgeAsync(device.AfterCrash(Keep.Random(seed)), answered);
        });

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

    // False when the work ended before so many operations.
    private static async Task<bool> CrashAsync(ulong seed, int at)
    {
        var device = new SimulatedDevice(seed) { CrashAt = at };
        var answered = await WorkAsync(device, seed);
        foreach (var keep in new[] { Keep.None, Keep.All, Keep.Random(seed + (ulong)at) })
        {
            var after = device.AfterCrash(keep);
            if (after.Exists) await JudgeAsync(after, answered);
            else if (answered.Count > 0) throw new CrashViolationException(device.Story());
        }

        return device.HasStopped;
    }

    /// <summary>The newest answered save of each stream, after saves in ascending versions with deletions between.</summary>
    private static async Task<Dictionary<StreamId, long>> WorkAsync(SimulatedDevice device, ulong seed, Action? opened = null)
    {
        var rng = SeededRng.FromSeed(seed);
        var answered = new Dictionary<StreamId, long>();
        try
        {
            await using var store = DirectorySnapshotStore.Open(device, new SnapshotOptions { Retention = rng.Between(1, 3) });
            opened?.Invoke();
            for (var version = 1; version <= 8; version++)
            {
                StreamId stream = rng.Between(0, 1) == 0 ? Stream : "order/43";
                try
                {
                    // Also a version that is there already, never a lower one.
                    var saved = version - rng.Between(0, Math.Min(1, version - 1));
                    await store.SaveAsync(Of(saved, stream, rng.Between(1, 3000)));
                    answered[stream] = saved;
                }
                catch (SnapshotStoreException)
                {
                    // The device failed; what was answered before counts.
                }
            }
        }
        catch (JournalException) when (device.HasStopped)
        {
            // The process ended.
        }

        return answered;
    }

    private static async Task JudgeAsync(SimulatedDevice device, Dictionary<StreamId, long> answered)
    {
        await using var store = DirectorySnapshotStore.Open(device, new SnapshotOptions { Retention = 3 });
        foreach (var (stream, version) in answered)
        {
            if (store.Load(stream) is not { Snapshot: { } snapshot } answer || snapshot.Version < version)
                throw new CrashViolationException($"The snapshot {stream}@{version} was answered and is not there.\n{device.Story()}");
            if (!snapshot.Equals(Of(snapshot.Version, stream, snapshot.State.Payload.Length)) || answer.Findings.Count > 0)
                throw new CrashViolationException($"A torn snapshot has a snapshot's name: {string.Join(", ", answer.Findings)}\n{device.Story()}");
        }

        if (device.List().Any(name => name.StartsWith("aside.", StringComparison.Ordinal)))
            throw new CrashViolationException("Opening left what an interrupted save had made.\n" + device.Story());
        await store.SaveAsync(Of(99));
        if (store.Load(Stream).Snapshot?.Version != 99) throw new CrashViolationException("The next save is not there.\n" + device.Story());
    }

    private static List<string> Files(SimulatedDevice device) => [.. device.List().Where(name => name.EndsWith(".snapshot", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static Snapshot Of(long version, StreamId? stream = null, int bytes = 8) =>
        new(stream ?? Stream, version, new Head(2 * version, new string('a', 64)), new Encoded("state", 1, Enumerable.Range(0, bytes).Select(at => (byte)(at % 251)).ToArray()));
}
