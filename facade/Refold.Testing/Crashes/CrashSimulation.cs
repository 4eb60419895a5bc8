// Crash tests of a store: crash points enumerated, drawn at random, and in chains. Every failure names the seed that repeats it.
// Called by tests of stores.
using System.Globalization;
using Refold.Segments;

namespace Refold.Testing;

/// <summary>Runs workloads on simulated devices, crashes them, and lets the oracle judge what is left.</summary>
/// <param name="open">Opens the store on a device.</param>
public sealed class CrashSimulation(Func<IStorageDevice, ILocalJournal> open)
{
    /// <summary>Called with each new device, before anything is done with it: for a capacity, or flushes to take out.</summary>
    /// <value>Default: does nothing.</value>
    public Action<SimulatedDevice> Prepare { get; init; } = _ => { };

    /// <summary>Whether power cuts may turn blocks that were being written into garbage; see <see cref="Keep.GarblesBlocks"/>.</summary>
    /// <value>Default: false.</value>
    public bool GarblesBlocks { get; init; }

    /// <summary>For a store that answers before it flushes; see <see cref="CrashOracle.SettledBy"/>.</summary>
    /// <value>Default: null, every answer is durable.</value>
    public Func<string, bool>? SettledBy { get; init; }

    /// <summary>Called after each crash, when the store was opened, judged and closed; what it returns is a violation.</summary>
    /// <value>Default: null, no violation.</value>
    public Func<SimulatedDevice, string?> Inspect { get; init; } = _ => null;

    /// <summary>Opens the store for reading, as another process does beside the one that writes, and after each crash before it is opened
    /// for writing. What such a reader sees, no crash may take away, and it never fails unless the device does.</summary>
    /// <value>Default: null, no reader in another process.</value>
    public Func<IStorageDevice, ILocalJournal>? OpenForReading { get; init; }

    /// <summary>Runs the steps once for each operation that changes something, crashes there with nothing, everything and a part of the
    /// unflushed state kept, and kills the process there.</summary>
    /// <param name="steps">The workload.</param>
    /// <param name="seed">Names everything that is left to chance.</param>
    /// <returns>How many crashes were judged.</returns>
    /// <exception cref="CrashViolationException">The store broke a promise.</exception>
    public Task<int> EnumerateAsync(IReadOnlyList<CrashStep> steps, ulong seed) => EnumerateAsync(steps, seed, every: 1);

    /// <summary>The same at one of so many operations, for a test that must be short; the seed chooses the first.</summary>
    /// <param name="steps">The workload.</param>
    /// <param name="seed">Names everything that is left to chance.</param>
    /// <param name="every">1 or more; 1: each operation.</param>
    /// <returns>How many crashes were judged.</returns>
    /// <exception cref="CrashViolationException">The store broke a promise; the same seed with each operation shows it too.</exception>
    public async Task<int> EnumerateAsync(IReadOnlyList<CrashStep> steps, ulong seed, int every)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        var crashes = 0;
        for (var operation = (long)(seed / 100 % (ulong)every); ; operation += every)
        {
            var (oracle, device) = await RunAsync(steps, seed, operation, null);
            var isLast = device.OperationCount <= operation;
            SimulatedDevice[] left =
            [
                Cut(device, Keep.None), Cut(device, Keep.All), Cut(device, Keep.Random(seed + (ulong)operation)), device.AfterKill()
            ];
            foreach (var next in left)
            {
                await Named(next, seed, () => JudgeAsync(oracle.Copy(), next, seed + (ulong)operation));
                crashes++;
            }

            if (isLast) return crashes;
        }
    }

    /// <summary>One workload with faults, one crash, everything drawn.</summary>
    /// <param name="seed">Names all of it.</param>
    /// <returns>The device before the crash, for its counters.</returns>
    /// <exception cref="CrashViolationException">The store broke a promise.</exception>
    public Task<SimulatedDevice> RandomAsync(ulong seed) => ChainAsync(seed, 1);

    /// <summary>Workloads with faults on one device that crashes again and again, also while the store is being opened.</summary>
    /// <param name="seed">Names all of it.</param>
    /// <param name="crashes">How many crashes; 1 or more.</param>
    /// <returns>The last device before the last crash, for its counters.</returns>
    /// <exception cref="CrashViolationException">The store broke a promise.</exception>
    public async Task<SimulatedDevice> ChainAsync(ulong seed, int crashes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(crashes, 1);
        var rng = SeededRng.FromSeed(seed);
        var oracle = new CrashOracle(open) { SettledBy = SettledBy };
        var device = New(seed);
        for (; ; crashes--)
        {
            device.CrashAt = device.OperationCount + rng.Between(0, rng.Chance(0.3) ? 8 : 150);
            var isFaulty = rng.NextBoolean();
            if (isFaulty) device.Faults = StorageFaultPlan.Draw(rng, rng.Between(1, 3), device.OperationCount, 40).Next;
            var run = new CrashRun(oracle, device, rng, Outside());
            var steps = CrashWorkload.Draw(rng, rng.Between(1, 25));
            await Named(device, seed, () => run.ExecuteAsync(steps));
            var next = rng.Chance(0.2)
                ? run.Device.AfterKill()
                : Cut(run.Device, rng.Chance(0.15) ? Keep.None : rng.Chance(0.15) ? Keep.All : Keep.Random(rng.NextUInt64()));
            if (crashes == 1)
            {
                await Named(next, seed, () => JudgeAsync(oracle, next, seed));
                return run.Device;
            }

            device = next;
        }
    }

    /// <summary>Runs steps and ends the process, without judging what is left.</summary>
    /// <param name="steps">The workload.</param>
    /// <param name="seed">Names everything that is left to chance.</param>
    /// <param name="crashAt">The operation at which the device stops; null: at the end.</param>
    /// <param name="faults">Faults, if any.</param>
    /// <returns>What was asked and answered, and the device.</returns>
    /// <exception cref="CrashViolationException">The store broke a promise while it ran.</exception>
    public async Task<(CrashOracle Oracle, SimulatedDevice Device)> RunAsync(
        IReadOnlyList<CrashStep> steps, ulong seed, long? crashAt, StorageFaultPlan? faults)
    {
        var oracle = new CrashOracle(open) { SettledBy = SettledBy };
        var device = New(seed);
        device.CrashAt = crashAt;
        if (faults is not null) device.Faults = faults.Next;
        var run = new CrashRun(oracle, device, SeededRng.FromSeed(seed), Outside());
        await Named(device, seed, () => run.ExecuteAsync(steps));
        return (oracle, run.Device);
    }

    private SimulatedDevice Cut(SimulatedDevice device, Keep keep) => device.AfterCrash(keep with { GarblesBlocks = GarblesBlocks });

    private OutsideReader? Outside() => OpenForReading is null ? null : new OutsideReader(OpenForReading);

    private SimulatedDevice New(ulong seed)
    {
        var device = new SimulatedDevice(seed);
        Prepare(device);
        return device;
    }

    /// <summary>The store opens, has what it promised, keeps that when the power fails at once, takes another
    /// append, and keeps that too.</summary>
    private async Task JudgeAsync(CrashOracle oracle, SimulatedDevice device, ulong seed)
    {
        if (Outside() is { } outside) await outside.LookOnceAsync(oracle, device);
        var journal = await oracle.OpenAsync(device) ?? throw new CrashViolationException("The store was not opened.\n" + device.Story());
        SimulatedDevice[] left;
        await using (journal)
        {
            await ReopenAsync(oracle, Cut(device, Keep.None));
            var probe = new AppendRequest(new EntryData("probe", "Probed", "{}"u8.ToArray()));
            if (await oracle.AppendAsync(journal, probe, device) is not AppendResult.Appended)
                throw new CrashViolationException("The next append does not work.\n" + device.Story());
            left = [Cut(device, Keep.None), Cut(device, Keep.Random(seed))];
        }

        foreach (var next in left)
        {
            await ReopenAsync(oracle, next);
            if (Inspect(next) is { } violation) throw new CrashViolationException(violation + "\n" + next.Story());
        }
    }

    private static async Task ReopenAsync(CrashOracle oracle, SimulatedDevice device)
    {
        await using (await oracle.Copy().OpenAsync(device))
        {
            // Judged by being opened.
        }
    }

    private static async Task Named(SimulatedDevice device, ulong seed, Func<Task> judge)
    {
        try
        {
            await judge();
        }
        catch (CrashViolationException violation)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"seed {seed}, {device.Place}: ");
            throw new CrashViolationException(name + violation.Message, violation.InnerException);
        }
    }
}
