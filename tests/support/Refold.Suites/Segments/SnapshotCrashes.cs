// Snapshots in files under crashes and faults: an answered save is there, and a torn one is never used.
// Run by SegmentSuites; DirectorySnapshotStoreTests uses the parts too.
namespace Refold.Suites;

internal static class SnapshotCrashes
{
    public static readonly StreamId Stream = "order/42";

    /// <summary>A power cut at each operation of some saves.</summary>
    public static async Task CrashesAsync(ulong seed)
    {
        for (var at = 0; await CrashAsync(seed, at); at++)
        {
            // Until the saves end before it.
        }
    }

    /// <summary>Saves on a device that fails now and then, and a power cut.</summary>
    public static async Task FaultsAsync(ulong seed)
    {
        var rng = SeededRng.FromSeed(seed);
        var device = new SimulatedDevice(seed);
        var answered = await WorkAsync(device, seed, () =>
            device.Faults = _ => (StorageFault)rng.Between(0, 40) is var fault && Enum.IsDefined(fault) ? fault : StorageFault.None);
        device.Faults = _ => StorageFault.None;
        await JudgeAsync(device.AfterCrash(Keep.Random(seed)), answered);
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
    public static async Task<Dictionary<StreamId, long>> WorkAsync(SimulatedDevice device, ulong seed, Action? opened = null)
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

    public static async Task JudgeAsync(SimulatedDevice device, Dictionary<StreamId, long> answered)
    {
        await using var store = DirectorySnapshotStore.Open(device, new SnapshotOptions { Retention = 3 });
        foreach (var (stream, version) in answered)
        {
            if (store.Load(stream) is not { Snapshot: { } snapshot } answer || snapshot.Version < version)
                throw new CrashViolationException($"The snapshot {stream}@{version} was answered and is not there.\n{device.Story()}");
            if (!snapshot.Equals(Of(snapshot.Version, stream, snapshot.State.Payload.Length)) || answer.Findings.Count > 0)
                throw new CrashViolationException(
                    $"A torn snapshot has a snapshot's name: {string.Join(", ", answer.Findings)}\n{device.Story()}");
        }

        if (device.List().Any(name => name.StartsWith("aside.", StringComparison.Ordinal)))
            throw new CrashViolationException("Opening left what an interrupted save had made.\n" + device.Story());
        await store.SaveAsync(Of(99));
        if (store.Load(Stream).Snapshot?.Version != 99) throw new CrashViolationException("The next save is not there.\n" + device.Story());
    }

    public static Snapshot Of(long version, StreamId? stream = null, int bytes = 8) =>
        new(stream ?? Stream, version, new Head(2 * version, new string('a', 64)), new Encoded(
            "state", 1, Enumerable.Range(0, bytes).Select(at => (byte)(at % 251)).ToArray()));
}
