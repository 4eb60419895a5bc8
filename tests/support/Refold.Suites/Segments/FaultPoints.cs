// A device that fails at each operation of a workload in turn, in each way it can.
// Run by SegmentSuites; FaultPointTests uses the ways too.
using Xunit;

namespace Refold.Suites;

internal static class FaultPoints
{
    public static IReadOnlyList<string> Workloads { get; } = ["rotation", "groups", "merging", "retention", "streams dropped"];

    /// <summary>The workload of a seed.</summary>
    public static string Of(ulong seed) => Workloads[(int)(seed % (ulong)Workloads.Count)];

    /// <summary>The ways in which an operation can fail; the others would mean the same.</summary>
    public static IEnumerable<StorageFault> FaultsOf(StorageOperation operation) => operation.Kind switch
    {
        StorageOperationKind.Write => [StorageFault.Fails, StorageFault.WritesShort, StorageFault.NoRoom],
        StorageOperationKind.Create or StorageOperationKind.Flush => [StorageFault.Fails, StorageFault.NoRoom],
        _ => [StorageFault.Fails],
    };

    /// <summary>Fails one of so many operations of the workload that the seed names; all where it is 1.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int every)
    {
        var (steps, simulation, faults) = (CrashWorkloads.Named[Of(seed)], CrashStore.Simulation(), 0);
        var (_, whole) = await simulation.RunAsync(steps, seed, crashAt: null, faults: null);
        var operations = whole.Log.Where(operation => operation.Changes).ToList();
        var first = (int)(seed / (ulong)Workloads.Count % (ulong)every);
        foreach (var operation in operations.Where((_, number) => number % every == first))
        {
            foreach (var fault in FaultsOf(operation))
            {
                var plan = new StorageFaultPlan().At(operation.Index, fault);
                var (oracle, device) = await simulation.RunAsync(steps, seed, crashAt: null, plan);
                faults += device.FaultCount;
                foreach (var left in new[] { device.AfterKill(), device.AfterCrash(Keep.Random(seed)) })
                    await JudgeAsync(oracle.Copy(), left, $"{fault} at {operation}");
            }
        }

        tally.Add("faults", faults);
        Assert.InRange(faults * every, 50, 2000);
    }

    private static async Task JudgeAsync(CrashOracle judge, SimulatedDevice left, string place)
    {
        try
        {
            await using var journal = (await judge.OpenAsync(left))!;
            Assert.IsType<AppendResult.Appended>(await judge.AppendAsync(journal, CrashStore.Batch("probe", 1), left));
        }
        catch (Exception exception)
        {
            throw new CrashViolationException($"{place}: {exception.Message}", exception);
        }
    }
}
